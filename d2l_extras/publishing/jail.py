"""The inner side of the sandbox: a process locks itself in, then becomes what it is to run.

It is run as a script, with nothing but Python's own library, reads what is allowed as JSON from
its standard input (see `sandbox.run`), and says on the descriptor `report` what it could protect.
What the system does not allow is left out and reported, never silently.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import platform
import resource
import shutil
import signal
import socket
import struct
import sys
import tempfile
from pathlib import Path

# <linux/sched.h>, <linux/mount.h>, <linux/prctl.h>, <linux/landlock.h>
NEW_MOUNTS, NEW_IPC, NEW_USER, NEW_PIDS, NEW_NETWORK = (
    0x00020000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)  # fmt: skip
NOSUID, NODEV, BIND, RECURSIVE, PRIVATE, DETACH = 2, 4, 4096, 16384, 1 << 18, 2
DIE_WITH_PARENT, DUMPABLE, SUBREAPER, NO_NEW_PRIVILEGES = 1, 4, 36, 38
# the same numbers on every processor, as all calls since Linux 5.1
MOUNT_SETATTR, CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 442, 444, 445, 446
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/etc", "/opt", "/sys")
DEVICES = ("null", "zero", "full", "random", "urandom")
READ, LIST, EXECUTE_READ_LIST, ALL_FILES = 1 << 2, 1 << 3, 1 << 0 | 1 << 2 | 1 << 3, (1 << 13) - 1

LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Lock this process in and run the command of the specification within."""
    spec = json.loads(sys.stdin.buffer.readline())
    _die_with_parent()
    user = _other_user()
    spaces = _namespaces()
    _control(DUMPABLE, 0)  # nobody reads from its memory what it knows
    if not spaces:
        _control(SUBREAPER, 1)  # what outlives its parent becomes its child
    child = os.fork()
    if child == 0:
        _die_with_parent()
        _inside(spec, user, spaces)
    _, status = os.waitpid(child, 0)
    _end_what_is_left()
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _inside(spec, user, spaces):
    """Go on as the first process of the namespaces, which all others there die with."""
    if spaces:
        _loopback()
        _own_files(spec, user)
    user = _reachable_user(spec, user)
    child = os.fork()
    if child == 0:
        _die_with_parent()
        _limit(spec)
        landlock = _landlock(spec, spaces)
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        _control(NO_NEW_PRIVILEGES, 1)
        found = {
            "network": "none" if spaces else ("no TCP" if landlock >= 4 else "open"),
            "files": "own" if spaces else ("no others" if landlock else "open"),
            "processes": "own" if spaces else ("no signals" if landlock >= 6 else "open"),
            "user": "another" if user is not None else "the same" if os.getuid() else "root",
        }
        report = json.dumps({"kind": "protection", "secret": spec["secret"], **found}) + "\n"
        os.write(spec["report"], report.encode())
        os.chdir(spec["work"])
        os.execve(spec["command"][0], spec["command"], spec["environment"])
    while True:
        ended, status = os.wait()
        if ended == child:
            if not spaces:
                _end_what_is_left()
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


# --- other user, namespaces


def _other_user():
    """Return the number of a user that owns nothing, one a sandbox; None if we are not root."""
    return 61184 + os.getpid() % 4000 if os.getuid() == 0 else None  # systemd's "dynamic" range


def _reachable_user(spec, user):
    """Return the user if Python and the working folder can be reached with its rights."""
    if user is None:
        return None
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
        needed = [spec["command"][0], *spec["readable"]]
        os._exit(0 if all(os.access(path, os.R_OK) for path in needed) else 1)
    if os.waitpid(child, 0)[1]:
        return None
    _give(Path(spec["work"]), user)
    return user


def _give(folder, user):
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user, user, follow_symlinks=False)


def _namespaces():
    """Leave network, processes and mounts behind; return whether the system allows it."""
    if not LINUX or platform.machine() not in PIVOT_ROOT:
        return False
    flags = NEW_MOUNTS | NEW_IPC | NEW_PIDS | NEW_NETWORK
    user, group = os.getuid(), os.getgid()
    if user != 0:
        flags |= NEW_USER
    # tried in a child first: half of it done would be neither this nor that
    child = os.fork()
    if child == 0:
        os._exit(0 if _leave(flags, user, group) and _mounts_allowed() else 1)
    return os.waitpid(child, 0)[1] == 0 and _leave(flags, user, group)


def _leave(flags, user, group):
    if _libc.unshare(flags) != 0:
        return False
    if flags & NEW_USER:
        try:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        except OSError:
            return False
    return True


def _loopback():
    """Let the processes within talk to each other over TCP; there is no way out."""
    up_and_running = struct.pack("16sH14x", b"lo", 1 | 64)
    with socket.socket() as anything:
        fcntl.ioctl(anything, 0x8914, up_and_running)  # SIOCSIFFLAGS


def _mounts_allowed():
    """Whether a file system and a new /proc can be mounted: not everywhere in a container."""
    child = os.fork()  # only a child is in the new namespace of processes
    if child == 0:
        try:
            _mount("none", "/", None, RECURSIVE | PRIVATE)
            _mount("tmpfs", tempfile.gettempdir(), "tmpfs", NOSUID | NODEV)
            _mount("proc", tempfile.mkdtemp(), "proc", NOSUID | NODEV)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _mount(source, target, kind, flags, data=""):
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind)]
    if _libc.mount(*words, ctypes.c_ulong(flags), data.encode()) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{os.strerror(error)}: mounting {target}")


