"""tools/set_up.py: which Python, which uv, and what of `.venv` is damaged."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "tools" / "set_up.py"


@pytest.fixture(name="set_up")
def _set_up(tmp_path, monkeypatch):
    """The script as a module, at work in an empty folder."""
    spec = importlib.util.spec_from_file_location("set_up", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    return module


@pytest.fixture(name="site")
def _site(tmp_path):
    site = tmp_path / ".venv/lib/python3.13/site-packages"
    site.mkdir(parents=True)
    return site


def package(site, name, **files):
    """Install a package of a few files, as its RECORD says."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    for file, content in files.items():
        (site / file).write_text(content)
    rows = [f"{file},sha256=x,{len(content)}" for file, content in files.items()]
    (info / "RECORD").write_text("\n".join([*rows, f"{info.name}/RECORD,,"]))
    return info


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_the_script_is_written_for_python_3_8():
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_whole_packages_are_left_alone_even_where_a_file_was_added_to(set_up, site):
    package(site, "whole", a="1", empty="")
    (site / "a").write_text("1 and the certificate of a company")
    assert set_up.damaged() == []


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_text("")])
def test_packages_with_a_file_gone_or_emptied_are_named(set_up, site, damage):
    package(site, "whole", a="1")
    package(site, "broken", b="1", c="2")
    damage(site / "c")
    assert set_up.damaged() == ["broken"]


def test_a_package_that_uv_could_not_take_away_counts_as_never_installed(set_up, site):
    info = package(site, "broken", b="1")
    (info / "RECORD").unlink()
    assert set_up.damaged() == []
    assert not info.exists()


def test_an_environment_works_until_its_interpreter_or_its_configuration_goes(set_up):
    assert not set_up.works()
    venv = [sys.executable, "-m", "venv", "--without-pip", set_up.VENV]
    subprocess.run(venv, check=True)
    assert set_up.works()
    settings = set_up.VENV / "pyvenv.cfg"
    text = settings.read_text()
    settings.unlink()
    assert not set_up.works()
    settings.write_text(text)
    (set_up.VENV / "bin/python").unlink()
    (set_up.VENV / "bin/python").symlink_to("/nowhere/python")
    assert not set_up.works()


def test_an_environment_of_a_python_the_course_does_not_run_on_is_made_anew(set_up, monkeypatch):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", set_up.VENV], check=True)
    monkeypatch.setattr(set_up, "PYTHONS", ("3.99",))
    assert not set_up.works()


def uv_that_has(path, version):
    """Write a uv that can make an environment of one version of Python alone."""
    command = f'case "$*" in *"--python {version}"*) exit 0;; esac'
    return script(path, f'echo "$*" >> "$0.log"; {command}; echo "  cause: no network" >&2; exit 2')


def test_the_first_choice_is_fetched_and_nothing_is_said_of_others(set_up, tmp_path, capsys):
    set_up.create(uv_that_has(tmp_path / "uv", "3.13"))
    assert "cannot be had" not in capsys.readouterr().err
    (asked,) = (tmp_path / "uv.log").read_text().splitlines()
    assert "--no-python-downloads" not in asked


@pytest.mark.parametrize("version", ["3.12", "3.11"])
def test_another_python_is_used_where_3_13_cannot_be_had_and_one_line_says_so(
    set_up, tmp_path, capsys, version
):
    set_up.create(uv_that_has(tmp_path / "uv", version))
    said = [line for line in capsys.readouterr().err.splitlines() if "cannot be had" in line]
    assert said == [
        f"set-up: Python 3.13 cannot be had (no network): using {version}, which is fine, too"
    ]


def test_without_any_python_the_reason_and_the_next_step_are_said(set_up, tmp_path):
    with pytest.raises(SystemExit) as caught:
        set_up.create(uv_that_has(tmp_path / "uv", "2.7"))
    assert "cause: no network" in caught.value.code
    assert "no Python 3.13, 3.12, 3.11 on this machine" in caught.value.code
    assert "install Python 3.13 yourself" in caught.value.code


def test_what_is_damaged_is_cleared_away_first(set_up, tmp_path, capsys):
    (tmp_path / ".venv").symlink_to(tmp_path / "nowhere")
    set_up.create(uv_that_has(tmp_path / "uv", "3.13"))
    assert "it is made anew" in capsys.readouterr().err
    assert not (tmp_path / ".venv").is_symlink()


def test_a_uv_that_does_not_run_is_passed_over(set_up, tmp_path, monkeypatch):
    """As pyenv's stand-ins do where their Python is not the chosen one."""
    script(tmp_path / "bin/uv", "exit 127")
    own = script(tmp_path / ".uv/bin/uv", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert set_up.find_uv() == own


def test_interpreters_of_pyenv_are_found(set_up, tmp_path, monkeypatch):
    (tmp_path / "versions/3.13.0/bin").mkdir(parents=True)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    path = set_up.with_pyenv()["PATH"]
    assert path.split(os.pathsep)[-1] == str(tmp_path / "versions/3.13.0/bin")


def test_a_folder_that_cannot_be_written_to_needs_an_environment_that_runs(set_up, capsys):
    with pytest.raises(SystemExit) as caught:
        set_up.use_as_it_is()
    assert "call `make lab` once where it can be written" in caught.value.code
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", set_up.VENV], check=True)
    set_up.use_as_it_is()
    assert "its .venv is used as it is" in capsys.readouterr().err


def test_everything_in_place_is_not_worth_a_word(set_up, site, tmp_path, capfd):
    package(site, "whole", a="1")
    set_up.sync(script(tmp_path / "uv", "exit 0"), ["test"])
    assert capfd.readouterr() == ("", "")


def test_damaged_packages_are_installed_anew_and_all_is_compiled(set_up, site, tmp_path, capfd):
    package(site, "broken", b="1")
    (site / "b").unlink()
    set_up.sync(script(tmp_path / "uv", 'echo "$@"'), ["test"])
    out, err = capfd.readouterr()
    first, second = out.splitlines()
    assert first.endswith("--extra test --reinstall-package broken")
    assert second.endswith("--extra test --compile-bytecode")
    assert err.startswith("set-up: files are missing: installing anew broken\nset-up: compiling")


def test_a_sync_that_fails_says_what_to_do(set_up, site, tmp_path):
    with pytest.raises(SystemExit) as caught:
        set_up.sync(script(tmp_path / "uv", "exit 1"), [])
    assert "check the network and the free space of the disk" in caught.value.code
