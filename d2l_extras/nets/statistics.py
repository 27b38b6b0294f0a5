"""Batch normalization's statistics, measured anew: exact, for the weights as they are now."""

import contextlib

import numpy
from mxnet import autograd, gluon, np, npx
from mxnet.gluon import nn

from .data import Minibatches
from .training import DivergedError, check_initialized

KINDS = (nn.BatchNorm, nn.BatchNormReLU)


def refresh_statistics(net, data, *, dropout=False, batch_size=1000):
    """Set what every batch normalization remembers to the mean and variance of its inputs.

    While a network trains, batch normalization remembers a moving average of the statistics of
    minibatches: of weights that have moved since, and of inputs that dropout made noisy. This
    replaces it by the mean and the (biased) variance over all of `data`, in the mode in which
    the network will be used. It goes through the batch normalizations in the order in which the
    data reach them, one pass over the data for each, so that each one sees its predecessors
    normalize with their new statistics. Behind each layer the data then have, per channel, mean
    beta and variance gamma² (but for epsilon), however the data are cut into batches. Not so where
    one batch normalization, or two that share their parameters, is passed twice: what it remembers
    is pooled over all its calls, the later ones measured behind its old statistics.

    Algorithm 2 of Ioffe and Szegedy, and PyTorch's `torch.optim.swa_utils.update_bn`, average the
    statistics of training minibatches in one pass, each layer behind predecessors that normalize
    with the minibatch, and with the unbiased variance. Both ways agree if all data are one batch,
    but for the factor n / (n - 1).

    Weights, gradients, compiled graphs and layers other than batch normalization are left as they
    are; an error leaves the statistics as they were, too.

    Parameters
    ----------
    net : gluon.Block
        An initialized network with Gluon's batch normalization in it, hybridized or not.
    data : pair of arrays, or array
        Samples and labels, such as `Digits().train`, or samples alone. Labels are not looked at;
        the network is called with the samples, one array.
    dropout : bool
        Whether dropout is on, as in training; off, the statistics fit predict mode.
    batch_size : int
        How many samples to hand over at a time; the result does not depend on it.

    Raises
    ------
    TypeError, ValueError
        If there is no batch normalization in the network, too few samples in the data for a
        variance, or `dropout` is neither True nor False.
    RuntimeError
        If the network is not initialized.
    DivergedError
        If an input of batch normalization is nan or infinite.

    References
    ----------
    S. Ioffe and C. Szegedy: Batch normalization, arXiv:1502.03167, 2015, section 3.1.

    Examples
    --------
    >>> from mxnet import np
    >>> from mxnet.gluon import nn
    >>> net = nn.Sequential()
    >>> net.add(nn.Dropout(0.5), nn.BatchNorm())
    >>> net.initialize()
    >>> x = np.array([[1.0], [3.0]])
    >>> refresh_statistics(net, x)
    >>> net[1].running_mean.data().item(), net[1].running_var.data().item()
    (2.0, 1.0)
    """
    samples = _samples(data)
    batches = Minibatches((samples,), batch_size, shuffle=False)
    if not isinstance(net, gluon.Block):
        raise TypeError(f"net must be a gluon.Block, got {type(net).__name__}")
    if dropout not in (True, False):  # "off" is a true value
        raise TypeError(f"dropout must be True or False, got {dropout!r}")
    check_initialized(net)
    npx.waitall()  # a compiled backward pass may still be moving the old statistics
    with _eager(net), autograd.pause(train_mode=bool(dropout)):
        with autograd.predict_mode():
            calls = _calls(net, samples[:2])
        before = [(layer, _statistics(layer)) for layer, *_ in calls]
        try:
            with _remembering([layer for layers in calls for layer in layers]):
                for layers, count in calls.items():
                    mean, variance = _moments(net, layers, count, batches)
                    _remember(layers[0], mean, variance)
        except BaseException:
            for layer, statistics in before:
                _remember(layer, *statistics)
            raise


