"""Running what cannot be trusted: bounded in time, memory, processes and files, and cut off.

The process locks itself in (`jail`); this module watches it from outside and ends it.
"""

import json
import os
import secrets
import select
import shutil
import signal
import site
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

JAIL = Path(__file__).with_name("jail.py")
PACKAGE = Path(__file__).resolve().parent.parent
HOME, SCRAPS = ".home", ".tmp"  # hidden: what is run may bring files with any other name
# what a run is told of the environment; everything else may be a secret
TOLD = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "D2L_EXTRAS_DATA")


@dataclass(frozen=True)
class Limits:
    """What a run may take, all of its processes together where nothing else is said.

    Attributes
    ----------
    seconds : float
        By the clock, from the start of the first process.
    memory : int
        MiB of memory.
    processes : int
        Processes, and threads of one of them.
    disk : int
        MiB of files; where it has no file system of its own, of each file.
    said : int
        Bytes that it may write to the one who started it.
    """

    seconds: float = 600
    memory: int = 2048
    processes: int = 256
    disk: int = 256
    said: int = 2_000_000


@dataclass
class Outcome:
    """How a run ended.

    Attributes
    ----------
    messages : list of dict
        What it said, a JSON object each, in its order; only what came with the secret.
    forged : int
        How many lines came without it.
    ended : str
        Empty where it ended by itself; else "timed out", "ran out of memory", "too many
        processes", "said too much" or "interrupted".
    status : int
        Its exit status, 128 + n if signal n ended it.
    seconds, memory : float
        What it took; memory in MiB.
    protection : dict
        What kept it in: "network", "files", "processes", "user".
    errors : str
        The end of what it wrote to standard error.
    """

    messages: list[dict[str, Any]] = field(default_factory=list)
    forged: int = 0
    ended: str = ""
    status: int = 0
    seconds: float = 0.0
    memory: float = 0.0
    protection: dict[str, str] = field(default_factory=dict)
    errors: str = ""


def run(
    command: Sequence[str],
    files: Mapping[str, bytes | Path],
    limits: Limits | None = None,
    environment: Mapping[str, str] | None = None,
    readable: Sequence[str | os.PathLike] = (),
    stop: threading.Event | None = None,
) -> Outcome:
    """Run a command in a folder of its own with as few rights as the system can take away.

    It finds two descriptors: from `$SANDBOX_SECRET` it reads one line, the secret; to
    `$SANDBOX_SAY` it writes lines of JSON, objects that hold the secret as `"secret"`.

    Parameters
    ----------
    command : sequence of str
        The program's absolute path and its arguments.
    files : mapping
        Name and content, or source, of each file that it finds in its folder.
    limits : Limits, optional
        What it may take.
    environment : mapping, optional
        More variables for it. Of ours it gets a few harmless ones.
    readable : sequence of path-like
        Files and folders that it may read besides the system, Python and this package.
    stop : threading.Event, optional
        Ends the run when it is set.

    Returns
    -------
    Outcome
        However it ended: what goes wrong within is no error of ours.

    Raises
    ------
    OSError
        If the sandbox itself cannot be made.

    Examples
    --------
    >>> run([sys.executable, "-c", "while True: pass"], {}, Limits(seconds=0.3)).ended
    'timed out'
    """
    limits = limits or Limits()
    secret = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="d2l-grade-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o711)  # another user has to reach what is within
        place = Path(os.path.realpath(folder))
        work, root = place / "work", place / "root"
        for path in (work, work / HOME, work / SCRAPS, root):
            path.mkdir(mode=0o700)
        for name, content in files.items():
            _put(work / name, content)
        pipes = [os.pipe(), os.pipe()]
        (hear, say), (read_secret, give_secret) = pipes
        spec = {
            "command": list(command),
            "environment": {**_environment(work, say, read_secret), **(environment or {})},
            "work": str(work),
            "root": str(root),
            "readable": [*_python(), *(os.path.realpath(path) for path in readable)],
            "listable": [str(PACKAGE.parent)],
            "report": say,
            "secret": secret,
            "disk": limits.disk * 2**20,
            "limits": _for_one(limits),
        }
        try:
            os.write(give_secret, f"{secret}\n".encode())
            os.close(give_secret)
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(JAIL)],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                pass_fds=(say, read_secret), start_new_session=True, cwd="/", env={},
            )  # fmt: skip
        except BaseException:
            os.close(hear)
            raise
        finally:
            os.close(say)
            os.close(read_secret)
        return _watch(process, spec, hear, limits, secret, stop or threading.Event())


def _put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        shutil.copyfile(content, path)


