"""Networks written as an order of layers: "conv-bn-act-drop-pool" becomes a Gluon block."""

import itertools

from mxnet.gluon import nn

WEIGHTS = ("conv", "dense")
PARTS = ("bn", "act", "drop", "pool")
ACTIVATIONS = ("relu", "elu", "leaky", "tanh", "sigmoid")
POOLINGS = ("max", "avg")

MONOTONE = ACTIVATIONS  # each never falls: the largest input gives the largest output
SCALABLE = ("relu", "leaky")  # f(c·x) = c·f(x) for c >= 0


def parse(order):
    """Return the layers of an order as a tuple, weights first.

    Parameters
    ----------
    order : str
        "conv" or "dense", then any of "bn", "act", "drop" and, after "conv", "pool", each at
        most once and in any order, joined by hyphens.

    Raises
    ------
    TypeError, ValueError
        For anything else; names the part that is wrong and those that are allowed.

    Examples
    --------
    >>> parse("conv-act-pool")
    ('conv', 'act', 'pool')
    >>> parse("conv-relu-pool")
    Traceback (most recent call last):
    ValueError: there is no layer 'relu' in 'conv-relu-pool': after 'conv' may stand bn, act, drop, pool
    """  # noqa: E501
    if not isinstance(order, str):
        raise TypeError(f"an order is text such as 'conv-bn-act-drop-pool', got {order!r}")
    weights, *parts = order.split("-")
    if weights not in WEIGHTS:
        raise ValueError(f"an order starts with its weights, conv or dense, got {order!r}")
    allowed = PARTS if weights == "conv" else PARTS[:-1]
    for number, part in enumerate(parts):
        if part not in allowed:
            raise ValueError(
                f"there is no layer {part!r} in {order!r}: after {weights!r} may stand "
                + ", ".join(allowed)
            )
        if part in parts[:number]:
            raise ValueError(f"each layer may stand once, got {part!r} twice in {order!r}")
    return weights, *parts


def orders(weights="conv", without=()):
    """Return all orders of the layers that may follow the weights, but for those left out.

    Parameters
    ----------
    weights : str
        "conv" or "dense".
    without : sequence of str
        Layers that are left out, any of "bn", "act", "drop", "pool".

    Examples
    --------
    >>> len(orders()), orders()[0]
    (24, 'conv-bn-act-drop-pool')
    >>> orders("dense", without=["drop"])
    ['dense-bn-act', 'dense-act-bn']
    """
    unknown = sorted(set(without) - set(PARTS))
    if unknown:
        raise ValueError(f"only {', '.join(PARTS)} can be left out, got {', '.join(unknown)}")
    parse(weights)
    parts = [p for p in PARTS if p not in without and not (weights == "dense" and p == "pool")]
    return ["-".join((weights, *rest)) for rest in itertools.permutations(parts)]


def module(order, width, *, rate=0.5, activation="relu", pooling="max", padding=0):
    """Return one module: weights and what follows them, in the given order.

    Parameters
    ----------
    order : str
        Such as "conv-bn-act-drop-pool" or "dense-act": see `parse`.
    width : int
        Feature maps of a convolution (3 x 3) or units of a dense layer, from 1.
    rate : float
        Probability with which dropout drops an element, in [0, 1).
    activation : str
        One of "relu", "elu", "leaky" (slope 0.01), "tanh", "sigmoid".
    pooling : str
        "max" or "avg": 2 x 2, stride 2.
    padding : int
        Rows and columns of zeros around the input of a convolution, from 0.

    Returns
    -------
    gluon.nn.HybridSequential
        Not initialized. Its weights have a bias unless batch normalization follows at once,
        which would subtract it again.

    Examples
    --------
    >>> module("conv-bn-act", 8)
    HybridSequential(
      (0): Conv2D(-1 -> 8, kernel_size=(3, 3), stride=(1, 1), bias=False)
      (1): BatchNorm(axis=1, eps=1e-05, momentum=0.9, fix_gamma=False, use_global_stats=False, in_channels=-1)
      (2): Activation(relu)
    )
    """  # noqa: E501
    weights, *parts = parse(order)
    _check(width, rate, activation, pooling, padding)
    bias = parts[:1] != ["bn"]
    net = nn.HybridSequential()
    if weights == "conv":
        net.add(nn.Conv2D(width, kernel_size=3, padding=padding, use_bias=bias))
    else:
        net.add(nn.Dense(width, use_bias=bias))
    for part in parts:
        net.add(_layer(part, rate, activation, pooling))
    return net


