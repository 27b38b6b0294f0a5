"""Answers typed as in a notebook: in the namespace that the first cell of a chapter makes."""

import linecache
from typing import Any

from tests.chapters.test_chapters import IMPORTS


def typed(source: str, name: str = "answer") -> Any:
    """Return what `name` is after a cell with this source was run in a fresh notebook."""
    namespace = {"__name__": "__main__"}
    exec(IMPORTS.replace("%matplotlib inline\n", ""), namespace)
    cell = f"ipykernel_0/{hash(source)}.py"  # as a kernel names its cells
    linecache.cache[cell] = len(source), None, source.splitlines(keepends=True), cell
    exec(compile(source, cell, "exec"), namespace)
    return namespace[name]
