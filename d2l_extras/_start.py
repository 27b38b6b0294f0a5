"""What has to be settled before MXNet 1.9.1 is imported: names of NumPy, threads, its imports.

`import d2l_extras` and `import d2l_extras.compat` both run `prepare()`; see `compat` for why.
"""

import builtins
import contextlib
import functools
import importlib
import importlib.abc
import importlib.machinery
import inspect
import os
import platform
import sys
import types
import warnings
from pathlib import Path

FINANCIAL = ("mirr", "npv", "pmt", "ppmt", "pv", "rate")


def missing_names(numpy):
    """Return what MXNet 1.9.1 reads from NumPy and this `numpy` lacks, as {name: value}.

    Parameters
    ----------
    numpy : module
        Any release from 1.23 on. It is not changed.

    Examples
    --------
    >>> import types
    >>> old = types.SimpleNamespace(**vars(__import__("numpy")))
    >>> del old.in1d
    >>> list(missing_names(old))
    ['in1d']
    """
    with warnings.catch_warnings(action="ignore"):  # NumPy 1.20 to 1.26 warn of some of them
        return {name: value for name, value in _names(numpy).items() if not hasattr(numpy, name)}


def _names(numpy):
    inf, nan = float("inf"), float("nan")
    names = dict(bool=bool, int=int)  # left in NumPy 1.24; `bool` came back in 2.0
    # the others left in NumPy 2.0; in1d, product, trapz and their like warned from 1.25 on
    names |= dict(PZERO=0.0, NZERO=-0.0, PINF=inf, NINF=-inf, Inf=inf, NaN=nan, NAN=nan)
    renamed = dict(alltrue="all", sometrue="any", product="prod", round_="round", in1d="isin")
    names |= {old: getattr(numpy, new) for old, new in renamed.items()}
    names["trapz"] = getattr(numpy, "trapezoid", None) or numpy.trapz
    names["msort"] = functools.partial(_msort, numpy)
    names["compat"] = types.SimpleNamespace(basestring=str)
    return names | {name: _financial(name) for name in FINANCIAL}


def _msort(numpy, a):
    return numpy.sort(a, axis=0)


def _financial(name):
    def gone(*_, **__):
        raise NotImplementedError(
            f"numpy.{name} left NumPy with release 1.20: run `pip install numpy-financial` and "
            f"call `numpy_financial.{name}`"
        )

    gone.__name__ = gone.__qualname__ = name
    return gone


def restore_numpy_names():
    """Give NumPy the names that MXNet reads and that are missing; change nothing that exists."""
    import numpy

    for name, value in missing_names(numpy).items():
        setattr(numpy, name, value)


