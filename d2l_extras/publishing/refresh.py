"""Run a chapter from top to bottom and store its outputs, the same ones every time."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ..files import write_atomically
from ..kit.lab import WIDGET
from .run import run

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def refresh(path: Path, timeout: float = 600) -> bool:
    """Execute the notebook at `path` and write its outputs into it.

    A failing cell raises and leaves the file as it was, and so does Ctrl-C.

    Parameters
    ----------
    path : pathlib.Path
        The stored notebook; a link is followed.
    timeout : float
        Seconds that a cell may take.

    Returns
    -------
    bool
        Whether the file changed.
    """
    before = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    notebook.metadata = nbformat.from_dict(METADATA)
    run(notebook, path, timeout)
    after = nbformat.writes(clean(notebook)) + "\n"
    if after != before:
        write_atomically(path, after)
    return after != before


def clean(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook without what changes from run to run or needs a kernel to show."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"
        kept = {key: cell.metadata[key] for key in ("tags", "jupyter") if key in cell.metadata}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type == "code":
            cell.outputs = _clean_outputs(cell.outputs)
    return notebook


def _clean_outputs(outputs):
    cleaned = []
    for output in outputs:
        previous = cleaned[-1] if cleaned else None
        if output.output_type == "stream":
            # A kernel may send one print in several pieces: where it cuts them is chance.
            if previous and previous.output_type == "stream" and previous.name == output.name:
                previous.text += output.text
                continue
        elif WIDGET in output.get("data", {}):
            continue  # the picture and the words before it can be seen without a kernel
        elif "metadata" in output:
            output.metadata = {}
        cleaned.append(output)
    return cleaned
