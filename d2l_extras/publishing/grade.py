"""Collecting the verdicts of a class: each learner's notebook runs in a sandbox of its own.

`run` finds the notebooks, runs what has not been run yet, and keeps a table beside them.
"""

import collections
import concurrent.futures
import csv
import hashlib
import io
import json
import os
import re
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tqdm.auto import tqdm

from ..chapters import TABLE, exercises
from ..files import write_atomically
from ..teaching import progress
from . import sandbox
from .grade_kernel import UNTRUSTED

VERSION = 1
MISSING, NOT_REACHED, DIED = "missing", "not reached", "the run died"
LARGEST = 20 * 2**20  # bytes of a notebook, and of all that lies beside it
OWN_WORD = "progress.json"  # beside a notebook: what `d2l-extras progress export` wrote
COLUMNS = ("learner", "notebook", "chapter", "status", "passed", "of", "note",
           "the learner's own word", "seconds", "MiB")  # fmt: skip


class Handed(NamedTuple):
    """A notebook that a learner handed in; `beside` are the files that it may read."""

    learner: str
    path: Path
    assignment: str
    beside: tuple[Path, ...] = ()


class Settings(NamedTuple):
    """How notebooks are run: the chapter, where the names do not tell it; seconds for a cell."""

    limits: sandbox.Limits
    cell: float = 60
    chapter: str | None = None


def run(
    folder: Path,
    table: Path | None = None,
    settings: Settings | None = None,
    jobs: int = 1,
) -> list[dict[str, Any]]:
    """Grade the notebooks of a folder and write the verdicts as CSV and as JSON.

    What the JSON has already, from the same notebook, the same package and the same settings, is
    not run again.

    Parameters
    ----------
    folder : pathlib.Path
        Notebooks, or a folder for each learner, or nbgrader's `submitted/NAME/ASSIGNMENT`.
    table : pathlib.Path, optional
        The CSV to write, with the JSON beside it; `grades.csv` in the folder if left out.
    settings : Settings, optional
        Limits of a run.
    jobs : int
        How many notebooks run at the same time.

    Returns
    -------
    list of dict
        A row for each notebook, sorted by learner.

    Raises
    ------
    ValueError
        If there are no notebooks in the folder.
    OSError
        If the tables cannot be written, or no sandbox can be made.
    """
    settings = settings or Settings(sandbox.Limits())
    table = folder / "grades.csv" if table is None else table
    record = table.with_suffix(".json")
    handed = find(folder)
    # where the run itself died, it may have been this machine's fault
    known = {row["id"]: row for row in _read(record) if not row["status"].startswith(DIED)}
    package = _package()
    rows, waiting = {}, []
    for one in handed:
        name = one.path.relative_to(folder).as_posix()
        try:
            print_ = fingerprint(one, settings, package)
        except OSError:
            print_ = ""  # its row says so
        if known.get(name, {}).get("fingerprint") == print_:
            rows[name] = known[name]
        else:
            waiting.append((name, print_, one))
    _write(table, record, rows.values())  # now, not after an hour, if it cannot be written
    stop = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            futures = {pool.submit(grade, one, settings, stop): (name, print_)
                       for name, print_, one in waiting}  # fmt: skip
            bar = tqdm(concurrent.futures.as_completed(futures), total=len(handed),
                       initial=len(rows), unit="notebook")  # fmt: skip
            for future in bar:
                name, print_ = futures[future]
                rows[name] = {"id": name, "fingerprint": print_, **_legible(future.result())}
                _write(table, record, rows.values())
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return _sorted(rows.values())


# --- what was handed in


