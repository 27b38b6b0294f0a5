"""Running a chapter in a kernel of its own."""

import os
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from ..teaching import progress


class CellError(ValueError):
    """A cell fails, takes too long or ends its kernel: the message says which and what helps."""


def run(notebook: NotebookNode, path: Path, timeout: float = 600) -> None:
    """Execute all cells of a notebook, whose outputs are replaced; it counts for no progress.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        It is changed in place.
    path : pathlib.Path
        Its file, which is not touched: the kernel works in the folder, messages have the name.
    timeout : float
        Seconds that a cell may take.

    Raises
    ------
    CellError
        If a cell fails, takes too long or ends its kernel.
    KeyboardInterrupt
        If Ctrl-C is pressed: the kernel is ended first.

    Examples
    --------
    >>> import nbformat
    >>> notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    >>> run(notebook, Path("01-sum.ipynb"))
    >>> notebook.cells[0].outputs[0].data["text/plain"]
    '2'
    """
    started = []
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        store_widget_state=False,
        shutdown_kernel="immediate",
        extra_arguments=["--IPKernelApp.log_level=40"],  # else it warns that TCP is not encrypted
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=lambda cell, cell_index: started.append(cell_index),
    )
    problem = cause = None
    try:
        client.execute(env={**os.environ, progress.VARIABLE: "off"})
    except CellExecutionError as error:
        first_line = error.evalue.strip().partition("\n")[0]
        problem, cause = f"fails: {error.ename}: {first_line}", error
    except CellTimeoutError as error:
        problem, cause = f"takes longer than {timeout} s", error
    except (DeadKernelError, AssertionError) as error:
        problem, cause = "ended its kernel (is there enough memory?)", error
    # nbclient takes Ctrl-C itself: it ends the kernel, and trips over that afterwards
    if hasattr(client, "_async_cleanup_kernel_future"):
        raise KeyboardInterrupt
    if problem:
        raise CellError(
            f"{path.stem}: cell {started[-1]} (counted from 0) {problem}; nothing was written: "
            "open the notebook with `d2l-extras lab --originals`"
        ) from cause
