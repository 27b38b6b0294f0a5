"""Progress: nothing is lost, whatever happens to the file or beside it."""

import json
import multiprocessing
import os
import subprocess
import sys

import pytest

from d2l_extras.teaching import progress


@pytest.fixture(name="file")
def _file(tmp_path, monkeypatch):
    file = tmp_path / "data" / "progress.json"
    monkeypatch.setenv(progress.VARIABLE, str(file))
    monkeypatch.setattr(progress, "_memory", [])
    return file


def names(file):
    return [event["name"] for event in json.loads(file.read_text())["events"]]


def test_what_is_recorded_is_in_the_file_and_comes_back(file):
    progress.record("question", "softmax.spacing", verdict="wrong", answer="A", sure="guess")
    progress.record("lab", "softmax.softmax")
    assert names(file) == ["softmax.spacing", "softmax.softmax"]
    assert json.loads(file.read_text())["version"] == 1
    first = progress.events()[0]
    assert (first["verdict"], first["answer"], first["sure"]) == ("wrong", "A", "guess")


def write_fifty(file, word):
    os.environ[progress.VARIABLE] = str(file)
    for number in range(50):
        progress.record("exercise", f"{word}.{number}", verdict="passed")


def test_two_kernels_that_write_at_once_lose_nothing(file):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_fifty, args=(file, word)) for word in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(names(file)) == sorted(f"{word}.{n}" for word in "ab" for n in range(50))


@pytest.mark.parametrize("content", [
    b"", b"{", b"null", b"[1]", b'{"version": 1}', b'{"version": 1, "events": [3]}', b"\xff\xfe",
    b'{"version": 1, "events": [{"id": "1", "time": "x", "kind": "joke", "name": "a"}]}',
    b'{"version": "1", "events": []}', b"[" * 100_000,
], ids=lambda content: content[:30].decode("latin1"))  # fmt: skip
def test_a_broken_file_is_set_aside_and_the_lesson_goes_on(file, content):
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.warns(UserWarning, match="is kept as"):
        progress.record("lab", "softmax.softmax")
    assert names(file) == ["softmax.softmax"]
    (aside,) = file.parent.glob("progress.broken-*.json")
    assert aside.read_bytes() == content


def test_a_file_of_a_newer_course_is_left_as_it_is(file):
    file.parent.mkdir()
    content = '{"version": 2, "events": {}}'
    file.write_text(content)
    with pytest.warns(UserWarning, match="newer version"):
        progress.record("lab", "softmax.softmax")
    assert file.read_text() == content
    with pytest.raises(progress.ProgressError, match="pip install --upgrade d2l-extras"):
        progress.events()


def test_what_cannot_be_written_is_kept_until_it_can(file):
    file.parent.write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="your progress is not stored"):
        progress.record("lab", "softmax.softmax")
    file.parent.unlink()
    progress.record("lab", "dropout.dropout")
    assert names(file) == ["softmax.softmax", "dropout.dropout"]


def test_a_kernel_that_is_killed_leaves_the_old_file_and_no_lock(file):
    progress.record("lab", "softmax.softmax")
    program = (
        "import os\nfrom d2l_extras.teaching import progress\n"
        "os.replace = lambda *_: os._exit(9)\nprogress.record('lab', 'dropout.dropout')"
    )
    done = subprocess.run([sys.executable, "-c", program], env=os.environ)
    assert done.returncode == 9
    progress.record("lab", "batch_norm.batch_norm")
    assert names(file) == ["softmax.softmax", "batch_norm.batch_norm"]


def test_off_writes_nothing_and_remembers_while_the_kernel_lives(file, monkeypatch):
    monkeypatch.setenv(progress.VARIABLE, "off")
    progress.record("lab", "softmax.softmax")
    assert progress.path() is None and not file.parent.exists()
    assert [event["name"] for event in progress.events()] == ["softmax.softmax"]


