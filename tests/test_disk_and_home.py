"""A full disk and a read-only home directory: nothing is lost, and one sentence says what is.

Real ones: small file systems in memory, mounted where only the test's own processes see them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAB = [sys.executable, "-m", "d2l_extras_doctor", "lab"]


def mounted(options, folder, program, **environment):
    """Return the command that mounts a file system on a folder and then runs a program there."""
    script = f'mount -t tmpfs -o {options} tmpfs "$0" && exec "$@"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder), *program]
    return dict(args=command, cwd=ROOT, env={**os.environ, **environment}, text=True)


@pytest.fixture(name="folder")
def _folder(tmp_path):
    """A folder to mount something on, where that is allowed."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    if not shutil.which("unshare"):
        pytest.skip("no unshare: file systems cannot be mounted for a test alone")
    tried = subprocess.run(**mounted("size=1m", folder, ["true"]), capture_output=True)
    if tried.returncode:
        pytest.skip(f"no file system can be mounted here: {tried.stderr.strip()}")
    return folder


def python(program):
    return [sys.executable, "-c", program]


FULL_CACHE = """
import hashlib, http.server, os, threading
import numpy
from d2l_extras.nets import data

content = bytes([0, 0, 8, 3, 0, 0, 40, 0, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(10_240 * 28 * 28)

class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
    def log_message(self, *args):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()

class Large(data.MNIST):
    folder = "large"
    mirrors = (f"http://127.0.0.1:{server.server_port}/",)
    sha256 = {"train-images-idx3": hashlib.sha256(content).hexdigest()}

try:
    Large()
except data.DataError as error:
    print(error)
print([name for _, _, names in os.walk(os.environ["D2L_EXTRAS_CACHE"]) for name in names])
"""


def test_a_full_disk_under_the_cache_is_said_and_leaves_no_half_file(folder):
    command = mounted("size=1m", folder, python(FULL_CACHE), D2L_EXTRAS_CACHE=str(folder))
    done = subprocess.run(**command, capture_output=True)
    assert done.returncode == 0, done.stderr
    said, left = done.stdout.strip().splitlines()
    assert "No space left on device" in said
    assert "D2L_EXTRAS_CACHE" in said
    assert left == "[]"


FULL_SWEEP = """
import os, pathlib, sys
from d2l_extras import sweep
sys.path.insert(0, sys.argv[1])
from rolled import roll
folder = sys.argv[2]
try:
    sweep(roll, [{"size": 10}, {"size": 700_000}], [0], folder=folder, jobs=1, progress=False)
except OSError as error:
    print(error.strerror)
print([name.split(",")[0] for name in os.listdir(folder)])
"""


def test_a_full_disk_under_a_sweep_keeps_the_runs_that_were_stored(folder, tmp_path):
    (tmp_path / "rolled.py").write_text("def roll(seed, size):\n    return {'text': 'x' * size}\n")
    program = [*python(FULL_SWEEP), str(tmp_path), str(folder)]
    done = subprocess.run(**mounted("size=512k", folder, program), capture_output=True)
    assert done.stdout.splitlines() == ["No space left on device", "['size=10']"], done.stderr


def test_a_full_disk_under_the_copy_is_said_in_a_line_and_leaves_no_half_chapter(folder):
    show = 'from d2l_extras_doctor import main; import os; print(main(["lab", *os.sys.argv[1:]]))'
    listing = "; print(sorted(os.listdir(os.sys.argv[1])))"
    command = mounted("size=100k", folder, [*python(show + listing), f"{folder}/course"])
    done = subprocess.run(**command, capture_output=True)
    status, left = done.stdout.splitlines()
    assert status == "1"
    assert left.startswith("['.d2l-extras.json', '00-start-here.ipynb', ") and ".part" not in left
    (line,) = done.stderr.splitlines()
    assert "No space left on device): mend that, or take another folder, as in `d2l-ext" in line


def test_a_read_only_folder_for_the_copy_is_said_in_a_line(folder):
    done = subprocess.run(**mounted("ro", folder, [*LAB, str(folder)]), capture_output=True)
    assert done.returncode == 1
    assert "it is read-only): mend that, or take another folder" in done.stderr
    assert len(done.stderr.splitlines()) == 1


USE = """
import d2l_extras as dx
dx.labs.softmax()
net = dx.layers.network(["dense-act"], (8,), (0,))
net.initialize()
dx.fit(net, dx.data.Digits(), epochs=1, progress=False)
try:
    dx.data.FashionMNIST()
except dx.data.DataError as error:
    print(error)
"""


def test_a_read_only_home_is_enough_for_labs_and_training(folder):
    hidden = dict(D2L_EXTRAS_DATA="", D2L_EXTRAS_CACHE="", XDG_CACHE_HOME="", HOME=str(folder))
    done = subprocess.run(**mounted("ro", folder, python(USE), **hidden), capture_output=True)
    assert done.returncode == 0, done.stderr
    assert re.search("Read-only file system.*set D2L_EXTRAS_CACHE to a folder", done.stdout)


def test_the_course_opens_from_a_read_only_home(folder, tmp_path):
    """JupyterLab starts, asks for its token, and runs a kernel."""
    program = [*LAB, str(tmp_path / "course"), "--no-browser", "--port=0", "--allow-root",
               "--IdentityProvider.token=secret"]  # fmt: skip
    unset = dict.fromkeys(("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"), "")
    environment = {**unset, "HOME": str(folder), "TMPDIR": str(tmp_path)}
    command = mounted("ro", folder, program, **environment)
    command["env"] = {k: v for k, v in command["env"].items() if k not in unset}
    log = tmp_path / "log"
    with log.open("w") as file:
        server = subprocess.Popen(**command, stdout=file, stderr=file, start_new_session=True)
    try:
        url = _wait_for(lambda: re.search(r"http://(127.0.0.1|localhost):\d+/", log.read_text()))
        assert f"nothing can be written to your home directory {folder}" in log.read_text()
        headers = {"Authorization": "token secret", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{url[0]}api/kernels", b"{}", headers)
        answer = _wait_for(lambda: _open(request))
        assert json.loads(answer)["execution_state"]
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=30)


def test_a_chapter_is_measured_without_any_home_directory():
    program = [sys.executable, "-m", "d2l_extras_doctor", "measure", "00"]
    command = ["unshare", "--user", "--map-user=54321", "env", "-u", "HOME", *program]
    if subprocess.run([*command[:4], "true"], capture_output=True).returncode:
        pytest.skip("no user namespaces here")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert re.fullmatch(r"00-start-here: \d+ s, \d+ MiB\n", done.stdout)
    (line,) = done.stderr.splitlines()
    assert line.startswith("d2l-extras: HOME is not set: settings are kept in ")


def _open(request):
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()
    except OSError:
        return None


def _wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"waited {seconds} s in vain")
