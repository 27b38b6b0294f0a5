"""The chapters of the course: one row each, and what they hold, loaded when it is first used.

A new chapter is a folder beside this file, a notebook, and a row in `TABLE`.
"""

import functools
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..teaching import progress


class Chapter(NamedTuple):
    """One row: what the tables in the README and in chapter 00 say, and the labs by name."""

    number: int
    name: str  # of its folder here, and of its exercises
    slug: str  # of its notebook, after the number
    title: str
    shows: str
    minutes: int
    labs: dict[str, str]  # name of a lab -> the module of the folder that it is in

    @property
    def stem(self) -> str:
        """The notebook's name without its suffix."""
        return f"{self.number:02d}-{self.slug}"


TABLE = (
    Chapter(
        0, "start", "start-here", "Start here",
        "how chapters, questions, labs and exercises work",
        15, {"line": "lab"},
    ),
    Chapter(
        1, "softmax", "softmax", "Softmax",
        "scores become probabilities; what a linear classifier of real digits learns; why the "
        "plain formula breaks, and its cure",
        60, {"softmax": "lab"},
    ),
    Chapter(
        2, "cross_entropy", "cross-entropy", "Cross-entropy",
        "what a wrong prediction costs, and where the gradient p − y comes from",
        75, {"cross_entropy": "lab"},
    ),
    Chapter(
        3, "minibatch_sgd", "minibatch-sgd", "Minibatch SGD",
        "epochs, batches and updates; the four ways to scale a step; when it diverges",
        90, {"minibatch_sgd": "lab", "digits_training": "digits_training"},
    ),
    Chapter(
        4, "block_hybridblock", "block-hybridblock", "Block and HybridBlock",
        "layers of your own, when shapes become known, what hybridize compiles and what evades it",
        90, {"block_hybridblock": "lab"},
    ),
    Chapter(
        5, "dropout", "dropout", "Dropout",
        "random masks, two modes, what the mean keeps and the variance does not; what it costs "
        "and saves, with error bars",
        75, {"dropout": "lab"},
    ),
    Chapter(
        6, "batch_norm", "batch-norm", "Batch normalization",
        "two sets of statistics and when they move; what it buys and costs, with error bars; "
        "measuring in the right mode",
        90, {"one_batch": "one_batch", "batch_norm": "lab"},
    ),
    Chapter(
        7, "layer_order", "layer-order", "Layer order",
        "which of the 24 orders differ at all, what dropout does to the statistics that batch "
        "normalization remembers, and what paired runs say, with error bars",
        90, {"layer_order": "lab"},
    ),
)  # fmt: skip


def markdown_table(folder: str = "", first: int = 0) -> str:
    """Return `TABLE` as the Markdown table of the README and of chapter 00.

    Parameters
    ----------
    folder : str
        What stands before a notebook's name in its link, such as "notebooks/".
    first : int
        The number of the first chapter to list.

    Examples
    --------
    >>> markdown_table("notebooks/").splitlines()[2][:47]
    '| [Start here](notebooks/00-start-here.ipynb) |'
    """
    lines = ["| chapter | what it shows | time |", "|---|---|---|"]
    for chapter in TABLE[first:]:
        title = f"{chapter.number} · {chapter.title}" if chapter.number else chapter.title
        link = f"[{title}]({folder}{chapter.stem}.ipynb)"
        lines.append(f"| {link} | {chapter.shows} | {chapter.minutes} min |")
    return "\n".join(lines)


def colab_links() -> str:
    """Return a line of links, in Markdown, that open each chapter on Google Colab.

    Examples
    --------
    >>> colab_links()[:60]
    '[0](https://colab.research.google.com/github/d2l-extras/d2l-'
    """
    place = "https://colab.research.google.com/github/d2l-extras/d2l-extras/blob/main/notebooks"
    return " · ".join(f"[{c.number}]({place}/{c.stem}.ipynb)" for c in TABLE)


class Shelf:
    """Things by name, each loaded when it is first asked for: `labs.softmax`.

    Parameters
    ----------
    kind : str
        What they are, for the message about a name that is not there.
    places : dict
        The name of each, with the function that loads it.

    Examples
    --------
    >>> Shelf("lab", {"one": lambda: 1}).two
    Traceback (most recent call last):
    AttributeError: there is no lab 'two', only one
    """

    def __init__(self, kind: str, places: dict[str, Callable[[], Any]]):
        self._kind, self._places = kind, places

    def get(self, name: str) -> Any:
        """Return the one of that name, or raise ValueError: some names are no identifiers."""
        if name not in self._places:
            raise ValueError(f"there is no {self._kind} {name!r}, only {', '.join(self)}")
        return self._places[name]()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by Python or Jupyter, not by a reader
            raise AttributeError(name)
        try:
            value = self.get(name)
        except ValueError as error:
            raise AttributeError(str(error)) from None
        setattr(self, name, value)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._places))

    def __dir__(self) -> list[str]:
        return list(self)


def _module(chapter: str, name: str) -> Any:
    return importlib.import_module(f".{chapter}.{name}", __name__)


def _named(chapter: str, module: str, kind: str) -> Any:
    """Return a module whose exercises or questions know their names, such as "softmax.stable"."""
    found = _module(chapter, module)
    for name, thing in vars(found).items():
        if any(base.__name__ == kind for base in type(thing).__mro__):
            thing.name = f"{chapter}.{name}"
    return found


def _lab(chapter: str, module: str, name: str) -> Any:
    lab = _module(chapter, module).lab
    lab.name = f"dx.labs.{name}"
    lab.on_first_move = functools.partial(progress.record, "lab", f"{chapter}.{name}")
    return lab


def _experiments() -> dict[str, Callable[[], Any]]:
    """Return how to load each experiment: `experiment_mlp.py` of `layer_order` is one."""
    places = {}
    for chapter in TABLE:
        for path in sorted((Path(__file__).parent / chapter.name).glob("experiment*.py")):
            name = path.stem.replace("experiment", chapter.name).replace("_", "-")
            places[name] = lambda c=chapter.name, m=path.stem: _module(c, m).experiment
    return places


labs = Shelf(
    "lab",
    {
        name: lambda c=chapter.name, m=module, n=name: _lab(c, m, n)
        for chapter in TABLE
        for name, module in chapter.labs.items()
    },
)
exercises = Shelf(
    "exercise of a chapter",
    {c.name: lambda c=c.name: _named(c, "exercises", "Exercise") for c in TABLE},
)
questions = Shelf(
    "chapter with questions",
    {
        c.name: lambda c=c.name: _named(c, "questions", "Question")
        for c in TABLE
        if (Path(__file__).parent / c.name / "questions.py").is_file()
    },
)
experiments = Shelf("experiment", _experiments())