def test_without_the_variable_it_is_in_the_users_data_folder(monkeypatch, tmp_path):
    monkeypatch.delenv(progress.VARIABLE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert progress.path().name == "progress.json"
    assert progress.path().is_relative_to(tmp_path)


def test_another_kind_is_refused(file):
    with pytest.raises(ValueError, match="question, exercise, lab, got 'quiz'"):
        progress.record("quiz", "softmax.spacing")
    assert not file.exists()


def test_reset_keeps_what_was_there(file):
    assert progress.reset() is None
    progress.record("lab", "softmax.softmax")
    kept = progress.reset()
    assert names(kept) == ["softmax.softmax"]
    assert progress.events() == []


def test_merging_twice_adds_nothing(file):
    progress.record("lab", "softmax.softmax")
    exported = progress.parse(progress.dump(progress.events()))
    progress.reset()
    assert (progress.merge(exported), progress.merge(exported)) == (1, 0)
    assert names(file) == ["softmax.softmax"]


def event(identity, time="2026-01-01T00:00:00+00:00", name="softmax.spacing", **more):
    return {"id": identity, "time": time, "kind": "question", "name": name, **more}


def store(file, *events):
    file.parent.mkdir()
    file.write_text(json.dumps({"version": 1, "events": events}))


def test_an_answer_is_stored_beside_events_that_are_there_twice(file):
    store(file, event("1"), event("1"))
    progress.record("lab", "softmax.softmax")
    assert names(file) == ["softmax.spacing", "softmax.softmax"]


def test_what_is_no_text_does_not_keep_answers_from_being_stored(file):
    store(file, event("1", name="\ud800"))
    progress.record("lab", "softmax.softmax")
    assert names(file) == ["\ud800", "softmax.softmax"]


def test_events_of_other_time_zones_are_in_the_order_in_which_they_were(file):
    store(file, event("b", "2026-01-01T05:00:00+00:00"), event("a", "2026-01-01T09:00:00+09:00"),
          event("0", "yesterday"))  # fmt: skip
    assert [one["id"] for one in progress.events()] == ["0", "a", "b"]


def make_large(path):
    with path.open("wb") as file:
        file.truncate(progress.LARGEST + 1)


@pytest.mark.parametrize("make, why", [
    (os.mkfifo, "it is no plain file"), (make_large, "larger than 64 MiB"),
    (os.mkdir, "it is no plain file"), (lambda path: path.symlink_to("/dev/zero"), "no plain file"),
], ids=["fifo", "large", "folder", "endless"])  # fmt: skip
def test_what_cannot_hold_a_progress_is_left_alone_and_stops_no_lesson(file, make, why):
    file.parent.mkdir()
    make(file)
    with pytest.warns(UserWarning, match=f"not stored: .*{why}"):
        progress.record("lab", "softmax.softmax")
    with pytest.raises(progress.ProgressError, match=why):
        progress.events()
    assert os.path.lexists(file)


def test_a_new_file_is_not_set_aside_for_the_broken_one_before_it(file, monkeypatch):
    file.parent.mkdir()
    file.write_text("{")
    real = progress.parse

    def meanwhile(text):
        monkeypatch.setattr(progress, "parse", real)
        file.write_text(progress.dump([event("1")]))  # another kernel was faster
        return real(text)

    monkeypatch.setattr(progress, "parse", meanwhile)
    assert [one["id"] for one in progress.events()] == ["1"]
    assert not list(file.parent.glob("*broken*"))


def test_without_any_home_directory_it_is_kept_in_memory(file, monkeypatch):
    monkeypatch.setenv(progress.VARIABLE, "~nobody-of-this-name/progress.json")
    with pytest.warns(UserWarning, match="not stored .*name a file for it in D2L_EXTRAS_PROGRESS"):
        progress.record("lab", "softmax.softmax")
    with pytest.warns(UserWarning, match="not stored"):
        assert [one["name"] for one in progress.events()] == ["softmax.softmax"]
