"""Run the chapters as other machines would, and on other versions: `make test-machines`.

A setting is one environment variable that MXNet reads before it starts. A row is an environment
of its own in `build/rows`, with the versions of `tests/rows`: another Python, another NumPy. nbval
compares every output with the stored one. `python -m tests.machines sse41 numpy-1.26` runs two of
them; `--short` runs, on each, two chapters and the unit tests of the parts.
"""

import argparse
import contextlib
import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SHORT = [
    "notebooks/00-start-here.ipynb", "notebooks/06-batch-norm.ipynb", "tests/test_compat.py",
    "tests/kit", "tests/nets", "tests/teaching",
]  # fmt: skip
PASSIVE = {"OMP_WAIT_POLICY": "passive"}  # threads that spin while they wait starve the others
SETTINGS = {
    "default": {},
    "sse41": {"DNNL_MAX_CPU_ISA": "SSE41"},
    "avx2": {"DNNL_MAX_CPU_ISA": "AVX2"},
    "avx512": {"DNNL_MAX_CPU_ISA": "AVX512_CORE"},
    "no-onednn": {"MXNET_MKLDNN_ENABLED": "0"},
    "nehalem": {"OPENBLAS_CORETYPE": "Nehalem"},
    "haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "skylakex": {"OPENBLAS_CORETYPE": "SkylakeX"},
    "threads-1": {"OMP_NUM_THREADS": "1", **PASSIVE},
    "threads-2": {"OMP_NUM_THREADS": "2", **PASSIVE},
    "threads-4": {"OMP_NUM_THREADS": "4", **PASSIVE},
    "naive-engine": {"MXNET_ENGINE_TYPE": "NaiveEngine"},
}
GITHUB = "https://github.com/d2l-extras/d2l-extras"
COLAB = {"COLAB_RELEASE_TAG": "as-if"}


class Row(NamedTuple):
    """An environment: its Python, what is installed (pip's arguments), what it says it is."""

    python: str
    install: tuple
    environment: dict = {}
    plain_pip: bool = False


ROWS = {
    # d2l's own pins, as conda and pip install them
    "pins": Row("3.11", ("-c", "environment.lock", "ipython<9", "-e", ".[test]"), plain_pip=True),
    "numpy-1.26": Row("3.12", ("--no-deps", "-r", "tests/rows/numpy-1.26.txt", "-e", ".")),
    "colab": Row("3.13", ("--no-deps", "-r", "tests/rows/colab.txt"), COLAB),
    "colab-2026.07": Row("3.12", ("--no-deps", "-r", "tests/rows/colab-2026.07.txt"), COLAB),
}


def uv(*arguments, **options):
    """Run uv, wherever the Makefile finds it."""
    command = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
    return subprocess.run([command, *arguments], cwd=ROOT, **options)


