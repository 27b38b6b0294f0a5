"""Break the package in one place at a time and see whether a test notices: `make mutants`.

Mistakes are drawn at random (cosmic-ray makes them: a number, an operator, a condition, ...), each
is put into a copy of the project, and the tests of the module that has it are run up to the first
that fails. What no test noticed is listed at the end, by area: each is a test that is missing, or a
line that does nothing.
"""

import argparse
import collections
import datetime
import difflib
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from cosmic_ray import plugins
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutants"
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".uv", "build", "dist", "gluon-course", "__pycache__"
)
# Operators whose every possible result for one place makes too many alike.
OPERATORS = [
    name
    for name in plugins.operator_names()
    if "Variable" not in name  # these two want to be told names
    and ("ReplaceBinaryOperator" not in name or name.endswith(("_Add_Sub", "_Mul_Div")))
]


def tests_of(module):
    """Return the tests that a mistake in a module must turn red, the closest first."""
    folder, *rest = module.relative_to(COPY / "d2l_extras").with_suffix("").parts
    if folder == "chapters" and len(rest) == 2:
        chapter, part = rest
        exercises = "exercises" in part
        shared = "tests/chapters/test_exercises.py" if exercises else "tests/chapters/test_shown.py"
        return [f"tests/chapters/{chapter}", shared, *(["-k", chapter] if exercises else [])]
    if rest and (COPY / f"tests/{folder}/test_{rest[-1]}.py").is_file():
        return [f"tests/{folder}/test_{rest[-1]}.py"]
    users = {"kit": ["tests/chapters/test_shown.py"],
             "teaching": ["tests/chapters/test_exercises.py"]}  # fmt: skip
    if rest and (COPY / "tests" / folder).is_dir():
        return [f"tests/{folder}", *users.get(folder, [])]
    return ["tests/test_cli.py", "tests/test_compat.py", "tests/test_files.py"]


def run(tests, limit=None):
    """Return whether the tests pass; a mistake that lets them run for ever is noticed, too."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:nbval"]
    command += ["-o", "addopts=-p no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(COPY), "TQDM_DISABLE": "1"}
    try:
        done = subprocess.run(
            command, cwd=COPY, env=environment, timeout=limit, capture_output=True
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def limits():
    """Return a function from tests to their time limit: four times what they take unbroken.

    Tests that fail or are flaky by themselves would make every mistake look noticed.
    """
    known = {}

    def limit(tests):
        key = tuple(tests)
        if key not in known:
            started = time.monotonic()
            if not run(tests):
                raise SystemExit(f"mend these tests first, they fail unbroken: {' '.join(tests)}")
            known[key] = 30 + 4 * (time.monotonic() - started)
        return known[key]

    return limit


def area_of(name):
    """Return what a module belongs to: nets, kit, a chapter's labs, ..."""
    _, folder, *rest = Path(name).with_suffix("").parts
    if folder == "chapters" and len(rest) == 2:
        return "exercises" if "exercises" in rest[1] else "labs and experiments"
    return folder if rest else "command line"


def draw(modules, chance):
    """Return a module, its text, and the text with one mistake in it."""
    while True:
        module, operator = chance.choice(modules), plugins.get_operator(chance.choice(OPERATORS))()
        text = module.read_text(encoding="utf-8")
        mistaken = mutate_code(text, operator, chance.randrange(30))
        if mistaken and mistaken != text:
            return module, text, mistaken


def main():
    """Break, test and list for some minutes; return 0 whatever survived: a list is to be read."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="how long")
    parser.add_argument("--seed", type=int, help="of the mistakes; the date if left out")
    parser.add_argument("--only", default="", help="a part of the modules' paths, such as nets/")
    chosen = parser.parse_args()
    seed = int(f"{datetime.date.today():%Y%m%d}") if chosen.seed is None else chosen.seed
    chance, until = random.Random(seed), time.monotonic() + 60 * chosen.minutes
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(ROOT, COPY, ignore=LEFT_OUT)
    modules = [
        path
        for path in sorted((COPY / "d2l_extras").rglob("*.py"))
        if "vendor" not in path.parts and chosen.only in str(path) and path.stat().st_size > 200
    ]
    limit, tried, survivors = limits(), collections.Counter(), {}
    while time.monotonic() < until:
        module, text, mistaken = draw(modules, chance)
        name = str(module.relative_to(COPY))
        tests, area = tests_of(module), area_of(name)
        seconds = limit(tests)
        module.write_text(mistaken, encoding="utf-8")
        try:
            noticed = not run(tests, seconds)
        finally:
            module.write_text(text, encoding="utf-8")
        tried[area] += 1
        print(f"{tried.total()}: {name} {'noticed' if noticed else 'SURVIVED'}", flush=True)
        if not noticed:
            pair = text.splitlines(), mistaken.splitlines()
            change = difflib.unified_diff(*pair, name, name, lineterm="", n=0)
            survivors.setdefault(area, []).append("\n".join(change))
    for area, number in sorted(tried.items()):
        missed = survivors.get(area, [])
        print(f"\n{area}: {number - len(missed)} of {number} noticed", *missed, sep="\n")
    missed = sum(map(len, survivors.values()))
    print(f"\n{tried.total() - missed} of {tried.total()} mistakes were noticed (seed {seed})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
