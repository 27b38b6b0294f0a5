"""The rows of versions, and what the chapters' first cell installs on Google Colab."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import d2l_extras_doctor as doctor
from tests import machines

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COLABS = [("tests/rows/colab.txt", "3.13"), ("tests/rows/colab-2026.07.txt", "3.12")]


def needed(python):
    """Return what the course needs on a version of Python."""
    found = [Requirement(text) for text in PROJECT["dependencies"]]
    there = {"python_version": python, "python_full_version": f"{python}.0"}
    return [need for need in found if not need.marker or need.marker.evaluate(there)]


def pins(name):
    """Return the version of every package in a file of `name==version` lines."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.M)
    return {canonicalize_name(package): version for package, version in found}


def test_colab_gets_the_locked_versions_with_their_hashes():
    assert pins("colab.lock").items() <= pins("requirements.lock").items()
    locked, ours = (
        set((ROOT / name).read_text(encoding="utf-8").splitlines())
        for name in ("requirements.lock", "colab.lock")
    )
    assert ours <= locked
    assert sum("--hash=sha256:" in line for line in ours) >= len(pins("colab.lock"))


@pytest.mark.parametrize("row, python", COLABS)
def test_colab_has_all_that_the_course_needs_once_the_cell_ran(row, python):
    there = pins(row) | pins("colab.lock")
    # its page is its own; the others are older than a page of ours needs, and tried by the row
    older = {"ipykernel", "ipywidgets", "jupyterlab", "psutil"}
    lacking = {
        need.name
        for need in needed(python)
        if not need.specifier.contains(there.get(need.name, "0"))
    }
    assert lacking == older
    assert not pins(row).keys() & pins("colab.lock").keys(), "Colab has it already"


def test_row_of_numpy_1_26_is_what_pyproject_asks_for():
    there = pins("tests/rows/numpy-1.26.txt")
    assert there["numpy"] == "1.26.4"
    assert all(
        need.specifier.contains(there[canonicalize_name(need.name)]) for need in needed("3.12")
    )


def test_row_without_its_python_is_skipped_by_name_and_is_no_failure(monkeypatch, capsys):
    def no_python(*arguments, **_):
        return subprocess.CompletedProcess(arguments, returncode=int(arguments[0] == "python"))

    monkeypatch.setattr(machines, "uv", no_python)
    row = machines.Row("3.99", ("-e", "."))
    monkeypatch.setitem(machines.ROWS, "future", row)
    monkeypatch.setattr(sys, "argv", ["machines", "--short", "future"])
    assert machines.main() == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(
        r"future +0 s  SKIPPED: no Python 3\.99 here, and uv could not fetch one", last
    )


@pytest.mark.parametrize("colab", [True, False])
def test_setup_cell_says_and_does_nothing_where_it_is_not_needed(colab, tmp_path):
    script = tmp_path / "cell.ipy"
    script.write_text(machines.setup_cell() + "\nimport d2l_extras\nprint('on')", encoding="utf-8")
    environment = {"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    environment |= machines.COLAB if colab else {}
    run = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", script],
        env=environment, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert run.stdout.strip() == "on", run.stderr


def test_setup_cell_asks_github_for_this_course_only():
    assert re.findall(r"https?://[^\s\"]+", machines.setup_cell()) == [machines.GITHUB]
    assert machines.setup_cell().count("--no-deps") == 2


def test_doctor_wants_on_colab_the_widgets_that_its_page_knows(monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "as-if")
    monkeypatch.setattr(doctor, "installed", lambda _: "7.7.1")
    assert doctor._check_widgets().line == "widget versions in kernel and server match"
    monkeypatch.setattr(doctor, "installed", lambda _: "8.1.7")
    finding = doctor._check_widgets()
    assert not finding.fine
    assert "run `%pip install ipywidgets==7.7.1` and restart the session" in finding.line
