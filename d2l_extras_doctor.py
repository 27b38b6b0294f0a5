"""The environment of the course: is everything in place, and if not, what mends it?

This module stands beside the package and imports nothing but the standard library at its
top, so that it still answers where `d2l_extras` itself cannot be imported.

A remedy in backticks is a command for the shell as it stands; the tests break an environment, do
what is said, and ask again.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

OLDEST_PYTHON = (3, 11)
FOLDER = Path(__file__).resolve().parent
# the module of a package where it has another name
MODULES = {
    "d2l": "d2l.mxnet",
    "d2l-extras": "d2l_extras.nets.data",
    "pillow": "PIL",
    "scikit-learn": "sklearn",
}
# MXNet and d2l ask for releases of NumPy and others that are long gone, and do not need them
ALONE = {"mxnet": "mxnet==1.9.1", "d2l": "d2l==1.0.3"}
FRONT_END = "jupyterlab_widgets<4,>=3"
MXNET = ALONE["mxnet"]


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


def _home():
    """Return the home directory, or None where the machine knows of none."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def _below_home(folder):
    """Return a folder as text that can be handed on: without the name of the user."""
    home = _home()
    return str(folder).replace(str(home), "~", 1) if home else str(folder)


def _requirements():
    """Return what the course needs besides Python, as {name: what to ask an installer for}."""
    try:
        texts = importlib.metadata.requires("d2l-extras") or []
    except importlib.metadata.PackageNotFoundError:
        texts = []
    texts = [text.partition(";")[0].strip() for text in texts if "extra ==" not in text]
    return {re.match(r"[\w.-]+", text)[0]: text for text in texts} | ALONE


def remedy(*packages, again=False, prefix=sys.prefix):
    """Return the command that installs packages into an environment, as "run `...`".

    Parameters
    ----------
    *packages : str
        Their names; the versions are those that the course needs.
    again : bool
        Whether they are there, but damaged or of the wrong version.
    prefix : path-like
        The folder of the environment, this one if left out.

    Examples
    --------
    >>> remedy("mxnet", prefix="/opt/course")
    'run `uv pip install --python /opt/course/bin/python --no-deps mxnet==1.9.1`'
    """
    prefix = Path(prefix)
    if prefix.resolve() == FOLDER / ".venv" and (FOLDER / "Makefile").is_file():
        anew = "rm -rf .venv && " if again else ""
        return f"run `cd {shlex.quote(str(FOLDER))} && {anew}make environment`"
    here = prefix.resolve() == Path(sys.prefix).resolve()
    python = shlex.quote(sys.executable if here else str(prefix / "bin" / "python"))
    if importlib.util.find_spec("pip") if here else any(prefix.glob("lib/python*/*/pip")):
        command = [python, "-m pip install"]
    else:  # environments that uv made have none
        command = ["uv pip install --python", python]
    if again:
        command.append("--force-reinstall")
    if again or all(name in ALONE or name.startswith("--editable") for name in packages):
        command.append("--no-deps")
    known = _requirements()
    return f"run `{' '.join([*command, *(shlex.quote(known.get(p, p)) for p in packages)])}`"


