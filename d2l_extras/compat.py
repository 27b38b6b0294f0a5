"""Let MXNet 1.9.1 start on today's Python and NumPy: `import d2l_extras.compat`, then MXNet.

MXNet is bound through ctypes, so neither Python nor NumPy is fixed by it; what stops it is a few
names that its Python sources read from NumPy and that NumPy no longer has. `numpy.bool` and
`numpy.int` left with NumPy 1.24, the financial functions with 1.20, and `PZERO`, `NINF`, `NaN`,
`alltrue`, `product`, `msort` and seven more with 2.0, `in1d` and `trapz` after it. This module
gives NumPy those that are missing, and changes none that is there; the financial ones raise an
error that names their new home when they are called. Since 2.0 NumPy also writes its numbers in a
list as `[np.float64(0.5)]`, which MXNet's C library cannot read: MXNet gets them as before. The
module chooses threads and matrix kernels, too, unless the environment has (`OMP_NUM_THREADS`,
`OPENBLAS_CORETYPE`), and lets MXNet start in half the time: scikit-learn, SciPy's statistics and
pandas are not imported for the one function that uses each, and the 2,600 operators are compiled
when they are first called. From Python 3.12 on, MXNet also needs setuptools.

It works for a script of your own, in its first line::

    import d2l_extras.compat
    import mxnet as mx

or without changing the script: `python -m d2l_extras.compat script.py`. Where only this module
was imported, MXNet keeps its legacy array interface; `import d2l_extras` switches the NumPy
interface on as soon as MXNet is imported, and so does all of it that trains.
"""

import os
import sys
import types
from pathlib import Path

from . import _start
from ._start import missing_names, restore_numpy_names, settle_threads

__all__ = ["missing_names", "restore_numpy_names", "settle_threads"]

_start.numpy_interface_follows = False


def main(arguments: list[str] | None = None) -> None:
    """Run a script as `python script.py` would, MXNet able to start.

    Parameters
    ----------
    arguments : list of str, optional
        The script and what it is given; those of the command line if left out.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments:
        sys.exit("usage: python -m d2l_extras.compat script.py [argument ...]")
    script = Path(arguments[0])
    if not script.is_file():
        sys.exit(f"d2l_extras.compat: there is no file {script}: give the path of a Python script")
    path = os.path.join(os.getcwd(), arguments[0])
    sys.argv = list(arguments)
    sys.path[0] = str(script.resolve().parent)
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__file__ = path
    exec(compile(script.read_bytes(), path, "exec", dont_inherit=True), vars(module))


if __name__ == "__main__":
    main()
