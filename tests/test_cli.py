"""The command `d2l-extras`, and what `make lab` starts."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest

import d2l_extras_doctor as doctor
from d2l_extras import cli
from d2l_extras.publishing import copies, cost, lab_server
from d2l_extras.teaching import progress

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "d2l_extras_doctor"]


def test_chapters_are_chosen_by_number_or_name(tmp_path):
    for name in ("00-start-here", "01-softmax", "02-cross-entropy"):
        (tmp_path / f"{name}.ipynb").write_text("")
    stems = [path.stem for path in copies.chapters(["02", "01-softmax"], tmp_path)]
    assert stems == ["02-cross-entropy", "01-softmax"]
    assert len(copies.chapters([], tmp_path)) == 3
    with pytest.raises(ValueError, match="no chapter 'softmax'; there are 00-start-here, 01"):
        copies.chapters(["softmax"], tmp_path)


def test_no_notebooks_at_all_is_explained(tmp_path):
    with pytest.raises(ValueError, match="no chapters in .*: install the course anew"):
        copies.chapters([], tmp_path)


def test_error_of_a_command_is_one_line(capsys):
    assert cli.main(["check", "99"]) == 1
    assert capsys.readouterr().err.startswith("d2l-extras: no chapter '99'; there are ")


def test_data_command_shows_counts_or_says_why_not(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("D2L_EXTRAS_DATA", str(tmp_path / "nowhere"))
    assert cli.main(["data", "mnist"]) == 1
    assert "is not a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, status, said",
    [
        ([], 2, "no command; `d2l-extras --help` shows what it takes"),
        (["nonsense"], 2, "invalid choice: 'nonsense' .*`d2l-extras --help` shows what it takes"),
        (["check", "--nonsense"], 2, "--nonsense; `d2l-extras check --help` shows what it takes"),
        (["reset"], 2, "required: chapter; `d2l-extras reset --help` shows what it takes"),
        (["reset", "03", "--folder", "nowhere"], 1, "no copy .*/nowhere: run `d2l-extras lab`"),
        (["lab", "--no-browser", "my course"], 1, "folder comes first: `d2l-extras lab 'my cou"),
        (["lab", "--originals", "mine"], 1, "--originals takes no folder, got 'mine': leave one"),
        (["data", "nonsense"], 1, "no data set 'nonsense'; there are fashion_mnist, mnist"),
    ],
)
def test_each_error_is_one_line_on_standard_error_with_the_next_step(
    arguments, status, said, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    try:
        assert doctor.main(arguments) == status
    except SystemExit as error:
        assert error.code == status
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert err.startswith("d2l-extras: ") and re.search(said, err)


def test_version_and_help_of_lab(capsys):
    assert doctor.main(["--version"]) == 0
    assert re.fullmatch(r"d2l-extras \d+\.\d+\.\d+\n", capsys.readouterr().out)
    with pytest.raises(SystemExit, match="0"):
        doctor.main(["lab", "--help"])
    said = capsys.readouterr().out
    assert "Further options go on to JupyterLab" in said and "--originals" in said


@pytest.fixture(name="served")
def _served(monkeypatch):
    """What JupyterLab would be started with: its program is not run."""
    calls = []
    monkeypatch.setattr(lab_server.os, "execv", lambda _, words: calls.append(words[3:]))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    return calls


@pytest.mark.parametrize("folder", [[], ["我的 course"]])
@pytest.mark.parametrize("options", [[], ["--port", "8889"], ["--no-browser", "--debug"]])
def test_lab_hands_all_but_the_folder_on(folder, options, served, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert doctor.main(["lab", *folder, *options]) == 0
    place = tmp_path / (folder or ["gluon-course"])[0]
    assert served == [[f"--ServerApp.root_dir={place}",
                       "--LabApp.default_url=/lab/tree/00-start-here.ipynb", *options]]  # fmt: skip
    assert len(list(place.glob("*.ipynb"))) == len(copies.chapters())


@pytest.mark.parametrize("succeeds", [True, False])
def test_lab_adds_mxnet_where_pip_had_to_leave_it_out(
    succeeds, served, tmp_path, monkeypatch, capfd
):
    """From Python 3.13 on. What stands in for pip installs nothing."""
    monkeypatch.chdir(tmp_path)
    found, commands = doctor.installed, []
    monkeypatch.setattr(doctor.sys, "version_info", (3, 13, 0))
    monkeypatch.setattr(doctor, "installed", lambda name: None if name == "mxnet" else found(name))

    def pip(command):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0 if succeeds else 1)

    monkeypatch.setattr(doctor.subprocess, "run", pip)
    assert doctor.main(["lab"]) == (0 if succeeds else 1)
    assert commands[0][-2:] == ["--no-deps", "mxnet==1.9.1"] and len(served) == succeeds
    said = capfd.readouterr().err.splitlines()
    assert "MXNet is missing" in said[0] and ("could not be installed: run" in said[1]) != succeeds


def test_originals_open_where_they_are(served, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert doctor.main(["lab", "--originals", "--no-browser"]) == 0
    assert served[0][0] == f"--ServerApp.root_dir={ROOT / 'notebooks'}"
    assert not list(tmp_path.iterdir())


def test_without_the_first_chapter_lab_opens_on_the_files(served, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copies.update(tmp_path / "gluon-course")
    (tmp_path / "gluon-course" / lab_server.FIRST).unlink()
    doctor.main(["lab"])
    assert served[0][1] == "--LabApp.default_url=/lab"


def test_reset_puts_a_chapter_of_the_copy_here_back(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copies.update(Path("gluon-course"))
    path = Path("gluon-course/03-minibatch-sgd.ipynb")
    path.write_text("mine")
    assert doctor.main(["reset", "03"]) == 0
    assert "yours is kept as 03-minibatch-sgd.2" in capsys.readouterr().out
    assert path.read_bytes() == copies.prepared((ROOT / "notebooks" / path.name).read_bytes())


def test_stored_notebooks_of_an_installed_package_are_not_rewritten(capsys, monkeypatch):
    monkeypatch.setattr(copies, "in_clone", lambda: False)
    assert cli.main(["refresh", "00"]) == 1
    assert "clone the course and run `make refresh` there" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["doctor", "sweep", "--help"])
def test_a_reader_who_has_seen_enough_is_no_error(command):
    process = subprocess.Popen(
        [*COMMAND, command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    status, said = process.wait(60), process.stderr.read()
    assert said == ""
    assert status == 141 or (command, status) == ("--help", 0)  # argparse may swallow the signal


@pytest.mark.parametrize("command", ["refresh", "check", "measure"])
def test_ctrl_c_is_one_line_and_leaves_the_stored_notebook(command, tmp_path):
    """The chapter says that it runs, and then waits."""
    started = tmp_path / "started"
    os.mkfifo(started)
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "01-long.ipynb"
    source = f"open({str(started)!r}, 'w').close()\nimport time\ntime.sleep(600)"
    cells = [nbformat.v4.new_code_cell(source)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    before = path.read_bytes()
    program = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from d2l_extras.publishing import copies
copies.originals = lambda: copies.Path({str(path.parent)!r})
import d2l_extras_doctor
sys.exit(d2l_extras_doctor.main([{command!r}]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    started.open().close()  # waits until the cell runs
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == f"d2l-extras: interrupted: `d2l-extras {command}` starts again\n"
    assert path.read_bytes() == before


@pytest.mark.parametrize(("stored", "status"), [("2\n", 0), ("3\n", 1)])
def test_check_ends_with_whether_the_chapter_is_as_stored(stored, status, tmp_path, monkeypatch):
    path = tmp_path / "notebooks" / "01-sum.ipynb"
    path.parent.mkdir()
    output = nbformat.v4.new_output("stream", name="stdout", text=stored)
    cell = nbformat.v4.new_code_cell("print(1 + 1)", outputs=[output], execution_count=1)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    monkeypatch.setattr(copies, "originals", lambda: path.parent)
    assert cli.main(["check"]) == status


@pytest.mark.parametrize(("memory", "status"), [(1024, 0), (1025, 1)])
def test_measure_ends_with_whether_a_chapter_is_over_a_limit(memory, status, monkeypatch, capsys):
    costs = {"00": cost.Cost("00", 60, 100), "01": cost.Cost("01", 10, memory)}
    monkeypatch.setattr(cost, "measure", lambda path: costs[path.stem[:2]])
    assert cli.main(["measure", "00", "01"]) == status
    assert "MiB" in capsys.readouterr().out


@pytest.fixture(name="server")
def _server(tmp_path):
    """JupyterLab as `make lab` starts it, without opening a browser."""
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen(
        [*COMMAND, "lab", "--no-browser", "--allow-root", "--port=0"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=log,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        text = (tmp_path / "log").read_text()
        urls = [word for word in text.split() if word.startswith("http://127.0.0.1:")]
        if urls:
            yield urls[0]
            break
        time.sleep(0.1)
    else:
        raise AssertionError(f"no URL was printed:\n{(tmp_path / 'log').read_text()}")
    process.terminate()
    process.wait(20)
    log.close()


def test_lab_opens_on_the_first_chapter_with_its_token_on_and_no_news(server):
    assert "/lab/tree/00-start-here.ipynb?token=" in server
    page = urllib.request.urlopen(server, timeout=30).read().decode()
    assert "JupyterLab" in page
    base, _, token = server.partition("/lab/tree/00-start-here.ipynb?token=")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{base}/api/contents", timeout=30)
    settings = urllib.request.urlopen(
        f"{base}/lab/api/settings/@jupyterlab/apputils-extension:notification?token={token}",
        timeout=30,
    )
    assert '"default": "false"' in settings.read().decode().split('"fetchNews"')[1]


# --- progress


@pytest.fixture(name="events")
def _events(tmp_path, monkeypatch):
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "progress.json"))
    monkeypatch.setattr(progress, "_memory", [])
    progress.record("question", "softmax.spacing", verdict="wrong", answer="A")


def test_progress_is_printed_exported_reset_and_imported(events, tmp_path, capsys):
    file = str(tmp_path / "mine.json")
    assert cli.main(["progress", "export", file]) == 0
    assert cli.main(["progress", "reset"]) == 0
    assert "is kept as" in capsys.readouterr().out
    assert cli.main(["progress"]) == 0
    assert "(1 answered)" not in capsys.readouterr().out
    assert cli.main(["progress", "import", file]) == 0
    assert cli.main(["progress", "import", file]) == 0
    said = capsys.readouterr().out
    assert "1 of 1 events" in said and "0 of 1 events" in said
    assert cli.main(["progress"]) == 0
    assert "(1 answered)" in capsys.readouterr().out


@pytest.mark.parametrize("words, said", [
    (["export"], "name a file"), (["import"], "name a file"), (["reset", "x.json"], "only there"),
    (["import", "nothing.json"], "there is no file nothing.json"),
    (["import", __file__], "is no exported progress"),
])  # fmt: skip
def test_what_progress_cannot_do_names_the_next_step(events, words, said, capsys):
    assert cli.main(["progress", *words]) == 1
    assert said in capsys.readouterr().err
    assert len(progress.events()) == 1
