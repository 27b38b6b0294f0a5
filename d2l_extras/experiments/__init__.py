"""The experiments whose records ship, one module each: `experiments.get("layer-order")`."""

import importlib
import pkgutil

from .base import Experiment, SweepError

__all__ = ["Experiment", "SweepError", "get", "names"]


def names():
    """Return the names of all experiments, sorted: `layer-order` is in `layer_order.py`."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(m.replace("_", "-") for m in modules if m != "base" and not m.startswith("_"))


def get(name):
    """Return the experiment of a name: the `experiment` of its module.

    Raises
    ------
    ValueError
        If there is none; says which there are.

    Examples
    --------
    >>> get("no-such-thing")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: there is no experiment 'no-such-thing', only ...
    """
    if name not in names():
        available = ", ".join(names()) or "none at all"
        raise ValueError(f"there is no experiment {name!r}, only {available}")
    return importlib.import_module(f".{name.replace('-', '_')}", __name__).experiment