def find(folder: Path) -> list[Handed]:
    """Return the notebooks of a folder: flat, a folder for each learner, or nbgrader's layout.

    Links and hidden files are left out: they may lead anywhere.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     notebook = Path(place) / "submitted/ada/softmax/01-softmax.ipynb"
    ...     notebook.parent.mkdir(parents=True)
    ...     notebook.touch()
    ...     [(one.learner, one.assignment) for one in find(Path(place))]
    [('ada', 'softmax')]
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder: name the one with the learners' notebooks")
    place = folder / "submitted" if (folder / "submitted").is_dir() else folder
    found = []
    for path in sorted(place.rglob("*.ipynb")):
        within = path.relative_to(place).parts
        hidden = any(part.startswith((".", "__")) for part in within)
        if hidden or len(within) > 3 or _linked(path, place) or not path.is_file():
            continue
        learner = within[0] if len(within) > 1 else path.stem
        beside = () if len(within) == 1 else tuple(_files(path))
        found.append(Handed(learner, path, within[1] if len(within) == 3 else "", beside))
    if not found:
        raise ValueError(
            f"no notebooks in {folder}: it must hold *.ipynb, NAME/*.ipynb or "
            "submitted/NAME/ASSIGNMENT/*.ipynb"
        )
    return found


def _linked(path, place):
    return any(part.is_symlink() for part in (path, *path.parents) if part.is_relative_to(place))


def _files(path):
    """Return what lies beside a notebook and is no link and not large."""
    total = 0
    for other in sorted(path.parent.iterdir()):
        readable = other.is_file() and os.access(other, os.R_OK)
        if other == path or other.is_symlink() or not readable:
            continue
        total += other.stat().st_size
        if total <= LARGEST and not other.name.startswith("."):
            yield other


def chapter_of(handed: Handed, source: str, chosen: str | None = None) -> str | None:
    """Return the name of the chapter that a notebook is of, None if nothing tells it.

    Its file's name decides, then the assignment's, then what the notebook calls most.

    Examples
    --------
    >>> chapter_of(Handed("ada", Path("ada 01-softmax.2026-11-24.ipynb"), ""), "")
    'softmax'
    >>> chapter_of(Handed("ada", Path("mine.ipynb"), "week1"), "dx.exercises.dropout.write(f)")
    'dropout'
    """
    for text in filter(None, (chosen, handed.path.stem, handed.assignment)):
        for chapter in TABLE:
            if re.search(rf"(?<![a-z0-9]){chapter.stem}(?![a-z0-9])", text):
                return chapter.name
            if text in (f"{chapter.number:02d}", chapter.slug, chapter.name):
                return chapter.name
    called = re.findall(r"dx\.(?:exercises|questions)\.(\w+)", source)
    counts = collections.Counter(name for name in called if name in {c.name for c in TABLE})
    return counts.most_common(1)[0][0] if counts else None


def fingerprint(handed: Handed, settings: Settings, package: str) -> str:
    """Return a hash of all that a row depends on: the files, the package, the settings."""
    found = hashlib.sha256(f"{VERSION} {package} {settings}".encode())
    for path in (handed.path, *handed.beside):
        found.update(os.fsencode(path.name) + f" {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def _package():
    """Return a hash of the course's own code, and which Python runs it."""
    found = hashlib.sha256(sys.version.encode())
    for path in sorted(sandbox.PACKAGE.rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


# --- one notebook


def grade(
    handed: Handed, settings: Settings, stop: threading.Event | None = None
) -> dict[str, Any]:
    """Run one notebook and return its row: never an error of the notebook's.

    Returns
    -------
    dict
        `learner`, `notebook`, `assignment`, `chapter`, `status` ("complete", or why the run ended
        early), `verdicts` by name, `passed`, `of`, `failed_cells`, `changed`, `forged`,
        `own_word` (see `own_word`; None if it cannot be read), `protection`, `seconds`, `memory`.
    """
    row = {"learner": handed.learner, "notebook": handed.path.name,
           "assignment": handed.assignment, "chapter": "", "status": "", "verdicts": {},
           "passed": 0, "of": 0, "failed_cells": [], "changed": [], "forged": 0,
           "own_word": {}, "protection": {}, "seconds": 0.0, "memory": 0.0}  # fmt: skip
    try:
        if handed.path.stat().st_size > LARGEST:
            return row | {"status": f"not run: larger than {LARGEST >> 20} MiB"}
        source = handed.path.read_bytes()
    except OSError as error:
        return row | {"status": f"not run: it cannot be read ({error.strerror})"}
    chapter = chapter_of(handed, source.decode(errors="replace"), settings.chapter)
    if chapter is None:
        why = "not a notebook" if not _is_json(source) else "no chapter can be told from it"
        return row | {"status": f"{why}: name it as the course does, or give --chapter"}
    files = {path.name: path for path in handed.beside} | {"handed-in.ipynb": source}
    # -P: a json.py beside the notebook is not to run in place of Python's own, with the secret
    command = [sys.executable, "-P", "-m", "d2l_extras.publishing.grade_run",
               "handed-in.ipynb", chapter, str(settings.cell)]  # fmt: skip
    environment = {"D2L_EXTRAS_PROGRESS": "off", "D2L_EXTRAS_SOLUTIONS": "off"}
    outcome = sandbox.run(command, files, settings.limits, environment, stop=stop)
    if outcome.ended == "interrupted":
        raise KeyboardInterrupt
    said = collections.defaultdict(list)
    for message in outcome.messages:
        if _is_well_formed(message):
            said[message["kind"]].append(message)
        else:  # whoever found the secret in memory may say anything
            outcome.forged += 1
    status = _status(outcome, said)
    expected = names(chapter)
    rest = MISSING if status == "complete" else NOT_REACHED
    verdicts = {m["name"]: m["verdict"] for m in said["verdict"]}  # the last one counts
    verdicts = {name: verdicts.get(name, rest) for name in expected}
    return row | {
        "chapter": chapter,
        "status": status,
        "verdicts": verdicts,
        "passed": sum(verdict in RIGHT for verdict in verdicts.values()),
        "of": len(verdicts),
        "failed_cells": [{"cell": m["cell"], "error": m["text"]} for m in said["failed"]][:50],
        "changed": sorted({name for m in said["changed"] for name in m["names"]}),
        "forged": outcome.forged,
        "own_word": own_word(handed, expected),
        "protection": outcome.protection,
        "seconds": round(outcome.seconds, 1),
        "memory": round(outcome.memory),
    }


RIGHT = {"passed", "right"}
VERDICTS = {*RIGHT, "failed", "not attempted", "wrong", "unclear", UNTRUSTED}
SAID = {"verdict": {"name": str, "verdict": str}, "changed": {"names": list}, "done": {},
        "failed": {"cell": int, "text": str}, "cell": {"cell": int},
        "ended": {"why": str}}  # fmt: skip


def _is_well_formed(message):
    """Whether a message is as `grade_run` and `grade_kernel` say it."""
    kind = message.get("kind")
    if not isinstance(kind, str) or kind not in SAID:
        return False
    if not all(isinstance(message.get(key), type_) for key, type_ in SAID[kind].items()):
        return False
    if kind == "changed":
        return all(isinstance(name, str) for name in message["names"])
    return kind != "verdict" or message["verdict"] in VERDICTS


def _legible(found):
    r"""Return a row in which everything can be printed: what cannot is escaped.

    Examples
    --------
    >>> _legible({"learner": "J\udcf6rg", "errors": ["\x1b[2J"], "of": 3})
    {'learner': 'J\\udcf6rg', 'errors': ['\\x1b[2J'], 'of': 3}
    """
    if isinstance(found, dict):
        return {key: _legible(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_legible(value) for value in found]
    if isinstance(found, str):
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in found)
    return found


def names(chapter: str) -> list[str]:
    """Return the names of all exercises and questions of a chapter.

    Examples
    --------
    >>> names("softmax")[:2]
    ['softmax.by_hand', 'softmax.double_odds']
    """
    from .grade_kernel import _imported, _items

    exercises.get(chapter)
    _imported(f"d2l_extras.chapters.{chapter}.questions")
    return list(_items(f"d2l_extras.chapters.{chapter}", sys.modules))


def own_word(handed: Handed, expected: list[str]) -> dict[str, str] | None:
    """Return what the progress that a learner exported beside the notebook says of its questions.

    It is in the learner's hands, and nothing checks it: it counts for no verdict.

    Returns
    -------
    dict or None
        Name -> "right", "wrong" or "skipped", the last one; None if the file cannot be read.
    """
    said = {}
    for path in handed.beside:
        if path.name == OWN_WORD:
            try:
                events = progress.parse(path.read_bytes())
            except (OSError, ValueError):
                return None
            for event in events:
                known = event["kind"] == "question" and event["name"] in expected
                if known and event.get("verdict") in ("right", "wrong", "skipped"):
                    said[event["name"]] = event["verdict"]
    return said


def _is_json(source):
    try:
        return isinstance(json.loads(source), dict)
    except (ValueError, RecursionError):
        return False


def _status(outcome, said):
    """Say in a few words how the run ended: "complete", or why and where not."""
    cell = said["cell"][-1]["cell"] if said["cell"] else None
    where = "before the first cell" if cell is None else f"in cell {cell}"
    if outcome.ended:
        return f"{outcome.ended} {where}"
    if said["ended"]:
        ended = said["ended"][-1]
        text = f": {ended['text']}" if ended.get("text") else ""
        if ended["why"] == "not a notebook":
            return f"not a notebook{text}"
        return f"{ended['why']} {where}"
    if said["done"]:
        return "complete"
    reason = outcome.errors.strip().rpartition("\n")[2][:200]
    return f"{DIED} {where}" + (f": {reason}" if reason else "")


def note(row: dict[str, Any]) -> str:
    """Say in a few words what a teacher should look at in a row."""
    parts = []
    if row["changed"]:
        parts.append(f"the judge was changed: {', '.join(row['changed'][:3])}")
    if UNTRUSTED in row["verdicts"].values():
        parts.append("what the judge relies on was changed")
    if row["forged"]:
        parts.append(f"{row['forged']} forged lines")
    if row["own_word"] is None:
        parts.append(f"{OWN_WORD} is no exported progress")
    if row["failed_cells"]:
        first = row["failed_cells"][0]
        count = len(row["failed_cells"])
        parts.append(f"{count} cells failed, first {first['cell']}: {first['error']}")
    return "; ".join(parts)


def protection(rows: Iterable[dict[str, Any]]) -> str:
    """Say what the system kept the notebooks from, and plainly what it did not.

    Examples
    --------
    >>> protection([{"protection": {"network": "open", "files": "own", "processes": "own",
    ...                             "user": "another"}}])
    'NOT protected on this system: the network (it was open to the notebooks)'
    """
    weak = {
        "network": {"open": "the network (it was open to the notebooks)",
                    "no TCP": "UDP (TCP was closed)"},
        "files": {"open": "your files (notebooks could read and write what you can)"},
        "processes": {"open": "your other processes (notebooks could end them)"},
        "user": {"root": "what root alone may read in /etc (Python is in root's own folder)"},
    }  # fmt: skip
    found = [row["protection"] for row in rows if row["protection"]]
    lacking = {text for one in found for key, texts in weak.items()
               for state, text in texts.items() if one.get(key) == state}  # fmt: skip
    if not found:
        return "nothing was run"
    if lacking:
        return f"NOT protected on this system: {', '.join(sorted(lacking))}"
    return "the notebooks had no network and could neither change nor end anything of yours"


# --- tables


def _sorted(rows):
    return sorted(rows, key=lambda row: (row["learner"], row["id"]))


def _write(table, record, rows):
    rows = _sorted(rows)
    try:
        table.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(record, json.dumps({"version": VERSION, "rows": rows}, indent=1) + "\n")
        write_atomically(table, _csv(rows))
    except OSError as error:
        raise OSError(
            f"{table} cannot be written ({error.strerror}): name another file with -o"
        ) from error


def _csv(rows):
    every = sorted({name for row in rows for name in row["verdicts"]})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *every])
    for row in rows:
        cells = [
            row["learner"],
            row["notebook"],
            row["chapter"],
            row["status"],
            row["passed"],
            row["of"],
            note(row),
            _counts(row["own_word"]),
            row["seconds"],
            row["memory"],
        ]
        writer.writerow(map(_harmless, [*cells, *(row["verdicts"].get(n, "") for n in every)]))
    return text.getvalue()


def _counts(own_word):
    """Return how often each verdict is in what a learner says, such as "right 5, wrong 2"."""
    counts = collections.Counter((own_word or {}).values())
    return ", ".join(f"{verdict} {counts[verdict]}" for verdict in sorted(counts))


def _harmless(cell):
    """Keep a spreadsheet from taking a learner's text for a formula."""
    text = str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


ROW = {"id", "learner", "notebook", "chapter", "status", "passed", "of", "verdicts", "own_word"}


def _read(record):
    """Return the rows of an earlier run; none if there was none, or it is not to be read."""
    try:
        stored = json.loads(record.read_bytes())
        rows = stored["rows"] if stored["version"] == VERSION else []
        return [row for row in rows if row["fingerprint"] and row.keys() >= ROW]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []


def jobs_for(wanted: int | None) -> int:
    """Return how many notebooks to run at the same time.

    Examples
    --------
    >>> jobs_for(3)
    3
    """
    if wanted is not None and wanted < 1:
        raise ValueError(f"--jobs must be 1 or more, got {wanted}")
    return wanted or max(1, (os.cpu_count() or 2) // 2)
