"""The built wheel, installed where no clone is in sight, opens the course.

Its environment is new, but sees the packages of this one: nothing is downloaded.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CHAPTERS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module", name="wheel")
def _wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module", name="environment")
def _environment(wheel, tmp_path_factory):
    """Return the scripts' folder of an environment with the wheel in it."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder, with_pip=True)
    own = next(folder.glob("lib/python*/site-packages"))
    # .pth files in what this adds are not read, so that the clone stays out of sight ...
    theirs = Path(sysconfig.get_paths()["purelib"])
    (own / "a_tests.pth").write_text(str(theirs))
    shutil.copy(theirs / "distutils-precedence.pth", own)  # ... but setuptools needs its own
    (folder / "share").symlink_to(Path(sys.prefix) / "share")  # JupyterLab's pages
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, wheel], check=True)
    return folder / "bin"


@pytest.fixture(name="here")
def _here(tmp_path):
    folder = tmp_path / "an empty folder, 空文件夹"
    folder.mkdir()
    return folder


def outside(command, folder):
    """Return how to run something in a folder, this clone out of Python's sight."""
    hidden = ("PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return dict(args=command, cwd=folder, env=environment, text=True)


def test_the_wheel_holds_the_chapters_and_nothing_of_the_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    held = sorted(Path(name).name for name in names if name.startswith("d2l_extras/notebooks/"))
    assert held == CHAPTERS
    outer = {name.split("/")[0] for name in names}
    assert {re.sub(r"-[\d.]+\.dist-info", "", name) for name in outer} == {
        "d2l_extras", "d2l_extras_doctor.py",
    }  # fmt: skip


def test_what_pip_cannot_resolve_is_left_out_for_the_pythons_where_it_cannot(wheel):
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith("dist-info/METADATA"))
    text = archive.read(metadata).decode()
    assert re.search(r"Requires-Dist: d2l==1.0.3; python_version < '3.12'", text)
    assert re.search(r"Requires-Dist: mxnet==1.9.1; python_version < '3.13'", text)


def test_our_copy_of_d2l_is_the_released_one():
    """Hashes of d2l 1.0.3's files on PyPI."""
    folder = ROOT / "d2l_extras" / "vendor" / "d2l"
    assert {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.py")
    } == {
        "__init__.py": "4e83d2e09cfc05268a0cfb9ca814ff2944be67aba510b574e179bc1c55fbc60f",
        "mxnet.py": "932c1983a5d95af03f57d67c2c4b797426703f4b95b4b081c966cb3cb22ce3d0",
    }


def answer(url, until):
    """Return what a server says, which may print its address before it listens."""
    while True:
        try:
            return urllib.request.urlopen(url, timeout=60).read()
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_the_installed_package_serves_a_copy_of_the_chapters(environment, here):
    options = ["--no-browser", "--allow-root", "--port=0", "--IdentityProvider.token=secret"]
    log, until = here.parent / "log", time.monotonic() + 120
    with log.open("w") as file:
        command = outside([environment / "d2l-extras", "lab", *options], here)
        server = subprocess.Popen(**command, stdout=file, stderr=file)
    try:
        while not (url := re.search(r"http://(127.0.0.1|localhost):\d+/", log.read_text())):
            assert server.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        listing = answer(f"{url[0]}api/contents?token=secret", until)
    finally:
        server.terminate()
        server.wait(60)
    assert sorted(entry["name"] for entry in json.loads(listing)["content"]) == CHAPTERS
    assert f"/lab/tree/{CHAPTERS[0]}" in log.read_text()
    assert [path.name for path in here.iterdir()] == ["gluon-course"]


FIRST_CELL = """
import d2l_extras as dx
from d2l import mxnet as d2l
import d2l_extras.publishing.copies as copies
print(dx.__file__, issubclass(dx.data.Digits, d2l.DataModule), copies.in_clone())
"""


def test_the_first_cell_runs_from_the_installed_package(environment, here):
    command = outside([environment / "python", "-c", FIRST_CELL], here)
    done = subprocess.run(**command, capture_output=True)
    place, fitting, in_clone = done.stdout.split()
    assert Path(place).is_relative_to(environment.parent)
    assert (fitting, in_clone) == ("True", "False")


def test_the_installed_notebooks_are_not_rewritten(environment, here):
    command = outside([environment / "d2l-extras", "refresh", "00"], here)
    done = subprocess.run(**command, capture_output=True)
    assert done.returncode == 1
    assert "belong to an installed package" in done.stderr