def import_problem():
    """Return why MXNet cannot be imported here and the remedy, or None where it can."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        return (
            f"Python {platform.python_version()} runs here, but the course needs "
            f"Python {'.'.join(map(str, OLDEST_PYTHON))} or later: `make lab` in a clone of it "
            "finds or fetches one; elsewhere make an environment with Python 3.13"
        )
    if installed("numpy") is None:
        return f"NumPy is not installed: {remedy('numpy')}"
    if importlib.util.find_spec("mxnet") is None:
        if (sys.platform, platform.machine()) not in (
            ("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "x86_64"),
        ):  # fmt: skip
            return (
                "MXNet is not installed: it has packages for Linux (x86-64, aarch64) and Intel "
                f"macOS only, not for {sys.platform} on {platform.machine()}: open the course on "
                "Binder or Colab, or in a Linux container"
            )
        return f"MXNet is not installed: {remedy('mxnet')}"
    if importlib.util.find_spec("distutils") is None:
        reason = "MXNet imports distutils, which left Python with 3.12 and comes with setuptools: "
        if os.environ.get("SETUPTOOLS_USE_DISTUTILS") == "stdlib":
            return f"{reason}run `unset SETUPTOOLS_USE_DISTUTILS`, which turns that off"
        return reason + remedy("setuptools", again=installed("setuptools") is not None)
    return None


def _import(package):
    """Import the module of a package; return None, or why it failed and what mends it."""
    module = MODULES.get(package, package)
    try:
        importlib.import_module(module)
        return None
    except ModuleNotFoundError as error:
        reason, missing = error, (error.name or package).partition(".")[0]
    except Exception as error:  # whatever a damaged package raises is the finding
        reason, missing = error, None
    if missing and missing != module.partition(".")[0]:
        names = {module: name for name, module in MODULES.items()}
        missing = names.get(missing, missing)
        what = remedy(missing, again=installed(missing) is not None)
        return f"{package} needs {missing}, which cannot be imported: {what}"
    if installed(package) is None and missing:
        return f"{package} is not installed: {remedy(package)}"
    if "libgomp" in str(reason):
        return (
            f"{package} cannot be imported: the system has no OpenMP library (libgomp.so.1): "
            "run `apt-get install -y libgomp1`, or `dnf install libgomp`"
        )
    first = f"{type(reason).__name__}: {reason}".strip().partition("\n")[0]
    what = remedy(package, again=True)
    return f"{package} cannot be imported ({first}): {what}"


def _check_python():
    problem = import_problem()
    if problem and problem.startswith("Python"):
        return Finding(False, problem)
    return Finding(True, "Python 3.11 or later", platform.python_version())


def _check_numpy():
    problem = _import("numpy")
    return Finding(not problem, problem or "NumPy", installed("numpy"))


def _check_exactly(package):
    """Check that MXNet or d2l is the release the course is written for."""
    if problem := import_problem() or _import("d2l_extras"):
        return Finding(False, problem)
    wanted = ALONE[package].partition("==")[2]
    if problem := _import(package):
        return Finding(False, problem)
    found = getattr(sys.modules[package], "__version__", "of an unknown version")
    if found != wanted:
        what = remedy(package, again=True)
        return Finding(False, f"{package} {found}, but the course is made for {wanted}: {what}")
    return Finding(True, f"{package} {wanted}")


def _check_mxnet():
    return _check_exactly("mxnet")


def _check_d2l():
    if installed("d2l") is None:  # then `import d2l_extras` finds its own copy
        return Finding(True, "d2l 1.0.3", "the copy within d2l-extras")
    return _check_exactly("d2l")


def _check_packages(thorough=False):
    """Check that all packages are there and, where thorough, that each can be imported."""
    if installed("d2l-extras") is None:
        what = remedy(f"--editable={FOLDER}")
        return Finding(False, f"the package of the course is not installed: {what}")
    elsewhere = {*ALONE, "numpy", "setuptools", "ipykernel", "ipywidgets"}
    if on_colab():
        elsewhere.add("jupyterlab")  # another server takes its place there
    names = [name for name in _requirements() if name not in elsewhere]
    missing = [name for name in names if installed(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        return Finding(False, f"{', '.join(missing)} {verb} not installed: {remedy(*missing)}")
    names = [name for name in names if name != "jupyterlab"]  # slow, and `lab` will tell
    for name in names if thorough else ():
        if problem := _import(name):
            return Finding(False, problem)
    return Finding(True, "the other packages of the course")


def on_colab():
    """Return whether this process runs on Google Colab."""
    return "COLAB_RELEASE_TAG" in os.environ


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
        try:
            return json.loads(package.read_text(encoding="utf-8"))["version"]
        except (OSError, ValueError, KeyError):
            continue
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
        return Finding(False, f"ipywidgets is not installed: {remedy('ipywidgets')}")
    fits = "widget versions in kernel and server match"
    if on_colab():  # its page has widgets of its own, those of ipywidgets 7
        if kernel.split(".")[0] == "7":
            return Finding(True, fits, f"ipywidgets {kernel}")
        return Finding(
            False,
            f"sliders will not show: Colab's page knows ipywidgets 7, the kernel has {kernel}: "
            "run `%pip install ipywidgets==7.7.1` and restart the session",
        )
    server = server_prefix() or Path(sys.prefix)
    front_end = _widget_front_end(server)
    if front_end is None:
        what = remedy(FRONT_END, again=True, prefix=server)
        return Finding(
            False,
            f"sliders will not show: the Jupyter server in {server} has no widget extension: "
            f"{what}, then reload the page",
        )
    # JupyterLab 4 can load no extension but version 5, which speaks with ipywidgets 8 alone
    if kernel.split(".")[0] != "8" or front_end.split(".")[0] != "5":
        old_kernel = kernel.split(".")[0] != "8"
        what = remedy("ipywidgets") if old_kernel else remedy(FRONT_END, again=True, prefix=server)
        return Finding(
            False,
            f"sliders will not show: the kernel has ipywidgets {kernel}, the server's widget "
            f"extension is {front_end}: {what}, then restart JupyterLab",
        )
    detail = f"ipywidgets {kernel}, front end {front_end}"
    if server.resolve() != Path(sys.prefix).resolve():
        detail += f" of the server in {_below_home(server)}"
    return Finding(True, fits, detail)


def _check_kernel():
    """The kernel named python3 must be this environment's, or notebooks run elsewhere."""
    if installed("ipykernel") is None:
        return Finding(False, f"ipykernel is not installed: {remedy('ipykernel')}")
    try:
        from jupyter_client.kernelspec import KernelSpecManager

        found = KernelSpecManager().get_kernel_spec("python3")
    except Exception:  # not there, or what is there is damaged
        problem = _import("jupyter_client") or (
            f"Jupyter finds no kernel called python3: {remedy('ipykernel', again=True)}"
        )
        return Finding(False, problem)
    command, own = found.argv[0], Path(sys.prefix).resolve()
    if not Path(command).is_absolute() or Path(command).parent.parent.resolve() == own:
        return Finding(True, "kernel python3 is this environment", _below_home(own))
    what = f"run `{shlex.quote(sys.executable)} -m ipykernel install --sys-prefix`"
    place = Path(found.resource_dir).resolve()
    if Path(_jupyter_data_folders()[0]).resolve() in place.parents:
        what = what.replace("--sys-prefix", "--user")
    elif any(Path(p).resolve() in place.parents for p in _folders_of("JUPYTER_PATH")):
        what = "run `unset JUPYTER_PATH`, which puts that kernel before this environment's"
    return Finding(
        False,
        f"the kernel called python3 runs {command}, not this environment ({own}): {what}",
    )


