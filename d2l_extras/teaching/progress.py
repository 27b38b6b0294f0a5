"""The learner's progress: what was answered, written and tried, in a local file, sent nowhere.

The file is `progress.json` in the user's data folder, or what `D2L_EXTRAS_PROGRESS` names; the
word `off` there keeps everything in memory. It holds a list of events, each with an identity of
its own, so that two files, or two kernels that write one, merge by union.
"""

import contextlib
import datetime
import json
import os
import stat
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock
import platformdirs

from ..files import write_atomically

VERSION = 1
VARIABLE = "D2L_EXTRAS_PROGRESS"
KINDS = ("question", "exercise", "lab")
LARGEST = 64 * 2**20  # bytes; an answer takes about 200
SECONDS = 10  # to wait for another kernel that writes

_memory: list[dict[str, Any]] = []  # what could not be written, or is not to be


class ProgressError(OSError):
    """The file of the progress cannot be used: the message says why and what helps."""


def path() -> Path | None:
    """Return the file of the progress; None if it is kept in memory only."""
    named = os.environ.get(VARIABLE, "").strip()
    if named.lower() == "off":
        return None
    try:
        if named:
            return Path(named).expanduser()
        return platformdirs.user_data_path("d2l-extras", appauthor=False) / "progress.json"
    except RuntimeError as error:
        text = f"your progress is not stored ({error}): name a file for it in {VARIABLE}"
        warnings.warn(text, stacklevel=3)
        return None


def record(kind: str, name: str, **details: Any) -> None:
    """Add an event: a question answered, an exercise judged, a lab tried.

    A file that cannot be written is no reason to stop a lesson: the event is kept in memory then,
    and a warning says why.

    Parameters
    ----------
    kind : str
        "question", "exercise" or "lab".
    name : str
        Chapter and name, such as "softmax.spacing".
    **details
        What JSON can hold, such as `answer="B"`, `verdict="wrong"`, `sure="guess"`.

    Raises
    ------
    ValueError
        For another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
    event = {"id": uuid.uuid4().hex, "time": now, "kind": kind, "name": name, **details}
    _memory.append(event)
    if path() is None:
        return
    try:
        merge(_memory)
    except OSError as error:
        warnings.warn(f"your progress is not stored: {error}", stacklevel=2)
    else:
        _memory.clear()


def events() -> list[dict[str, Any]]:
    """Return all events, the oldest first.

    Raises
    ------
    ProgressError
        If the file is of a newer version of the course, or cannot be read.
    """
    file = path()
    stored = read(file) if file else []
    return _union(stored, _memory)


def merge(more: list[dict[str, Any]]) -> int:
    """Add events to the file, those of them that it does not have; return how many those are.

    Raises
    ------
    ProgressError
        If the file cannot be read or written, or another process keeps it locked.
    """
    file = path()
    if file is None:
        raise ProgressError(f"there is no file: {VARIABLE} is off")
    with _locked(file):
        stored = _read_or_set_aside(file)
        new = {event["id"] for event in more} - {event["id"] for event in stored}
        if new:
            _write(file, _union(stored, more))
        return len(new)


def reset() -> Path | None:
    """Begin anew; return where the events up to now are kept, None if there were none."""
    _memory.clear()
    file = path()
    if file is None or not file.exists():
        return None
    with _locked(file):
        return _set_aside(file, "before-reset")


def read(file: Path) -> list[dict[str, Any]]:
    """Return the events of a file; none if it is not there. A broken file is set aside.

    Raises
    ------
    ProgressError
        If it is of a newer version of the course, or cannot be read.
    """
    try:
        return _read(file)
    except ValueError:
        with _locked(file):  # another kernel may have set it aside and begun a new one meanwhile
            return _read_or_set_aside(file)


def _read(file: Path) -> list[dict[str, Any]]:
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise OSError(None, "it is no plain file")
        if found.st_size > LARGEST:
            raise OSError(None, f"it is larger than {LARGEST >> 20} MiB")
        text = file.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ProgressError(f"{file} cannot be read ({error.strerror})") from error
    return parse(text)


def _read_or_set_aside(file: Path) -> list[dict[str, Any]]:
    try:
        return _read(file)
    except ValueError as error:
        aside = _set_aside(file, "broken")
        warnings.warn(
            f"the file of your progress was broken ({error}): it is kept as {aside}, and a new "
            "one begins",
            stacklevel=3,
        )
        return []


def parse(text: str | bytes) -> list[dict[str, Any]]:
    """Return the events of a file's text.

    Raises
    ------
    ProgressError
        If it is of a newer version of the course.
    ValueError
        If it is not a file of progress.

    Examples
    --------
    >>> parse('{"version": 1, "events": []}')
    []
    """
    try:
        content = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(content, dict) or not isinstance(content.get("version"), int):
        raise ValueError("it names no version")
    if content["version"] > VERSION:
        raise ProgressError(
            f"the progress was written by a newer version of the course ({content['version']}; "
            f"this one knows {VERSION}): update with `pip install --upgrade d2l-extras`"
        )
    found = content.get("events")
    if not isinstance(found, list) or not all(map(_is_event, found)):
        raise ValueError("it holds something else than events")
    return found


def dump(which: list[dict[str, Any]]) -> str:
    """Return events as the text of a file, one a line."""
    lines = ",\n".join(json.dumps(event, sort_keys=True) for event in which)
    return f'{{"version": {VERSION}, "events": [\n{lines}\n]}}\n'


def time_of(event: dict[str, Any]) -> datetime.datetime:
    """Return when an event was; 1970 if it does not say it in ISO 8601.

    Examples
    --------
    >>> time_of({"time": "2026-11-24T10:00:00+09:00"}) < time_of({"time": "2026-11-24T02:00"})
    True
    """
    try:
        time = datetime.datetime.fromisoformat(event["time"])
    except ValueError:
        time = datetime.datetime.fromtimestamp(0, datetime.UTC)
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def _is_event(event: Any) -> bool:
    if not isinstance(event, dict):
        return False
    texts = (event.get(key) for key in ("id", "time", "kind", "name"))
    return all(isinstance(text, str) for text in texts) and event["kind"] in KINDS


def _union(*parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    merged = {event["id"]: event for part in parts for event in part}
    return sorted(merged.values(), key=time_of)


def _write(file: Path, which: list[dict[str, Any]]) -> None:
    try:
        write_atomically(file, dump(which))
    except OSError as error:
        raise ProgressError(f"{file} cannot be written ({error.strerror})") from error


def _set_aside(file: Path, word: str) -> Path:
    now = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    aside = file.with_name(f"{file.stem}.{word}-{now}-{uuid.uuid4().hex[:4]}{file.suffix}")
    try:
        os.replace(file, aside)
    except OSError as error:
        raise ProgressError(f"{file} cannot be set aside ({error.strerror})") from error
    return aside


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Keep other kernels from writing the file; a lock of a process that died is free."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(f"{file}.lock", timeout=SECONDS):
            yield
    except filelock.Timeout as error:
        raise ProgressError(f"another program holds {file}.lock for {SECONDS} s") from error
    except OSError as error:
        if isinstance(error, ProgressError):
            raise
        raise ProgressError(f"{file} cannot be written ({error.strerror})") from error