def network(
    orders,
    widths=(32, 64, 512),
    rates=(0.2, 0.3, 0.0),
    *,
    classes=10,
    activation="relu",
    pooling="max",
    padding=0,
):
    """Return a network of several modules and a dense output layer.

    Parameters
    ----------
    orders : sequence of str
        The order of each module, from the input on; a convolution cannot follow a dense layer.
    widths, rates : sequence
        Width and dropout rate of each module.
    classes : int
        Outputs of the last layer.
    activation, pooling, padding
        As in `module`, for all modules.

    Examples
    --------
    >>> from mxnet import np
    >>> net = network(["conv-bn-act-drop-pool"] * 2 + ["dense-act"], activation="elu")
    >>> net.initialize()
    >>> net(np.zeros((5, 1, 28, 28))).shape
    (5, 10)
    """
    if isinstance(orders, str) or not orders:
        raise TypeError(f"orders must be a list with one order a module, got {orders!r}")
    if not len(orders) == len(widths) == len(rates):
        raise ValueError(
            f"each module needs an order, a width and a rate, got {len(orders)} orders, "
            f"{len(widths)} widths and {len(rates)} rates"
        )
    kinds = [parse(order)[0] for order in orders]
    if kinds != sorted(kinds):
        raise ValueError(f"a convolution cannot follow a dense layer, got {', '.join(orders)}")
    net = nn.HybridSequential()
    options = dict(activation=activation, pooling=pooling, padding=padding)
    for order, width, rate in zip(orders, widths, rates, strict=True):
        net.add(module(order, width, rate=rate, **options))
    net.add(nn.Dense(classes))
    return net


def equivalents(order, *, activation="relu", pooling="max", rate=0.5):
    """Return the other orders of the same layers that compute the same function, and why.

    Two neighbors may change places when it makes no difference which comes first: max-pooling
    with an activation that never falls; dropout with an activation that lets a factor pass; and
    dropout of rate 0, which does nothing, with everything. Given the same dropout mask, the
    outputs agree to the last bit; a compiled (hybridized) network may round otherwise.

    Returns
    -------
    dict of str to str
        From each equivalent order to the sentence that says why; empty if there is none.

    Examples
    --------
    >>> equivalents("conv-bn-act-drop-pool")["conv-bn-drop-act-pool"]
    'dropout and relu commute'
    >>> equivalents("conv-bn-act-drop-pool", activation="elu")
    {}
    """
    weights, *parts = parse(order)
    _check(1, rate, activation, pooling, 0)
    found, waiting = {tuple(parts): ()}, [tuple(parts)]
    for parts in waiting:  # grows while it is gone through
        for n, pair in enumerate(itertools.pairwise(parts)):
            reason = _commute(set(pair), activation, pooling, rate)
            swapped = parts[:n] + pair[::-1] + parts[n + 2 :]
            if reason and swapped not in found:
                found[swapped] = (*dict.fromkeys(found[parts] + (reason,)),)
                waiting.append(swapped)
    return {
        "-".join((weights, *swapped)): "; ".join(reasons)
        for swapped, reasons in found.items()
        if reasons
    }


def _commute(pair, activation, pooling, rate):
    """Return why two neighboring layers may change places, or nothing."""
    if "drop" in pair and rate == 0:
        return "dropout of rate 0 does nothing"
    if pair == {"act", "pool"} and pooling == "max" and activation in MONOTONE:
        return f"{activation} and max-pooling commute"
    if pair == {"act", "drop"} and activation in SCALABLE:
        return f"dropout and {activation} commute"
    return None


def _layer(part, rate, activation, pooling):
    if part == "bn":
        return nn.BatchNorm()
    if part == "drop":
        return nn.Dropout(rate)
    if part == "pool":
        return nn.MaxPool2D(2) if pooling == "max" else nn.AvgPool2D(2)
    if activation == "elu":
        return nn.ELU()
    if activation == "leaky":
        return nn.LeakyReLU(0.01)
    return nn.Activation(activation)


def _check(width, rate, activation, pooling, padding):
    for name, value, low in (("width", width, 1), ("padding", padding, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ValueError(f"{name} must be a whole number from {low}, got {value!r}")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1:
        raise ValueError(f"the dropout rate must be in [0, 1), got {rate!r}")
    for name, value, allowed in (
        ("activation", activation, ACTIVATIONS),
        ("pooling", pooling, POOLINGS),
    ):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
