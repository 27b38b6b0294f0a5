"""Questions: a prediction or a quiz, answered before the answer is seen.

Three kinds: `Choice` (one of several options), `Amount` (a number with a range) and `Place` (a
place in a picture). Each wrong answer gets the reply that names its misconception.
"""

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import progress
from .answers import Unclear, letter, number, numbers

RIGHT, WRONG, SKIPPED, UNCLEAR = "right", "wrong", "skipped", "unclear"
SURE = ("guess", "think", "sure")
MARKS = {RIGHT: "✓", WRONG: "✗", SKIPPED: "·", UNCLEAR: "?"}
SKIPPED_REPLY = "Skipped: it comes back at the end of the chapter."


class Question:
    """What all questions have in common; see `Choice`, `Amount` and `Place`.

    A cell that ends in a question shows it; `question(answer)` answers it in code.

    Parameters
    ----------
    title : str
        A few words.
    statement : str
        What is asked, in Markdown.
    right : object
        The right answer.
    why : str
        Why it is right, in plain text: the reply to it.

    Attributes
    ----------
    name : str
        Chapter and name, such as "softmax.spacing": its chapter sets it.
    """

    name = ""

    def __init__(self, title: str, statement: str, right: Any, why: str):
        if not why.strip():
            raise ValueError(f"{title!r}: say why the right answer is right")
        self.title, self.statement = title, inspect.cleandoc(statement)
        self.right, self.why = right, " ".join(why.split())
        self._answered = False  # since it was last shown

    def __call__(self, answer: Any, sure: str | None = None) -> None:
        """Answer the question and print the reply.

        Parameters
        ----------
        answer : object
            As a learner types it: a letter, a number, or two for a place.
        sure : str, optional
            How sure you are: "guess", "think" or "sure".

        Raises
        ------
        ValueError
            If `sure` is something else.
        """
        verdict, reply = self.answer(answer, sure)
        print(f"{MARKS[verdict]} {self.title.rstrip('?')}: {reply}")

    def skip(self) -> None:
        """Leave the question for later."""
        self.skipped()
        print(f"{MARKS[SKIPPED]} {self.title}: {SKIPPED_REPLY}")

    def answer(self, answer: Any, sure: str | None = None) -> tuple[str, str]:
        """Return the verdict on an answer with its reply, and remember both in the progress."""
        if sure is not None and sure not in SURE:
            raise ValueError(f"sure must be one of {', '.join(SURE)}, or left out; got {sure!r}")
        if answer is None or answer is ...:  # the stub of a cell that was not filled in
            return UNCLEAR, "not answered yet"
        verdict, reply = self.judge(answer)
        if verdict != UNCLEAR:
            self._record(verdict, self.as_text(answer), sure)
        return verdict, reply

    def skipped(self) -> tuple[str, str]:
        """Remember in the progress that the question is left for later."""
        self._record(SKIPPED, None, None)
        return SKIPPED, SKIPPED_REPLY

    def judge(self, answer: Any) -> tuple[str, str]:
        """Return the verdict on an answer, "right", "wrong" or "unclear", and the reply to it."""
        try:
            read = self.read(answer)
        except Unclear as error:
            text = str(error)
            return UNCLEAR, f"{text[:1].upper()}{text[1:]}."
        reply = self.misconception(read)
        return (RIGHT, self.why) if reply is None else (WRONG, reply)

    def shown(self) -> None:
        """Begin anew: of the answers that follow, the first one counts."""
        self._answered = False

    def read(self, answer: Any) -> Any:
        """Return the answer, as it was typed, as what `misconception` takes."""
        raise NotImplementedError

    def misconception(self, answer: Any) -> str | None:
        """Return the reply to a wrong answer; None for a right one."""
        raise NotImplementedError

    def as_text(self, answer: Any) -> str:
        """Return an answer that can be read as it is kept in the progress."""
        return str(self.read(answer))

    def lines(self) -> list[str]:
        """Return what the question offers or asks for, a line each, in plain text."""
        raise NotImplementedError

    def solution(self) -> str:
        """Return the right answer and why, in plain text."""
        return f"{self.as_text(self.right)}. {self.why}"

    def _record(self, verdict: str, answer: str | None, sure: str | None) -> None:
        if self.name:
            details = {"verdict": verdict, "answer": answer, "sure": sure}
            progress.record("question", self.name, **details, retry=self._answered)
        self._answered = True

    def __repr__(self) -> str:
        return f"<Question: {self.title}>"  # without an address: notebooks store it

    def _ipython_display_(self) -> None:
        from .face import show  # widgets wait until a notebook shows one

        show(self)


