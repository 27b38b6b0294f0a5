"""The environment check: each known breakage is recognized and its remedy is printed."""

import io
import json
import os
import platform
import pwd
import re
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

import d2l_extras as dx
import d2l_extras_doctor as doctor

ROOT = Path(__file__).parent.parent


def python(code, **environment):
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
    for word in (f"later ({platform.python_version()})", f"NumPy ({numpy.__version__})",
                 "mxnet 1.9.1", "d2l 1.0.3", "(ipywidgets ", f"({Path(sys.prefix).resolve()})",
                 "already: ", "writable (~/cache)"):  # fmt: skip
        assert any(word in line for line in detailed), word


def test_another_release_than_the_course_is_made_for_is_named(monkeypatch):
    assert doctor._check_mxnet().fine  # and now it is imported
    monkeypatch.setattr(sys.modules["mxnet"], "__version__", "1.8.0")
    fine, line, _ = doctor._check_mxnet()
    assert not fine
    assert line.startswith("mxnet 1.8.0, but the course is made for 1.9.1: run `")


def test_lines_of_healthy_environments_are_the_same_on_every_machine(capsys, tmp_path, monkeypatch):
    doctor.doctor()
    here = capsys.readouterr().out
    found = doctor.installed
    versions = {"numpy": "1.23.5", "ipywidgets": "8.0.1"}
    monkeypatch.setattr(doctor, "installed", lambda name: versions.get(name) or found(name))
    monkeypatch.setattr(doctor.sys, "version_info", (3, 11, 0))
    monkeypatch.setenv("D2L_EXTRAS_CACHE", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(dx.data.MNIST, "is_present", lambda: True)
    assert doctor.doctor() is True
    assert capsys.readouterr().out == here


WITHOUT = """
import importlib.metadata, importlib.util, sys
class Hidden:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] == {name!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
found, spec = importlib.metadata.version, importlib.util.find_spec
def version(name):
    if name == {name!r}:
        raise importlib.metadata.PackageNotFoundError(name)
    return found(name)
importlib.metadata.version = version
importlib.util.find_spec = lambda name, *rest: None if name == {name!r} else spec(name, *rest)
sys.meta_path.insert(0, Hidden())
"""


def test_import_without_mxnet_says_the_remedy():
    last = python(WITHOUT.format(name="mxnet") + "import d2l_extras").stderr.strip()
    assert last.splitlines()[-1].startswith("ImportError: MXNet is not installed: run `")


def test_import_without_distutils_says_what_brings_it_back():
    last = python(WITHOUT.format(name="distutils") + "import d2l_extras").stderr.strip()
    assert last.splitlines()[-1].startswith("ImportError: MXNet imports distutils, which left Py")


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("numpy", "numpy is not installed: run `"),
        ("mxnet", "MXNet is not installed: run `"),
        ("requests", "mxnet needs requests, which cannot be imported: run `"),
    ],
)
def test_a_missing_basis_is_named_with_the_remedy_and_without_python_errors(package, said):
    code = "import d2l_extras_doctor as d; sys.exit(d.main(['doctor']))"
    run = python(WITHOUT.format(name=package) + code)
    (line, *_) = [line for line in run.stdout.splitlines() if line.startswith("✗")]
    assert run.returncode == 1
    assert line.startswith(f"✗ {said}")
    assert "✓ Python 3.11 or later" in run.stdout
    assert not re.search("Error|Traceback", run.stdout + run.stderr)


@pytest.mark.parametrize("package", ["joblib", "ipykernel", "ipywidgets"])
def test_other_missing_packages_are_named_with_the_remedy(package, monkeypatch, capsys):
    found = doctor.installed
    monkeypatch.setattr(doctor, "installed", lambda name: None if name == package else found(name))
    assert doctor.doctor() is False
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("✗")]
    assert line.startswith(f"✗ {package} is not installed: run `")


def test_other_commands_say_the_remedy_too():
    code = "import d2l_extras_doctor as d; sys.exit(d.main(['refresh']))"
    run = python(WITHOUT.format(name="mxnet") + code)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("d2l-extras: MXNet is not installed: run `")
    assert len(run.stderr.splitlines()) == 1


def test_old_python_is_named(monkeypatch):
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 13))
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.10.13")
    assert doctor.import_problem().startswith("Python 3.10.13 runs here, but the course needs")
    assert doctor._check_python().fine is False


@pytest.mark.parametrize(("system", "machine"), [("win32", "AMD64"), ("darwin", "arm64")])
def test_where_mxnet_has_no_package_none_is_to_be_installed(monkeypatch, system, machine):
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(doctor.sys, "platform", system)
    monkeypatch.setattr(doctor.platform, "machine", lambda: machine)
    problem = doctor.import_problem()
    assert f"not for {system} on {machine}" in problem and "Binder" in problem
    assert "install " not in problem


