"""A plugin of pytest: nbval compares the pictures of a notebook, too, by what they show.

`pytest -p d2l_extras.publishing.nbval_pictures --nbval notebook.ipynb`
"""

import copy
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from nbval.plugin import IPyNbCell

from . import pictures

_compare_the_rest = IPyNbCell.compare_outputs


def page_folder(config: pytest.Config) -> Path:
    """Return where pictures that differ are laid out."""
    return Path(config.rootpath) / "build" / "pictures"


def pytest_configure(config: pytest.Config) -> None:
    """Empty the page of an earlier run, in the process that all others come from."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(page_folder(config), ignore_errors=True)
    os.environ["D2L_EXTRAS_PROGRESS"] = "off"  # a check is no learner
    IPyNbCell.compare_outputs = _compare_outputs


def pytest_unconfigure() -> None:
    """Leave nbval as it was."""
    IPyNbCell.compare_outputs = _compare_the_rest


def _compare_outputs(self: IPyNbCell, test: list, ref: list, skip_compare: Any = None) -> bool:
    fresh, stored = list(pictures.pictures(test)), list(pictures.pictures(ref))
    if not _compare_the_rest(self, _without_pictures(test), _without_pictures(ref), skip_compare):
        return False
    if len(fresh) != len(stored):
        self.comparison_traceback.append(f"{len(stored)} pictures are stored, {len(fresh)} came")
        return False
    same = True
    for number, (old, new) in enumerate(zip(stored, fresh, strict=True), 1):
        found = pictures.difference(old, new, pictures.tolerance())
        if found.real:
            name = f"{Path(self.parent.path).stem}-cell-{self.cell_num}-picture-{number}"
            page = pictures.lay_out(page_folder(self.config), name, old, new, found)
            self.comparison_traceback.append(
                f"picture {number} shows something else ({found.pixels} pixels): see {page}"
            )
            same = False
    return same


def _without_pictures(outputs: list) -> list:
    outputs = copy.deepcopy(outputs)
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data:
            data["image/png"] = ""
        if "text/html" in data:
            data["text/html"] = pictures.without(data["text/html"])
    return outputs
