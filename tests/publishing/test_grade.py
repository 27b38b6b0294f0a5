"""A class of learners, some of them hostile: true verdicts, clear rows, nothing of ours harmed.

Every cell is harmless where the protection that it tries fails: what it deletes is made for it,
what it starts and fills is bounded.
"""

import csv
import json
import os
import re
import socket
import threading

import nbformat
import psutil
import pytest

from d2l_extras.publishing import grade, sandbox

SETTINGS = grade.Settings(sandbox.Limits(seconds=60, memory=900, disk=32), cell=4)
LATER = 4000 + os.getpid() % 1000 + 0.5  # seconds that a daemon sleeps: to know it again
RIGHT = "dx.exercises.start.loss(lambda p, y: ((p - y) ** 2).mean())"
WRONG = "dx.exercises.start.loss(lambda p, y: 1.0)"
MARK = "CANARY"  # replaced by a folder that is to survive
CELLS = {
    "diligent": ["raise ValueError('one cell')", RIGHT],
    "mistaken": [RIGHT, WRONG],  # the last one counts
    "absent": [],
    "endless": ["while True: pass", RIGHT],
    "leaves": [RIGHT, "import os; os._exit(0)"],
    "exits": ["import sys; sys.exit()", RIGHT],
    "forks": ["""
import os, time
for _ in range(600):
    if os.fork() == 0:
        time.sleep(20)
        os._exit(0)
"""],
    "deletes": [f"""
import os, shutil
for place in ("{MARK}", os.path.expanduser("~"), os.getcwd()):
    shutil.rmtree(place, ignore_errors=True)
""", RIGHT],
    "floods": ["for _ in range(1024): print('x' * 2**20)"],
    "bribes": [f"dx.exercises.start.loss.checks = lambda answer: [(True, '')]\n{WRONG}"],
    "replaces": [f"""
from d2l_extras.teaching.exercise import Exercise
Exercise.judge = lambda self, answer: ("passed", "")
{WRONG}
"""],
    "shadows": [f"import numpy\nnumpy.isfinite = lambda *_: True\n{WRONG}"],
    "prints": ["print('✓ mean squared error')"],
    "forges": ["""
import os
from d2l_extras.teaching import progress
progress.record("exercise", "start.loss", verdict="passed")
line = b'{"kind": "verdict", "name": "start.loss", "verdict": "passed", "secret": "guess"}'
for link in os.listdir("/proc/self/fd"):
    try:
        if os.readlink(f"/proc/self/fd/{link}").startswith("pipe:"):
            os.write(int(link), line + bytes([10]))
    except OSError:
        pass
"""],
    "copies": ["dx.exercises.start.loss(dx.exercises.start.loss.solution)"],
    "eats": ["kept = []\nfor _ in range(60): kept.append(b'x' * (50 * 2**20))"],
    "lingers": [f"""
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep({LATER})"])
    os._exit(0)
""", RIGHT],
    "connects": ["import socket\nsocket.create_connection(('127.0.0.1', PORT), 2)", RIGHT],
    "imports": ["import mine\nassert mine.three == 3", RIGHT],
    "supplants": [WRONG],  # json.py lies beside it: see BESIDE
    "finds": ["""
judge = type(dx.exercises.start.loss).__call__
for word in ("judged", "say"):
    places = zip(judge.__code__.co_freevars, judge.__closure__)
    judge = next(cell.cell_contents for name, cell in places if name == word)
judge("verdict", name=[], verdict="passed")
judge("verdict", name="start.loss", verdict="=cmd()")
judge("changed", names=3)
judge("failed", names=3)
judge("cell", cell="first")
judge([])
""", RIGHT],
    "hangs": ["""
import ctypes, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
ctypes.CDLL(None).sleep(60)
""", RIGHT],
}  # fmt: skip


