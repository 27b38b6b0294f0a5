"""For each exercise of chapter 6: other right answers, and classic mistakes with their hints.

Functions are typed as in the notebook, where `np` is MXNet's and there is no `numpy`.
"""

import textwrap

from d2l_extras.chapters.batch_norm import exercises as batch_norm
from tests.chapters.notebook import typed


def written(arguments, body):
    """Return the function that a cell with this body defines."""
    body = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return typed(f"def answer({arguments}):\n{body}")


def variants(arguments, body):
    """Return what writes the function with pieces of its body replaced."""

    def function(*changes):
        text = body
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        return written(arguments, text)

    return function


# --- both passes

PASSES = "x, gamma, beta, running_mean, running_var, training, eps"
both = variants(
    PASSES,
    """
    if training:
        mean, var = x.mean(axis=0), x.var(axis=0)
    else:
        mean, var = running_mean, running_var
    return gamma * (x - mean) / np.sqrt(var + eps) + beta
    """,
)
TRAIN = "mean, var = x.mean(axis=0), x.var(axis=0)"
RETURN = "return gamma * (x - mean) / np.sqrt(var + eps) + beta"
ACROSS = "mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)"

LOOPS = """
    out = np.zeros(x.shape)
    for j in range(x.shape[1]):
        if training == True:
            m = sum(x[:, j]) / len(x)
            v = sum((x[:, j] - m) ** 2) / len(x)
        else:
            m, v = running_mean[j], running_var[j]
        for i in range(len(x)):
            out[i, j] = gamma[j] * (x[i, j] - m) / (v + eps) ** 0.5 + beta[j]
    return out
"""
LISTS = """
    columns = []
    for column, g, b, m, v in zip(x.T.tolist(), gamma.tolist(), beta.tolist(),
                                  running_mean.tolist(), running_var.tolist()):
        if training:
            m = sum(column) / len(column)
            v = sum((value - m) ** 2 for value in column) / len(column)
        columns.append([g * (value - m) / (v + eps) ** 0.5 + b for value in column])
    return [list(row) for row in zip(*columns)]
"""
OPERATOR = """
    arrays = gamma, beta, running_mean.copy(), running_var.copy()
    with autograd.train_mode() if training else autograd.predict_mode():
        return npx.batch_norm(x, *arrays, eps=eps, fix_gamma=False)
"""
COPIES = """
    x = x.copy()
    mu = np.mean(x, axis=0, keepdims=True) if training else running_mean.reshape(1, -1)
    s2 = np.mean((x - mu) ** 2, axis=0) if training else running_var
    x -= mu
    x /= np.sqrt(s2 + eps)
    return x * gamma + beta
"""
MOVED_TOO = """
    if training:
        mean, var = x.mean(axis=0), x.var(axis=0)
        running_mean[:] = 0.9 * running_mean + 0.1 * mean
        running_var[:] = 0.9 * running_var + 0.1 * var
    else:
        mean, var = running_mean, running_var
    return gamma * (x - mean) / np.sqrt(var + eps) + beta
"""


# --- the running update

UPDATE = "running_mean, running_var, x, momentum"
moved = variants(
    UPDATE,
    """
    new_mean = momentum * running_mean + (1 - momentum) * x.mean(axis=0)
    new_var = momentum * running_var + (1 - momentum) * x.var(axis=0)
    return new_mean, new_var
    """,
)
STEPWISE = """
    mean = x.sum(axis=0) / x.shape[0]
    var = (x ** 2).mean(axis=0) - mean ** 2
    return [r - (1 - momentum) * (r - b) for r, b in [(running_mean, mean), (running_var, var)]]
"""
UPDATE_LOOP = """
    means, variances = [], []
    for j in range(len(running_mean)):
        column = [float(value) for value in x[:, j]]
        m = sum(column) / len(column)
        v = sum((value - m) ** 2 for value in column) / len(column)
        means.append(momentum * float(running_mean[j]) + (1 - momentum) * m)
        variances.append(momentum * float(running_var[j]) + (1 - momentum) * v)
    return means, variances
"""
IN_PLACE = """
    running_mean *= momentum
    running_mean += (1 - momentum) * x.mean(axis=0)
    running_var[:] = momentum * running_var + (1 - momentum) * x.var(axis=0)
    return running_mean, running_var
"""