class Choice(Question):
    """A question with options, one of which is right.

    Parameters
    ----------
    title, statement, why : str
        As for `Question`.
    options : dict
        Letter -> option, in plain text: "A", "B", ... in this order, two to six of them.
    right : str
        The letter of the right one.
    replies : dict
        Letter of each wrong one -> the reply that names its misconception.

    Raises
    ------
    ValueError
        If letters are missing, or an option has no reply.

    Examples
    --------
    >>> question = Choice("sum", "What is 1 + 1?", {"A": "2", "B": "11"}, "A",
    ...                   {"B": "That joins the digits."}, "Two ones are two.")
    >>> question("(b)", sure="guess")
    ✗ sum: That joins the digits.
    >>> question("A")
    ✓ sum: Two ones are two.
    """

    def __init__(
        self,
        title: str,
        statement: str,
        options: dict[str, str],
        right: str,
        replies: dict[str, str],
        why: str,
    ):
        super().__init__(title, statement, right, why)
        letters = "ABCDEF"[: len(options)]
        if "".join(options) != letters or len(options) < 2:
            raise ValueError(f"{title!r}: options must be A, B, ... (2 to 6), got {list(options)}")
        if right not in options:
            raise ValueError(f"{title!r}: right must be one of {letters}, got {right!r}")
        wrong = set(options) - {right}
        if set(replies) != wrong:
            raise ValueError(f"{title!r}: replies must be for {sorted(wrong)}, got {list(replies)}")
        self.options = {key: " ".join(text.split()) for key, text in options.items()}
        self.replies = {key: " ".join(text.split()) for key, text in replies.items()}

    def read(self, answer: Any) -> str:
        """Return the letter that was chosen; the text of an option stands for its letter."""
        if isinstance(answer, str):
            said = " ".join(answer.split()).casefold()
            meant = [key for key, text in self.options.items() if text.casefold() == said]
            if len(meant) == 1 and said not in map(str.casefold, self.options):
                return meant[0]
        return letter(answer, "".join(self.options))

    def misconception(self, answer: str) -> str | None:
        """Return the reply to a wrong letter."""
        return self.replies.get(answer)

    def lines(self) -> list[str]:
        """Return the options with their letters."""
        return [f"{key}. {text}" for key, text in self.options.items()]

    def solution(self) -> str:
        """Return the right option and why."""
        return f"{self.right}: {self.options[self.right]}. {self.why}".replace("..", ".")


class Amount(Question):
    """A question for a number.

    Parameters
    ----------
    title, statement, why : str
        As for `Question`.
    right : float
        The right number.
    low, high : float
        The range that an answer may lie in; the learner reads it.
    within : float
        How far from `right` an answer may be.
    replies : sequence of (float, float, str)
        The reply to wrong answers from one number to another, the narrow ranges first. They must
        cover the range: the last ones may overlap what is right.
    unit : str, optional
        What is counted, such as "updates"; "%" if percent are asked for.

    Raises
    ------
    ValueError
        If the right number is out of the range, or a wrong answer would have no reply.

    Examples
    --------
    >>> question = Amount("updates", "How many updates are in an epoch of 100 samples, B = 20?",
    ...                   5, 0, 1000, 0, [(100, 100, "That is B = 1."), (0, 1000, "100 / 20.")],
    ...                   "100 / 20 is 5.", "updates")
    >>> question(100)
    ✗ updates: That is B = 1.
    >>> question("5 updates")
    ✓ updates: 100 / 20 is 5.
    >>> question(-1)
    ? updates: Answer with a number from 0 to 1000, got -1.
    """

    def __init__(
        self,
        title: str,
        statement: str,
        right: float,
        low: float,
        high: float,
        within: float,
        replies: Sequence[tuple[float, float, str]],
        why: str,
        unit: str = "",
    ):
        super().__init__(title, statement, float(right), why)
        if not low <= right <= high:
            raise ValueError(f"{title!r}: right must lie from {low} to {high}, got {right}")
        self.low, self.high, self.within, self.unit = low, high, within, unit
        self.replies = [(a, b, " ".join(text.split())) for a, b, text in replies]
        _covers(title, [(a, b) for a, b, _ in self.replies], low, high)

    def read(self, answer: Any) -> float:
        """Return the number that was typed, if it is in the range."""
        read = number(answer, percent=self.unit == "%")
        if not self.low <= read <= self.high:
            raise Unclear(f"answer with a number from {self.low:g} to {self.high:g}, got {read:g}")
        return read

    def misconception(self, answer: float) -> str | None:
        """Return the reply to a wrong number."""
        if math.isclose(answer, self.right, rel_tol=1e-9) or _near(answer, self.right, self.within):
            return None
        return next(text for low, high, text in self.replies if low <= answer <= high)

    def as_text(self, answer: Any) -> str:
        """Return the number, as short as it can be."""
        return f"{self.read(answer):.6g}"

    def lines(self) -> list[str]:
        """Return the range."""
        unit = f" ({self.unit})" if self.unit else ""
        return [f"A number from {self.low:g} to {self.high:g}{unit}."]

    def solution(self) -> str:
        """Return the right number and why."""
        about = "" if self.within == 0 else "about "
        unit = f" {self.unit}" if self.unit else ""
        return f"{about}{self.right:.4g}{unit}. {self.why}"