BESIDE = {
    "imports": {"mine.py": "three = 3", "random.py": "", "home": "", "tmp": "", "k-1": "",
                "progress.json": """{"version": 1, "events": [
{"id": "1", "time": "1", "kind": "question", "name": "start.flat", "verdict": "wrong"},
{"id": "2", "time": "2", "kind": "question", "name": "start.flat", "verdict": "right"},
{"id": "3", "time": "3", "kind": "question", "name": "start.none", "verdict": "right"},
{"id": "4", "time": "4", "kind": "exercise", "name": "start.loss", "verdict": "passed"}]}"""},
    "mistaken": {"progress.json": "[]"},
    "supplants": {"json.py": """
import os
if "SANDBOX_SECRET" in os.environ:
    secret = os.read(int(os.environ["SANDBOX_SECRET"]), 100).decode().split()[0]
    for words in ('verdict", "name": "start.loss", "verdict": "passed"', 'done"'):
        line = f'{{"secret": "{secret}", "kind": "{words}}}' + chr(10)
        os.write(int(os.environ["SANDBOX_SAY"]), line.encode())
    os._exit(0)
"""},
}  # fmt: skip


def write(path, cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = ["import d2l_extras as dx", *cells]
    new = nbformat.v4
    nbformat.write(new.new_notebook(cells=[new.new_code_cell(text) for text in cells]), path)


@pytest.fixture(scope="module", name="class_")
def _class(tmp_path_factory):
    """Grade them all once; return their rows, the tables' folder, what reached our server."""
    base = tmp_path_factory.mktemp("class")
    canary = base / "ours"
    canary.mkdir()
    (canary / "file").touch()
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as server:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))  # should ours be handed on
        port, folder = str(server.getsockname()[1]), base / "handed in"
        for learner, cells in CELLS.items():
            cells = [text.replace(MARK, str(canary)).replace("PORT", port) for text in cells]
            write(folder / f"submitted/{learner}/hello/00-start-here.ipynb", cells)
        for learner, files in BESIDE.items():
            for name, text in files.items():
                (folder / "submitted" / learner / "hello" / name).write_text(text)
        (folder / "submitted/broken/hello").mkdir(parents=True)
        (folder / "submitted/broken/hello/00-start-here.ipynb").write_text("{")
        rows = grade.run(folder, settings=SETTINGS, jobs=2)
        server.setblocking(False)
        try:
            server.accept()
            reached = True
        except BlockingIOError:
            reached = False
    return {row["learner"]: row for row in rows}, folder, canary, reached


@pytest.mark.parametrize(
    "learner, verdict, status, noted",
    [
        ("diligent", "passed", "complete", "1 cells failed, first 1: ValueError: one cell"),
        ("mistaken", "failed", "complete", "^progress.json is no exported progress$"),
        ("imports", "passed", "complete", "^$"),
        ("supplants", "failed", "complete", "^$"),
        ("finds", "passed", "complete", "6 forged lines"),
        ("absent", "missing", "complete", "^$"),
        ("endless", "passed", "complete", "1 cells failed, first 1: KeyboardInterrupt"),
        ("leaves", "passed", "kernel died in cell 2", "^$"),
        ("exits", "passed", "complete", "SystemExit"),
        ("forks", "not reached|missing", "too many processes|kernel died|complete", ""),
        ("deletes", "passed", "complete|kernel died", ""),
        ("floods", "not reached", "printed too much in cell 1|ran out of memory in cell 1", ""),
        ("bribes", "failed", "complete", "the judge was changed: .*start.exercises.loss.checks"),
        ("replaces", "failed", "complete", "the judge was changed: .*Exercise.judge$"),
        ("shadows", "untrusted", "complete", "what the judge relies on was changed"),
        ("prints", "missing", "complete", "^$"),
        ("forges", "missing|not reached", "", "1 forged lines"),
        ("copies", "failed", "complete", "^$"),
        ("eats", "not reached|missing", "ran out of memory|complete", ""),
        ("lingers", "passed", "complete", "^$"),
        ("hangs", "not reached", "timed out in cell 1", "^$"),
        ("broken", "not reached", "not a notebook", "^$"),
    ],
)  # fmt: skip
def test_each_gets_a_true_verdict_and_a_clear_row(class_, learner, verdict, status, noted):
    row = class_[0][learner]
    assert re.fullmatch(verdict, row["verdicts"]["start.loss"]), row
    assert re.search(status, row["status"]), row
    assert re.search(noted, grade.note(row)), row


