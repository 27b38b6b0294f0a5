"""Make `.venv`, the environment of the course, or mend it: the Makefile runs this.

It needs nothing but a Python from 3.8 on. uv does the work: the one on the PATH, or one that this
folder gets for itself in `.uv`. Where everything is in place, it says nothing.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHONS = ("3.13", "3.12", "3.11")  # the first is the one that the chapters are stored with
COSTS = "about 240 MB to download, 1 GB of disk, and a minute or two"


def say(text):
    print(f"set-up: {text}", file=sys.stderr, flush=True)


def runs(*command):
    """Return whether a command can be started and succeeds."""
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def find_uv():
    """Return the path of a uv that runs; fetch one into `.uv` where there is none."""
    own = ROOT / ".uv" / "bin" / "uv"
    for uv in filter(None, (shutil.which("uv"), str(own))):
        if runs(uv, "--version"):
            return uv
    say("fetching uv, the installer, into .uv (20 MB)")
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", ROOT / ".uv"], check=True)
        pip = [ROOT / ".uv/bin/python", "-m", "pip", "install", "--disable-pip-version-check"]
        subprocess.run([*pip, "--quiet", "uv"], check=True)
    except (OSError, subprocess.CalledProcessError):
        sys.exit(
            "set-up: uv could not be fetched, see above: check the network (on Debian and Ubuntu "
            "`apt install python3-venv`, too), or install uv yourself, https://docs.astral.sh/uv"
        )
    return str(own)


def with_pyenv():
    """Return the environment in which uv also finds the interpreters that pyenv has built."""
    versions = Path(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")) / "versions"
    folders = [os.environ.get("PATH", os.defpath), *map(str, sorted(versions.glob("*/bin")))]
    return {**os.environ, "PATH": os.pathsep.join(folders)}


def works():
    """Return whether `.venv` has an interpreter that runs, and a version the course runs on."""
    program = "import sys; print(sys.prefix, '%d.%d' % sys.version_info[:2], sep='\\n')"
    try:
        done = subprocess.run([VENV / "bin/python", "-c", program], capture_output=True)
    except OSError:
        return False
    prefix, _, version = done.stdout.decode().strip().partition("\n")
    return done.returncode == 0 and Path(prefix) == VENV and version in PYTHONS


def create(uv):
    """Make an empty `.venv` with the first of `PYTHONS` that is here, or can be fetched."""
    if VENV.exists() or VENV.is_symlink():
        say("the environment .venv is damaged, or of another Python: it is made anew")
        shutil.rmtree(VENV) if VENV.is_dir() and not VENV.is_symlink() else VENV.unlink()
    say(f"installing the course into .venv: {COSTS}")
    wanted = PYTHONS[0]
    for version in PYTHONS:
        command = [uv, "venv", "--quiet", "--python", version]
        if version != wanted:
            command.append("--no-python-downloads")
        done = subprocess.run(
            [*command, VENV], cwd=ROOT, env=with_pyenv(), stderr=subprocess.PIPE, text=True
        )
        if done.returncode == 0:
            break
        if version == wanted:
            reason = done.stderr.strip()
    else:
        sys.exit(
            f"{reason}\nset-up: there is no Python {', '.join(PYTHONS)} on this machine, and uv "
            f"could not fetch one: check the network, or install Python {wanted} yourself"
        )
    if version != wanted:
        last = reason.splitlines()[-1].replace("cause:", "").strip()
        say(f"Python {wanted} cannot be had ({last}): using {version}, which is fine, too")


def use_as_it_is():
    """Let the course run from a folder that cannot be written to, if it was set up before."""
    if not works():
        sys.exit(
            f"set-up: nothing can be written to {ROOT}, and its environment .venv is not there or "
            "does not run: call `make lab` once where it can be written, or work in a copy"
        )
    say(f"nothing can be written to {ROOT}: its .venv is used as it is")


def damaged():
    """Return the packages of `.venv` of which a file is gone, or empty that should not be.

    Other sizes are left alone: some machines add their own certificates to a package.
    """
    found = []
    for site in VENV.glob("lib/python*/site-packages"):
        for info in site.glob("*.dist-info"):
            if not (info / "RECORD").is_file():  # uv could not take it away: as if never installed
                shutil.rmtree(info)
                continue
            with (info / "RECORD").open(encoding="utf-8", newline="") as file:
                if not all(_is_whole(site, *row) for row in csv.reader(file)):
                    found.append(info.name.partition("-")[0])
    return found


def _is_whole(site, name, _, size):
    try:
        found = os.stat(os.path.join(site, name)).st_size
    except OSError:
        return name.endswith(".pyc")
    return found > 0 or size in ("", "0")


def sync(uv, extras):
    """Install what `uv.lock` has and `.venv` lacks."""
    command = [uv, "sync", "--frozen", "--inexact", "--python", VENV / "bin/python"]
    for extra in extras:
        command += ["--extra", extra]
    broken = damaged()
    if broken:
        say(f"files are missing: installing anew {', '.join(sorted(broken))}")
    elif runs(*command, "--project", ROOT, "--check"):
        return
    again = [word for package in broken for word in ("--reinstall-package", package)]
    if subprocess.run([*command, *again], cwd=ROOT).returncode:
        sys.exit(
            "set-up: the packages could not be installed, see above: check the network and the "
            "free space of the disk, then run the same command again; it goes on where it stopped"
        )
    say("compiling what is new, so that the first cell need not: half a minute on one core")
    subprocess.run([*command, "--compile-bytecode"], cwd=ROOT)  # if that fails, Python does it


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--extra", action="append", default=[], help="an extra of pyproject.toml")
    parser.add_argument("--which-uv", action="store_true", help="only print the path of uv")
    chosen = parser.parse_args()
    # an environment that is active in this shell is not the one that is meant here
    for name in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON"):
        os.environ.pop(name, None)
    try:
        if not os.access(ROOT, os.W_OK):
            use_as_it_is()
        elif chosen.which_uv:
            print(find_uv())
        else:
            uv = find_uv()
            if not works():
                create(uv)
            sync(uv, chosen.extra)
    except OSError as error:
        sys.exit(f"set-up: {error}")


if __name__ == "__main__":
    if sys.version_info < (3, 8):  # noqa: UP036 - not the Python of the course
        found = sys.version.split()[0]
        sys.exit(f"set-up: python3 is {found}: `make lab PYTHON3=/path/to/python3`, from 3.8 on")
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nset-up: stopped; the same command goes on from here")
