"""The command `d2l-extras`, and what `make lab` starts."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from d2l_extras import cli

ROOT = Path(__file__).parent.parent


def test_chapters_are_chosen_by_number_or_name(tmp_path):
    for name in ("00-start-here", "01-softmax", "02-cross-entropy"):
        (tmp_path / f"{name}.ipynb").write_text("")
    stems = [path.stem for path in cli.chapters(["02", "01-softmax"], tmp_path)]
    assert stems == ["02-cross-entropy", "01-softmax"]
    assert len(cli.chapters([], tmp_path)) == 3
    with pytest.raises(ValueError, match="no chapter 'softmax'; there are 00-start-here, 01"):
        cli.chapters(["softmax"], tmp_path)


def test_no_notebooks_at_all_is_explained(tmp_path):
    with pytest.raises(ValueError, match="no chapters in .*: install with `pip install -e .`"):
        cli.chapters([], tmp_path)


def test_error_of_a_command_is_one_line(capsys):
    assert cli.main(["check", "99"]) == 1
    assert capsys.readouterr().err.startswith("d2l-extras: no chapter '99'; there are ")


def test_data_command_shows_counts_or_says_why_not(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("D2L_EXTRAS_DATA", str(tmp_path / "nowhere"))
    assert cli.main(["data", "mnist"]) == 1
    assert "is not a folder" in capsys.readouterr().err


@pytest.fixture(name="server")
def _server(tmp_path):
    """JupyterLab as `make lab` starts it, without opening a browser."""
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "d2l_extras_doctor",
            "lab",
            "--no-browser",
            "--allow-root",
            "--port=0",
        ],
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
