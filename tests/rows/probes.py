"""What NumPy and MXNet's arrays do with each other, as a table: expression -> what it gives.

`python -m tests.rows.probes` prints the table for the NumPy that is installed;
`numpy-1.23.5.json` beside this file is what it printed with the NumPy that MXNet was made for
(row `pins`). `test_compat.py` compares.
"""

import contextlib
import io
import json
import pickle
import re
import sys
import tempfile

EXPRESSIONS = """
numpy.mean(a)
numpy.mean(a, axis=0)
numpy.sum(a, axis=1, keepdims=True)
numpy.max(a)
numpy.amin(a, axis=0)
numpy.std(a)
numpy.var(a, axis=1)
numpy.prod(a)
numpy.all(a > 0)
numpy.any(a > 3)
numpy.argmax(a, axis=1)
numpy.argsort(v)
numpy.sort(v)
numpy.cumsum(v)
numpy.clip(a, 2, 3)
numpy.around(v / 3, 2)
numpy.round(v / 3, 2)
numpy.median(v)
numpy.percentile(v, 50)
numpy.quantile(v, 0.25)
numpy.where(a > 2, a, -a)
numpy.concatenate([a, a])
numpy.concatenate([a, n])
numpy.stack([v, v])
numpy.vstack([a, a])
numpy.hstack([a, a])
numpy.split(v, 3)
numpy.reshape(a, (4,))
numpy.transpose(a)
numpy.swapaxes(a, 0, 1)
numpy.expand_dims(v, 0)
numpy.squeeze(a[:1])
numpy.tile(v, 2)
numpy.repeat(v, 2)
numpy.flip(v)
numpy.roll(v, 1)
numpy.unique(i)
numpy.nonzero(i)
numpy.take(v, i)
numpy.take(v, i, mode="clip")
numpy.take(v, i + 2, mode="wrap")
numpy.pad(v, (1, 2), mode="constant")
numpy.pad(v, (1, 2), mode="edge")
numpy.pad(v, (1, 1), mode="reflect")
numpy.dot(a, v[:2])
numpy.dot(a, a)
numpy.inner(v, v)
numpy.outer(v, v)
numpy.tensordot(a, a, 1)
numpy.einsum("ij,jk->ik", a, a)
numpy.trace(a)
numpy.tril(a)
numpy.diag(a)
numpy.zeros_like(a)
numpy.ones_like(i)
numpy.full_like(a, 7)
numpy.shape(a)
numpy.size(a)
numpy.ndim(a)
numpy.bincount(i)
numpy.diff(v)
numpy.isnan(a)
numpy.isfinite(a)
numpy.nan_to_num(a)
numpy.allclose(a, a)
numpy.array_equal(a, a)
numpy.isclose(a, a)
numpy.isin(v, v[:1])
numpy.in1d(v, v[:1])
numpy.intersect1d(v, v[1:])
numpy.interp(v, v, v)
numpy.searchsorted(v, v)
numpy.trapz(v)
numpy.msort(a[::-1])
numpy.ptp(v)
numpy.cov(a)
numpy.corrcoef(a)
numpy.nansum(a)
numpy.nanmax(a)
numpy.count_nonzero(i)
numpy.polyfit(v, v, 1)
numpy.alltrue(a > 0)
numpy.sometrue(a > 3)
numpy.product(a)
numpy.round_(v / 3, 2)
numpy.linalg.norm(a)
numpy.linalg.norm(a, axis=1)
numpy.linalg.inv(a)
numpy.linalg.solve(a, a)
numpy.linalg.cholesky(numpy.dot(a, a.T))
numpy.linalg.pinv(a)
numpy.linalg.eigvalsh(a + a.T)
numpy.linalg.det(a)
numpy.linalg.svd(a)[1]
numpy.exp(a)
numpy.log(a)
numpy.sqrt(a)
numpy.abs(-a)
numpy.tanh(a)
numpy.sign(a)
numpy.negative(a)
numpy.maximum(a, 2)
numpy.add(a, a)
numpy.add(a, n)
numpy.add(n, a)
numpy.add(n32, a)
numpy.multiply(a, s)
numpy.multiply(s, a)
numpy.power(a, 2)
numpy.divide(a, 2)
numpy.true_divide(i, 2)
numpy.floor_divide(a, 2)
numpy.mod(a, 2)
numpy.logaddexp(a, a)
numpy.heaviside(a, 0.5)
numpy.signbit(-a)
numpy.isinf(a)
numpy.equal(a, a)
numpy.less(a, 2)
numpy.logical_not(a)
numpy.add.reduce(a)
numpy.add(a, a, out=a.copy())
a + 1
1 + a
a - 0.5
0.5 - a
2 / a
a // 2
7 % a
2 ** a
a ** 2
i + 1
i + 0.5
i * True
i / 2
a + s
s + a
a * s32
s32 * a
s - a
a / k
k / a
i + k
k + i
i + s
s + i
d + s
s + d
d * s32
a + n
n + a
n32 - a
a @ n32
n32 @ a
a == n32
n32 == a
a + i
a + d
d + i
i + i64
h + 1
h * s32
a > 2
2 < a
a > s
s < a
a == 1
1 == a
a == s
s == a
a != None
i == 1
-a
abs(-a)
~(a > 2)
a[1]
a[0, 1]
a[i[:1]]
a[a > 2]
a[numpy.array([1])]
a[k - 1]
n[a.asnumpy() > 2]
n[mx.np.array([0, 1], dtype="int32")]
set_item(a.copy(), 9)
set_item(a.copy(), s)
set_item(a.copy(), n[0])
add_in_place(a.copy(), s)
add_in_place(a.copy(), n32)
add_in_place(i.copy(), 1)
a.asnumpy()
i.asnumpy()
a[0, 1].item()
a.item(2)
float(a[0, 1])
int(i[1])
bool(a[0, 0])
len(a)
list(v)
a.tolist()
numpy.asarray(a)
numpy.asarray(v, dtype="float64")
numpy.array(a)
numpy.array(a, copy=True)
numpy.array(v, dtype=int)
numpy.array([a, a])
numpy.asarray(a.as_nd_ndarray())
numpy.array(mx.nd.array([1, 2]))
numpy.ascontiguousarray(a)
numpy.array(a[0, 0])
numpy.float64(a[0, 0])
numpy.random.RandomState(0).permutation(v.asnumpy())
mx.np.array(n)
mx.np.array(n32)
mx.np.array([1, 2])
mx.np.array([1.5, 2])
mx.np.array([True, False])
mx.np.array(s)
mx.np.array(s32)
mx.np.array(i64)
mx.np.array([s, s])
mx.np.array([n32, n32])
mx.np.array([v, v])
mx.np.array(numpy.arange(3))
mx.np.array(numpy.array([True, False]))
mx.np.array(3)
mx.np.array(n, dtype="float16")
mx.np.array([1, 2], dtype=int)
mx.np.array([1, 2], dtype=float)
mx.np.array([0, 2], dtype=bool)
mx.np.full((2,), s)
mx.np.full((2,), 3)
mx.np.arange(3)
mx.np.linspace(0, 1, 3)
mx.np.zeros((2,), dtype="int64")
mx.np.ones(i64)
mx.np.zeros((k, 1))
mx.np.isnan(a)
mx.np.mean(i)
mx.np.sum(i)
mx.np.mean(i, dtype="float64")
mx.np.maximum(a, s)
mx.np.maximum(s, a)
mx.np.maximum(s, s32)
mx.np.add(1, 2)
mx.np.exp(s)
mx.np.sqrt(2)
mx.np.where(a > 2, 1.0, s)
mx.np.concatenate([a, a], axis=1)
mx.np.in1d(v, v[:1])
mx.np.product(a)
mx.np.round_(v / 3, 2)
mx.np.alltrue(a > 0)
mx.np.sometrue(a > 3)
mx.np.row_stack([v, v])
mx.np.trapz(v)
mx.np.msort(a[::-1])
mx.np.isin(v, v[:1])
mx.np.unwrap(v)
mx.np.cov(a)
mx.np.polyfit(v, v, 1)
mx.np.result_type(a, a)
mx.np.promote_types("float32", "int32")
mx.np.min_scalar_type(3)
mx.np.finfo("float32").eps
mx.np.PZERO, mx.np.NZERO, mx.np.PINF, mx.np.NINF, mx.np.NAN
mx.np.bool
mx.np.bool_
mx.np.pi, mx.np.e, mx.np.inf
mx.np.linalg.norm(a)
mx.np.linalg.svd(a)[1]
mx.np.linalg.eigh(a + a.T)[0]
mx.np.moveaxis(mx.np.zeros((2, 3, 4)), 0, -1).shape
mx.np.pad(v, (1, 1), mode="symmetric")
mx.np.take(v, i, mode="clip")
mx.np.histogram(v, bins=2)
mx.np.unique(i, return_counts=True)
mx.np.insert(v, 1, 5)
mx.np.delete(v, 1)
mx.np.diag_indices_from(a)
mx.np.ix_(v, v)
mx.np.float32(s)
mx.nd.array([1, 2]) + 1
mx.nd.array([1, 2]) * s
s * mx.nd.array([1, 2])
mx.nd.array([1, 2]) * n[0]
n[0] * mx.nd.array([1, 2])
mx.nd.array(n)
mx.nd.array(n, dtype="int32")
mx.nd.array([1]).asscalar()
mx.nd.array([1, 2]) == 1
mx.nd.array([1, 2]).astype("int64")
mx.nd.array([1, 2]).astype(numpy.float16)
mx.nd.moveaxis(mx.nd.zeros((2, 3, 4)), 0, -1).shape
mx.nd.concat(mx.nd.ones((1, 2)), mx.nd.zeros((1, 2)), dim=0)
mx.nd.dot(mx.nd.ones((1, 2)), mx.nd.ones((2, 1)))
mx.nd.one_hot(mx.nd.array([1, 0]), 2)
mx.nd.topk(mx.nd.array([3, 1, 2]), k=2)
mx.nd.pick(mx.nd.array([[1, 2]]), mx.nd.array([1]))
mx.nd.linalg.gemm2(mx.nd.ones((1, 2)), mx.nd.ones((2, 1)))
mx.nd.array([[1, 0], [0, 2]]).tostype("csr").asnumpy()
mx.nd.sparse.csr_matrix(n).asnumpy()
mx.nd.sparse.row_sparse_array((n, [0, 2]), shape=(3, 2)).asnumpy()
mx.nd.arange(3)
mx.nd.full((2,), s)
mx.nd.slice_axis(mx.nd.arange(4), axis=0, begin=1, end=3)
mx.nd.array([1, 2])[k - 1]
mx.nd.array([1, 2])[mx.nd.array([1])]
mx.npx.one_hot(i, 4)
mx.npx.softmax(a)
mx.npx.topk(v, k=2)
mx.npx.pick(a, i[:2] - 1)
mx.npx.relu(v - 1.5)
a.astype("float64")
a.astype(numpy.int32)
a.astype(int)
a.astype(bool)
a.dtype
a.mean()
a.sum(axis=0)
a.std()
a.argmax()
a.reshape(-1)
a.T
a.shape
i.mean()
a.flatten()
a.clip(2, 3)
repr(a)
str(a)
repr(a[0, 0])
str(a[0, 0])
repr(i)
repr(d)
repr(a > 2)
repr(v.asnumpy())
str(a[0, 1].item())
repr(a[0, 1].item())
repr(a.asnumpy()[0, 1])
repr(a.tolist())
str(mx.nd.array([1, 2]))
repr(a.shape)
f"{a[0, 1]:.2f}"
f"{a[0, 1].item():.2f}"
f"{a}"
"%.1f" % a[0, 1]
print_options(a / 3)
pickle.loads(pickle.dumps(a))
pickle.loads(pickle.dumps(i))
pickle.loads(pickle.dumps(mx.nd.array([1, 2])))
pickle.loads(pickle.dumps({"a": a.asnumpy(), "s": s}))
seeded()
mx.gluon.utils.split_data(mx.np.arange(4), 2)
gradient()
trainer_step()
dataset()
batches()
mx.test_utils.almost_equal(n, n + 1e-9)
mx.test_utils.assert_almost_equal(a, a)
mx.test_utils.rand_ndarray((2, 2)).shape
mx.image.imresize(mx.np.zeros((4, 4, 3), dtype="uint8"), 2, 2).shape
mx.gluon.data.vision.transforms.ToTensor()(mx.np.full((2, 2, 1), 255, dtype="uint8"))
mx.gluon.data.vision.transforms.Normalize(0.5, 0.5)(mx.np.ones((1, 2, 2)))
mx.init.Xavier().dumps()
mx.nd.zeros((k, 2))
mx.nd.ones((2, 2)).reshape((k, -1)).shape
mx.nd.ones((2, 2)).reshape(shape=(-1, k)).shape
mx.nd.tile(mx.nd.ones((2,)), reps=(k,))
mx.nd.transpose(mx.nd.ones((2, 3)), axes=(k - 1, k - 2)).shape
mx.nd.slice(mx.nd.ones((4, 4)), begin=(k, k), end=(k + 1, k + 2)).shape
mx.nd.pad(mx.nd.ones((1, 1, 2, 2)), mode="edge", pad_width=(0, 0, 0, 0, k, k, k, k)).shape
mx.nd.broadcast_to(mx.nd.ones((1, 2)), shape=(k, k)).shape
mx.nd.sum(mx.nd.ones((2, 2)), axis=(k - 1,))
mx.nd.split(mx.nd.arange(4), num_outputs=k, axis=0)
mx.nd.clip(mx.nd.arange(4), s32 - 1, s)
mx.nd.random.uniform(shape=(k, k)).shape
mx.nd.SwapAxis(mx.nd.ones((2, 3)), k - 2, k - 1).shape
convolved().shape
mx.nd.array(n).reshape(tuple(numpy.array([4, 1]))).shape
mx.sym.Variable("x", shape=(k, k)).attr("__shape__")
symbol_shape()
a.reshape((k, k)).shape
a.reshape(k * k).shape
a.transpose((k - 1, k - 2)).shape
mx.np.reshape(a, (k, -1)).shape
mx.np.broadcast_to(v, (k, 3)).shape
mx.np.tile(v, (k, 1)).shape
mx.np.split(v, [k - 1])
mx.np.array_split(mx.np.arange(4), k)
mx.np.sum(a, axis=(k - 1,))
mx.np.pad(v, (k, k), mode="constant", constant_values=s)
mx.np.roll(v, k)
mx.np.squeeze(a[None], axis=(k - 2,)).shape
mx.np.linspace(s - 2.5, s, k)
mx.np.random.normal(s, s32, size=(k, 2)).shape
mx.np.random.randint(0, k, size=(k,)).dtype
mx.np.eye(k)
mx.npx.reshape(a, (k, -1)).shape
network()
network(hybridize=True)
exported()
summary()
optimizers()
schedulers()
metric('acc')
metric('ce')
metric('perplexity')
metric('f1')
metric('mcc')
metric('nll_loss')
metric('mae')
metric('mse')
metric('rmse')
metric('pearsonr')
metric('top_k', top_k=2)
iterator()
recurrent()
clipped()
saved()
mx.gluon.loss.SoftmaxCrossEntropyLoss()(a, i[:2])
mx.gluon.utils.clip_global_norm([mx.nd.ones((2, 2))], s)
mx.image.CenterCropAug((k, k))(mx.nd.ones((4, 4, 3))).shape
numpy.random.permutation(k).shape
mx.lr_scheduler.FactorScheduler(step=2)(3)
""".strip().splitlines()