def _environment(work, say, read_secret):
    told = {name: os.environ[name] for name in TOLD if name in os.environ}
    here = str(PACKAGE.parent)
    return told | {
        "HOME": f"{work}/{HOME}", "TMPDIR": f"{work}/{SCRAPS}",
        "USER": "learner", "LOGNAME": "learner",
        "IPYTHONDIR": f"{work}/{HOME}/.ipython", "MPLCONFIGDIR": f"{work}/{HOME}/.matplotlib",
        "JUPYTER_RUNTIME_DIR": f"{work}/{HOME}/run", "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": here, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "4", "SANDBOX_SAY": str(say), "SANDBOX_SECRET": str(read_secret),
    }  # fmt: skip


def _python():
    """Return what Python and this package need to read, each under its name and its real one."""
    paths = [sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages(),
             site.getusersitepackages(), PACKAGE, PACKAGE.parent / "notebooks",
             PACKAGE.parent / "d2l_extras_doctor.py", *sysconfig.get_paths().values()]  # fmt: skip
    if "D2L_EXTRAS_DATA" in os.environ:
        paths.append(os.environ["D2L_EXTRAS_DATA"])
    paths = [str(path) for path in paths if os.path.exists(path)]
    return sorted({*paths, *map(os.path.realpath, paths)})


def _for_one(limits):
    """Return the limits of a single process, which the system itself enforces."""
    processes = limits.processes
    if os.getuid() != 0:  # without a namespace all processes of this user count
        mine = [p.info for p in psutil.process_iter(["uids", "num_threads"])]
        mine = [i["num_threads"] or 1 for i in mine if i["uids"] and i["uids"].real == os.getuid()]
        processes += sum(mine)
    return {
        "AS": (limits.memory + 4096) * 2**20,  # address space is more than what is in use
        "CPU": int(limits.seconds) + 5,
        "FSIZE": limits.disk * 2**20,
        "NPROC": processes,
        "NOFILE": 1024,
    }


# --- watching


def _watch(process, spec, hear, limits, secret, stop):
    started = time.monotonic()
    outcome = Outcome()
    said = bytearray()
    errors = bytearray()
    # a thread: a process that never reads or never stops writing must not hold us up
    reader = threading.Thread(target=_keep_the_end, args=(process.stderr, errors), daemon=True)
    reader.start()
    try:
        process.stdin.write(json.dumps(spec).encode() + b"\n")
        process.stdin.close()
        os.set_blocking(hear, False)
        while process.poll() is None and not outcome.ended:
            if select.select([hear], [], [], 0.05)[0]:
                _hear(hear, said)
            excess = _excess(process, limits, started, said, outcome)
            outcome.ended = "interrupted" if stop.is_set() else excess
    finally:
        _end(process)
        outcome.seconds = time.monotonic() - started
        _hear(hear, said)
        os.close(hear)
        reader.join(timeout=1)
        process.stderr.close()
    status = process.returncode
    outcome.status = 128 - status if status < 0 else status
    outcome.errors = errors.decode(errors="replace")
    _sort_out(said[: limits.said], secret, outcome)
    if not outcome.protection and not outcome.ended:
        raise OSError(f"the sandbox cannot be made: {outcome.errors.strip() or 'no reason given'}")
    return outcome


def _hear(hear, said):
    try:
        while data := os.read(hear, 65536):
            said += data
            if len(said) > 2**24:
                return
    except BlockingIOError:
        pass


def _keep_the_end(stream, kept):
    try:
        while data := os.read(stream.fileno(), 65536):
            kept += data
            del kept[:-4000]
    except (OSError, ValueError):
        pass


def _excess(process, limits, started, said, outcome):
    """Return which limit is exceeded, or an empty string."""
    if time.monotonic() - started > limits.seconds:
        return "timed out"
    if len(said) > limits.said:
        return "said too much"
    family = _family(process)
    if len(family) > limits.processes:
        return "too many processes"
    memory = sum(map(_resident, family))
    if memory > limits.memory * 2**20:  # pages that several share counted each time: look closer
        memory = sum(map(_proportional, family))
    outcome.memory = max(outcome.memory, memory / 2**20)
    return "ran out of memory" if memory > limits.memory * 2**20 else ""


def _family(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []


def _resident(process):
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _proportional(process):
    try:
        full = process.memory_full_info()
        return getattr(full, "pss", full.rss)
    except psutil.Error:
        return _resident(process)


def _end(process):
    """Kill all of it: its group, what left the group, and what these start meanwhile."""
    for victim in [*_family(process), psutil.Process(process.pid)] if _there(process) else []:
        try:
            victim.kill()
        except psutil.Error:
            continue
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


def _there(process):
    return process.poll() is None and psutil.pid_exists(process.pid)


def _sort_out(said, secret, outcome):
    """Take the lines apart into those with the secret and those that someone else wrote."""
    for line in bytes(said).splitlines():
        try:
            message = json.loads(line)
            genuine = secrets.compare_digest(str(message.pop("secret")), secret)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            genuine = False
        if not genuine:
            outcome.forged += 1
        elif message.get("kind") == "protection":
            outcome.protection = {k: v for k, v in message.items() if k != "kind"}
        else:
            outcome.messages.append(message)