def _folders_of(variable):
    return filter(None, os.environ.get(variable, "").split(os.pathsep))


def _check_data():
    if problem := _import("d2l-extras"):
        return Finding(False, problem)
    from d2l_extras.nets import data

    downloads = (data.FashionMNIST, data.MNIST)
    found = [kind.__name__ for kind in downloads if kind.is_present()]
    line = "data: Digits is here; FashionMNIST and MNIST are downloaded when first used"
    return Finding(True, line, f"downloaded already: {' and '.join(found) or 'none'}")


def _check_cache():
    from d2l_extras.nets import data

    folder = data.cache_folder()
    try:
        data.make_writable(folder)
    except OSError as error:
        return Finding(False, str(error))
    return Finding(True, "the cache is writable", _below_home(folder))


# each rests on the one before it; what rests on something that fails is not asked
BASIS = (_check_python, _check_numpy, _check_mxnet, _check_d2l, _check_packages)
BESIDE = (_check_kernel, _check_widgets)
ON_TOP = (_check_data, _check_cache)


def _findings(thorough):
    sound = True
    for check in BASIS:
        found = _ask(check, thorough)
        yield found
        if not found.fine:
            sound = False
            break
    if _home() is None:
        reason = "this machine knows no home directory for you, which Jupyter needs"
        yield Finding(False, f"{reason}: run `export HOME=/tmp`, or set it to a folder of yours")
        return
    for check in BESIDE + (ON_TOP if sound else ()):
        yield _ask(check)


def _ask(check, thorough=False):
    try:
        return check(thorough) if check is _check_packages else check()
    except Exception as error:  # a doctor that dies on the patient helps nobody
        name = check.__name__.strip("_")
        return Finding(False, f"{name}: {type(error).__name__}: {error}")


def _printable(text):
    """Return the text as the terminal can show it: not every one knows ticks, or Chinese."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("✓", "ok").replace("✗", "!!")
        text = text.encode(encoding, "backslashreplace").decode(encoding)
    return text


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
    ✓ Python 3.11 or later
    ...
    """
    healthy = True
    for found in _findings(thorough=details):
        added = f" ({found.detail})" if details and found.fine and found.detail else ""
        print(_printable(f"{'✓' if found.fine else '✗'} {found.line}{added}"))
        healthy = healthy and found.fine
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