def _set_item(array, value):
    array[0] = value
    return array


def _add_in_place(array, value):
    array += value
    return array


def _namespace():
    import mxnet as mx
    import numpy

    mx.npx.set_np()
    from mxnet import autograd, gluon

    a = mx.np.array([[1.0, 2.0], [3.0, 4.0]])
    v = mx.np.array([1.0, 2.0, 4.0])
    i = mx.np.array([0, 1, 2], dtype="int32")
    n = numpy.array([[1.0, 2.0], [3.0, 4.0]])
    s, s32, k = numpy.float64(2.5), numpy.float32(2.5), numpy.int64(2)

    def gradient():
        x = v.copy()
        x.attach_grad()
        with autograd.record():
            y = (x * numpy.float64(2) + numpy.float32(1)) ** 2
        y.backward()
        return x.grad

    def trainer_step():
        net = gluon.nn.Dense(1)
        net.initialize(mx.init.One())
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": numpy.float64(0.5)})
        with autograd.record():
            loss = net(a).sum()
        loss.backward()
        trainer.step(numpy.int64(2))
        return net.weight.data()

    def dataset():
        pairs = gluon.data.ArrayDataset(a.asnumpy(), numpy.arange(2))
        return pairs[numpy.int64(1)]

    def batches():
        loader = gluon.data.DataLoader(gluon.data.ArrayDataset(a, v[:2]), batch_size=2)
        return next(iter(loader))

    def seeded():
        mx.random.seed(numpy.int64(3))
        return mx.np.random.uniform(size=(2,))

    def convolved():
        image, kernel = mx.nd.ones((1, 1, 4, 4)), mx.nd.ones((1, 1, 2, 2))
        return mx.nd.Convolution(image, kernel, kernel=(k, k), num_filter=k - 1, no_bias=True)

    def symbol_shape():
        x = mx.sym.Variable("x")
        return mx.sym.tile(mx.sym.reshape(x, shape=(k, -1)), reps=(k, k)).infer_shape(x=(4, 1))[1]

    def network(hybridize=False):
        net = gluon.nn.HybridSequential()
        net.add(
            gluon.nn.Conv2D(k, kernel_size=(k, k), strides=(k, k), padding=(k - 1, k - 1)),
            gluon.nn.MaxPool2D(pool_size=(k, k)),
            gluon.nn.BatchNorm(epsilon=numpy.float64(1e-5), momentum=numpy.float32(0.5)),
            gluon.nn.Dropout(numpy.float64(0.5)), gluon.nn.Flatten(),
            gluon.nn.Dense(k),
        )  # fmt: skip
        net.initialize(mx.init.Constant(0.25))
        if hybridize:
            net.hybridize(static_alloc=True)
        return net(mx.np.ones((k, 1, 4, 4)))

    def exported():
        net = gluon.nn.HybridSequential()
        net.add(gluon.nn.Conv2D(k, kernel_size=(k, k)), gluon.nn.Dense(k))
        net.initialize(mx.init.Constant(0.25))
        net.hybridize()
        x = mx.np.ones((1, 1, 4, 4))
        net(x)
        with tempfile.TemporaryDirectory() as folder:
            net.export(f"{folder}/net", epoch=0)
            again = gluon.SymbolBlock.imports(
                f"{folder}/net-symbol.json", ["data"], f"{folder}/net-0000.params"
            )
            return again(x)

    def summary():
        net = gluon.nn.Dense(k, in_units=2)
        net.initialize()
        written = io.StringIO()
        with contextlib.redirect_stdout(written):
            net.summary(a)
        return " ".join(re.sub("dense[0-9]+", "dense", written.getvalue()).split())

    def optimizers():
        results = {}
        for name in ("sgd", "nag", "adam", "rmsprop", "adagrad", "adadelta", "ftrl", "signum"):
            net = gluon.nn.Dense(1)
            net.initialize(mx.init.One())
            settings = {} if name == "adadelta" else {"learning_rate": numpy.float64(0.5)}
            settings |= {"momentum": numpy.float32(0.5)} if name in ("sgd", "nag") else {}
            trainer = gluon.Trainer(
                net.collect_params(), name, {**settings, "wd": numpy.float64(0.1)}
            )
            with autograd.record():
                loss = net(a).sum()
            loss.backward()
            trainer.step(numpy.int64(2))
            trainer.set_learning_rate(numpy.float32(0.25))
            trainer.step(2, ignore_stale_grad=True)
            results[name] = net.weight.data()
        return results

    def schedulers():
        return [
            mx.lr_scheduler.FactorScheduler(2, factor=numpy.float64(0.5), base_lr=s)(5),
            mx.lr_scheduler.MultiFactorScheduler(list(numpy.array([2, 4])), base_lr=s)(5),
            mx.lr_scheduler.PolyScheduler(10, base_lr=s)(5),
            mx.lr_scheduler.CosineScheduler(10, base_lr=s)(5),
        ]

    def metric(name, top_k=None):
        options = {"ignore_label": None} if name == "perplexity" else {}
        measure = mx.metric.TopKAccuracy(top_k) if top_k else mx.metric.create(name, **options)
        if name in ("mae", "mse", "rmse", "pearsonr"):
            measure.update([mx.nd.array([1, 2, 4])], [mx.nd.array([1, 2, 3])])
        else:
            measure.update([mx.nd.array([0, 1])], [mx.nd.array([[0.75, 0.25], [0.5, 0.5]])])
        return measure.get()[1]

    def iterator():
        numpy.random.seed(0)
        batches = mx.io.NDArrayIter(n, numpy.arange(2), batch_size=1, shuffle=True)
        return [batch.data[0].asnumpy() for batch in batches]

    def recurrent():
        layer = gluon.rnn.LSTM(k, num_layers=k)
        layer.initialize(mx.init.Constant(0.25))
        return layer(mx.np.ones((2, 1, 3)))

    def clipped():
        with autograd.record():
            x = a.copy()
            x.attach_grad()
            y = x.clip(s32 - 1, s).sum()
        y.backward()
        return x.grad

    def saved():
        with tempfile.TemporaryDirectory() as folder:
            mx.npx.save(f"{folder}/arrays", {"a": a, "i": i})
            return mx.npx.load(f"{folder}/arrays")

    def print_options(array):
        with numpy.printoptions(precision=2):
            return str(array)

    extra = dict(
        pickle=pickle, d=a.astype("float64"), h=a.astype("float16"), i64=numpy.int64(2),
        n32=numpy.array([[1, 2], [3, 4]], dtype="float32"),
        set_item=_set_item, add_in_place=_add_in_place,
    )  # fmt: skip
    return locals() | extra


