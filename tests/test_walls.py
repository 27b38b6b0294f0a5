"""Imports run one way: a chapter stands on the kit, and neither on another chapter."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "d2l_extras"
# what each part may import of the package, besides itself and the modules at its top
ALLOWED = {
    "kit": set(),
    "teaching": {"kit", "nets"},
    "nets": set(),
    "evidence": {"nets"},
    "chapters": {"kit", "teaching", "nets", "evidence"},
    "publishing": {"kit", "teaching", "nets", "evidence", "chapters"},
}
MODULES = sorted(path for part in ALLOWED for path in (PACKAGE / part).rglob("*.py"))


def imported(path):
    """Yield the modules of the package that a file imports, as paths of names within it."""
    here = path.relative_to(PACKAGE).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level]
            module = (*base, *(node.module or "").split(".")) if node.module else base
            yield from ((*module, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("d2l_extras."):
            yield from ((*node.module.split(".")[1:], name.name) for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (n.name.split(".")[1:] for n in node.names if n.name[:11] == "d2l_extras.")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_only_what_stands_below_it(path):
    part, chapter = path.relative_to(PACKAGE).parts[:2]
    for module in imported(path):
        if module[0] in ALLOWED and module[0] != part:
            assert module[0] in ALLOWED[part], module
        if part == module[0] == "chapters" and path.parent.name != "chapters":
            assert module[1] == chapter, f"one chapter imports another: {module}"


def test_the_kit_and_the_package_load_no_mxnet_and_no_chapter():
    names = [f"d2l_extras.kit.{path.stem}" for path in (PACKAGE / "kit").glob("[a-z]*.py")]
    code = f"import sys, importlib\nfor name in {names}: importlib.import_module(name)\n" + (
        "print([m for m in sys.modules if m == 'mxnet' or m.startswith('d2l_extras.chapters')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("[]\n", "")
