"""JupyterLab on the course: `d2l-extras lab` becomes its server."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .copies import PACKAGE

FIRST = "00-start-here.ipynb"


def serve(folder: Path, options: Sequence[str] = ()) -> None:
    """Replace this process by JupyterLab on the first chapter, its news pop-up off.

    Parameters
    ----------
    folder : pathlib.Path
        The notebooks. Without the first chapter among them, it opens on the list of files.
    options : sequence of str
        Handed on to JupyterLab: "--no-browser", "--port=8889".
    """
    paths = [str(PACKAGE / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    url = f"/lab/tree/{FIRST}" if (folder / FIRST).is_file() else "/lab"
    server = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}",
              f"--LabApp.default_url={url}"]  # fmt: skip
    os.execv(sys.executable, [*server, *options])
