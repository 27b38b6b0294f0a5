"""A JupyterLab on a copy of the chapters, and the Chromium that looks at it."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent.parent
ARTIFACTS = ROOT / "build" / "browser"
PATIENCE = 20  # seconds until something that should happen at once counts as not happening
START = 180  # seconds until a server counts as not starting, on a machine that has other work
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


BROWSERS = "chromium", "chromium-browser", "google-chrome"


def chromium():
    """Return the path of the system's Chromium, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """A running JupyterLab: `folder` holds its notebooks, `url` opens them."""

    def __init__(self, home):
        self.folder = home / "notebooks"  # `lab` makes it, before it answers
        self.port = free_port()
        self.token = secrets.token_hex(16)
        options = [
            "--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}",
            "--LabApp.expose_app_in_browser=True", "--ServerApp.allow_root=True",
        ]  # fmt: skip
        own = {name: str(home / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
        self.log = open(home / "server.log", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "d2l_extras_doctor", "lab", self.folder, *options],
            cwd=home, env={**os.environ, **own}, stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._wait_until_it_answers()
        for path in (ROOT / "notebooks").glob("*.ipynb"):  # as after all questions are answered
            shutil.copy(path, self.folder)

    def _wait_until_it_answers(self):
        deadline = time.monotonic() + START
        while True:
            try:
                return urllib.request.urlopen(self.url("api/status"), timeout=PATIENCE).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(
                        f"no JupyterLab: {Path(self.log.name).read_text()}"
                    ) from None
                time.sleep(0.1)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}"

    def write(self, name, *sources):
        """Store a notebook with these code cells, after the imports of every chapter."""
        cells = [nbformat.v4.new_code_cell("import d2l_extras as dx\nfrom mxnet import np, npx")]
        cells += [nbformat.v4.new_code_cell(source) for source in sources]
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(notebook, self.folder / name)
        return name

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()
