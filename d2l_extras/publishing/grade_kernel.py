"""Within the sandbox: the kernel of a learner's notebook, with a judge that is not easily bribed.

Before the first cell a second copy of the exercises and of all that judges is loaded, from the
installed files and under no name. The exercises that the notebook sees hand each answer to it;
its verdicts go to the teacher in a line each, with a secret. What the notebook changes of its own
copy therefore changes no verdict, and is reported.
"""

import contextlib
import importlib
import inspect
import json
import os
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent
TEACHING = ("answers", "exercise", "learner", "progress", "question")
SHARED = ("builtins", "inspect", "json", "math", "numpy", "os", "mxnet.numpy", "mxnet.ndarray")
IPYTHONS = {"display", "exit", "get_ipython", "getpass", "input", "quit"}  # it replaces them
UNTRUSTED = "untrusted"


def main(arguments: list[str]) -> None:
    """Become a kernel; which chapter it is for comes with the secret."""
    secret, chapter = os.read(int(os.environ.pop("SANDBOX_SECRET")), 200).decode().split()
    voice = int(os.environ.pop("SANDBOX_SAY"))

    def say(kind, **details):
        line = json_line({"secret": secret, "kind": kind, **details})
        write(voice, line.encode() + b"\n")

    json_line, write = json.JSONEncoder().encode, os.write
    from ipykernel.kernelapp import IPKernelApp

    changes = guard(chapter, say)
    app = IPKernelApp.instance()
    app.initialize([*arguments, "--HistoryManager.enabled=False", "--IPKernelApp.log_level=40"])
    sys.path.insert(0, "")  # not before: the learner's own modules, as in JupyterLab
    app.shell.events.register("post_run_cell", lambda result: changes())
    app.start()


def guard(chapter: str, say: Callable[..., None]) -> Callable[[], bool]:
    """Let a true copy judge the answers to the exercises and questions of a chapter.

    Parameters
    ----------
    chapter : str
        Its folder's name, such as "softmax".
    say : callable
        `say(kind, **details)` tells the teacher: "verdict" with `name` and `verdict`, "changed"
        with `names`.

    Returns
    -------
    callable
        Looks for changes and tells new ones; whether what the true copy itself relies on is
        unchanged.
    """
    names = ["d2l_extras.teaching." + name for name in TEACHING]
    names += [f"d2l_extras.chapters.{chapter}.{part}" for part in ("exercises", "questions")]
    seen = list(filter(None, map(_imported, names)))
    true = _true_copy([name.partition(".")[2] for name in names])
    items = _items(f"d2l_extras.chapters.{chapter}", sys.modules)
    true_items = _items(f"{_ALIAS}.chapters.{chapter}", true)
    pairs = {id(item): (name, true_items[name]) for name, item in items.items()}

    def note(kind, name, **details):
        noted.append(details)

    noted = []
    for module in true.values():
        if hasattr(module, "record"):
            module.record = note

    def judged(item, plain, answers, named):
        name, truth = pairs[id(item)]
        trusted = changes()
        noted.clear()
        with _loaded(true):
            if any(map(_is_the_courses, answers)):
                print(f"✗ {truth.title}: That is the course's own solution: write your own.")
                return say("verdict", name=name, verdict="failed")
            result = truth(*answers, **named)
        trusted = changes() and trusted
        verdict = noted[-1].get("verdict") if noted else "not attempted"
        say("verdict", name=name, verdict=str(verdict) if trusted else UNTRUSTED)
        return result

    for kind in {type(item) for item in items.values()}:
        _hand_over(kind, pairs, judged)
    for kind in {type(item) for item in true_items.values() if hasattr(item, "judge")}:
        _overhear(kind, noted)
    for name, item in items.items():
        _withhold(item)
        item.name = true_items[name].name = name

    libraries = list(filter(None, map(_imported, SHARED)))
    before = [_snapshot(seen), _snapshot(libraries), _snapshot(true.values())]
    told = set()

    def changes():
        found = [_changed(seen, before[0]), _changed(libraries, before[1])]
        found.append(_changed(true.values(), before[2]))
        new = {name for names in found for name in names} - told
        if new:
            told.update(new)
            say("changed", names=sorted(new)[:20])
        return not found[1] and not found[2]

    return changes


