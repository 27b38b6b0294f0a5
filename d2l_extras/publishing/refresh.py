"""Run a chapter from top to bottom and store its outputs, the same ones every time."""

import base64
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ..files import write_atomically
from ..kit.widget import WIDGET
from . import pictures
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
    stored = [list(pictures.pictures(cell.get("outputs", []))) for cell in notebook.cells]
    notebook.metadata = nbformat.from_dict(METADATA)
    run(notebook, path, timeout)
    for cell, old in zip(clean(notebook).cells, stored, strict=True):
        _store_pictures(cell.get("outputs", []), old)
    after = nbformat.writes(notebook) + "\n"
    if after != before:
        write_atomically(path, after)
    return after != before


def _store_pictures(outputs, stored):
    """Put small pictures into outputs, the stored ones where they still show the same."""
    fresh = list(pictures.pictures(outputs))
    kept = [pictures.small(new) for new in fresh]
    if len(fresh) == len(stored):
        for number, (old, new) in enumerate(zip(stored, kept, strict=True)):
            if not pictures.difference(old, new).real and len(old) < 1.25 * len(new):
                kept[number] = old
    following = iter(kept)
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data:
            data["image/png"] = base64.b64encode(next(following)).decode("ascii")
        if "text/html" in data:
            data["text/html"] = pictures.replaced(data["text/html"], following)


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
