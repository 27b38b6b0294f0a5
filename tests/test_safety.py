"""What the course opens is this machine's alone, and no file it reads can run code."""

import ast
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted([*ROOT.glob("d2l_extras/**/*.py"), ROOT / "d2l_extras_doctor.py"])
# Each of these runs code that a file holds, or can be made to.
LOADERS = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "eval", "exec",
           "compile", "read_pickle", "load", "load_parameters", "__import__"}  # fmt: skip


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_a_file_holds_is_run(path):
    used = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            used |= {part for name in node.names for part in name.name.split(".")}
            used |= set((getattr(node, "module", None) or "").split("."))
        elif isinstance(node, ast.Call):
            function = node.func
            if any(ast.unparse(word) == "allow_pickle=False" for word in node.keywords):
                continue  # numpy.load of plain numbers
            used.add(getattr(function, "id", getattr(function, "attr", "")))
    if path.name == "_start.py":  # MXNet's own text of its operators, which MXNet would run, too
        used -= {"exec"}
    if path.name == "compat.py":  # the script that its user names, as Python itself would
        used -= {"exec", "compile"}
    used -= {"compile"} if "re" in used else set()  # re.compile compiles a pattern
    assert not used & LOADERS


@pytest.fixture(scope="module", name="lab")
def _lab(tmp_path_factory):
    """JupyterLab as `make lab` starts it, but for the browser: its process and what it printed."""
    log = tmp_path_factory.mktemp("lab") / "log"
    command = [sys.executable, "-m", "d2l_extras_doctor", "lab", "--no-browser", "--port=0",
               "--allow-root"]  # fmt: skip
    with log.open("w") as file:
        server = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)
    address = re.compile(r"http://(?:127\.0\.0\.1|localhost):(\d+)/\S*token=(\w+)")
    until = time.monotonic() + 60
    while not address.search(log.read_text()) and time.monotonic() < until:
        time.sleep(0.2)
    yield server, log.read_text(), *address.search(log.read_text()).groups()
    server.terminate()
    server.wait(timeout=30)


def test_jupyterlab_listens_to_this_machine_only(lab):
    server, *_ = lab
    listening = [c.laddr.ip for c in psutil.Process(server.pid).net_connections("tcp")
                 if c.status == psutil.CONN_LISTEN]  # fmt: skip
    assert listening and set(listening) <= {"127.0.0.1", "::1"}


def test_jupyterlab_asks_for_its_token(lab):
    _, _, port, token = lab
    url = f"http://127.0.0.1:{port}/api/contents"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url, timeout=20)
    with urllib.request.urlopen(f"{url}?token={token}", timeout=20) as answer:
        assert answer.status == 200
    assert len(token) >= 32
    assert not os.environ.get("JUPYTER_TOKEN")