def settle_threads():
    """Choose MXNet's thread count and matrix kernels, unless the user chose; before its import.

    One thread is fastest for the small networks of the course. MXNet's own OpenBLAS takes
    processors younger than itself for a Pentium 4; "Haswell" is right wherever AVX2 is.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    features = Path("/proc/cpuinfo")
    if platform.machine() == "x86_64" and features.exists() and " avx2 " in features.read_text():
        os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")


def find_d2l():
    """Let `from d2l import mxnet` find the copy in `vendor` where d2l is not installed.

    It is d2l 1.0.3 as on PyPI, whose pins (NumPy 1.23.5 among them) nothing can satisfy on
    Python 3.12 and later. An installed d2l comes first on the path.
    """
    folder = str(Path(__file__).parent / "vendor")
    if folder not in sys.path:
        sys.path.append(folder)


class _Deferred:
    """A module that is imported when something is first asked of it."""

    __spec__ = None  # the import statement looks for it

    def __init__(self, name):
        self._name = name

    def __getattr__(self, attribute):
        return getattr(importlib.import_module(self._name), attribute)


def _compiled_when_called(code, _, local):
    """Stand in for `exec` where MXNet compiles the source of each of its 2,600 operators.

    Most of them are never called. Each gets a function that turns into the real one (code and
    defaults) at its first call; MXNet gives both the same name and documentation.
    """
    name = code.split("def ", 1)[1].split("(", 1)[0]
    scope = sys._getframe(1).f_globals
    operator = types.FunctionType(_first_call.__code__, scope, name)
    operator.__qualname__ = name  # it is pickled by that

    def become():
        made = {}
        builtins.exec(code, scope, made)
        real = made[name]
        operator.__defaults__ = real.__defaults__
        operator.__code__ = real.__code__  # from here on it is the real one, in every thread
        operator.__kwdefaults__ = real.__kwdefaults__
        return real

    operator.__kwdefaults__ = {"_become": become}
    operator.__signature__ = _Signature(become)
    local[name] = operator


class _Signature(inspect.Signature):
    """The signature of an operator that is compiled when it is called, or looked at."""

    def __init__(self, become):
        super().__init__()
        self._become = become

    @functools.cached_property
    def parameters(self):
        return inspect.signature(self._become()).parameters


def _first_call(*args, _become, **kwargs):
    return _become()(*args, **kwargs)


def _with_stand_in(name, stand_in):
    """Let a module find `stand_in` where it imports a package, unless that is there already."""

    @contextlib.contextmanager
    def around(module):
        if name in sys.modules:
            yield
            return
        sys.modules[name] = stand_in
        try:
            yield
        finally:
            del sys.modules[name]

    return around


@contextlib.contextmanager
def _with_lazy_operators(module):
    module.exec = _compiled_when_called
    yield
    del module.exec


def _as_numpy_1_writes(value):
    """Stand in for `str` where MXNet writes the parameters of an operator for its C library.

    That reads numbers, and since 2.0 NumPy writes its own in a list as `[np.float64(0.5)]`:
    the learning rates of a trainer, say, or a shape that was reckoned with NumPy.
    """
    text = str(value)
    if "np." in text and isinstance(value, list | tuple):
        import numpy

        with numpy.printoptions(legacy="1.25"):
            return str(value)
    return text


@contextlib.contextmanager
def _with_plain_numbers(module):
    module.str = _as_numpy_1_writes
    yield


@contextlib.contextmanager
def _with_numpy_interface(module):
    with warnings.catch_warnings():
        # "invalid escape sequence" and the like, in sources that nobody mends any more
        warnings.filterwarnings("ignore", category=SyntaxWarning)
        yield
    if numpy_interface_follows:
        module.npx.set_np()


AROUND = {
    "mxnet": _with_numpy_interface,
    # wants a base class of scikit-learn for one estimator, and does without it
    "mxnet.model": _with_stand_in("sklearn", None),
    # each calls it in one function
    "mxnet.test_utils": _with_stand_in("scipy.stats", _Deferred("scipy.stats")),
    "mxnet.contrib.quantization": _with_stand_in("scipy.stats", _Deferred("scipy.stats")),
    "d2l.mxnet": _with_stand_in("pandas", _Deferred("pandas")),
    "mxnet._ctypes.ndarray": _with_plain_numbers,
    "mxnet._ctypes.symbol": _with_plain_numbers,
    "mxnet.symbol.symbol": _with_plain_numbers,
    "mxnet.ndarray.register": _with_lazy_operators,
    "mxnet.symbol.register": _with_lazy_operators,
}
numpy_interface_follows = True


class _Loader(importlib.abc.Loader):
    """Load a module as its own loader does, within what `AROUND` has for it."""

    def __init__(self, loader):
        self.loader = loader

    def __getattr__(self, name):  # whatever else a loader is asked for: its source, its files
        return getattr(self.loader, name)

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self.loader
        with AROUND[module.__name__](module):
            self.loader.exec_module(module)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name not in AROUND:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


def prepare():
    """Settle it all; a second call changes nothing."""
    restore_numpy_names()
    settle_threads()
    find_d2l()
    if "mxnet" not in sys.modules and not any(isinstance(f, _Finder) for f in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
