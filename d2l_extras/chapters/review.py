"""What the learner's progress is good for: a report, and the questions that come back."""

import base64
import datetime
import html
import io
from collections.abc import Callable
from typing import Any, NamedTuple

from ..kit import style
from ..teaching import progress as store
from ..teaching.question import RIGHT, SKIPPED, SURE, WRONG, Question
from . import TABLE, Chapter, exercises, questions

FIRST_DAYS = 1  # until what was right comes back; twice as long after each time it is right again
WARM_UP = 2  # questions of earlier chapters at the start of one


class Attempt(NamedTuple):
    """One showing of a question: what was answered first counts."""

    time: datetime.datetime
    verdict: str
    sure: str | None


def attempts() -> dict[str, list[Attempt]]:
    """Return the attempts at each question by its name, the oldest first."""
    found: dict[str, list[Attempt]] = {}
    for event in store.events():
        verdict, sure = event.get("verdict"), event.get("sure")
        if event["kind"] == "question" and not event.get("retry"):
            if verdict in (RIGHT, WRONG, SKIPPED):
                sure = sure if isinstance(sure, str) and sure in SURE else None
                attempt = Attempt(store.time_of(event), verdict, sure)
                found.setdefault(event["name"], []).append(attempt)
    return found


def _of(chapter: Chapter, kind: type, shelf: Any) -> dict[str, Any]:
    """Return the questions or exercises of a chapter, by chapter and name, in their order."""
    if chapter.name not in list(shelf):
        return {}
    found = vars(getattr(shelf, chapter.name)).values()
    return {thing.name: thing for thing in found if isinstance(thing, kind) and thing.name}


def questions_of(chapter: Chapter) -> dict[str, Question]:
    """Return the questions of a chapter by name."""
    return _of(chapter, Question, questions)


def _chapter(name: str) -> Chapter:
    for chapter in TABLE:
        if chapter.name == name:
            return chapter
    raise ValueError(f"there is no chapter {name!r}, only {', '.join(c.name for c in TABLE)}")


# --- what comes back


def missed(name: str) -> list[Question]:
    """Return the questions of a chapter whose last attempt was wrong or skipped.

    Parameters
    ----------
    name : str
        The chapter's, such as "softmax".

    Raises
    ------
    ValueError
        If there is no such chapter.
    """
    made = attempts()
    return [
        question
        for key, question in questions_of(_chapter(name)).items()
        if key in made and made[key][-1].verdict != RIGHT
    ]


def due(name: str, now: datetime.datetime | None = None) -> list[Question]:
    """Return questions of the chapters before one that should come back, the most urgent first.

    Those whose last attempt was wrong or skipped come first, the oldest of them before; then those
    that were right and rest since longer than they should: a day at first, twice as long each time.

    Parameters
    ----------
    name : str
        The chapter that begins.
    now : datetime.datetime, optional
        With a time zone; the present time if left out.
    """
    now, made = now or datetime.datetime.now(datetime.UTC), attempts()
    waiting = []
    for chapter in TABLE[: TABLE.index(_chapter(name))]:
        for key, question in questions_of(chapter).items():
            if key not in made:
                continue
            streak = 0
            for attempt in reversed(made[key]):
                if attempt.verdict != RIGHT:
                    break
                streak += 1
            last = made[key][-1].time
            rest = datetime.timedelta(days=FIRST_DAYS * 2 ** (min(streak, 12) - 1))
            if streak == 0 or now - last >= rest:
                waiting.append(((streak > 0, last + rest * (streak > 0)), question))
    return [question for _, question in sorted(waiting, key=lambda pair: pair[0])]


class Returning:
    """Questions that come back, shown below each other in a notebook.

    Parameters
    ----------
    shown : list of Question
    before, without : str
        What stands above them; and in their place where there are none.
    """

    def __init__(self, shown: list[Question], before: str, without: str):
        self.questions = shown
        self.text = before if shown else without

    def __repr__(self) -> str:
        return self.text

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display({"text/markdown": self.text, "text/plain": self.text}, raw=True)
        for question in self.questions:
            question._ipython_display_()


def _returning(choose: Callable[[], list[Question]], before: str, without: str) -> Returning:
    """Return what is chosen; a progress that cannot be read is no reason to stop a lesson."""
    try:
        return Returning(choose(), before, without)
    except store.ProgressError as error:
        return Returning([], before, f"Your progress is not available: {error}.")


def again(name: str) -> Returning:
    """Return the questions of a chapter that were missed: for its end. See `missed`."""
    return _returning(
        lambda: missed(name),
        "**Again.** These questions of this chapter were missed or skipped:",
        "**Again.** Questions that you miss or skip in this chapter come back here; none is "
        "waiting now.",
    )


def warm_up(name: str) -> Returning:
    """Return two questions of earlier chapters that should come back: for a chapter's start."""
    return _returning(
        lambda: due(name)[:WARM_UP],
        "**Warm-up.** From earlier chapters:",
        "**Warm-up.** Two questions of earlier chapters come back here when they are due; none is "
        "now.",
    )


