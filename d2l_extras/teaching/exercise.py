"""Exercises: a statement, checks by behavior with a hint for each classic mistake, a solution."""

import functools
import inspect
import textwrap
import traceback

from .verify import first_line

NOT_ATTEMPTED, FAILED, PASSED = "not attempted", "failed", "passed"


def _bare(): ...


def _documented():
    """A stub with a sentence on what to write."""


# what this interpreter makes of a body that is still empty
_STUBS = {function.__code__.co_code for function in (_bare, _documented)}


class _Empty: ...


_EMPTY_CLASS = frozenset(vars(_Empty))  # the names that every class has


class Exercise:
    """Something for the learner to write, and what tells at once whether it is right.

    Parameters
    ----------
    title : str
        A few words.
    statement : str
        What to write, in Markdown. A cell that ends in the exercise's name shows it.
    checks : callable
        `checks(answer)`, a generator that yields `(passed, hint)` pairs. The first pair that
        did not pass decides: its hint is what the learner reads. So it goes from the classic
        mistakes, each with its own hint, to the plain comparison with the right result.
    solution : object
        An answer that passes; for a function or class, `show_solution` prints its source.

    Examples
    --------
    >>> def checks(double):
    ...     yield double(2) != 2, "You returned x itself."
    ...     yield double(3) == 6, "2 times 3 is 6."
    >>> exercise = Exercise("double", "Write `double(x)`.", checks, lambda x: 2 * x)
    >>> exercise(lambda x: x)
    ✗ double: You returned x itself.
    >>> exercise(lambda x: x + x)
    ✓ double
    >>> def double(x): ...
    >>> exercise(double)
    · double: not attempted yet
    """

    def __init__(self, title, statement, checks, solution):
        self.title = title
        self.statement = inspect.cleandoc(statement)
        self.checks = checks
        self.solution = solution

    def __call__(self, answer):
        """Check the learner's answer and print the verdict."""
        verdict, hint = self.judge(answer)
        mark = {NOT_ATTEMPTED: "·", FAILED: "✗", PASSED: "✓"}[verdict]
        print(f"{mark} {self.title}" + (f": {hint}" if hint else ""))

    def judge(self, answer):
        """Return the verdict on an answer and the hint that goes with it (or an empty string)."""
        if is_stub(answer):
            return NOT_ATTEMPTED, "not attempted yet"
        if inspect.isclass(self.solution) and not inspect.isclass(answer):
            return FAILED, "Hand over your class itself: its name, without brackets."
        if callable(self.solution) and not callable(answer):
            return FAILED, f"Hand over your function itself, not {answer!r}."
        try:
            for passed, hint in self.checks(_demanding(answer)):
                if not passed:
                    return FAILED, hint
        except _ReturnedNothing:
            return FAILED, "Your function returned nothing: does it end with `return`?"
        except Exception as error:
            return FAILED, _explain(error, answer)
        return PASSED, ""

    def show_solution(self):
        """Print a solution: try the exercise first."""
        if callable(self.solution):
            print(textwrap.dedent(inspect.getsource(self.solution)).strip())
        else:
            print(self.solution)

    def __repr__(self):
        return f"<Exercise: {self.title}>"  # without an address: notebooks store it

    def _repr_markdown_(self):
        return f"**Exercise: {self.title}.** {self.statement}"


def is_stub(answer):
    """Return whether an answer is still the empty stub of the notebook."""
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
    empty = code.co_code in _STUBS and not set(code.co_consts) - {None, answer.__doc__}
    return empty and not code.co_cellvars


class _ReturnedNothing(Exception):
    pass


def _demanding(function):
    """Wrap the learner's function so that a forgotten `return` is told from a wrong result.

    A class, or anything that cannot be called, is handed on as it is.
    """
    if inspect.isclass(function) or not callable(function):
        return function

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        result = function(*args, **kwargs)
        if result is None:
            raise _ReturnedNothing
        return result

    return wrapper


def _explain(error, answer):
    """Say what the learner's code raised, and in which of its lines."""
    functions = vars(answer).values() if inspect.isclass(answer) else [answer]
    codes = [getattr(function, "__code__", None) for function in functions]
    lines = [
        f" in line {number - frame.f_code.co_firstlineno + 1} of {frame.f_code.co_name}"
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_code in codes
    ]
    where = lines[-1] if lines else ""
    return f"{type(error).__name__}{where}: {first_line(error)}"