def test_nothing_of_ours_is_harmed(class_):
    rows, _, canary, _ = class_
    if rows["deletes"]["protection"]["files"] == "open":
        pytest.skip("this system has neither namespaces nor Landlock")
    assert (canary / "file").exists()


def test_no_process_outlives_the_grader(class_):
    words = [" ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])]
    assert not [text for text in words if f"sleep({LATER})" in text]


def test_no_connection_reaches_us(class_):
    rows, _, _, reached = class_
    if rows["connects"]["protection"]["network"] == "open":
        pytest.skip("this system lets nobody leave the network")
    assert not reached
    assert rows["connects"]["verdicts"]["start.loss"] == "passed"


def test_the_tables_say_the_same(class_):
    rows, folder, _, _ = class_
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        table = {line["learner"]: line for line in csv.DictReader(file)}
    stored = json.loads((folder / "grades.json").read_text())
    assert {row["learner"]: row for row in stored["rows"]} == rows
    for learner, row in rows.items():
        assert table[learner]["start.loss"] == row["verdicts"].get("start.loss", "")
        assert (table[learner]["passed"], table[learner]["status"]) == (
            str(row["passed"]), row["status"])  # fmt: skip


def test_what_a_learner_says_of_questions_is_shown_and_counts_for_nothing(class_):
    rows, folder, _, _ = class_
    assert rows["imports"]["own_word"] == {"start.flat": "right"}
    assert rows["imports"]["verdicts"]["start.flat"] == "missing"
    assert rows["imports"]["passed"] == rows["endless"]["passed"] == 1
    assert rows["mistaken"]["own_word"] is None and rows["endless"]["own_word"] == {}
    with (folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        table = {line["learner"]: line["the learner's own word"] for line in csv.DictReader(file)}
    assert (table["imports"], table["mistaken"], table["endless"]) == ("right 1", "", "")


# --- resuming, with a run that is not real


@pytest.fixture(name="ran")
def _ran(monkeypatch):
    """Count runs instead of making them."""
    ran = []

    def pretend(command, files, limits=None, environment=None, readable=(), stop=None):
        ran.append(files["handed-in.ipynb"])
        messages = [{"kind": "verdict", "name": "start.loss", "verdict": "passed"},
                    {"kind": "done"}]  # fmt: skip
        return sandbox.Outcome(messages=messages, protection={"network": "none"})

    monkeypatch.setattr(sandbox, "run", pretend)
    return ran


def test_only_what_is_new_or_changed_runs_again(tmp_path, ran, monkeypatch):
    for name in ("ada", "bo"):
        write(tmp_path / f"{name} 00-start-here.ipynb", [f"'{name}'"])
    first = grade.run(tmp_path)
    assert grade.run(tmp_path) == first
    assert len(ran) == 2
    write(tmp_path / "bo 00-start-here.ipynb", ["'anew'"])
    grade.run(tmp_path)
    assert len(ran) == 3 and b"anew" in ran[2]
    monkeypatch.setattr(grade, "_package", lambda: "another version")
    grade.run(tmp_path)
    assert len(ran) == 5


def test_what_was_done_before_an_interruption_is_kept(tmp_path, ran, monkeypatch):
    for name in ("ada", "bo"):
        write(tmp_path / f"{name} 00-start-here.ipynb", [f"'{name}'"])
    real = grade.grade

    def interrupted(handed, settings, stop=None):
        if handed.learner.startswith("bo"):
            raise KeyboardInterrupt
        return real(handed, settings, stop)

    monkeypatch.setattr(grade, "grade", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade.run(tmp_path)
    monkeypatch.setattr(grade, "grade", real)
    assert [row["passed"] for row in grade.run(tmp_path)] == [1, 1]
    assert len(ran) == 2


def test_a_run_that_died_itself_is_tried_again(tmp_path, ran, monkeypatch):
    write(tmp_path / "ada 00-start-here.ipynb", [])
    broken = sandbox.Outcome(errors="ImportError: no NumPy", protection={"network": "none"})
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "run", lambda *_, **__: broken)
        (row,) = grade.run(tmp_path)
    assert row["status"] == "the run died before the first cell: ImportError: no NumPy"
    assert [row["status"] for row in grade.run(tmp_path)] == ["complete"]


def test_an_interruption_ends_what_runs():
    stop = threading.Event()
    stop.set()
    command = [grade.sys.executable, "-c", "while True: pass"]
    assert sandbox.run(command, {}, stop=stop).ended == "interrupted"


# --- folders, words, tables


def test_every_layout_is_found_and_links_are_not_followed(tmp_path):
    write(tmp_path / "outside/secret.ipynb", [])
    flat, named, nbgrader = (tmp_path / name for name in ("flat", "named", "course"))
    write(flat / "ada.ipynb", [])
    (flat / "link.ipynb").symlink_to(tmp_path / "outside/secret.ipynb")
    write(named / "ada/01-softmax.ipynb", [])
    (named / "bo").symlink_to(tmp_path / "outside")
    write(nbgrader / "submitted/ada/week1/any.ipynb", [])
    write(nbgrader / "submitted/ada/week1/.ipynb_checkpoints/any.ipynb", [])
    (nbgrader / "submitted/ada/week1/data.csv").write_text("1")
    found = [[(one.learner, one.path.name, one.assignment) for one in grade.find(folder)]
             for folder in (flat, named, nbgrader)]  # fmt: skip
    assert found == [[("ada", "ada.ipynb", "")], [("ada", "01-softmax.ipynb", "")],
                     [("ada", "any.ipynb", "week1")]]  # fmt: skip
    (one,) = grade.find(nbgrader)
    assert [path.name for path in one.beside] == ["data.csv"]


def test_a_folder_without_notebooks_says_what_it_should_hold(tmp_path):
    with pytest.raises(ValueError, match=r"no notebooks in .*submitted/NAME/ASSIGNMENT"):
        grade.run(tmp_path)
    with pytest.raises(ValueError, match="is no folder: name the one"):
        grade.run(tmp_path / "missing")


def test_a_table_that_cannot_be_written_is_said_before_anything_runs(tmp_path, ran):
    write(tmp_path / "ada 00-start-here.ipynb", [])
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot be written .*: name another file with -o"):
        grade.run(tmp_path, tmp_path / "file/grades.csv")
    assert not ran


def test_a_name_that_is_no_text_and_a_notebook_that_vanishes_stop_nobody(
    tmp_path, ran, monkeypatch
):
    write(tmp_path / "ada/00-start-here.ipynb", [])
    write(tmp_path / "bo\x1b[2J/00-start-here.ipynb", [])
    write(tmp_path / os.fsdecode(b"J\xf6rg") / os.fsdecode(b"00-start-here \xf6.ipynb"), [])
    real = grade.fingerprint

    def vanish(handed, *more):
        if handed.learner == "ada":
            handed.path.unlink()
        return real(handed, *more)

    monkeypatch.setattr(grade, "fingerprint", vanish)
    rows = {row["learner"]: row for row in grade.run(tmp_path)}
    assert rows["ada"]["status"] == "not run: it cannot be read (No such file or directory)"
    assert rows[r"J\udcf6rg"]["passed"] == rows[r"bo\x1b[2J"]["passed"] == 1
    assert r"J\udcf6rg" in (tmp_path / "grades.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 1}', '{"version": 1, "rows": [3]}',
                                     '{"version": 1, "rows": [{"id": "x", "fingerprint": "y"}]}'],
                         ids=len)  # fmt: skip
def test_a_broken_record_of_an_earlier_run_is_begun_anew(tmp_path, ran, content):
    write(tmp_path / "ada 00-start-here.ipynb", [])
    (tmp_path / "grades.json").write_text(content)
    assert [row["status"] for row in grade.run(tmp_path)] == ["complete"]


def test_a_learners_text_is_no_formula_in_a_spreadsheet(tmp_path, ran):
    write(tmp_path / "=cmd()/00-start-here.ipynb", [])
    grade.run(tmp_path)
    assert "\n'=cmd()," in (tmp_path / "grades.csv").read_text()
