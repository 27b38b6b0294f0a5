"""pyproject, the locks, environment.yml and Binder say the same."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import d2l_extras_doctor as doctor

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
UV_LOCK = (ROOT / "uv.lock").read_text()
OVERRIDES = {
    Requirement(text).name: Requirement(text)
    for text in PROJECT["tool"]["uv"]["override-dependencies"]
}


def direct(extras=True, python=None):
    """Return what pyproject asks for by name, the extras too if wanted, for one Python."""
    lists = [PROJECT["project"]["dependencies"]]
    if extras:
        lists += PROJECT["project"]["optional-dependencies"].values()
    where = {"python_version": python} if python else None
    wanted = [Requirement(text) for texts in lists for text in texts]
    return [one for one in wanted if one.marker is None or one.marker.evaluate(where)]


def pins(name, python=None):
    """Return the version of every package in a file of `name==version` lines.

    Those that hold for one Python (`"3.11"`), this one if left out.
    """
    where = {"python_version": python, "python_full_version": f"{python}.9"} if python else None
    lines = re.findall(r"^[\w.-]+.*==[^\\\n]+", (ROOT / name).read_text(), re.M)
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in map(Requirement, lines)
        if pin.marker is None or pin.marker.evaluate(where)
    }


def locked():
    """Return the version of every package in uv.lock, for this Python."""
    packages = tomllib.loads(UV_LOCK)["package"]
    return {package["name"]: package.get("version") for package in packages if _is_for_us(package)}


def _is_for_us(package):
    markers = package.get("resolution-markers", [])
    return not markers or any(Marker(text).evaluate() for text in markers)


def test_uv_lock_satisfies_pyproject_and_its_overrides():
    versions = locked()
    for wanted in direct():
        wanted = OVERRIDES.get(wanted.name, wanted)
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), wanted
    for name, override in OVERRIDES.items():
        if override.marker is None:
            assert override.specifier.contains(versions[name]), override
        else:  # a marker that never holds keeps the package out
            assert name not in versions


def test_requirements_lock_is_uv_lock_without_the_test_tools():
    versions, exported = locked(), pins("requirements.lock")
    assert exported.items() <= versions.items()
    for wanted in direct(extras=False):
        assert canonicalize_name(wanted.name) in exported
    assert not {"pytest", "nbval", "ruff"} & exported.keys()


def test_requirements_lock_has_a_hash_for_every_package():
    entries = re.split(r"\n(?=\w)", (ROOT / "requirements.lock").read_text().strip())
    assert all("--hash=sha256:" in entry for entry in entries)


def test_environment_yml_installs_this_project_with_its_own_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["dependencies"] == [
        "python=3.11",
        "pip",
        {"pip": ["-c environment.lock", "ipython<9", "-e .[test]"]},
    ]


# what d2l 1.0.3 asks for, which is its last release; it is not installed on Python 3.12 and later
D2L = "numpy==1.23.5 matplotlib==3.7.2 matplotlib-inline==0.1.6 requests==2.31.0 pandas==2.0.3 "
D2L += "scipy==1.10.1 jupyter==1.0.0"


def test_environment_lock_satisfies_pyproject_and_keeps_the_pins_of_d2l():
    versions = pins("environment.lock", python="3.11")
    for wanted in direct(python="3.11"):
        assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)]), wanted
    for name, version in (text.split("==") for text in D2L.split()):
        assert versions[name] == version
    assert int(versions["ipython"].split(".")[0]) < 9


def test_mxnet_and_d2l_are_the_same_everywhere():
    for name, version in {"mxnet": "1.9.1", "d2l": "1.0.3"}.items():
        assert doctor.ALONE[name] == f"{name}=={version}"
        for file in ("requirements.lock", "environment.lock"):
            assert pins(file, python="3.11")[name] == version
        found = re.findall(f'^name = "{name}"\nversion = "(.*)"', UV_LOCK, re.M)
        assert found == [version]


def test_every_place_that_names_a_python_names_the_same():
    oldest = ".".join(map(str, doctor.OLDEST_PYTHON))
    assert PROJECT["project"]["requires-python"] == f">={oldest}"
    assert (ROOT / "binder/runtime.txt").read_text().strip() == f"python-{pythons()[0]}"
    assert pythons()[-1] == oldest
    assert f"python={oldest}\n" in (ROOT / "environment.yml").read_text()


def pythons():
    """Return what set-up looks for, the best first."""
    found = re.search(r"^PYTHONS = (\(.*?\))", (ROOT / "tools/set_up.py").read_text(), re.M)
    return ast.literal_eval(found[1])


def test_packages_of_this_environment_are_those_of_one_of_the_locks():
    """The tests below say something about a lock only if that lock is what runs here."""
    here = {name: importlib.metadata.version(name) for name in ("matplotlib", "pandas", "scipy")}
    known = [pins("requirements.lock"), pins("environment.lock")]
    assert any(here.items() <= versions.items() for versions in known), here


@pytest.fixture(scope="module", name="checkout")
def _checkout(tmp_path_factory):
    """A folder with what belongs to the course, as it is now."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def tracked():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    found = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in found.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module", name="dockerfile")
def _dockerfile(checkout):
    """What repo2docker would build from it; it needs neither Docker nor network."""
    run = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "--user-id", "1000",
         "--user-name", "jovyan", "."],
        cwd=checkout, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def test_binder_builds_with_our_python_and_runs_our_post_build(dockerfile):
    assert f"Building conda environment for python={pythons()[0]}" in dockerfile
    assert "RUN chmod +x binder/postBuild" in dockerfile
    assert "RUN ./binder/postBuild" in dockerfile


def test_binder_uses_no_other_list_of_dependencies(dockerfile):
    for other in ("environment.yml", "pip install --no-cache-dir", "requirements.txt"):
        assert other not in dockerfile, other


def test_post_build_installs_the_exported_lock():
    script = (ROOT / "binder/postBuild").read_text()
    assert "--require-hashes --requirements requirements.lock" in script
    assert "--no-deps --editable ." in script
    assert (ROOT / "binder/postBuild").stat().st_mode & 0o111


def test_make_lab_hands_options_to_jupyterlab():
    command = ["make", "--dry-run", "--no-print-directory", "lab", "OPTIONS=--allow-root"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.rstrip().endswith(" -m d2l_extras_doctor lab --allow-root")


def test_a_clone_made_with_windows_line_ends_is_the_same_byte_by_byte(checkout, tmp_path):
    """Such a clone is opened in a Linux container: scripts run there, records have checksums."""
    git = ["git", "-c", "user.name=x", "-c", "user.email=x", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *command], cwd=checkout, check=True)
    clone = tmp_path / "clone"
    subprocess.run([*git, "clone", "-q", "-c", "core.autocrlf=true", checkout, clone], check=True)
    other = [
        name for name in tracked() if (clone / name).read_bytes() != (ROOT / name).read_bytes()
    ]
    assert other == []


def test_make_doctor_and_others_look_after_the_environment_first():
    text = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^([a-z-]+):.*## ", text, re.M):
        if target not in ("help", "environment", "lock", "test"):
            assert re.search(rf"^{target}: environment\b", text, re.M), target
    assert re.search(r"^test: lint\b", text, re.M)
