"""What cannot be trusted is bounded and cut off; what the system cannot do is said."""

import json
import os
import socket
import sys
import time

import psutil
import pytest

from d2l_extras.publishing.sandbox import Limits, run

LITTLE = Limits(seconds=20, memory=300, processes=40, disk=8)
SAY = """
import json, os
secret = os.read(int(os.environ["SANDBOX_SECRET"]), 100).decode().strip()
def say(**words):
    line = json.dumps({"secret": secret, "kind": "test", **words}) + "\\n"
    os.write(int(os.environ["SANDBOX_SAY"]), line.encode())
"""


def python(code, limits=LITTLE, **more):
    return run([sys.executable, "-c", SAY + code], {}, limits, **more)


@pytest.fixture(scope="module", name="kept")
def _kept():
    """What this system keeps in."""
    return python("").protection


def test_what_it_says_with_the_secret_arrives_and_nothing_else():
    forged = """
voice = int(os.environ["SANDBOX_SAY"])
os.write(voice, b'{"kind": "test", "value": 2, "secret": "guessed"}\\n[1]\\nnonsense\\n')
say(value=1)
"""
    outcome = python(forged)
    assert [message["value"] for message in outcome.messages] == [1]
    assert outcome.forged == 3


def test_it_gets_its_files_and_none_of_our_secrets(monkeypatch):
    monkeypatch.setenv("TOKEN", "of the teacher")
    code = 'say(text=open("a.txt").read(), token=os.environ.get("TOKEN"), home=os.environ["HOME"])'
    outcome = run([sys.executable, "-c", SAY + code], {"a.txt": b"hello"}, LITTLE)
    (message,) = outcome.messages
    assert (message["text"], message["token"]) == ("hello", None)
    assert not message["home"].startswith(os.path.expanduser("~"))


def test_an_endless_loop_ends_in_time():
    assert python("while True: pass", Limits(seconds=0.5)).ended == "timed out"


def test_too_much_memory_ends_it():
    code = """
kept = []
for _ in range(40):
    kept.append(b"x" * 2**24)
    import time; time.sleep(0.02)
"""
    assert python(code).ended == "ran out of memory"


def test_what_it_says_is_bounded():
    code = 'for _ in range(2000): say(text="x" * 10000)'
    outcome = python(code, Limits(seconds=20, said=100_000))
    assert outcome.ended == "said too much"
    assert len(json.dumps(outcome.messages)) < 110_000


def test_daemons_end_with_it():
    seconds = 4000 + os.getpid() % 1000 + 0.25  # to know it again
    code = f"""
import sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep({seconds})"])
    os._exit(0)
os.wait()
say(done=True)
"""
    assert python(code).messages == [{"kind": "test", "done": True}]
    deadline = time.monotonic() + 5
    while any(f"sleep({seconds})" in " ".join(_words(p)) for p in psutil.process_iter()):
        assert time.monotonic() < deadline, "it outlives its sandbox"


def _words(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_it_starts_a_bounded_number_of_processes():
    code = """
import time
for count in range(200):
    try:
        if os.fork() == 0:
            time.sleep(10)
            os._exit(0)
    except OSError:
        break
say(count=count)
"""
    outcome = python(code)
    counted = [message["count"] for message in outcome.messages]
    assert outcome.ended == "too many processes" or counted[0] < 60


def test_it_has_no_network(kept):
    if kept["network"] == "open":
        pytest.skip("this system lets nobody leave the network")
    code = """
import socket, sys
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2)
    say(reached=True)
except OSError:
    say(reached=False)
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        outcome = run([sys.executable, "-c", SAY + code, port], {}, LITTLE)
    assert outcome.messages == [{"kind": "test", "reached": False}]


def test_it_can_neither_read_nor_write_files_of_ours(kept, tmp_path):
    if kept["files"] == "open":
        pytest.skip("this system has neither namespaces nor Landlock")
    ours = tmp_path / "grades.txt"
    ours.write_text("secret")
    code = """
import sys
for mode in ("r", "w", "a"):
    try:
        open(sys.argv[1], mode).close()
        say(mode=mode)
    except OSError:
        pass
for place in (os.path.dirname(os.__file__), os.path.dirname(sys.executable), "/etc", "/usr"):
    try:
        open(place + "/of-the-sandbox-test", "w").close()
        os.unlink(place + "/of-the-sandbox-test")
        say(place=place)
    except OSError:
        pass
"""
    outcome = run([sys.executable, "-c", SAY + code, str(ours)], {}, LITTLE)
    assert (outcome.messages, outcome.status) == ([], 0)
    assert ours.read_text() == "secret"


def test_it_cannot_end_us(kept):
    if kept["processes"] == "open":
        pytest.skip("this system lets it send signals to others of the same user")
    code = f"""
try:
    os.kill({os.getpid()}, 0)
    say(reached=True)
except OSError:
    say(reached=False)
"""
    assert python(code).messages == [{"kind": "test", "reached": False}]


def test_it_cannot_fill_the_disk():
    code = """
try:
    with open("large", "wb") as file:
        for _ in range(64):
            file.write(bytes(2**20))
    say(written=True)
except OSError:
    say(written=False)
"""
    outcome = python(code)
    assert outcome.messages == [{"kind": "test", "written": False}] or outcome.status


def test_its_folder_is_gone_afterwards():
    outcome = python("say(here=os.getcwd())")
    assert not os.path.exists(outcome.messages[0]["here"])
