"""Extras for d2l: the helpers of an interactive course on MXNet Gluon.

Importing it settles what MXNet needs before it is imported (see `d2l_extras.compat`) and switches
MXNet's NumPy interface on as soon as MXNet is imported; the parts below load when first used.

>>> import d2l_extras as dx
>>> dx.seed(0)
"""

import importlib as _importlib

import d2l_extras_doctor as _doctor
from d2l_extras_doctor import doctor

from . import _start

if _problem := _doctor.import_problem():
    raise ImportError(_problem)
_start.prepare()

# where each name is; a package or module by itself where nothing follows the colon
_PARTS = dict(
    Checkbox="kit.controls:Checkbox", Choice="kit.controls:Choice",
    IntSlider="kit.controls:IntSlider", LogSlider="kit.controls:LogSlider",
    Slider="kit.controls:Slider", Lab="kit.lab:Lab", show="kit.figure:show", style="kit.style:",
    Exercise="teaching.exercise:Exercise", expect_error="teaching.verify:expect_error",
    verify="teaching.verify:verify",
    data="nets.data:", layers="nets.layers:", seed="nets.seeding:seed",
    DivergedError="nets.training:DivergedError", evaluate="nets.training:evaluate",
    fit="nets.training:fit", refresh_statistics="nets.statistics:refresh_statistics",
    training_steps="nets.training:training_steps",
    compare="evidence.compare:", records="evidence.records:", sweep="evidence.sweep:sweep",
    exercises="chapters:exercises", experiments="chapters:experiments", labs="chapters:labs",
    questions="chapters:questions", again="chapters.review:again",
    progress="chapters.review:progress", warm_up="chapters.review:warm_up",
)  # fmt: skip
__all__ = ["doctor", *_PARTS]


def __getattr__(name):
    if name not in _PARTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place, _, attribute = _PARTS[name].partition(":")
    module = _importlib.import_module(f".{place}", __name__)
    globals()[name] = getattr(module, attribute) if attribute else module
    return globals()[name]


def __dir__():
    return sorted(__all__)
