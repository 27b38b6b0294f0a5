"""The first cell of a chapter, in a fresh kernel: with MXNet's short start, and without it."""

import statistics
import time

from jupyter_client.manager import start_new_kernel

from benchmarks.conftest import RESULTS
from tests.chapters.test_chapters import IMPORTS

ROUNDS = 5
# As it was before: MXNet imports and compiles everything, and so does the package.
IN_FULL = """
from d2l_extras import _start
for name in set(_start.AROUND) - {"mxnet"}:
    del _start.AROUND[name]
"""
ALL_PARTS = """
for name in dx.__all__:
    getattr(dx, name)
for shelf in dx.labs, dx.exercises:
    for name in shelf:
        shelf.get(name)
"""


def seconds(before, cell):
    """Return how long a cell takes in a kernel of its own, in which another ran before."""
    manager, client = start_new_kernel()
    try:
        client.execute_interactive(before, timeout=120)
        started = time.perf_counter()
        reply = client.execute_interactive(cell, timeout=120)
        assert reply["content"]["status"] == "ok", reply["content"]
        return time.perf_counter() - started
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_first_cell_of_a_chapter():
    pairs = [(seconds("", IMPORTS), seconds(IN_FULL, IMPORTS + ALL_PARTS)) for _ in range(ROUNDS)]
    short, full = (statistics.median(times) for times in zip(*pairs, strict=True))
    RESULTS["first cell of a chapter, in a new kernel"] = {
        "short start": (1 / short, f"{short:.2f} s"),
        "everything imported": (1 / full, f"{full:.2f} s"),
    }