# --- images

IMAGES = "x, gamma, beta, eps"
image = variants(
    IMAGES,
    """
    axes = (0, 2, 3)
    mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    g, b = gamma.reshape(1, -1, 1, 1), beta.reshape(1, -1, 1, 1)
    return g * (x - mean) / np.sqrt(var + eps) + b
    """,
)
CHANNELS = """
    out = np.zeros_like(x)
    for c in range(x.shape[1]):
        part = x[:, c]
        out[:, c] = gamma[c] * (part - part.mean()) / np.sqrt(part.var() + eps) + beta[c]
    return out
"""
AS_FEATURES = """
    n, c, h, w = x.shape
    flat = x.transpose(0, 2, 3, 1).reshape(-1, c)
    flat = (flat - flat.mean(axis=0)) / (flat.var(axis=0) + eps) ** 0.5 * gamma + beta
    return flat.reshape(n, h, w, c).transpose(0, 3, 1, 2)
"""
GLUON = """
    bn = nn.BatchNorm(epsilon=eps, in_channels=x.shape[1])
    bn.initialize()
    bn.gamma.set_data(gamma)
    bn.beta.set_data(beta)
    with autograd.train_mode():
        return bn(x)
"""


# --- folding

FOLD = "weight, bias, gamma, beta, mean, var, eps"
fold = variants(
    FOLD,
    """
    scale = gamma / np.sqrt(var + eps)
    w = weight * scale.reshape(-1, 1)
    b = beta + scale * (bias - mean)
    return w, b
    """,
)
FOLD_ROWS = """
    rows = [gamma[i] * weight[i] / (var[i] + eps) ** 0.5 for i in range(len(weight))]
    return np.stack(rows), (bias - mean) * gamma / (var + eps) ** 0.5 + beta
"""


