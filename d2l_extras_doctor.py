"""The environment of the course: is everything in place, and if not, what mends it?

This module stands beside the package and imports nothing but the standard library at its
top, so that it still answers where `d2l_extras` itself cannot be imported.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

OLDEST_PYTHON = (3, 11)
MXNET = "mxnet==1.9.1"
REPAIR = "run `make lab`, or `pip install -e .` in the course's folder"


class Finding(NamedTuple):
    """What a check found: a line, and a detail that differs between machines where all is well."""

    fine: bool
    line: str
    detail: str = ""


def installed(package):
    """Return the version of an installed package as a string, or None where it is absent."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _below_home(folder):
    """Return a folder as text that can be handed on: without the name of the user."""
    return str(folder).replace(str(Path.home()), "~", 1)


def import_problem():
    """Return why MXNet cannot be imported here and the remedy, or None where it can."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        return (
            f"Python {platform.python_version()} runs here, but the course needs "
            f"Python {'.'.join(map(str, OLDEST_PYTHON))} or later: {REPAIR}"
        )
    if installed("numpy") is None:
        return f"NumPy is not installed: {REPAIR}"
    if installed("mxnet") is None and importlib.util.find_spec("mxnet") is None:
        return (
            f"MXNet is not installed: run `pip install --no-deps {MXNET}`. It has wheels for Linux "
            "(x86-64, aarch64) and Intel macOS; elsewhere open the course on Binder"
        )
    if importlib.util.find_spec("distutils") is None:
        return (
            "MXNet imports distutils, which left Python with 3.12 and comes with setuptools: "
            "run `pip install setuptools`"
        )
    return None


def _check_python():
    problem = import_problem()
    if problem and problem.startswith("Python"):
        return Finding(False, problem)
    return Finding(True, "Python 3.11 or later", platform.python_version())


def _check_numpy():
    numpy = installed("numpy")
    if numpy is None:
        return Finding(False, f"NumPy is not installed: {REPAIR}")
    return Finding(True, "NumPy", numpy)


def _check_import(package, wanted):
    version = installed(package)
    if version is None:
        return Finding(False, f"{package} is not installed: run `pip install {package}=={wanted}`")
    try:
        importlib.import_module("d2l.mxnet" if package == "d2l" else package)
    except Exception as error:  # whatever a broken installation raises is the finding
        return Finding(False, f"{package} {version} cannot be imported ({error}): {REPAIR}")
    if version != wanted:
        return Finding(False, f"{package} {version}, tested with {wanted}: {REPAIR}")
    return Finding(True, f"{package} {version}")


def _check_mxnet():
    if import_problem():
        return Finding(False, "MXNet cannot be imported until the lines above are mended")
    return _check_import("mxnet", "1.9.1")


def _check_d2l():
    if import_problem():
        return Finding(False, "d2l cannot be imported until the lines above are mended")
    if installed("d2l") is None:  # then `import d2l_extras` finds its own copy
        return Finding(True, "d2l 1.0.3", "the copy within d2l-extras")
    return _check_import("d2l", "1.0.3")


def server_prefix():
    """Return the environment folder of the Jupyter server that started this kernel, or None.

    A kernel is a child process of its server, so the server's command line is one step up.
    """
    if "JPY_PARENT_PID" not in os.environ:
        return None
    try:
        import psutil

        parent = psutil.Process(os.getppid())
        for word in parent.cmdline()[:2]:
            folder = (Path(parent.cwd()) / word).parent
            if folder.name in ("bin", "Scripts"):
                return folder.parent
    except Exception:  # no psutil, or the process is not ours to read: then we cannot know
        return None
    return None


def _widget_front_end(prefix):
    """Return the version of the widget extension that a JupyterLab under `prefix` loads."""
    shared = [prefix / "share" / "jupyter", *map(Path, _jupyter_data_folders())]
    for folder in shared:
        package = folder / "labextensions/@jupyter-widgets/jupyterlab-manager/package.json"
        if package.is_file():
            return json.loads(package.read_text(encoding="utf-8"))["version"]
    return None


def _jupyter_data_folders():
    try:
        from jupyter_core.paths import jupyter_data_dir
    except ImportError:
        return []
    return [jupyter_data_dir(), "/usr/local/share/jupyter"]


def _check_widgets():
    kernel = installed("ipywidgets")
    if kernel is None:
        return Finding(False, f"ipywidgets is not installed beside the kernel: {REPAIR}")
    server = server_prefix() or Path(sys.prefix)
    front_end = _widget_front_end(server)
    if front_end is None:
        return Finding(
            False,
            f"sliders will not show: the Jupyter server in {server} has no widget extension: "
            f"run `{server / 'bin' / 'pip'} install ipywidgets` and reload the page",
        )
    # ipywidgets 8 speaks with version 5 of the front end, ipywidgets 7 with versions 3 and 4.
    if kernel.split(".")[0] != "8" or front_end.split(".")[0] != "5":
        return Finding(
            False,
            f"sliders may not show: the kernel has ipywidgets {kernel}, the server's widget "
            f"extension is {front_end}; run `pip install 'ipywidgets>=8.1.5'` in both",
        )
    detail = f"ipywidgets {kernel}, front end {front_end}"
    if server.resolve() != Path(sys.prefix).resolve():
        detail += f" of the server in {_below_home(server)}"
    return Finding(True, "widgets fit the page that shows them", detail)


def _check_kernel():
    """The kernel named python3 must be this environment's, or notebooks run elsewhere."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager

        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except Exception as error:
        return Finding(False, f"Jupyter finds no kernel called python3 ({error}): {REPAIR}")
    own = Path(sys.prefix).resolve()
    if not Path(command).is_absolute() or Path(command).parent.parent.resolve() == own:
        return Finding(True, "kernel python3 is this environment", _below_home(own))
    return Finding(
        False,
        f"the kernel called python3 runs {command}, not this environment ({own}): run "
        f"`{sys.executable} -m ipykernel install --sys-prefix`",
    )


