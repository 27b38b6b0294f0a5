"""MXNet 1.9.1 starts on today's Python and NumPy, and does what it did on those of its time."""

import ast
import json
import os
import subprocess
import sys
import types
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy
import pytest
from packaging.version import Version

import d2l_extras
from d2l_extras import compat
from tests.rows import probes

ROOT = Path(__file__).parent.parent
NUMPY = Version(numpy.__version__)


def python(*arguments, **options):
    """Run Python in a process of its own and return what it printed."""
    environment = {**os.environ, **options.pop("env", {})}
    result = subprocess.run(
        [sys.executable, *map(str, arguments)], env=environment, capture_output=True, text=True,
        cwd=options.pop("cwd", ROOT),
    )  # fmt: skip
    assert result.returncode == options.pop("status", 0), result.stderr
    return result.stdout if result.returncode == 0 else result.stderr


# --- names of NumPy ---


def sources(package):
    folder = Path(find_spec(package).submodule_search_locations[0])
    with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
        return [ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py")]


def read_from_numpy(tree):
    """Yield the names that a module reads from NumPy, under whatever name it imported that."""
    aliases = {
        alias.asname or "numpy"
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "numpy"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in aliases:
                yield node.attr
        # numpy_dispatch_protocol.py reads NumPy by lists of names
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            if getattr(node.targets[0], "id", "").startswith("_NUMPY_ARRAY_"):
                yield from (name for name in ast.literal_eval(node.value) if "." not in name)


@pytest.fixture(scope="module", name="read")
def _read():
    return {name for package in ("mxnet", "d2l") for tree in sources(package)
            for name in read_from_numpy(tree)}  # fmt: skip


def test_every_name_that_mxnet_and_d2l_read_from_numpy_is_there(read):
    assert len(read) > 200
    assert [name for name in sorted(read) if not hasattr(numpy, name)] == []


def test_no_name_is_given_that_nobody_reads(read):
    bare = types.SimpleNamespace(isin=0, all=0, any=0, prod=0, round=0, trapz=0)
    assert set(compat.missing_names(bare)) <= read


def test_only_missing_names_are_given_and_nothing_else_of_numpy_changes():
    code = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy
parts = numpy, numpy.linalg, numpy.random, numpy.fft, numpy.lib
def state():
    return {(part.__name__, name): value for part in parts for name, value in vars(part).items()}
before, listed, printed = state(), set(dir(numpy)), numpy.get_printoptions()
from d2l_extras import _start
missing = _start.missing_names(numpy)  # none any more: importing the package gave them
after = state()
changed = [name for name in before if after.get(name, numpy) is not before[name]]
given = sorted(name for _, name in after.keys() - before.keys())
print(changed, missing, numpy.get_printoptions() == printed, listed & set(given))
print(*given)
"""
    first, given = python("-c", code).splitlines()
    assert first == "[] {} True set()"
    expected = {"1.24": {"bool", "int"}, "2": {"PZERO", "NZERO", "PINF", "NINF", "Inf", "NaN",
                "NAN", "alltrue", "sometrue", "product", "round_", "compat", "msort", "mirr", "npv",
                "pmt", "ppmt", "pv", "rate"}, "2.4": {"in1d", "trapz"}}  # fmt: skip
    expected = set().union(*(names for since, names in expected.items() if Version(since) <= NUMPY))
    if NUMPY >= Version("2"):
        expected -= {"bool"}  # it came back
    assert set(given.split()) == expected


@pytest.mark.parametrize(
    "call, value",
    [
        ("in1d([1, 2], [2])", [False, True]),
        ("alltrue([1, 0])", False),
        ("sometrue([1, 0])", True),
        ("product([2, 3])", 6),
        ("round_(1.256, 2)", 1.26),
        ("trapz([1, 3])", 2),
        ("msort([[2, 1], [1, 2]])", [[1, 1], [2, 2]]),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_given_functions_compute_what_they_did(call, value):
    assert numpy.array_equal(eval(f"numpy.{call}", {"numpy": numpy}), value)


def test_given_numbers_are_what_they_were():
    given = compat.missing_names(
        types.SimpleNamespace(isin=0, all=0, any=0, prod=0, round=0, trapz=0)
    )
    assert (given["PINF"], given["Inf"], given["NINF"]) == (numpy.inf, numpy.inf, -numpy.inf)
    assert numpy.isnan([given["NaN"], given["NAN"]]).all()
    assert numpy.signbit([given["PZERO"], given["NZERO"]]).tolist() == [False, True]
    assert (given["int"], given["bool"]) == (int, bool)


@pytest.mark.parametrize("name", ["mirr", "npv", "pmt", "ppmt", "pv", "rate"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_financial_functions_say_where_they_went(name):
    kind, words = NotImplementedError, f"call `numpy_financial.{name}`"
    if NUMPY < Version("2"):  # it says so itself
        kind, words = RuntimeError, "numpy_financial"
    with pytest.raises(kind, match=words):
        getattr(numpy, name)(0.1, [1])


# --- what MXNet and NumPy do together ---

SVD = "NumPy's own result has names since 1.25, and MXNet cannot rebuild it: use mx.np.linalg.svd"
NOW_ALL = "`alltrue` is `all` now, which MXNet computes itself"
SCALARS = "NumPy 2 writes the type of its numbers in repr; str is as before"
SUMS = "a float32 stays one when a Python number is added: MXNet's metrics sum in float32"
NUMPY_BOOL = "numpy.bool is NumPy's own type again"
DIFFERENCES = {  # expression: (since which NumPy, what it gives since then, why)
    "numpy.linalg.svd(a)[1]": ("1.25", "raises TypeError", SVD),
    "numpy.alltrue(a > 0)": ("2", "mxnet.numpy.ndarray bool (): 1", NOW_ALL),
    "mx.np.alltrue(a > 0)": ("2", "mxnet.numpy.ndarray bool (): 1", NOW_ALL),
    "mx.np.bool": ("2", "type numpy.bool", NUMPY_BOOL),
    "mx.np.bool_": ("2", "type numpy.bool", NUMPY_BOOL),
    "repr(a.asnumpy()[0, 1])": ("2", "'np.float32(2.0)'", SCALARS),
    "numpy.count_nonzero(i)": ("2.3", "numpy.int64 int64 (): 2", "NumPy's number, not Python's"),
    **{
        f"metric({name!r})": ("2", f"numpy.float32 float32 (): {value}", SUMS)
        for name, value in dict(ce=0.49041, nll_loss=0.49041, mae=0.33333, mse=0.33333,
                                rmse=0.57735).items()
    },
}  # fmt: skip


@pytest.fixture(scope="module", name="table")
def _table():
    return json.loads(python("-W", "ignore", "-m", "tests.rows.probes"))


@pytest.fixture(scope="module", name="stored")
def _stored():
    return json.loads((ROOT / "tests/rows/numpy-1.23.5.json").read_text(encoding="utf-8"))


def test_the_table_is_whole(table, stored):
    assert list(table) == list(stored) == probes.EXPRESSIONS
    assert set(DIFFERENCES) <= set(stored)


@pytest.mark.parametrize("expression", probes.EXPRESSIONS)
def test_mxnet_and_numpy_do_together_what_they_did_with_numpy_1_23(expression, table, stored):
    expected = stored[expression]
    since, now, _ = DIFFERENCES.get(expression, ("99", "", ""))
    if Version(since) <= NUMPY:
        assert now != expected, "no difference any more: take it off the list"
        expected = now
    assert table[expression] == expected


# --- starting MXNet ---


def test_compat_alone_lets_mxnet_start_with_the_legacy_interface_and_light():
    code = """
import sys
import d2l_extras.compat
import mxnet as mx
print(mx.util.is_np_array(), mx.nd.ones((1, 2)) + 1)
print([name for name in ("sklearn", "scipy.stats", "pandas", "matplotlib") if name in sys.modules])
import scipy.stats, sklearn.linear_model, pandas
print(mx.model.BASE_ESTIMATOR, scipy.stats.norm.cdf(0), pandas.DataFrame({"a": [1]}).shape)
buckets, chances = mx.test_utils.gen_buckets_probs_with_ppf(scipy.stats.norm.ppf, 2)
print(chances, mx.test_utils.chi_square_check(lambda n: numpy.random.randn(n), buckets, chances,
      nsamples=1000)[0] > 0 if (numpy := __import__("numpy")) else "")
print(mx.contrib.quantization.stats.entropy([0.5, 0.5]).round(3))
import d2l_extras as dx
dx.seed(0)
print(mx.util.is_np_array())
"""
    lines = python("-W", "error::FutureWarning", "-c", code).splitlines()
    assert lines[0].startswith("False")
    assert lines[-5:] == ["[]", "<class 'object'> 0.5 (1, 1)", "[0.5, 0.5] True", "0.693", "True"]


def test_d2l_extras_sets_the_numpy_interface_as_soon_as_mxnet_is_imported():
    code = """
import d2l_extras
import sys
assert "mxnet" not in sys.modules
import mxnet
print(mxnet.util.is_np_array(), type(mxnet.gluon.nn.Dense(1, in_units=1).weight.shape).__name__)
from d2l import mxnet as d2l
print("pandas" in sys.modules, d2l.pd.DataFrame({"a": [1]}).shape, "pandas" in sys.modules)
import importlib.util, inspect
print(importlib.util.find_spec("mxnet").origin == mxnet.__file__, len(inspect.getsource(d2l)) > 1e4)
"""
    assert python("-c", code).splitlines() == ["True tuple", "False (1, 1) True", "True True"]


def test_parts_that_need_no_mxnet_do_not_load_it():
    code = """
import sys
import d2l_extras as dx, d2l_extras.kit.lab, d2l_extras.kit.controls, d2l_extras.compat
import d2l_extras.evidence.compare
dx.Lab, dx.Slider, dx.compare
print([name for name in ("mxnet", "d2l", "sklearn") if name in sys.modules])
"""
    assert python("-c", code) == "[]\n"


@pytest.mark.parametrize("first", ["d2l_extras", "d2l_extras.compat"])
def test_threads_and_kernels_are_the_users_where_he_chose(first):
    code = f"import os, {first}\nget = os.environ.get\n"
    code += "print(get('OMP_NUM_THREADS'), get('OPENBLAS_CORETYPE'))"
    own = {"OMP_NUM_THREADS": "3", "OPENBLAS_CORETYPE": "Nehalem"}
    assert python("-c", code, env=own) == "3 Nehalem\n"
    bare = "import os\ndel os.environ['OMP_NUM_THREADS'], os.environ['OPENBLAS_CORETYPE']\n"
    assert python("-c", bare + code, env=own) in ("1 Haswell\n", "1 None\n")


# --- operators that are compiled when they are called ---

OPERATORS = """
import sys, json, inspect, warnings
from d2l_extras import _start, compat
if sys.argv[1] == "eager":
    del _start.AROUND["mxnet.ndarray.register"], _start.AROUND["mxnet.symbol.register"]
import mxnet as mx
found = {}
for place in [name for name in sys.modules if name.startswith("mxnet.")]:
    for name, value in list(vars(sys.modules[place]).items()):
        if inspect.isfunction(value) and value.__globals__["__name__"].endswith(".register"):
            made = [value.__name__, value.__qualname__, value.__module__, value.__doc__]
            found[f"{place}.{name}"] = [*made, str(inspect.signature(value))]
json.dump(found, sys.stdout)
"""


def test_operators_look_like_those_that_are_compiled_at_once():
    lazy, eager = (json.loads(python("-c", OPERATORS, way)) for way in ("lazy", "eager"))
    assert len(lazy) > 2600
    assert lazy == eager
    assert len({made[4] for made in lazy.values()}) > 100  # signatures of their own


def test_operators_turn_into_the_real_ones_at_their_first_call_in_any_thread():
    code = """
import sys, threading
sys.setswitchinterval(1e-6)
import d2l_extras.compat
import mxnet as mx
x = mx.nd.array([[3, 1, 2]])
calls = {
    "relu": lambda: mx.nd.relu(x), "topk": lambda: mx.nd.topk(x, k=2, ret_typ="value"),
    "sum": lambda: mx.nd.sum(x, axis=1), "softmax": lambda: mx.nd.softmax(x, axis=-1),
    "clip": lambda: mx.nd.clip(x, 0, 2), "tile": lambda: mx.nd.tile(x, reps=(2, 1)),
    "FullyConnected": lambda: mx.nd.FullyConnected(x, x, num_hidden=1, no_bias=True),
}
failed = []
for name, call in calls.items():
    start = threading.Barrier(8)
    results = []
    def work():
        start.wait()
        try:
            for _ in range(20):
                results.append(call().asnumpy().tolist())
        except BaseException as error:
            failed.append((name, error))
    threads = [threading.Thread(target=work) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(results) == 160 and all(r == results[0] for r in results), name
    function = getattr(mx.nd, name)
    assert function.__code__.co_name == name and not function.__kwdefaults__, name
print(failed)
try:
    mx.nd.sigmoid("text")
except Exception as error:
    print(type(error).__name__, error)
"""
    lines = python("-c", code).splitlines()
    assert lines[0] == "[]"
    assert lines[1].startswith("AssertionError Argument data must have NDArray type")


# --- old scripts ---

OLD = """
import mxnet as mx
from mxnet import nd, autograd, gluon
from helper import rate

net = gluon.nn.HybridSequential()
with net.name_scope():
    net.add(gluon.nn.Dense(4, activation="relu"), gluon.nn.Dense(1))
net.collect_params().initialize(mx.init.One())
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": rate})
x, y = nd.array([[1, 2], [3, 4]]), nd.array([1, 2])
for epoch in range(2):
    with autograd.record():
        loss = gluon.loss.L2Loss()(net(x), y)
    loss.backward()
    trainer.step(x.shape[0])
    print(epoch, nd.mean(loss).asscalar() > 0, type(loss).__module__)
"""


def test_old_gluon_script_runs_unchanged(tmp_path):
    (tmp_path / "helper.py").write_text("rate = 0.001\n")
    (tmp_path / "old.py").write_text(OLD)
    told = python("-m", "d2l_extras.compat", tmp_path / "old.py", cwd=ROOT)
    assert told == "0 True mxnet.ndarray.ndarray\n1 True mxnet.ndarray.ndarray\n"


SHOW = """
import pickle, sys
from helper import rate
class Thing: pass
print(sys.argv, __file__, __name__, sys.path[0], rate, type(pickle.loads(pickle.dumps(Thing()))))
if sys.argv[1:]:
    def fails():
        raise ValueError("as the script does")
    fails() if sys.argv[1] == "raise" else sys.exit(int(sys.argv[1]))
"""


def test_script_sees_what_it_sees_without_us(tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "helper.py").write_text("rate = 0.001\n")
    (folder / "show.py").write_text(SHOW)
    for name in ("show.py", "./show.py", folder / "show.py", "../a folder/show.py"):
        here = dict(cwd=folder, env={"PYTHONPATH": str(ROOT)})
        assert python("-m", "d2l_extras.compat", name, **here) == python(name, **here)
    python("-m", "d2l_extras.compat", "show.py", "3", status=3, **here)
    trace = python("-m", "d2l_extras.compat", "show.py", "raise", status=1, **here)
    assert trace.endswith("ValueError: as the script does\n")
    assert f'File "{folder / "show.py"}", line 8, in fails' in trace


@pytest.mark.parametrize("name", ["-", "gone.py", "."])
def test_what_is_no_script_is_refused_with_what_to_give(name, tmp_path):
    told = python("-m", "d2l_extras.compat", name, status=1, cwd=tmp_path,
                  env={"PYTHONPATH": str(ROOT)})  # fmt: skip
    assert told == f"d2l_extras.compat: there is no file {name}: give the path of a Python script\n"
    usage = python("-m", "d2l_extras.compat", status=1)
    assert usage == "usage: python -m d2l_extras.compat script.py [argument ...]\n"


def test_compat_says_what_it_does():
    assert "import d2l_extras.compat" in compat.__doc__
    assert d2l_extras.__doc__
