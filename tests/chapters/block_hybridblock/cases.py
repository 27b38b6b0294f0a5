"""For each exercise of chapter 4: other right answers, and classic mistakes with their hints."""

from mxnet import np
from mxnet.gluon import nn

from d2l_extras.chapters.block_hybridblock import exercises as block_hybridblock


def _layer(hybrid_forward, base=nn.HybridBlock):
    """Return a class without parameters that computes `hybrid_forward(F, x)`."""

    class Layer(base):
        def hybrid_forward(self, F, x):
            return hybrid_forward(F, x)

    return Layer


class _CenterForward(nn.HybridBlock):
    def forward(self, x):
        return x - x.mean(axis=0)


class _CenterBlock(nn.Block):
    def forward(self, x):
        return x - x.mean(axis=0)


class _CenterAtFirst(nn.HybridBlock):
    """Keeps the mean of the batch it sees first, as a constant."""

    means = None

    def hybrid_forward(self, F, x):
        if self.means is None:
            self.means = x.mean(axis=0, keepdims=True)
        return x - (self.means if F.__name__.endswith("ndarray") else 0)


class _CenterNoReturn(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        x - x.mean(axis=0)


class _Dense(nn.HybridBlock):
    """A dense layer with one thing after the other to get wrong."""

    shape, deferred, weight_init, bias_init = (-1,), True, None, "zeros"

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        shape = None if self.shape is None else (units, *self.shape)
        self.weight = self.params.get(
            "weight", shape=shape, init=self.weight_init, allow_deferred_init=self.deferred
        )
        self.bias = self.params.get("bias", shape=(units,), init=self.bias_init)

    def hybrid_forward(self, F, x, weight, bias):
        return F.npx.fully_connected(x, weight, bias, num_hidden=self.units)


def _dense(**changes):
    return type("Dense", (_Dense,), changes)


class _DenseInside(nn.HybridBlock):
    def __init__(self, units):
        super().__init__()
        self.inside = nn.Dense(units)

    def hybrid_forward(self, F, x):
        return self.inside(x)


class _DenseNoBias(_DenseInside):
    def __init__(self, units):
        super().__init__(units)
        self.inside = nn.Dense(units, use_bias=False)


class _DenseInList(nn.HybridBlock):
    def __init__(self, units):
        super().__init__()
        self.layers = [nn.Dense(units)]

    def collect_params(self, select=None):
        return self.params  # what Gluon collects, without its warning

    def hybrid_forward(self, F, x):
        return self.layers[0](x)


class _DenseTransposed(nn.HybridBlock):
    def __init__(self, units):
        super().__init__()
        self.weight = self.params.get("weight", shape=(-1, units), allow_deferred_init=True)
        self.bias = self.params.get("bias", shape=(units,), init="zeros")

    def hybrid_forward(self, F, x, weight, bias):
        return F.np.dot(x, weight) + bias


class _DenseForward(nn.HybridBlock):
    def __init__(self, units):
        super().__init__()
        self.inside = nn.Dense(units)

    def forward(self, x):
        return self.inside(x)


class _DenseNoSuper(nn.HybridBlock):
    def __init__(self, units):
        self.inside = nn.Dense(units)


class _FlipForward(nn.HybridBlock):
    def forward(self, x):
        return x if x.mean() > 0 else -x


def _if(F, x):
    if x.mean() > 0:
        return x
    return -x


def _item(F, x):
    return x if x.mean().item() > 0 else -x


CASES = {
    block_hybridblock.count: {
        "right": [5250.0, 14 * 64 + 64 + 64 * 64 + 64 + 64 * 2 + 2, np.array(5250)],
        "wrong": [
            (5120, "one bias"),
            (130, "add the weights"),
            (1090, "64 x 64"),
            (5264, "not for each input"),
            (144, "units"),
            (7, "inputs x outputs"),
        ],
    },
    block_hybridblock.calls: {
        "right": [5.0, 3 + 1 + 1],
        "wrong": [
            (23, "replays"),
            (3, "To trace"),
            (4, "traces anew"),
            (2, "3 calls"),
            (13, "Add up"),
        ],
    },
    block_hybridblock.prints: {
        "right": ["C", "c"],
        "wrong": [("A", "suppresses"), ("B", "eager net"), ("D", "never appears"), (1, "letter")],
    },
    block_hybridblock.alone: {
        "right": ["C", " c: stored means"],
        "wrong": [
            ("A", "What is left"),
            ("B", "another layer"),
            ("D", "only faster"),
            ("yes", "one letter"),
        ],
    },
    block_hybridblock.center: {
        "right": [
            _layer(lambda F, x: x - x.mean(axis=0)),
            _layer(lambda F, x: x - x.mean(axis=0, keepdims=True)),
            _layer(lambda F, x: F.np.subtract(x, F.np.mean(x, axis=0))),
        ],
        "wrong": [
            (_layer(lambda F, x: x - x.mean()), "mixes the features"),
            (_layer(lambda F, x: x - x.mean(axis=1, keepdims=True)), "axis=0"),
            (_layer(lambda F, x: x.mean(axis=0) - x), "wrong way round"),
            (_layer(lambda F, x: x.mean(axis=0) + 0 * x), "That is the mean"),
            (_layer(lambda F, x: x.mean(axis=0)), "keep the shape"),
            (
                _layer(lambda F, x: (x - x.mean(axis=0)) / F.np.std(x, axis=0)),
                "standard deviation",
            ),
            (_layer(lambda F, x: x), "mean 0"),
            (_layer(lambda F, x: x - np.mean(x, axis=0)), "F.np and F.npx"),
            (_layer(lambda F, x: x - x.sum(axis=0) / x.shape[0]), "no .shape"),
            (_CenterForward, "hybrid_forward(self, F, x)"),
            (_CenterBlock, "plain nn.Block"),
            (_CenterAtFirst, "something else"),
            (_CenterNoReturn, "returned nothing"),
            (_layer(lambda F, x: x)(), "without brackets"),
            (type("NoBlock", (), {"forward": lambda self, x: x}), "Derive your class"),
        ],
    },
    block_hybridblock.dense: {
        "right": [
            _Dense,
            _DenseInside,
            _dense(hybrid_forward=lambda self, F, x, weight, bias: F.np.dot(x, weight.T) + bias),
            _dense(shape=(0,)),
            _dense(shape=None),  # fully_connected tells the shape
        ],
        "wrong": [
            (_dense(bias_init=None), "should start at 0"),
            (_dense(weight_init="normal"), "must reach the weight"),
            (_dense(deferred=False), "allow_deferred_init=True"),
            (
                _dense(
                    shape=None,
                    hybrid_forward=lambda self, F, x, weight, bias: F.np.dot(x, weight.T) + bias,
                ),
                "not the whole shape",
            ),
            (_DenseNoBias, "of shape (3, 4)"),
            (_DenseTransposed, "one row a unit"),
            (_DenseInList, "finds no parameters"),
            (_DenseForward, "never compiles"),
            (_DenseNoSuper, "_children"),
            (
                _dense(hybrid_forward=lambda self, F, x, weight, bias: F.np.dot(x, weight.T)),
                "is the bias added?",
            ),
            (
                _dense(
                    hybrid_forward=lambda self, F, x, weight, bias: F.np.dot(x, weight.T) + 0 * bias
                ),
                "forgets to add",
            ),
            (
                _dense(
                    hybrid_forward=lambda self, F, x, weight, bias: F.npx.relu(
                        F.np.dot(x, weight.T) + bias
                    )
                ),
                "ReLU is built in",
            ),
            (
                _dense(hybrid_forward=lambda self, F, x, weight, bias: np.dot(x, weight.T) + bias),
                "refuse",
            ),
        ],
    },
    block_hybridblock.flip: {
        "right": [
            _layer(lambda F, x: F.np.where(x.mean() > 0, x, -x)),
            _layer(lambda F, x: x * (2 * (F.np.mean(x) > 0) - 1)),
            _layer(lambda F, x: F.np.where(F.np.sum(x) <= 0, -x, x)),
        ],
        "wrong": [
            (_layer(_if), "Python's `if`"),
            (_layer(_item), "no .item()"),
            (_layer(lambda F, x: np.where(np.mean(x) > 0, x, -x)), "use F.np and"),
            (_layer(lambda F, x: F.np.where(x > 0, x, -x)), "each number"),
            (
                _layer(lambda F, x: F.np.where(x.mean(axis=1, keepdims=True) > 0, x, -x)),
                "each sample",
            ),
            (_layer(lambda F, x: F.np.where(x.mean() > 0, -x, x)), "Upside down"),
            (_layer(lambda F, x: F.np.where(x.mean() >= 0, x, -x)), "not above 0"),
            (_layer(lambda F, x: x), "-x comes back"),
            (_layer(lambda F, x: F.npx.relu(x)), "A ReLU"),
            (_FlipForward, "never compiles"),
        ],
    },
}