def test_remedies_go_to_the_environment_that_fails(tmp_path, monkeypatch):
    """pip where it is there, uv where it is not; in a clone `make` mends its own environment."""
    other = tmp_path / "some where"
    (other / "lib/python3.12/site-packages").mkdir(parents=True)
    wanted = f"run `uv pip install --python '{other}/bin/python' "
    assert doctor.remedy("tqdm", prefix=other) == f"{wanted}'tqdm>=4.66'`"
    assert doctor.remedy("mxnet", prefix=other) == f"{wanted}--no-deps mxnet==1.9.1`"
    (other / "lib/python3.12/site-packages/pip").mkdir()
    again = doctor.remedy("tqdm", again=True, prefix=other)
    command = f"'{other}/bin/python' -m pip install --force-reinstall --no-deps 'tqdm>=4.66'"
    assert again == f"run `{command}`"
    monkeypatch.setattr(doctor, "FOLDER", other)
    (other / "Makefile").touch()
    here = f"run `cd '{other}' && make environment`"
    assert doctor.remedy("tqdm", prefix=other / ".venv") == here
    anew = f"run `cd '{other}' && rm -rf .venv && make environment`"
    assert doctor.remedy("tqdm", again=True, prefix=other / ".venv") == anew


def test_a_setting_that_hides_distutils_is_taken_back():
    if sys.version_info < (3, 12):
        pytest.skip("Python has its own distutils before 3.12")
    code = "import d2l_extras_doctor as doctor; print(doctor.import_problem())"
    hidden = python(code, SETUPTOOLS_USE_DISTUTILS="stdlib").stdout
    assert "run `unset SETUPTOOLS_USE_DISTUTILS`" in hidden
    assert python(code).stdout.strip() == "None"


@pytest.fixture(name="other_kernel")
def _other_kernel(tmp_path, monkeypatch):
    """A folder of Jupyter in which the kernel called python3 is another environment's."""
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    other = {"argv": ["/usr/elsewhere/python3"], "display_name": "x", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(other))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    return str(tmp_path)


def test_a_kernel_that_the_user_installed_from_elsewhere_is_replaced(other_kernel, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", other_kernel)
    fine, line, _ = doctor._check_kernel()
    assert not fine and "runs /usr/elsewhere/python3" in line
    (command,) = re.findall("run `(.*)`", line)
    subprocess.run(command, shell=True, check=True, capture_output=True)
    assert doctor._check_kernel().fine


def test_a_kernel_that_jupyter_path_puts_first_is_passed_over(other_kernel, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", other_kernel)
    fine, line, _ = doctor._check_kernel()
    assert not fine and "run `unset JUPYTER_PATH`" in line
    monkeypatch.delenv("JUPYTER_PATH")
    assert doctor._check_kernel().fine


def test_without_a_home_directory_one_is_to_be_named(monkeypatch, capsys, tmp_path):
    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME")
    assert doctor.doctor(details=True) is False
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("✗")]
    assert line.startswith("✗ this machine knows no home directory for you")
    assert "run `export HOME=/" in line
    monkeypatch.setenv("HOME", str(tmp_path))
    assert doctor.doctor(details=True) is True


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "latin-1", "utf-8"])
def test_every_terminal_can_show_what_the_doctor_says(encoding, monkeypatch):
    written = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", written)
    monkeypatch.setattr(doctor, "BASIS", (lambda: doctor.Finding(False, "课程 in C:\\é"),))
    assert doctor.doctor() is False
    written.seek(0)
    first, second = ("✗", "课程") if encoding == "utf-8" else ("!!", "课程")
    if encoding in ("ascii", "latin-1"):
        second = "\\u8bfe\\u7a0b"
    assert written.readline().startswith(f"{first} {second} in C:")


def test_server_without_the_widget_front_end_is_named_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "server_prefix", lambda: tmp_path)
    monkeypatch.setattr(doctor, "_jupyter_data_folders", lambda: [])
    fine, line, _ = doctor._check_widgets()
    assert not fine
    assert "sliders will not show" in line and f"--python {tmp_path}/bin/python" in line


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
        resource_dir = "/usr/share/jupyter/kernels/python3"

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

    monkeypatch.setattr(doctor, "BESIDE", (crashing, doctor._check_kernel))
    assert doctor.doctor() is False
    assert capsys.readouterr().out.splitlines()[5:7] == [
        "✗ crashing: RuntimeError: boom",
        "✓ kernel python3 is this environment",
    ]


@pytest.mark.parametrize("arguments", [["nonsense"], ["doctor", "--nonsense"], []])
def test_unknown_words_of_the_command_are_refused(arguments):
    with pytest.raises(SystemExit) as caught:
        doctor.main(arguments)
    assert caught.value.code == 2