def environment(name, quick):
    """Return the interpreter of a row, None where its Python is not to be had; make it if need be.

    It is made anew when what it is made from has changed; by uv, or, unless it shall be quick, by
    plain pip where that is what the row is there to try.
    """
    row, folder = ROWS[name], ROOT / "build" / "rows" / name
    by_pip = row.plain_pip and not quick
    files = [word for word in row.install if (ROOT / word).is_file()] + ["pyproject.toml"]
    made_from = f"{row} {by_pip}" + "".join(
        (ROOT / file).read_text(encoding="utf-8") for file in files
    )
    stamp, python = folder / ".made-from", folder / "bin" / "python"
    made_from = hashlib.sha256(made_from.encode()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == made_from):
        if uv("python", "find", "--quiet", row.python, capture_output=True).returncode:
            if uv("python", "install", "--quiet", row.python, capture_output=True).returncode:
                return None
        uv("venv", "--quiet", "--clear", "--seed", "--python", row.python, folder, check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if by_pip:
            subprocess.run([*pip, *row.install], cwd=ROOT, check=True)
        else:
            install = "pip", "install", "--quiet", "--no-config", "--compile-bytecode"
            uv(*install, "--python", python, *row.install, check=True)
        stamp.write_text(made_from)
    if row.environment == COLAB:
        set_up_as_on_colab(python)
    return python


def setup_cell():
    """Return the source of the cell that installs the course on Colab."""
    import nbformat

    cells = nbformat.read(ROOT / "notebooks" / "00-start-here.ipynb", 4).cells
    return next(cell.source for cell in cells if "%pip install" in cell.source)


@contextlib.contextmanager
def github_of_this_clone():
    """Serve from this machine, under the paths that GitHub has, what the set-up cell asks for."""
    with tempfile.TemporaryDirectory() as folder:
        served = Path(folder)
        (served / "raw/HEAD").mkdir(parents=True)
        (served / "archive").mkdir()
        shutil.copy(ROOT / "colab.lock", served / "raw/HEAD")
        # all that git would take into a commit now, as GitHub packs it
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout
        clone = served / "tree" / "d2l-extras-HEAD"
        for name in filter(None, names.decode().split("\0")):
            if (ROOT / name).is_file():
                (clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, clone / name)
        shutil.make_archive(served / "archive/HEAD", "zip", served / "tree")

        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        handler = functools.partial(Quiet, directory=served)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()


def set_up_as_on_colab(python):
    """Run the chapters' set-up cell, as IPython does, where the course is not installed."""
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "uninstall", "--quiet", "--yes", "d2l-extras"], check=True)
    with github_of_this_clone() as here, tempfile.TemporaryDirectory() as elsewhere:
        cell = setup_cell()
        script = Path(elsewhere) / "cell.ipy"
        script.write_text(cell.replace(GITHUB, here), encoding="utf-8")
        options = dict(cwd=elsewhere, env={**os.environ, **COLAB}, check=True)
        subprocess.run([python, "-m", "IPython", "--no-banner", script], **options)
        subprocess.run([python, "-c", "import d2l_extras; from d2l import mxnet"], **options)


def run(name, tests, jobs, quick):
    """Run the tests with one setting or row; return "all hold", or what else became of it."""
    row = ROWS.get(name)
    python = environment(name, quick) if row else sys.executable
    if python is None:
        return f"SKIPPED: no Python {row.python} here, and uv could not fetch one"
    command = [python, "-m", "pytest", "--quiet", "-n", jobs, "-W", "ignore", *tests]
    variables = {**os.environ, **(row.environment if row else SETTINGS[name]), "TQDM_DISABLE": "1"}
    passed = subprocess.run(command, cwd=ROOT, env=variables).returncode == 0
    return "all hold" if passed else "DIFFERENCES"


def main():
    """Run the settings and rows that were asked for, all if none was; return the exit status."""
    every = [*SETTINGS, *ROWS]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("setting", nargs="*", help=f"any of {', '.join(every)}")
    parser.add_argument("--chapters", nargs="*", default=["notebooks"], help="notebook files")
    parser.add_argument("--short", action="store_true", help="two chapters and the unit tests")
    parser.add_argument("--jobs", default="auto", help="chapters at a time; all cores if left out")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.setting) - set(every))
    if unknown:
        parser.error(f"no setting {', '.join(unknown)}; there are {', '.join(every)}")
    results = {}
    for name in chosen.setting or every:
        print(f"--- {name} {SETTINGS.get(name) or ''}", flush=True)
        started = time.monotonic()
        result = run(name, SHORT if chosen.short else chosen.chapters, chosen.jobs, chosen.short)
        results[name] = result, time.monotonic() - started
    print("\nsetting           time  chapters")
    for name, (result, seconds) in results.items():
        print(f"{name:<14} {seconds:5.0f} s  {result}")
    return int(any(result == "DIFFERENCES" for result, _ in results.values()))


if __name__ == "__main__":
    sys.exit(main())
