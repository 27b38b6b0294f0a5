"""The learner's copy of the course: the chapters in a folder of their own.

What the learner changed is never overwritten; what was left alone follows the course. A hidden
file in the folder (`.d2l-extras.json`) remembers what each chapter was when it was copied.
"""

import contextlib
import copy
import datetime
import errno
import hashlib
import itertools
import json
import os
import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from ..files import write_atomically
from ..teaching import progress

PACKAGE = Path(__file__).resolve().parent.parent
FOLDER, MANIFEST = "gluon-course", ".d2l-extras.json"
QUESTION = re.compile(r"dx\.questions\.(\w+\.\w+)")
STATEMENT = re.compile(r"dx\.exercises\.\w+\.\w+")
FOLDED = re.compile(r"<details>.*?</details>", re.S)


class CopyError(OSError):
    """The copy of the course cannot be made or used: the message says why and what helps."""


def in_clone() -> bool:
    """Whether the stored notebooks lie beside the package, where authors change them."""
    return not (PACKAGE / "notebooks").is_dir()


def originals() -> Path:
    """Return the folder of the stored notebooks: within the installed package, or of the clone."""
    return (PACKAGE.parent if in_clone() else PACKAGE) / "notebooks"


def chapters(names: list[str] | tuple[str, ...] = (), folder: Path | None = None) -> list[Path]:
    """Return the stored notebooks that were asked for.

    Parameters
    ----------
    names : sequence of str
        A number, a stem or a file name each; all chapters if empty.
    folder : pathlib.Path, optional
        Where to look instead of `originals()`.

    Raises
    ------
    ValueError
        If a name fits no chapter, or there are no notebooks at all.

    Examples
    --------
    >>> [path.name for path in chapters(["00"])]
    ['00-start-here.ipynb']
    """
    folder = originals() if folder is None else folder
    paths = sorted(folder.glob("[0-9][0-9]-*.ipynb"))
    if not paths:
        raise ValueError(f"no chapters in {folder}: install the course anew, or get a whole clone")
    if not names:
        return paths
    chosen = []
    for name in names:
        fitting = [path for path in paths if name in (path.stem, path.stem[:2], path.name)]
        if not fitting:
            allowed = ", ".join(path.stem for path in paths)
            raise ValueError(f"no chapter {name!r}; there are {allowed}")
        chosen += fitting
    return chosen


def default_folder() -> Path:
    """Return where the copy is if nobody says: here, where here is one, else `gluon-course`."""
    return Path() if Path(MANIFEST).is_file() else Path(FOLDER)


def update(folder: Path, source: Path | None = None) -> list[str]:
    """Make the copy, or bring it up to date.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it is missing. A chapter that was deleted there stays deleted.
    source : pathlib.Path, optional
        The notebooks to copy; those of the course if left out.

    Returns
    -------
    list of str
        A line for each chapter whose new version was put beside the learner's own.

    Raises
    ------
    CopyError
        If the folder cannot be used or written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     update(Path(folder) / "course"), sorted(os.listdir(folder + "/course"))[:2]
    ([], ['.d2l-extras.json', '00-start-here.ipynb'])
    """
    paths = chapters(folder=source)
    with _opened(folder, paths[0].parent) as known:
        return [line for path in paths for line in _follow(path, folder, known)]


def reset(name: str, folder: Path, source: Path | None = None) -> str:
    """Put a chapter of the copy back; what the learner had is kept beside it, dated.

    Parameters
    ----------
    name : str
        Its number, stem or file name.
    folder : pathlib.Path
        The copy.
    source : pathlib.Path, optional
        The notebooks to copy; those of the course if left out.

    Returns
    -------
    str
        A line that says what was done.

    Raises
    ------
    CopyError
        If there is no copy, or it cannot be written.
    ValueError
        If there is no such chapter.
    """
    (path,) = chapters([name], source)
    if not (folder / MANIFEST).is_file():
        raise CopyError(
            f"there is no copy of the course in {folder.absolute()}: run `d2l-extras lab` first, "
            "or name the folder: `d2l-extras reset 03 --folder FOLDER`"
        )
    with _opened(folder, path.parent) as known:
        return _put_back(path, folder, known)


def prepared(original: bytes, answered: Container[str] = ()) -> bytes:
    """Return what a learner gets of a stored notebook: no output that answers an open question.

    All outputs below a question are left out, up to the next one that was answered or skipped; of
    the question itself its text stays, without the answer, and so do the statements of exercises.

    Parameters
    ----------
    original : bytes
        The stored notebook.
    answered : container of str
        The names of the questions that were answered or skipped, such as "softmax.spacing".
    """
    if b"dx.questions." not in original:
        return original
    notebook, is_open = json.loads(original), False
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        if asked := QUESTION.fullmatch(_joined(cell["source"])):  # a cell asks one, and no more
            is_open = asked[1] not in answered
            if is_open:
                cell["outputs"] = [_unanswered(output) for output in cell["outputs"]]
        elif is_open and not STATEMENT.fullmatch(_joined(cell["source"])):
            cell["outputs"] = []
        if is_open:
            cell["execution_count"] = None
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


def _unanswered(output: dict[str, Any]) -> dict[str, Any]:
    data = dict(output.get("data", {}))
    if "text/html" in data:
        data["text/html"] = FOLDED.sub("", _joined(data["text/html"]))
    return {**output, "data": data} if data else output


def _answered() -> set[str]:
    """Return the names of the questions that the learner has answered or skipped."""
    try:
        return {event["name"] for event in progress.events() if event["kind"] == "question"}
    except OSError:  # `d2l-extras progress` says what is wrong with the file
        return set()


