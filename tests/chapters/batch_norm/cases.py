"""For each exercise of chapter 6: other right answers, and classic mistakes with their hints."""

from mxnet import np, npx

from d2l_extras.chapters.batch_norm import exercises as batch_norm


def _passes(mean_axis=0, var_axis=0, scale=None, affine=True, ddof=0, both=None):
    """Return a version of both passes with one mistake."""

    def function(x, gamma, beta, running_mean, running_var, training, eps):
        keep = mean_axis == 1 or var_axis == 1
        mean = x.mean(axis=mean_axis, keepdims=keep and mean_axis is not None)
        var = x.var(axis=var_axis, keepdims=keep and var_axis is not None, ddof=ddof)
        if not (training if both is None else both):
            mean, var = running_mean, running_var
        root = np.sqrt(var + eps) if scale is None else scale(var, eps)
        return gamma * (x - mean) / root + beta if affine else (x - mean) / root

    return function


def _by_operator(x, gamma, beta, running_mean, running_var, training, eps):
    if training:
        return _passes()(x, gamma, beta, running_mean, running_var, training, eps)
    statistics = running_mean, running_var
    return npx.batch_norm(x, gamma, beta, *statistics, eps=eps, fix_gamma=False)


def _in_place(x, gamma, beta, running_mean, running_var, training, eps):
    mean, var = (x.mean(axis=0), x.var(axis=0)) if training else (running_mean, running_var)
    x -= mean
    return gamma * x / np.sqrt(var + eps) + beta


def _root_of_running_forgotten(x, gamma, beta, running_mean, running_var, training, eps):
    if training:
        return _passes()(x, gamma, beta, running_mean, running_var, True, eps)
    return gamma * (x - running_mean) / (running_var + eps) + beta


def _own_eps(x, gamma, beta, running_mean, running_var, training, eps):
    return _passes()(x, gamma, beta, running_mean, running_var, training, 0.5)


def _update(old=None, new=None, ddof=0, std=False, axis=0):
    def function(running_mean, running_var, x, momentum):
        a = momentum if old is None else old(momentum)
        b = 1 - momentum if new is None else new(momentum)
        spread = x.std(axis=axis) if std else x.var(axis=axis, ddof=ddof)
        return a * running_mean + b * x.mean(axis=axis), a * running_var + b * spread

    return function


def _update_in_place(running_mean, running_var, x, momentum):
    running_mean[:] = momentum * running_mean + (1 - momentum) * x.mean(axis=0)
    running_var[:] = momentum * running_var + (1 - momentum) * x.var(axis=0)
    return running_mean, running_var


def _update_stepwise(running_mean, running_var, x, momentum):
    mean = x.sum(axis=0) / len(x)
    var = ((x - mean) ** 2).sum(axis=0) / len(x)
    return tuple(
        r + (1 - momentum) * (b - r) for r, b in ((running_mean, mean), (running_var, var))
    )


def _only_mean(running_mean, running_var, x, momentum):
    return momentum * running_mean + (1 - momentum) * x.mean(axis=0), running_var


def _fold(scale=None, weight=None, bias=None):
    def function(w, b, gamma, beta, mean, var, eps):
        s = gamma / np.sqrt(var + eps) if scale is None else scale(gamma, var, eps)
        new_w = w * s.reshape(-1, 1) if weight is None else weight(w, s)
        new_b = beta + s * (b - mean) if bias is None else bias(b, beta, s, mean)
        return new_w, new_b

    return function


CASES = {
    batch_norm.passes: {
        "right": [_passes(), _by_operator, _passes(scale=lambda v, e: (v + e) ** 0.5)],
        "wrong": [
            (_passes(scale=lambda v, e: np.sqrt(v)), "0/0"),
            (_passes(mean_axis=1, var_axis=1), "layer normalization"),
            (_passes(var_axis=1), "variance is over the wrong axis"),
            (_passes(mean_axis=None, var_axis=None), "one mean over everything"),
            (_passes(scale=lambda v, e: v + e), "divided by the variance"),
            (_passes(scale=lambda v, e: np.sqrt(v) + e), "under the root"),
            (_passes(ddof=1), "n - 1"),
            (_passes(affine=False), "gamma and beta are missing"),
            (_passes(both=True), "neighbors"),
            (_passes(both=False), "not the running ones"),
            (_root_of_running_forgotten, "is a variance"),
            (_own_eps, "eps you get"),
            (_in_place, "in place"),
            (lambda x, *rest: x.mean(axis=0), "its shape"),
            (lambda x, *rest: x, "mean and var over axis 0"),
        ],
    },
    batch_norm.update: {
        "right": [_update_stepwise, _update()],
        "wrong": [
            (_update(old=lambda m: 1 - m, new=lambda m: m), "PyTorch"),
            (_update(new=lambda m: 1.0), "add up to 1"),
            (_update(ddof=1), "n - 1"),
            (_update(std=True), "not the standard deviation"),
            (_update(old=lambda m: 0.9, new=lambda m: 0.1), "not 0.9"),
            (_update_in_place, "in place"),
            (_only_mean, "by the same rule"),
            (lambda m, v, x, momentum: (x.mean(axis=0), x.var(axis=0)), "batch mean"),
        ],
    },
    batch_norm.momentum: {
        "right": [[0.9, 0.01], (1 - 0.1, 1 - 0.99)],
        "wrong": [
            ((0.1, 0.01), "turn it round"),
            ((0.9, 0.99), "weigh the old value"),
            ((0.9, 0.9), "starts from"),
            ((0.5, 0.01), "1 minus PyTorch's"),
        ],
    },
    batch_norm.updates: {
        "right": [299.0],
        "wrong": [
            (459, "99 %"), (29, "momentum 0.9"), (95, "what is left"), (298, "not quite"),
            (5, "share of the start"), (1000, "smallest t"),
        ],
    },
    batch_norm.fold: {
        "right": [_fold(), _fold(weight=lambda w, s: (w.T * s).T)],
        "wrong": [
            (_fold(weight=lambda w, s: w * s), "to the row"),
            (_fold(scale=lambda g, v, e: g / np.sqrt(v)), "eps is missing"),
            (_fold(scale=lambda g, v, e: g / (v + e)), "Divide by the root"),
            (_fold(scale=lambda g, v, e: 1 / np.sqrt(v + e)), "gamma is missing"),
            (_fold(bias=lambda b, beta, s, m: beta + s * b), "mean is missing"),
            (_fold(bias=lambda b, beta, s, m: beta - s * m), "old bias is missing"),
            (_fold(bias=lambda b, beta, s, m: b + beta - s * m), "scale it"),
            (lambda w, *rest: w, "Return a pair"),
        ],
    },
    batch_norm.loaded: {
        "right": ["D", " d "],
        "wrong": [("a", "guessing"), ("b", "in the file"), ("c", "what it reads"),
                  ("statistics", "one letter")],
    },
    batch_norm.two: {
        "right": [(4, -2), [-2.0, 3.9999]],
        "wrong": [((-1, 1), "still to come"), ((-3, 3), "beta is missing"),
                  ((0, 2), "gamma is missing"), ((1, 3), "standard deviations")],
    },
}  # fmt: skip
