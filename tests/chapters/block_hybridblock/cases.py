"""For each exercise of chapter 4: other right answers, and classic mistakes with their hints."""

from mxnet import np
from mxnet.gluon import nn

from d2l_extras.chapters.block_hybridblock import exercises as block_hybridblock
from tests.chapters.notebook import typed


def cell(name, *lines, method="hybrid_forward(self, F, x)"):
    """Return the layer that a learner typed: a class with one method of these lines."""
    body = "\n        ".join(lines)
    return typed(f"class {name}(nn.HybridBlock):\n    def {method}:\n        {body}", name)


DENSE_INIT = """
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.kernel = self.params.get("kernel", shape=(units, -1), allow_deferred_init=True)
            self.offset = self.params.get("offset", shape=(units,), init=init.Zero())
"""


def dense_cell(*lines, method="hybrid_forward(self, F, x, kernel, offset)", first=DENSE_INIT):
    """Return the dense layer that a learner typed."""
    body = "\n        ".join(lines)
    source = f"class MyOwnDense(nn.HybridBlock):{first}\n    def {method}:\n        {body}"
    return typed(source, "MyOwnDense")


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
        "right": [
            5250.0,
            "5,250",
            "5250",
            np.array(5250),
            [5250],
            typed("answer = 15 * 64 + 65 * 64 + 65 * 2"),
            typed(
                """
                net = nn.Sequential()
                net.add(nn.Dense(64), nn.Dense(64), nn.Dense(2))
                net.initialize()
                net(np.ones((1, 14)))
                answer = sum(p.data().size for p in net.collect_params().values())
            """.replace("\n" + 16 * " ", "\n")
            ),
        ],
        "wrong": [
            (5120, "one bias"),
            (130, "add the weights"),
            (1090, "64 x 64"),
            (5264, "not for each input"),
            (144, "units"),
            (7, "inputs x outputs"),
            ("many", "one number"),
            ((896, 4096, 128), "one number"),
        ],
    },
    block_hybridblock.calls: {
        "right": [
            5.0,
            "3 + 1 + 1",
            "3 + 1 + 1 = 5",
            "5 times",
            "5",
            np.array([5]),
            typed("answer = len([1, 1, 1, 1, 1])"),
        ],
        "wrong": [
            (23, "replays"),
            (3, "To trace"),
            (4, "traces anew"),
            (2, "3 calls"),
            (13, "Add up"),
            ("some", "one number"),
        ],
    },
    block_hybridblock.center: {
        "right": [
            _layer(lambda F, x: x - x.mean(axis=0)),
            _layer(lambda F, x: x - x.mean(axis=0, keepdims=True)),
            _layer(lambda F, x: F.np.subtract(x, F.np.mean(x, axis=0))),
            cell("CenterFeatures", "return x - x.mean(0)"),
            cell("CenterFeatures", "mean = F.np.mean(x, axis=0)", "x = x - mean", "return x"),
            cell("CenterFeatures", "return x + -1 * F.np.average(x, axis=0)"),
            cell("C", "return x - F.np.sum(x, axis=0) / F.np.sum(F.np.ones_like(x), axis=0)"),
            cell("CenterFeatures", "return (x.T - x.T.mean(axis=1, keepdims=True)).T"),
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
            (cell("C", "return x - x.mean(axis=1)"), "means of the samples"),
            (cell("C", "return x - x.sum(axis=0)"), "sum of a column"),
            (cell("C", "return x - (x.max(axis=0) + x.min(axis=0)) / 2"), "middle between"),
            (cell("C", "return x - x.sum(axis=0) / 3"), "the number of samples may change"),
            (cell("C", "x -= x.mean(axis=0)", "return x"), "x -="),
            (cell("C", "return [x - x.mean(axis=0)]"), "one array, got a list"),
            (
                cell("C", "return x - x.mean(axis=0)", method="hybrid_forward(self, x)"),
                "self, F, x",
            ),
            (cell("C", "return x", method="hybrid_foward(self, F, x)"), "is missing"),
            (cell("C", "return np.array([r - x.mean(axis=0) for r in x])"), "row by row"),
            (cell("C", "return x - F.mean(x, axis=0)"), "legacy interface"),
            (cell("C", "self.units = 3", "return x", method="__init__(self, units)"), "__init__"),
            (cell("C", "return x - undefined"), "NameError in line 2 of hybrid_forward"),
            (cell("C", "return x - x.copy().mean(axis=0)"), "which has no copy"),
            (cell("C", "return x - x.sum(axis=0) / len(x)"), "no len()"),
            (cell("C", "return x - x.mean(axis=0).asnumpy()"), "do not mix with symbols"),
            (
                cell("C", "y = F.np.zeros_like(x)", "y[:] = x - x.mean(axis=0)", "return y"),
                "cannot be written into",
            ),
            (
                cell("C", "return x - x.mean(axis=0)", method="hybrid_forward(self, x, F)"),
                "in this order",
            ),
            (
                cell("C", "return x - x.mean(axis=0)", method="forward(self, F, x)"),
                "gets no F",
            ),
            (
                cell("C", "return x if autograd.is_training() else x - x.mean(axis=0)"),
                "While training",
            ),
            (cell("C", "raise SystemExit"), "ended the program"),
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
            dense_cell("return F.np.dot(x, kernel.T) + offset"),
            dense_cell("return F.np.dot(x, F.np.transpose(kernel)) + offset"),
            dense_cell("return F.np.add(F.np.dot(kernel, x.T).T, offset)"),
            dense_cell(
                "return F.npx.fully_connected(x, kernel, offset, num_hidden=self.units)",
                first=DENSE_INIT + "        self.units = units\n",
            ),
            dense_cell(
                "return self.net(x)",
                method="hybrid_forward(self, F, x)",
                first="""
    def __init__(self, units):
        super(MyOwnDense, self).__init__()
        self.net = nn.HybridSequential()
        self.net.add(nn.Dense(units))
""",
            ),
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
            (_dense(shape=(4,)), "not for 3"),
            (
                dense_cell("return F.npx.fully_connected(x, kernel, offset, num_hidden=3)"),
                "not for 2",
            ),
            (_dense(shape=(None,)), "not None"),
            (_dense(bias_init=0), "given by its name"),
            (nn.Dense, "Gluon's own class"),
            (dense_cell("return x @ kernel.T + offset"), "do not know @"),
            (dense_cell("return F.np.einsum('bi,oi->bo', x, kernel) + offset"), "these operators"),
            (
                dense_cell("return F.np.dot(x, self.kernel.data().T) + self.offset.data()"),
                "no self.weight.data()",
            ),
            (
                dense_cell(
                    "return F.np.dot(x, kernel.T) + offset",
                    first=DENSE_INIT.replace("init=init.Zero()", "init='zeros', grad_req='null'"),
                ),
                "grad_req",
            ),
            (_DenseNoBias, "of shape (3, 4)"),
            (_DenseTransposed, "one row a unit"),
            (_DenseInList, "finds no parameters"),
            (_DenseForward, "never compiles"),
            (_DenseNoSuper, "super().__init__()"),
            (dense_cell("return F.np.dot(x, kernel) + offset"), "shapes do not fit"),
            (dense_cell("return F.np.dot(x, kernel.T) - offset"), "weight times x, plus bias"),
            (
                dense_cell("return F.np.dot(x, weight.T) + bias"),
                "NameError in line 2 of hybrid_forward",
            ),
            (
                dense_cell("return x", method="hybrid_forward(self, F, x)"),
                "then the layer's own parameters",
            ),
            (dense_cell("F.np.dot(x, kernel.T) + offset"), "with `return`?"),
            (type("NoBlock", (), {"forward": lambda self, x: x}), "Derive your class"),
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
            cell("Flip", "return F.np.where(F.np.mean(x) > 0, x, -1 * x)"),
            cell("Flip", "positive = x.mean() > 0", "return positive * x - (1 - positive) * x"),
            cell(
                "Flip",
                "m = x.mean()",
                "s = F.np.where(m > 0, F.np.ones_like(m), -F.np.ones_like(m))",
                "return s * x",
            ),
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
            (cell("Flip", "return F.np.where(x.mean() > 0, 2 * x, -x)"), "comes back as it was"),
            (
                cell(
                    "Flip",
                    "if 'symbol' not in F.__name__:",
                    "    self.sign = 1 if x.mean() > 0 else -1",
                    "return x * self.sign",
                ),
                "as at its first batch",
            ),
            (cell("Flip", "return F.np.where(x.mean() > 1e-3, x, -x)"), "However small"),
            (cell("Flip", "return F.np.where((x.max() + x.min()) > 0, x, -x)"), "do not decide"),
            (cell("Flip", "return x if float(x.mean()) > 0 else -x"), "float()"),
            (cell("Flip", "F.np.where(x.mean() > 0, x, -x)"), "returned nothing"),
        ],
    },
}
