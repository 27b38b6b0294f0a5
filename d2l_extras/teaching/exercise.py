"""Exercises: a statement, checks by behavior with a hint for each classic mistake, a solution."""

import contextlib
import inspect
import os
import random
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import numpy

from . import progress
from .answers import Unclear
from .learner import Learner, LearnerError, explain, is_stub

NOT_ATTEMPTED, FAILED, PASSED = "not attempted", "failed", "passed"
SOLUTIONS, SWITCH = "D2L_EXTRAS_SOLUTIONS", "solutions-off"


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
        mistakes, each with its own hint, to the plain comparison with the right result. A function
        arrives as a `Learner`: called with NumPy arrays it returns NumPy arrays.
    solution : object
        An answer that passes; for a function or class, `show_solution` prints its source.
    read : callable, optional
        One of `answers`: what makes of the answer, as it was typed, what `checks` gets. What it
        raises as `Unclear` is what the learner reads.

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

    name = ""  # chapter and name, such as "softmax.stable": its chapter sets it

    def __init__(
        self,
        title: str,
        statement: str,
        checks: Callable[[Any], Iterator[tuple[bool, str]]],
        solution: Any,
        read: Callable[[Any], Any] | None = None,
    ):
        self.title = title
        self.statement = inspect.cleandoc(statement)
        self.checks = checks
        self.solution = solution
        self.read = read

    def __call__(self, answer: Any) -> None:
        """Check the learner's answer and print the verdict."""
        verdict, hint = self.judge(answer)
        if self.name and verdict != NOT_ATTEMPTED:
            progress.record("exercise", self.name, verdict=verdict)
        mark = {NOT_ATTEMPTED: "·", FAILED: "✗", PASSED: "✓"}[verdict]
        print(f"{mark} {self.title}" + (f": {hint}" if hint else ""))

    def judge(self, answer: Any) -> tuple[str, str]:
        """Return the verdict on an answer and the hint that goes with it (or an empty string).

        Random numbers are drawn from the same seed at every call.
        """
        if is_stub(answer):
            return NOT_ATTEMPTED, "not attempted yet"
        if inspect.isclass(self.solution) and not inspect.isclass(answer):
            return FAILED, "Hand over your class itself: its name, without brackets."
        if callable(self.solution) and not callable(answer):
            return FAILED, f"Hand over your function itself, not {answer!r}."
        try:
            with _seeded():
                for passed, hint in self.checks(self._read(answer)):
                    if not passed:
                        return FAILED, hint
        except (LearnerError, Unclear) as error:
            text = str(error)
            return FAILED, text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?" else ".")
        except (Exception, SystemExit) as error:  # a class or a generator may end the program, too
            return FAILED, explain(error, answer)
        return PASSED, ""

    def _read(self, answer: Any) -> Any:
        if self.read is not None:
            return self.read(answer)
        if callable(answer) and not inspect.isclass(answer):
            return Learner(answer)
        return answer

    def show_solution(self) -> None:
        """Print a solution: try the exercise first. A teacher can switch this off for a class."""
        if why := solutions_off():
            print(f"Solutions are switched off for this class ({why}): ask your teacher.")
        elif callable(self.solution):
            print(textwrap.dedent(inspect.getsource(self.solution)).strip())
        else:
            print(self.solution)

    def __repr__(self) -> str:
        return f"<Exercise: {self.title}>"  # without an address: notebooks store it

    def _repr_markdown_(self) -> str:
        return f"**Exercise: {self.title}.** {self.statement}"


def solutions_off() -> str:
    """Return what says that solutions are not to be shown; an empty string if nothing does.

    That is `D2L_EXTRAS_SOLUTIONS=off` in the environment, or a file `solutions-off` in the folder
    of the notebook: a teacher's request, no lock, for the solutions are on the learner's disk.

    Examples
    --------
    >>> solutions_off()
    ''
    """
    if os.environ.get(SOLUTIONS, "").strip().lower() == "off":
        return f"{SOLUTIONS} is off"
    return f"by the file {SWITCH} in this folder" if os.path.exists(SWITCH) else ""


@contextlib.contextmanager
def _seeded():
    """Draw the same random numbers at every judgment; leave Python's and NumPy's as they were."""
    import mxnet

    states = random.getstate(), numpy.random.get_state()
    random.seed(0)
    numpy.random.seed(0)
    mxnet.random.seed(0)
    try:
        yield
    finally:
        random.setstate(states[0])
        numpy.random.set_state(states[1])
