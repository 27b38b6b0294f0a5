"""Break the package in one place at a time and see whether a test notices: `make mutants`.

Mistakes are drawn at random (cosmic-ray makes them: a number, an operator, a condition, ...), each
is put into a copy of the project, and the quick tests of the module that has it are run. Those that
no test noticed are listed at the end: each is a test that is missing, or a line that does nothing.
"""

import argparse
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
    """Return the tests that a mistake in a module must turn red: those beside it in `tests/`."""
    parts = module.relative_to(COPY / "d2l_extras").parts
    if parts[0] == "chapters" and len(parts) > 2:
        return [f"tests/chapters/{parts[1]}", "tests/chapters/test_labs.py",
                "tests/chapters/test_exercises.py"]  # fmt: skip
    if len(parts) > 1 and (COPY / "tests" / parts[0]).is_dir():
        return [f"tests/{parts[0]}"]
    return ["tests/test_cli.py", "tests/test_compat.py", "tests/test_files.py"]


def run(tests, limit):
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
    tried, survivors = 0, []
    while time.monotonic() < until:
        module, text, mistaken = draw(modules, chance)
        module.write_text(mistaken, encoding="utf-8")
        noticed = not run(tests_of(module), limit=600)
        module.write_text(text, encoding="utf-8")
        tried += 1
        name = str(module.relative_to(COPY))
        print(f"{tried}: {name} {'noticed' if noticed else 'SURVIVED'}", flush=True)
        if not noticed:
            pair = text.splitlines(), mistaken.splitlines()
            survivors.append("\n".join(difflib.unified_diff(*pair, name, name, lineterm="", n=0)))
    print("\n\n".join(["", *survivors]))
    print(f"{tried - len(survivors)} of {tried} mistakes were noticed (seed {seed})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