def _check_data():
    from d2l_extras import data

    downloads = (data.FashionMNIST, data.MNIST)
    found = [kind.__name__ for kind in downloads if kind.is_present()]
    line = "data: Digits is here; FashionMNIST and MNIST are downloaded when first used"
    return Finding(True, line, f"downloaded already: {' and '.join(found) or 'none'}")


def _check_cache():
    from d2l_extras import data

    folder = data.cache_folder()
    try:
        data.make_writable(folder)
    except OSError as error:
        return Finding(False, str(error))
    return Finding(True, "the cache is writable", _below_home(folder))


CHECKS = (_check_python, _check_numpy, _check_mxnet, _check_d2l, _check_kernel, _check_widgets)
CHECKS_WITH_PACKAGE = (_check_data, _check_cache)


def doctor(details=False):
    """Print one line for each part of the environment, with the remedy where it fails.

    Parameters
    ----------
    details : bool
        Whether to add what differs between machines where all is well: versions and folders.

    Returns
    -------
    bool
        True where everything the course needs is in place.

    Examples
    --------
    >>> healthy = doctor()  # doctest: +ELLIPSIS
    ✓ Python 3.11
    ...
    """
    healthy = True
    for check in CHECKS + (CHECKS_WITH_PACKAGE if not import_problem() else ()):
        try:
            finding = check()
        except Exception as error:  # a doctor that dies on the patient helps nobody
            name = check.__name__.strip("_")
            finding = Finding(False, f"{name}: {type(error).__name__}: {error}")
        added = f" ({finding.detail})" if details and finding.detail else ""
        print("✓" if finding.fine else "✗", finding.line + added)
        healthy = healthy and finding.fine
    return healthy


def settle_home():
    """Let Jupyter, IPython and Matplotlib keep their files elsewhere where home is not writable.

    The system may also name no home directory at all: then the temporary folder is home.
    """
    try:
        home = Path.home()
    except RuntimeError:
        home = None
    if home and os.access(home, os.W_OK):
        return
    folder = tempfile.mkdtemp(prefix="d2l-extras-")
    if home is None:
        os.environ["HOME"] = folder
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
                 "MPLCONFIGDIR"):  # fmt: skip
        os.environ.setdefault(name, os.path.join(folder, name.lower()))
        os.makedirs(os.environ[name], exist_ok=True)
    why = f"nothing can be written to your home directory {home}" if home else "HOME is not set"
    say(f"{why}: settings are kept in {folder}; set HOME to a folder of yours to keep them")


def say(line):
    """Print what the command has to say beside its results: one line, on standard error."""
    print(f"d2l-extras: {line}", file=sys.stderr, flush=True)


def add_mxnet():
    """Install MXNet without its dependencies, where `pip install d2l-extras` leaves it out.

    It asks for NumPy below 2, which has no wheels for Python 3.13 and later: there pip would
    compile NumPy for many minutes, or fail. Its other dependencies are ours too.

    Raises
    ------
    ImportError
        If that does not succeed.
    """
    uv = shutil.which("uv")
    if importlib.util.find_spec("pip") or not uv:
        command = [sys.executable, "-m", "pip", "install"]
    else:
        command = [uv, "pip", "install", "--python", sys.executable]
    command += ["--no-deps", MXNET]
    say(f"MXNet is missing (pip cannot add it by itself to this Python): {shlex.join(command)}")
    if subprocess.run(command).returncode:
        raise ImportError(
            f"MXNet could not be installed: run `{shlex.join(command)}` where the network is. It "
            "has wheels for Linux (x86-64, aarch64) and Intel macOS; elsewhere use Binder"
        )
    importlib.invalidate_caches()


def main(arguments=None):
    """Run the command `d2l-extras` and return its exit status.

    `doctor` and `--version` answer even where the package cannot be imported.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()  # here, where it can still be caught that nobody reads it
    except BrokenPipeError:  # whoever reads us has seen enough: `d2l-extras doctor | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as if SIGPIPE had ended it
    except KeyboardInterrupt:
        say(f"interrupted: `d2l-extras {shlex.join(arguments)}` starts again")
        return 130  # as if SIGINT had ended it
    except ImportError as error:
        say(error)
        return 1


def _run(arguments):
    if arguments == ["--version"]:
        print("d2l-extras", installed("d2l-extras") or "(not installed)")
        return 0
    if arguments == ["doctor"]:
        settle_home()
        return 0 if doctor(details=True) else 1
    if arguments[:1] == ["lab"] and sys.version_info >= (3, 13) and not installed("mxnet"):
        add_mxnet()
    if problem := import_problem():
        raise ImportError(problem)
    from d2l_extras import cli

    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