# --- the report


class Row(NamedTuple):
    """What was done of a chapter: (done, of how many) each; of questions also those right."""

    chapter: Chapter
    right: int
    answered: int
    questions: int
    passed: int
    exercises: int
    tried: int
    labs: int


class Progress:
    """How far the learner is, chapter by chapter, and how well they know what they know.

    Attributes
    ----------
    rows : list of Row
    calibration : dict
        "guess", "think", "sure" -> (right, of how many), over first answers.
    """

    def __init__(self):
        made, done = attempts(), store.events()
        passed = {
            e["name"] for e in done if e["kind"] == "exercise" and e.get("verdict") == "passed"
        }
        tried = {e["name"] for e in done if e["kind"] == "lab"}
        self.rows = [self._row(chapter, made, passed, tried) for chapter in TABLE]
        first = [attempt for several in made.values() for attempt in several[:1]]
        self.calibration = {}
        for word in SURE:
            said = [a.verdict == RIGHT for a in first if a.sure == word and a.verdict != SKIPPED]
            self.calibration[word] = (sum(said), len(said))

    @staticmethod
    def _row(
        chapter: Chapter, made: dict[str, list[Attempt]], passed: set[str], tried: set[str]
    ) -> Row:
        from ..teaching.exercise import Exercise

        asked = questions_of(chapter)
        last = [made[name][-1].verdict for name in asked if name in made]
        written = _of(chapter, Exercise, exercises)
        names = {f"{chapter.name}.{lab}" for lab in chapter.labs}
        return Row(
            chapter, last.count(RIGHT), len(last), len(asked),
            len(passed & set(written)), len(written), len(tried & names), len(names),
        )  # fmt: skip

    def table(self) -> list[list[str]]:
        """Return the rows as text, the names of the columns first."""
        lines = [["chapter", "questions right", "exercises passed", "labs tried"]]
        for row in self.rows:
            skipped = f" ({row.answered} answered)" if row.answered != row.right else ""
            lines.append([
                f"{row.chapter.number} · {row.chapter.title}",
                f"{row.right} of {row.questions}{skipped}",
                f"{row.passed} of {row.exercises}",
                f"{row.tried} of {row.labs}",
            ])  # fmt: skip
        return lines

    def words(self) -> str:
        """Return in a sentence how sure first answers were, against how right."""
        said = [
            f"{word}: {right} of {n} right" for word, (right, n) in self.calibration.items() if n
        ]
        if not said:
            return "Say how sure you are when you answer, and a picture compares it with the truth."
        return "How sure against how right, first answers: " + "; ".join(said) + "."

    def __repr__(self) -> str:
        lines = self.table()
        widths = [max(len(line[i]) for line in lines) for i in range(4)]
        rows = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
        return "\n".join([*rows, "", self.words()])

    def _repr_html_(self) -> str:
        head, *lines = ([html.escape(cell) for cell in line] for line in self.table())
        top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
        body = "".join(
            f'<tr><th scope="row" style="text-align:left">{line[0]}</th>'
            + "".join(f"<td>{cell}</td>" for cell in line[1:])
            + "</tr>"
            for line in lines
        )
        table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
        picture = ""
        if any(n for _, n in self.calibration.values()):
            url = base64.b64encode(self._picture()).decode("ascii")
            picture = f'<img alt="{html.escape(self.words())}" src="data:image/png;base64,{url}"/>'
        return f"{table}{picture}<p>{html.escape(self.words())}</p>"

    def _picture(self) -> bytes:
        """Return the calibration as a PNG: the share that was right, with its 95 % interval."""
        from matplotlib.figure import Figure
        from scipy.stats import binomtest

        figure = Figure(figsize=(5, 2.6), dpi=100, layout="constrained")
        axes = figure.subplots()
        for place, (_, (right, n)) in enumerate(self.calibration.items()):
            if n:
                low, high = binomtest(right, n).proportion_ci(method="wilson")
                axes.plot([place, place], [low, high], color=style.BLUE, linewidth=2)
                axes.plot([place], [right / n], "o", color=style.BLUE, markersize=8)
                axes.annotate(f"{right}/{n}", (place, right / n), xytext=(10, 0),
                              textcoords="offset points", va="center")  # fmt: skip
        axes.set(xlim=(-0.5, 2.5), ylim=(-0.03, 1.03), ylabel="share right",
                 title="how sure against how right (95 % interval)")  # fmt: skip
        axes.set_xticks(range(len(SURE)), SURE)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        return buffer.getvalue()


def progress() -> Progress:
    """Return how far you are: questions, exercises and labs of each chapter, and how sure you were.

    Examples
    --------
    >>> progress().table()[0]
    ['chapter', 'questions right', 'exercises passed', 'labs tried']
    """
    return Progress()