class Place(Question):
    """A question for a place in a picture.

    Parameters
    ----------
    title, statement, why : str
        As for `Question`.
    draw : callable
        `draw(figure) -> axes`: draws the picture; places are in the data of these axes.
    words : str
        What the picture shows: its text alternative.
    right : tuple of float
        x and y of the right place.
    within : tuple of float
        How far from it x and y may be; `math.inf` where one does not matter.
    replies : sequence of (float, float, float, float, str)
        The reply to wrong places with x from the first number to the second and y from the third
        to the fourth, the narrow ones first; the last one must cover the whole picture.

    Examples
    --------
    >>> def draw(figure):
    ...     axes = figure.subplots()
    ...     axes.set(xlim=(0, 10), ylim=(0, 1))
    ...     return axes
    >>> everywhere = (-math.inf, math.inf)
    >>> question = Place("half", "Where is the middle?", draw, "An empty picture from 0 to 10.",
    ...                  (5, 0.5), (1, math.inf),
    ...                  [(0, 4, *everywhere, "Too far left."), (*everywhere, *everywhere, "No.")],
    ...                  "5 is half of 10.")
    >>> question((2, 0.5))
    ✗ half: Too far left.
    >>> question("5.5, 0.1")
    ✓ half: 5 is half of 10.
    """

    def __init__(
        self,
        title: str,
        statement: str,
        draw: Callable[[Figure], Axes],
        words: str,
        right: tuple[float, float],
        within: tuple[float, float],
        replies: Sequence[tuple[float, float, float, float, str]],
        why: str,
    ):
        super().__init__(title, statement, tuple(right), why)
        if not words.strip():
            raise ValueError(f"{title!r}: say in words what the picture shows")
        if not replies or any(map(math.isfinite, replies[-1][:4])):
            raise ValueError(f"{title!r}: the last reply must be for the whole picture")
        self.draw, self.words, self.within = draw, " ".join(words.split()), within
        self.replies = [(*edges, " ".join(text.split())) for *edges, text in replies]

    def read(self, answer: Any) -> tuple[float, float]:
        """Return x and y."""
        return numbers(answer, 2)

    def misconception(self, answer: tuple[float, float]) -> str | None:
        """Return the reply to a wrong place."""
        if all(map(_near, answer, self.right, self.within)):
            return None
        x, y = answer
        return next(text for a, b, c, d, text in self.replies if a <= x <= b and c <= y <= d)

    def as_text(self, answer: Any) -> str:
        """Return x and y, as short as they can be."""
        return "x = {:.4g}, y = {:.4g}".format(*self.read(answer))

    def lines(self) -> list[str]:
        """Return what is asked for."""
        return [f"A place in the picture, as (x, y). {self.words}"]


def _near(answer: float, right: float, within: float) -> bool:
    return abs(answer - right) <= within * (1 + 1e-9)


def _covers(title: str, ranges: list[tuple[float, float]], low: float, high: float) -> None:
    """Raise ValueError unless the ranges cover all from low to high."""
    reached = low
    for a, b in sorted(ranges):
        if a <= reached:
            reached = max(reached, b)
    if reached < high:
        raise ValueError(f"{title!r}: no reply to a wrong answer just above {reached:g}")