def told(value):
    """Return a value as text: its type, its shape, and five digits of each number."""
    if isinstance(value, str | bool | type(None)):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"{type(value).__name__} of {len(value)}: {', '.join(map(told, value))}"
    if isinstance(value, dict):
        return f"dict: {', '.join(f'{key} {told(part)}' for key, part in value.items())}"
    if isinstance(value, type):
        return f"type {value.__module__}.{value.__name__}"
    kind = f"{type(value).__module__}.{type(value).__name__}"
    if kind.startswith(("numpy.dtype[", "numpy.dtypes.")):  # its class has another name since 1.25
        return f"dtype {value}"
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        numbers = value.asnumpy() if hasattr(value, "asnumpy") else value
        digits = " ".join(f"{round(number, 6) + 0:.5g}" for number in numbers.ravel().tolist())
        return f"{kind} {numbers.dtype} {tuple(value.shape)}: {digits}"
    return f"{kind} {value:.5g}" if isinstance(value, int | float) else f"{kind} {value!s}"


def outcome(expression, names):
    """Return what an expression gives as text, or the class of the error that it raises."""
    try:
        return told(eval(expression, dict(names)))
    except Exception as error:
        return f"raises {type(error).__name__}"


def table():
    """Return {expression: what it gives} for the NumPy that is installed."""
    names = _namespace()
    return {expression: outcome(expression, names) for expression in EXPRESSIONS}


if __name__ == "__main__":
    import d2l_extras.compat  # noqa: F401

    json.dump(table(), sys.stdout, indent=0, ensure_ascii=False)
    print()