def fingerprint(content: bytes) -> str:
    """Return a hash of what a notebook says: its cells and outputs.

    Saving it anew, as JupyterLab does by itself, also moves metadata, numbers of executions and
    how the file is written: none of these counts.

    Examples
    --------
    >>> one = {"cells": [{"cell_type": "code", "source": ["a = 1"], "outputs": []}]}
    >>> two = {"cells": [dict(one["cells"][0], source="a = 1", execution_count=7)], "metadata": {}}
    >>> fingerprint(json.dumps(one).encode()) == fingerprint(json.dumps(two).encode())
    True
    """
    try:
        cells = [_said(cell) for cell in json.loads(content)["cells"]]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        said = content  # no notebook any more: every byte counts
    else:
        said = json.dumps(cells, sort_keys=True).encode()
    return hashlib.sha256(said).hexdigest()


def _said(cell: dict[str, Any]) -> list[Any]:
    outputs = [
        {key: _joined(output[key]) for key in output if key not in ("execution_count", "metadata")}
        for output in cell.get("outputs", ())
    ]
    return [cell["cell_type"], _joined(cell["source"]), cell.get("attachments") or {}, outputs]


def _joined(text: Any) -> Any:
    """Return a text that may be stored as a list of its lines as one, within dicts too."""
    if isinstance(text, dict):
        return {key: _joined(value) for key, value in text.items()}
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        return "".join(text)
    return text


@contextlib.contextmanager
def _opened(folder: Path, source: Path) -> Iterator[dict[str, dict[str, str]]]:
    """Yield what the manifest knows, which is stored at the end; name the remedy of what fails.

    For each chapter it has `copied`, the fingerprint of what was last put under its name, perhaps
    `offered`, that of what was last put beside it, and `version`, that of the original then.
    """
    if folder.exists() and folder.samefile(source):
        raise CopyError(
            f"{folder.absolute()} holds the stored notebooks: name another folder for your copy, "
            "or open them with `d2l-extras lab --originals`"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OSError(errno.EROFS, "it is read-only")
        known = _read(folder / MANIFEST)
        before = copy.deepcopy(known)
        try:
            yield known
        finally:
            if known != before:
                text = json.dumps({"version": 1, "chapters": known}, indent=1) + "\n"
                write_atomically(folder / MANIFEST, text)
    except OSError as error:
        reason = "it is a file" if isinstance(error, FileExistsError) else error.strerror
        raise CopyError(
            f"the chapters cannot be put into {folder.absolute()} ({reason}): mend that, or "
            f"take another folder, as in `d2l-extras lab ~/{FOLDER}`"
        ) from error


def _read(manifest: Path) -> dict[str, dict[str, str]]:
    """Return what the manifest knows; nothing if it is missing or broken: no chapter is lost."""
    try:
        chapters = json.loads(manifest.read_bytes())["chapters"]
        return {name: dict(entry) for name, entry in chapters.items()}
    except (FileNotFoundError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def _follow(original: Path, folder: Path, known: dict[str, dict[str, str]]) -> list[str]:
    """Bring one chapter up to date; return what the learner should be told."""
    path, entry = folder / original.name, known.get(original.name)
    content = original.read_bytes()
    # what was answered since is no new version, but fills the outputs of a copy left alone
    newest, version = prepared(content, _answered()), fingerprint(prepared(content))
    placed = {"copied": fingerprint(newest), "version": version}
    if not path.exists():
        if entry is None:  # else it was deleted on purpose: `reset` brings it back
            write_atomically(path, newest)
            known[original.name] = placed
        return []
    entry = entry or {}
    present = fingerprint(path.read_bytes())
    if present == placed["copied"]:
        known[original.name] = placed
    elif present in (entry.get("copied"), entry.get("offered")):
        write_atomically(path, newest)
        known[original.name] = placed
    elif version != entry.get("version"):
        beside = _free(path, "new", entry.get("offered"))
        write_atomically(beside, newest)
        known[original.name] = {**entry, "offered": placed["copied"], "version": version}
        return [f"{path.name} has a new version: yours stays as it is, beside it is {beside.name}"]
    return []


def _put_back(original: Path, folder: Path, known: dict[str, dict[str, str]]) -> str:
    """Put the stored chapter under its name again; what is there is kept unless it is the same."""
    path, offered = folder / original.name, known.get(original.name, {}).get("offered")
    content, kept = original.read_bytes(), ""
    newest = prepared(content, _answered())
    placed = {"copied": fingerprint(newest), "version": fingerprint(prepared(content))}
    if path.exists() and fingerprint(path.read_bytes()) != placed["copied"]:
        backup = _free(path, datetime.date.today().isoformat())
        write_atomically(backup, path.read_bytes())
        kept = f"; yours is kept as {backup.name}"
    write_atomically(path, newest)
    known[original.name] = placed
    offer = _beside(path, "new", 1)
    if offered and offer.is_file() and fingerprint(offer.read_bytes()) == offered:
        offer.unlink()
    return (
        f"{path} is as in the course{kept}. If it is open, choose File > Reload Notebook from Disk"
    )


def _free(path: Path, word: str, replaceable: str | None = None) -> Path:
    """Return the first of `03-x.word.ipynb`, `03-x.word-2.ipynb`, ... that may be written."""
    for number in itertools.count(1):
        beside = _beside(path, word, number)
        if not os.path.lexists(beside):
            return beside
        if replaceable and fingerprint(beside.read_bytes()) == replaceable:
            return beside


def _beside(path: Path, word: str, number: int) -> Path:
    return path.with_name(f"{path.stem}.{word}{f'-{number}' if number > 1 else ''}{path.suffix}")
