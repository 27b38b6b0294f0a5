"""Extras for d2l: the helpers of an interactive course on MXNet Gluon.

>>> import d2l_extras as dx
>>> dx.seed(0)
"""

import os as _os
import platform as _platform
from pathlib import Path as _Path

import d2l_extras_doctor as _doctor

if _problem := _doctor.import_problem():
    raise ImportError(_problem)


def _settle_threads():
    """Choose MXNet's thread count and matrix kernels, unless the user chose; before its import.

    One thread is fastest for the small networks of the course. MXNet's own OpenBLAS takes
    processors younger than itself for a Pentium 4; "Haswell" is right wherever AVX2 is.
    """
    _os.environ.setdefault("OMP_NUM_THREADS", "1")
    features = _Path("/proc/cpuinfo")
    if _platform.machine() == "x86_64" and features.exists() and " avx2 " in features.read_text():
        _os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")


_settle_threads()

from mxnet import npx as _npx  # noqa: E402  (the settings above come before the import)

_npx.set_np()  # d2l needs MXNet's NumPy interface

from d2l_extras_doctor import doctor  # noqa: E402

from . import compare, data, exercises, experiments, labs, layers, records, style  # noqa: E402
from .exercises import Exercise  # noqa: E402
from .lab import Checkbox, Choice, IntSlider, Lab, LogSlider, Slider  # noqa: E402
from .seeding import seed  # noqa: E402
from .sweep import sweep  # noqa: E402
from .training import DivergedError, evaluate, fit, training_steps  # noqa: E402
from .verify import expect_error, verify  # noqa: E402

__all__ = [
    "Checkbox", "Choice", "DivergedError", "Exercise", "IntSlider", "Lab", "LogSlider", "Slider",
    "compare", "data", "doctor", "evaluate", "exercises", "expect_error", "experiments", "fit",
    "labs", "layers", "records", "seed", "style", "sweep", "training_steps", "verify",
]  # fmt: skip