CASES = {
    batch_norm.passes: {
        "right": [
            both(),
            written(PASSES, LOOPS),
            written(PASSES, LISTS),
            written(PASSES, OPERATOR),
            written(PASSES, COPIES),
            both((RETURN, "z = (x - mean) * (var + eps) ** -0.5\n    return z * gamma + beta")),
        ],
        "wrong": [
            (both(("var + eps", "var")), "0/0"),
            (both((TRAIN, ACROSS)), "layer normalization"),
            (both(("x.var(axis=0)", "x.var(axis=1, keepdims=True)")), "variance is over the wrong"),
            (both((TRAIN, "mean, var = x.mean(), x.var()")), "one mean over everything"),
            (both(("np.sqrt(var + eps)", "(var + eps)")), "divided by the variance"),
            (both(("np.sqrt(var + eps)", "(np.sqrt(var) + eps)")), "not to the standard deviation"),
            (both(("x.var(axis=0)", "x.var(axis=0, ddof=1)")), "n - 1"),
            (both((RETURN, "return (x - mean) / np.sqrt(var + eps)")), "beta are missing"),
            (both((" + beta", "")), "first stretch"),
            (both(("if training", "if not training")), "not the running ones"),
            (both(("if training", "if True")), "neighbors"),
            (both(("var + eps", "var + 0.5")), "Use the eps you get"),
            (both(("var + eps", "var + 1e-5")), "Your eps is not"),
            (both(("np.sqrt(var + eps)", "(np.sqrt(var + eps) if training else var + eps)")),
             "is a variance"),
            (both(("running_mean, running_var\n", "running_mean, running_var + 100\n")),
             "With training=False: gamma"),
            (written(PASSES, MOVED_TOO), "running statistics: here they are only read"),
            (both((RETURN, "x -= mean\n    " + RETURN.replace("(x - mean)", "x"))), "x -= ..."),
            (written(PASSES, "return x.mean(axis=0)"), "its shape"),
            (written(PASSES, "return x"), "In training: gamma"),
            (both((".var(axis=0)", ".std(axis=0)")), "root twice"),
            (written(PASSES, "return x * np.nan"), "though x varies"),
            (both((RETURN, RETURN.replace("return", "out =") + "\n    out = out.reshape(4, 3)\n"
                   "    return out")), "take the shape from x. But: MXNetError in line 7"),
            (written(PASSES, "return X"), "NameError in line 2 of answer"),
            (written(PASSES, "x - x.mean(axis=0)"), "returned nothing"),
        ],
    },
    batch_norm.update: {
        "right": [
            moved(),
            written(UPDATE, STEPWISE),
            written(UPDATE, UPDATE_LOOP),
            moved(("return new_mean, new_var", "return np.stack([new_mean, new_var])")),
        ],
        "wrong": [
            (moved(("momentum * r", "(1 - momentum) * r"), ("+ (1 - momentum) *", "+ momentum *")),
             "PyTorch"),
            (moved(("+ (1 - momentum) *", "+")), "add up to 1"),
            (moved((".var(axis=0)", ".var(axis=0, ddof=1)")), "n - 1"),
            (moved((".var(", ".std(")), "not the standard deviation"),
            (moved(("(1 - momentum)", "0.1"), ("momentum * r", "0.9 * r")), "not 0.9"),
            (written(UPDATE, IN_PLACE), "in place"),
            (moved(("new_mean = ", "momentum = min(momentum, 0.9)\n    new_mean = ")),
             "and momentum 0.99 it is not"),
            (moved(("return new_mean, new_var", "return new_mean, running_var")), "same rule"),
            (written(UPDATE, "return x.mean(axis=0), x.var(axis=0)"), "this batch alone"),
            (moved(("return new_mean, new_var", "return new_var, new_mean")), "wrong way round"),
            (moved(("return new_mean, new_var", "return new_mean")), "Return a pair"),
            (moved(("axis=0", "axis=1, keepdims=True")), "one number for each feature"),
            (moved(("new_mean = momentum", "new_mean = -momentum")), "mean of the batch over"),
        ],
    },
    batch_norm.momentum: {
        "right": [
            [0.9, 0.01], typed("answer = (1 - 0.1, 1 - 0.99)"), typed("answer = '0.9, 0.01'"),
            typed("answer = np.array([0.9, 0.01])"), ("90 %", "1 %"), "0.9 and 0.01",
        ],
        "wrong": [
            ((0.1, 0.01), "turn it round"),
            ((0.9, 0.99), "weigh the old value"),
            ((0.9, 0.9), "starts from"),
            ((0.5, 0.01), "1 minus PyTorch's"),
            ((0.9, 0.1), "1 minus that of Keras"),
            ((0.01, 0.9), "wrong order"),
            (0.9, "with 2 numbers, such as (1, 2); got 0.9"),
            ((0.9, 0.01, 0.1), "with 2 numbers, such as (1, 2); got (0.9, 0.01, 0.1)"),
            (("high", 0.01), "got 'high'"),
        ],
    },
    batch_norm.updates: {
        "right": [
            299.0, "299", typed("answer = int(np.ceil(np.log(0.05) / np.log(0.99)))"),
            typed("answer = np.array(299)"),
            typed("t = 0\nwhile 1 - 0.99 ** t < 0.95:\n    t += 1\nanswer = t"),
        ],
        "wrong": [
            (459, "99 %"), (29, "momentum 0.9"), (95, "what is left"), (298, "Close"),
            (5, "share of the start"), (1000, "smallest t"), ("many", "one number, got 'many'"),
            ((298, 299), "one number, got (298, 299)"),
        ],
    },
    batch_norm.images: {
        "right": [
            image(),
            written(IMAGES, CHANNELS),
            written(IMAGES, AS_FEATURES),
            written(IMAGES, GLUON),
        ],
        "wrong": [
            (image(("(0, 2, 3)", "0")), "each pixel"),
            (image(("(0, 2, 3)", "(2, 3)")), "instance normalization"),
            (image(("(0, 2, 3)", "(1, 2, 3)")), "layer normalization"),
            (image(("(0, 2, 3)", "1")), "over axis 1"),
            (image(("(0, 2, 3)", "(0, 1, 2, 3)")), "one mean over everything"),
            (image(("g * ", ""), (" + b", "")), "beta are missing"),
            (image(("var + eps", "var")), "eps is missing"),
            (image(("x.var(axis=axes, keepdims=True)", "x.var(axis=axes, keepdims=True, ddof=1)")),
             "n - 1"),
            (image((" + b", " - b")), "keepdims=True"),
            (image(("var + eps", "var + 0.5")), "take both from the arguments"),
            (image(("    return", "    x -= mean\n    return"), ("(x - mean)", "x")), "in place"),
            (written(IMAGES, "return x.mean(axis=(0, 2, 3))"), "its shape"),
            (image(("gamma.reshape(1, -1, 1, 1)", "gamma")), "could not be broadcast"),
        ],
    },
    batch_norm.fold: {
        "right": [
            fold(),
            fold(("weight * scale.reshape(-1, 1)", "(weight.T * scale).T")),
            fold(("weight * scale.reshape(-1, 1)", "np.dot(np.diag(scale), weight)"),
                 ("return w, b", "return [w, b]")),
            written(FOLD, FOLD_ROWS),
        ],
        "wrong": [
            (fold((".reshape(-1, 1)", "")), "to the row"),
            (fold(("var + eps", "var")), "eps is missing"),
            (fold(("np.sqrt(var + eps)", "(var + eps)")), "Divide by the root"),
            (fold(("np.sqrt(var + eps)", "(np.sqrt(var) + eps)")), "under the root."),
            (fold(("gamma / np", "1 / np")), "gamma is missing"),
            (fold(("weight * scale.reshape(-1, 1)", "(weight.T * scale)")), "transposed"),
            (fold(("weight * ", "2 * weight * ")), "row by row"),
            (fold(("(bias - mean)", "bias")), "mean is missing"),
            (fold(("scale * (bias - mean)", "- scale * mean")), "old bias is missing"),
            (fold(("scale * (bias - mean)", "bias - scale * mean")), "scale it"),
            (fold(("beta + ", "")), "beta is missing"),
            (fold(("bias - mean", "bias + mean")), "not added"),
            (fold(("beta + scale", "2 * beta + scale")), "The weight is right. Bias:"),
            (fold(("var + eps", "var + 0.5")), "2 units with 3 inputs"),
            (fold(("    w = weight", "    weight *= scale.reshape(-1, 1)\n    w = weight"),
                  ("weight * scale.reshape(-1, 1)\n    b", "weight\n    b")), "in place"),
            (fold(("return w, b", "return w.mean(), b")), "yours have () and (3,)"),
            (fold(("return w, b", "return w")), "Return a pair"),
        ],
    },
    batch_norm.two: {
        "right": [
            (4, -2), [-2.0, 3.9999], "-2 and 4", typed("answer = np.array([-2, 4])"),
            typed("answer = 1 - 3, 1 + 3"), "4, -2", {-2, 4}, "1 ± 3", "1 +- 3",
            "-2 or 4", "either -2 or 4",
        ],
        "wrong": [
            ((-1, 1), "still to come"), ((-3, 3), "beta is missing"), ((0, 2), "gamma is missing"),
            ((1, 3), "standard deviations"), ((0, 6), "then shift"), ((-1.1213, 3.1213), "n - 1"),
            ((4,), "got (4,)"), ("1 ± x", "got 'x'"),
        ],
    },
}  # fmt: skip
