"""The one way to call a function that the learner wrote, from exercises and from labs.

It gets arrays that the notebook's own `np` takes; whether it is still the empty stub, what it
raised and in which of its own lines, is said in the learner's words.
"""

import inspect
import linecache
import sys
import traceback
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy

from .answers import Unclear, _plain, array
from .verify import first_line


class LearnerError(Exception):
    """What the learner's code raised; the text names its own line."""


# --- stubs


def _bare(): ...


def _documented():
    """A stub with a sentence on what to write."""


# what this interpreter makes of a body that is still empty
_STUBS = {function.__code__.co_code for function in (_bare, _documented)}


class _Empty: ...


_EMPTY_CLASS = frozenset(vars(_Empty))  # the names that every class has


def is_stub(answer: Any) -> bool:
    """Return whether an answer is still the empty stub of the notebook.

    Examples
    --------
    >>> def loss(prediction, y): ...
    >>> is_stub(loss), is_stub(...), is_stub(0.5)
    (True, True, False)
    """
    if answer is ... or answer is None:
        return True
    if isinstance(answer, (tuple, list)):
        return any(part is ... for part in answer)
    if inspect.isclass(answer):
        parts = [part for name, part in vars(answer).items() if name not in _EMPTY_CLASS]
        return all(part is ... or (inspect.isfunction(part) and is_stub(part)) for part in parts)
    if not inspect.isfunction(answer):
        return False
    code = answer.__code__
    return code.co_code in _STUBS and not set(code.co_consts) - {None, answer.__doc__}


# --- calling


class Learner:
    """A learner's function: called with NumPy arrays, it gets MXNet's and returns NumPy's.

    Parameters
    ----------
    function : callable
        What the learner wrote.

    Attributes
    ----------
    changed : bool
        Whether the last call changed one of its arguments in place.

    Raises
    ------
    LearnerError
        When it is called, if the function raises or returns nothing.

    Examples
    --------
    >>> def half(x):
    ...     return x / 2
    >>> Learner(half)(numpy.array([1.0, 3.0]))
    array([0.5, 1.5], dtype=float32)
    >>> Learner(lambda x: 1 / 0)(1)
    Traceback (most recent call last):
    d2l_extras.teaching.learner.LearnerError: ZeroDivisionError in line 1 of your function ...
    """

    def __init__(self, function: Callable):
        self.function = function
        self.changed = False

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call it; return its result with every MXNet array in it turned into NumPy's."""
        given = [notebook_array(argument) for argument in arguments]
        before = [_plain(argument) for argument in given]
        try:
            result = _plain(self.raw(*given, **named))
            after = [_plain(argument) for argument in given]
        except LearnerError:
            raise
        except Exception as error:  # MXNet computes later, and so fails later
            raise LearnerError(explain(error, self.function)) from error
        self.changed = any(_differ(old, new) for old, new in zip(before, after, strict=True))
        return result

    def raw(self, *arguments: Any, **named: Any) -> Any:
        """Call it with exactly these arguments; return exactly what it returns."""
        try:
            result = self.function(*arguments, **named)
        except (Exception, SystemExit) as error:
            raise LearnerError(explain(error, self.function)) from error
        if result is None:
            raise LearnerError("Your function returned nothing: does it end with `return`?")
        return result