# --- files


def _own_files(spec, user):
    """Make a file system of our own: what is to be read, read-only, and a small disk in memory."""
    root, work = Path(spec["root"]), spec["work"]
    _mount("none", "/", None, RECURSIVE | PRIVATE)
    _mount("tmpfs", root, "tmpfs", NOSUID | NODEV, f"size={spec['disk']},mode=755")
    seen = {}
    for path in [*SYSTEM, *spec["readable"]]:
        if os.path.islink(path) and path in SYSTEM:
            os.symlink(os.readlink(path), f"{root}{path}")
        elif os.path.exists(path) and not any(Path(path).is_relative_to(p) for p in seen):
            seen[path] = _bound(path, root)
    for name in ("tmp", "dev", "dev/shm"):
        (root / name).mkdir(exist_ok=True)
        if name != "dev":
            (root / name).chmod(0o1777)
    for name in DEVICES:
        (root / "dev" / name).touch()
        _mount(f"/dev/{name}", root / "dev" / name, None, BIND)
    (root / "proc").mkdir(exist_ok=True)
    _mount("proc", root / "proc", "proc", NOSUID | NODEV)
    inner = Path(f"{root}{work}")
    inner.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(work, inner, symlinks=True)
    if user is not None:
        _give(inner, user)
    old = root / "old"
    old.mkdir()
    number = PIVOT_ROOT[platform.machine()]
    if _libc.syscall(number, os.fsencode(root), os.fsencode(old)) != 0:
        raise OSError(ctypes.get_errno(), "pivot_root")
    os.chdir("/")
    if _libc.umount2(b"/old", DETACH) != 0:
        raise OSError(ctypes.get_errno(), "leaving the old root")
    os.rmdir("/old")


def _bound(path, root):
    """Show a file or folder at the same place under `root`, read-only with all mounts within."""
    target = Path(f"{root}{path}")
    if os.path.isdir(path):
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount(path, target, None, BIND | RECURSIVE)
    read_only = struct.pack("QQQQ", 1 | 2, 0, 0, 0)  # MOUNT_ATTR_RDONLY, NOSUID
    here = -100
    if _libc.syscall(MOUNT_SETATTR, here, os.fsencode(target), 0x8000, read_only, 32) != 0:
        raise OSError(ctypes.get_errno(), f"making {path} read-only")
    return target


def _landlock(spec, own_files):
    """Take the rights to all other files away; return the version of Landlock, 0 if there is none.

    From version 4 on it forbids TCP, too, from 6 on signals to processes outside.
    """
    if not LINUX:
        return 0
    version = max(0, _libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1))
    if not version:
        return 0
    handled = ALL_FILES | (1 << 13 if version >= 2 else 0) | (1 << 14 if version >= 3 else 0)
    tcp = 3 if version >= 4 and not own_files else 0  # with a network of our own there is no need
    fields = [handled, tcp, 3 if version >= 6 else 0]
    fields = fields[: 3 if version >= 6 else 2 if version >= 4 else 1]
    attributes = struct.pack("Q" * len(fields), *fields)
    rules = _libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        return 0
    shown = [*SYSTEM, "/proc", *spec["readable"]]
    # in a file system of our own the folders for shared memory and for scraps are ours, too
    writable = [spec["work"], *(("/tmp", "/dev/shm") if own_files else ())]
    devices = [f"/dev/{name}" for name in DEVICES]
    rights = [(path, handled & EXECUTE_READ_LIST) for path in shown]
    rights += [(path, handled) for path in writable]
    rights += [(path, LIST) for path in spec["listable"]]  # Python looks for modules there
    rights += [(path, handled & (READ | 1 << 1 | 1 << 14)) for path in devices]
    files_only = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14)
    for path, allowed in rights:
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            if not os.path.isdir(path):
                allowed &= files_only
            rule = struct.pack("=Qi", allowed, handle)
            if _libc.syscall(ADD_RULE, rules, 1, rule, 0) != 0:
                raise OSError(ctypes.get_errno(), f"allowing {path}")
            os.close(handle)
    _control(NO_NEW_PRIVILEGES, 1)
    done = _libc.syscall(RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return version if done else 0


# --- limits and the end


def _limit(spec):
    """Bound what one process may take; the whole of them is watched from outside."""
    limits = spec["limits"]
    for name in ("AS", "CPU", "FSIZE", "NPROC", "NOFILE"):
        wanted = limits.get(name)
        if wanted is not None:
            kind = getattr(resource, f"RLIMIT_{name}")
            _, highest = resource.getrlimit(kind)
            if highest != resource.RLIM_INFINITY:
                wanted = min(wanted, highest)
            with contextlib.suppress(ValueError, OSError):  # macOS knows some by name only
                resource.setrlimit(kind, (wanted, wanted))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _die_with_parent():
    _control(DIE_WITH_PARENT, signal.SIGKILL)


def _control(what, value):
    if LINUX:
        _libc.prctl(what, value, 0, 0, 0)


def _end_what_is_left():
    """Kill what was left behind, until nothing of it is left: daemons have become our children."""
    with contextlib.suppress(ChildProcessError, OSError):
        while True:
            for child in _children():
                os.kill(child, signal.SIGKILL)
            os.wait()


def _children():
    here = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(word) for word in here.read_text().split()]


if __name__ == "__main__":
    main()
