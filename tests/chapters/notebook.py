"""Answers typed as in a notebook: in the namespace that the first cell of a chapter makes."""

from typing import Any

from tests.chapters.test_chapters import IMPORTS


def typed(source: str, name: str = "answer") -> Any:
    """Return what `name` is after a cell with this source was run in a fresh notebook."""
    namespace = {"__name__": "__main__"}
    exec(IMPORTS.replace("%matplotlib inline\n", ""), namespace)
    exec(source, namespace)
    return namespace[name]
