"""What a chapter costs: the time it runs and the most memory its kernel takes."""

import datetime
import re
import time
from typing import NamedTuple

import nbformat

from .run import run

MEMORY_LIMIT, TIME_LIMIT = 1024, 60  # MiB (what Binder guarantees) and seconds
START, END = "<!-- d2l-extras measure -->", "<!-- /d2l-extras measure -->"
# On Linux ru_maxrss would count what the parent had when it started the kernel; macOS gives bytes.
PEAK = """
import pathlib, re, resource
status = pathlib.Path("/proc/self/status")
if status.exists():
    print(int(re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1]) / 2**10)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


class Cost(NamedTuple):
    """What one chapter takes: seconds from the kernel's start to its last cell, peak MiB."""

    chapter: str
    seconds: float
    memory: float

    @property
    def excessive(self):
        """Whether the chapter is over a limit."""
        return self.seconds > TIME_LIMIT or self.memory > MEMORY_LIMIT


def measure(path, timeout=600):
    """Run the notebook at `path` in a kernel of its own and return its `Cost`.

    Stored outputs stay as they are. A failing cell raises.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    started = time.perf_counter()
    run(notebook, path, timeout)
    seconds = time.perf_counter() - started
    peak = float("".join(output.text for output in notebook.cells[-1].outputs))
    return Cost(path.stem, seconds, peak)


def table(costs):
    """Return the costs as a Markdown table, dated."""
    rows = [f"| {c.chapter} | {c.seconds:.0f} s | {c.memory:.0f} MiB |" for c in costs]
    limits = f"Measured on {datetime.date.today()} by `d2l-extras measure`, kernel start included; "
    limits += f"allowed are {TIME_LIMIT} s and {MEMORY_LIMIT} MiB."
    head = ["| chapter | run time | peak memory |", "|---|---|---|"]
    return "\n".join([*head, *rows, "", limits])


def replaced(text, new):
    """Return a text with what stands between the two marks replaced.

    Examples
    --------
    >>> replaced(f"before {START} old {END} after", "new").split()[-1]
    'after'
    """
    if START not in text or END not in text:
        raise ValueError(f"the text lacks the marks {START} and {END}")
    pattern = re.escape(START) + ".*?" + re.escape(END)
    return re.sub(pattern, lambda _: f"{START}\n{new}\n{END}", text, flags=re.DOTALL)