class _Reached(Exception):
    """The pass has reached the layer that it was for: what lies behind need not be computed."""


def _samples(data):
    """Return the samples of a pair or of an array."""
    samples = data[0] if isinstance(data, tuple | list) and len(data) == 2 else data
    if not isinstance(samples, np.ndarray):
        raise TypeError(
            "data must be an array of MXNet, or a pair of them as in Digits().train, "
            f"got {type(data).__name__}"
        )
    if samples.ndim == 0 or len(samples) == 0:
        raise ValueError(f"data must hold at least one sample, got shape {samples.shape}")
    return samples


def _blocks(block):
    """Yield a block and all that is in it."""
    yield block
    for child in block._children.values():
        yield from _blocks(child)


@contextlib.contextmanager
def _eager(net):
    """Let every block call its children one by one: a compiled one calls no hooks."""
    active = [block for block in _blocks(net) if getattr(block, "_active", False)]
    for block in active:
        block._active = False
    try:
        yield
    finally:
        for block in active:
            block._active = True


@contextlib.contextmanager
def _remembering(layers):
    """Let batch normalization use what it remembers in train mode, too."""
    before = {layer: layer._kwargs["use_global_stats"] for layer in layers}
    for layer in layers:
        layer._kwargs["use_global_stats"] = True
    try:
        yield
    finally:
        for layer, value in before.items():
            layer._kwargs["use_global_stats"] = value


@contextlib.contextmanager
def _watching(layers, look):
    """Call `look(layer, inputs)` before every call of one of the layers."""
    handles = [
        layer.register_forward_pre_hook(lambda layer, inputs: look(layer, inputs[0]))
        for layer in layers
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.detach()


def _calls(net, x):
    """Return how often each batch normalization is called in a pass, in the order of the calls.

    Layers that share what they remember are one: the keys are tuples of layers.
    """
    calls, sharing = {}, {}
    for block in dict.fromkeys(_blocks(net)):
        if isinstance(block, KINDS):
            sharing.setdefault(id(block.running_mean), []).append(block)
    layers_of = {layer: tuple(layers) for layers in sharing.values() for layer in layers}

    def look(layer, _):
        calls[layers_of[layer]] = calls.get(layers_of[layer], 0) + 1

    with _watching(layers_of, look):
        net(x)
    if not calls:
        raise ValueError(
            f"there are no statistics to refresh: {type(net).__name__} calls no nn.BatchNorm"
        )
    return calls


def _moments(net, layers, count, batches):
    """Return mean and variance of all that reaches the layers, per channel, as float64."""
    number, mean, squares = 0, 0.0, 0.0  # squares: the sum of squared distances from the mean

    def look(layer, x):
        nonlocal number, mean, squares, left
        x = numpy.moveaxis(x.asnumpy(), layer._kwargs["axis"], 0)
        x = x.reshape(len(x), -1).astype("float64")
        size, center = x.shape[1], x.mean(axis=1)
        apart = center - mean  # two samples become one: Chan, Golub and LeVeque 1979
        squares += ((x - center[:, None]) ** 2).sum(axis=1)
        squares += apart**2 * number * size / (number + size)
        mean += apart * size / (number + size)
        number, left = number + size, left - 1
        if not left:
            raise _Reached

    with _watching(layers, look):
        for (x,) in batches:
            left = count
            with contextlib.suppress(_Reached):
                net(x)
    if number < 2:
        raise ValueError(
            f"a variance needs two values per channel at least; {layers[0].name} gets {number}"
        )
    if not numpy.isfinite(squares).all():
        raise DivergedError(f"what reaches {layers[0].name} is not finite, so it has no statistics")
    return mean, squares / number


def _statistics(layer):
    """Return copies of what a batch normalization remembers."""
    return layer.running_mean.data().copy(), layer.running_var.data().copy()


def _remember(layer, mean, variance):
    for parameter, values in ((layer.running_mean, mean), (layer.running_var, variance)):
        parameter.set_data(np.array(values, dtype=parameter.dtype))
