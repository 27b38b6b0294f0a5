"""The environment check: each known breakage is recognized and its remedy is printed."""

import subprocess
import sys
from pathlib import Path

import pytest

import d2l_extras as dx
import d2l_extras_doctor as doctor

ROOT = Path(__file__).parent.parent


def python(code, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_healthy_environment_gets_only_ticks_and_details_when_asked(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("D2L_EXTRAS_CACHE", str(tmp_path / "cache"))
    assert doctor.doctor() is True
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("✓ ") for line in lines)
    assert doctor.doctor(details=True) is True
    detailed = capsys.readouterr().out.splitlines()
    assert all(long.startswith(line) for long, line in zip(detailed, lines, strict=True))
    for word in ("Python 3.11 (3.11.", "1.24 (1.23.5", "mxnet 1.9.1", "d2l 1.0.3", "(ipywidgets 8.",
                 f"({Path(sys.prefix).resolve()})", "already: ", "writable (~/cache)"):  # fmt: skip
        assert any(word in line for line in detailed), word


def test_lines_of_healthy_environments_are_the_same_on_every_machine(capsys, tmp_path, monkeypatch):
    doctor.doctor()
    here = capsys.readouterr().out
    found = doctor.installed
    versions = {"numpy": "1.22.4", "ipywidgets": "8.0.1"}
    monkeypatch.setattr(doctor, "installed", lambda name: versions.get(name) or found(name))
    monkeypatch.setenv("D2L_EXTRAS_CACHE", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(dx.data.MNIST, "is_present", lambda: True)
    assert doctor.doctor() is True
    assert capsys.readouterr().out == here


def pretend_numpy(folder, version):
    """Make a folder in front of the path say that another NumPy is installed."""
    info = folder / f"numpy-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: numpy\nVersion: {version}\n")
    return str(folder)


def test_import_under_a_new_numpy_says_the_remedy_instead_of_mxnets_traceback(tmp_path):
    run = python("import d2l_extras", PYTHONPATH=pretend_numpy(tmp_path, "1.26.4"))
    last = run.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: NumPy 1.26.4 is installed, but MXNet 1.9.1")
    assert "pip install numpy==1.23.5" in last
    assert "mxnet/" not in run.stderr


def test_import_without_mxnet_says_the_remedy():
    code = """
import importlib.metadata, importlib.util
found, spec = importlib.metadata.version, importlib.util.find_spec
def version(name):
    if name == "mxnet":
        raise importlib.metadata.PackageNotFoundError(name)
    return found(name)
importlib.metadata.version = version
importlib.util.find_spec = lambda name, *rest: None if name == "mxnet" else spec(name, *rest)
import d2l_extras
"""
    last = python(code).stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: MXNet is not installed: run `pip install mxnet==1.9.1`")


def test_doctor_still_answers_where_the_package_cannot_be_imported(tmp_path):
    run = python(
        "import sys, d2l_extras_doctor as d; sys.exit(d.main(['doctor']))",
        PYTHONPATH=pretend_numpy(tmp_path, "2.0.1"),
    )
    assert run.returncode == 1
    assert "✗ NumPy 2.0.1 is installed" in run.stdout
    assert "✓ Python 3.11" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_other_commands_say_the_remedy_too(tmp_path):
    run = python(
        "import sys, d2l_extras_doctor as d; sys.exit(d.main(['refresh']))",
        PYTHONPATH=pretend_numpy(tmp_path, "1.24.0"),
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("d2l-extras: NumPy 1.24.0 is installed")
    assert len(run.stderr.splitlines()) == 1


def test_wrong_python_is_named(monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 12, 1))
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.12.1")
    assert doctor.import_problem().startswith("Python 3.12.1 runs here, but the course is made")
    assert doctor._check_python()[0] is False


def test_server_without_the_widget_front_end_is_named_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "server_prefix", lambda: tmp_path)
    monkeypatch.setattr(doctor, "_jupyter_data_folders", lambda: [])
    fine, line, _ = doctor._check_widgets()
    assert not fine
    assert "sliders will not show" in line and f"{tmp_path}/bin/pip" in line


def test_old_front_end_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"version": "3.1.0"}')
    monkeypatch.setattr(doctor, "server_prefix", lambda: tmp_path)
    fine, line, _ = doctor._check_widgets()
    assert not fine and "extension is 3.1.0" in line


def test_kernel_of_another_environment_is_named(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager

    class Other:
        argv = ["/usr/somewhere/bin/python"]

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda self, name: Other)
    fine, line, _ = doctor._check_kernel()
    assert not fine and "-m ipykernel install --sys-prefix" in line


def test_cache_that_cannot_be_written_fails_with_its_remedy(monkeypatch, tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("D2L_EXTRAS_CACHE", str(blocked / "cache"))
    assert doctor.doctor() is False
    assert "✗ nothing can be written to the cache" in capsys.readouterr().out


def test_check_that_crashes_is_reported_and_the_others_go_on(monkeypatch, capsys):
    def crashing():
        raise RuntimeError("boom")

    monkeypatch.setattr(doctor, "CHECKS", (crashing, doctor._check_python))
    assert doctor.doctor() is False
    assert capsys.readouterr().out.splitlines()[:2] == [
        "✗ crashing: RuntimeError: boom",
        "✓ Python 3.11",
    ]


@pytest.mark.parametrize("arguments", [["nonsense"], ["doctor", "--nonsense"], []])
def test_unknown_words_of_the_command_are_refused(arguments):
    with pytest.raises(SystemExit) as caught:
        doctor.main(arguments)
    assert caught.value.code == 2