def finished(learner: Learner, names: Collection[str], *arguments: Any) -> str:
    """Return which of these functions of MXNet or SciPy a learner's function calls.

    Parameters
    ----------
    learner : Learner
        The learner's function.
    names : collection of str
        Such as `{"softmax"}`. The learner's own function of that name does not count; one that a
        function of MXNet calls does.
    *arguments
        What the learner's function is called with.

    Returns
    -------
    str
        One of the names, or an empty string.

    Examples
    --------
    >>> from mxnet import npx
    >>> finished(Learner(lambda x: npx.softmax(x)), {"softmax"}, numpy.ones((1, 2)))
    'softmax'
    """
    called = set()

    def note(frame, event, _):
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith(("mxnet.", "scipy.")):
            called.add(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        learner(*arguments)
    finally:
        sys.setprofile(before)
    return min(called.intersection(names), default="")


def notebook_array(value: Any) -> Any:
    """Return a NumPy array as what `np.array` of a notebook makes of it; a copy of MXNet's.

    Floating-point numbers become float32, whole ones int32; what is no array stays as it is.
    """
    if isinstance(value, numpy.generic):
        return value.item()
    if isinstance(value, numpy.ndarray):
        from mxnet import np

        kind = {"f": "float32", "i": "int32", "u": "int32"}.get(value.dtype.kind)
        return np.array(value, dtype=kind or value.dtype)
    return value.copy() if hasattr(value, "asnumpy") else value


def _differ(old: Any, new: Any) -> bool:
    if not isinstance(old, numpy.ndarray):
        return False
    return old.shape != new.shape or not numpy.array_equal(
        old, new, equal_nan=old.dtype.kind == "f"
    )


def explain(error: BaseException, function: Any) -> str:
    """Say what the learner's code raised, and in which of its lines.

    Parameters
    ----------
    error : BaseException
        As it was caught.
    function : callable or class
        What the learner wrote.
    """
    if isinstance(error, SystemExit):
        return "Your function ended the program (exit or quit): let it return a result instead."
    where = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        if _is_the_learners(code.co_filename, function):
            line = linecache.getline(code.co_filename, number).strip()
            place = "your function" if code.co_name == "<lambda>" else code.co_name
            where = f" in line {number - code.co_firstlineno + 1} of {place}"
            where += f" (`{line}`)" if line else ""
    message = first_line(error)
    if message.startswith("Check failed: "):  # MXNet's condition in C++, then what it means
        message = message.rpartition(": ")[2]
    return f"{type(error).__name__}{where}" + (f": {message}" if message else "")


def _is_the_learners(file: str, function: Any) -> bool:
    """Return whether a file is a cell of a notebook, or the one that the function stands in."""
    parts = vars(function).values() if inspect.isclass(function) else [function]
    codes = [getattr(part, "__code__", None) for part in parts]
    files = {code.co_filename for code in codes if code is not None}
    return file in files or "ipykernel_" in file or file.startswith("<ipython-input")


# --- in a lab


class Own(NamedTuple):
    """What a learner's function gave in a lab: its numbers, or a sentence on why there are none."""

    values: numpy.ndarray | None = None
    note: str = ""


def attempt(function: Callable | None, *arguments: Any, shape: tuple[int, ...] = ()) -> Own:
    """Call a learner's function for a lab; it never raises, so that the lab's own picture stays.

    Parameters
    ----------
    function : callable or None
        None where the learner gave none.
    *arguments
        NumPy arrays and numbers.
    shape : tuple of int
        What it must return.

    Returns
    -------
    Own
        `values`: float64 of that shape, None if there are none; `note`: empty if all is well.

    Examples
    --------
    >>> attempt(lambda x: x.sum(), numpy.ones(3))
    Own(values=array(3.), note='')
    >>> attempt(lambda x: x, numpy.ones(3)).note
    'Your function returned an array of shape (3,); here it must return one number.'
    """
    if function is None:
        return Own()
    if is_stub(function):
        return Own(note="Your function is still empty.")
    learner = Learner(function)
    try:
        values = array(learner(*arguments))
    except LearnerError as error:
        text = str(error)
        return Own(note=text if text.startswith("Your") else f"Your function failed: {text}")
    except Unclear as error:
        text = str(error)
        return Own(note=f"Your function failed: {text}{'' if text.endswith('?') else '.'}")
    if values.shape != shape and values.size == 1 and shape == ():
        values = values.reshape(())
    if values.shape != shape:
        returned, wanted = (
            f"an array of shape {size}" if size else "one number" for size in (values.shape, shape)
        )
        return Own(note=f"Your function returned {returned}; here it must return {wanted}.")
    if not numpy.isfinite(values).all():
        kind = "nan" if numpy.isnan(values).any() else "infinity"
        return Own(values, f"Your function returned {kind}.")
    return Own(values, "Your function changed its argument in place." if learner.changed else "")