# --- the true copy

_ALIAS = "_d2l_extras_true"


def _true_copy(names):
    """Load modules of the package a second time and return them; no `import` finds them."""
    package = types.ModuleType(_ALIAS)
    package.__path__ = [str(PACKAGE)]
    sys.modules[_ALIAS] = package
    for name in names:
        _imported(f"{_ALIAS}.{name}")
    ours = [name for name in sys.modules if name.partition(".")[0] == _ALIAS]
    return {name: sys.modules.pop(name) for name in ours}


@contextlib.contextmanager
def _loaded(modules) -> Iterator[None]:
    """Let the modules find each other, for what they import when they need it."""
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == _ALIAS]:
            modules.setdefault(name, sys.modules[name])
            del sys.modules[name]


def _imported(name):
    """Return a module, None if there is no such file: a chapter may have no questions."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if name.startswith(f"{error.name}.") or error.name == name:
            return None
        raise


def _items(chapter, modules):
    """Return the exercises and questions of a chapter, by their names."""
    found = {}
    for part in ("exercises", "questions"):
        for name, value in vars(modules.get(f"{chapter}.{part}", object)).items():
            if _is_item(value):
                found[f"{chapter.rpartition('.')[2]}.{name}"] = value
    return found


def _is_item(value):
    place = type(value).__module__
    return place.endswith((".teaching.exercise", ".teaching.question")) and callable(value)


def _withhold(item):
    """Take what is right from the copy that the notebook sees: the true one judges."""
    withheld = "withheld while it is graded"
    if "right" in vars(item):  # a question; it may be shown
        item.right, item.why, item.solution = None, withheld, lambda: withheld
    else:
        item.solution = withheld


def _hand_over(kind, pairs, judged):
    plain = kind.__call__

    def __call__(self, *answers, **named):
        if id(self) in pairs:
            return judged(self, plain, answers, named)
        return plain(self, *answers, **named)

    __call__.__doc__ = plain.__doc__
    kind.__call__ = __call__


def _overhear(kind, noted):
    plain = kind.judge

    def judge(self, answer):
        verdict, hint = plain(self, answer)
        noted.append({"verdict": verdict})
        return verdict, hint

    kind.judge = judge


def _is_the_courses(answer: Any) -> bool:
    """Whether an answer is a function or class of the package itself."""
    if inspect.isclass(answer):
        return answer.__module__.startswith("d2l_extras.")
    code = getattr(inspect.unwrap(answer), "__code__", None) if callable(answer) else None
    return code is not None and Path(code.co_filename).is_relative_to(PACKAGE / "chapters")


# --- changes


def _snapshot(modules):
    """Return what each name within the modules stands for, as {(module, name, ...): object}."""
    found = {}
    for module in modules:
        for name, value in list(vars(module).items()):
            if name in IPYTHONS or (name.startswith("__") and name.endswith("__")):
                continue
            found[module.__name__, name] = value
            _look_into(found, (module.__name__, name), value)
    return found


def _look_into(found, place, value):
    if isinstance(value, types.FunctionType):
        # MXNet's operators get their code at the first call: see _start
        if place[0].startswith(("d2l_extras", _ALIAS)):
            found[*place, "__code__"] = value.__code__
    elif inspect.isclass(value) and value.__module__ == place[0]:
        for name, part in list(vars(value).items()):
            if name not in ("__dict__", "__weakref__", "__doc__", "__abstractmethods__"):
                found[*place, name] = part
                if isinstance(part, types.FunctionType):
                    found[*place, name, "__code__"] = part.__code__
    elif _is_item(value):
        for name, part in vars(value).items():
            if name != "name" and not name.startswith("_"):  # these are set while it is used
                found[*place, name] = part


def _changed(modules, before):
    now = _snapshot(modules)
    gone = object()
    different = [place for place, value in before.items() if now.get(place, gone) is not value]
    # what is new in an exercise or a class of ours shadows what was there
    ours = ("d2l_extras", _ALIAS)
    different += [p for p in now if p not in before and len(p) > 2 and p[0].startswith(ours)]
    different = [place for place in different if place[:-1] not in different]
    return [".".join(place).replace(_ALIAS, "the true copy") for place in different]
