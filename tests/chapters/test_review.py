"""What comes back when, and what the report says, from events that a learner would make."""

import datetime

import pytest

import d2l_extras as dx
from d2l_extras.chapters import review
from d2l_extras.teaching import progress

NOW = datetime.datetime(2026, 1, 31, tzinfo=datetime.UTC)


@pytest.fixture(name="did")
def _did(monkeypatch):
    """A function that adds an event of some days before NOW."""
    monkeypatch.setenv(progress.VARIABLE, "off")
    monkeypatch.setattr(progress, "_memory", [])

    def did(days, name, verdict, kind="question", **more):
        time = (NOW - datetime.timedelta(days=days)).isoformat()
        number = str(len(progress._memory))
        event = {"id": number, "time": time, "kind": kind, "name": name, "verdict": verdict}
        progress._memory.append({**event, **more})

    return did


def titles(found):
    return [question.name for question in found]


def test_missed_is_what_was_last_wrong_or_skipped(did):
    did(3, "softmax.spacing", "right")
    did(2, "softmax.spacing", "wrong")
    did(2, "softmax.spacing", "right", retry=True)  # tried again at once: still missed
    did(2, "softmax.shapes", "skipped")
    did(2, "softmax.sums", "wrong")
    did(1, "softmax.sums", "right")
    assert titles(review.missed("softmax")) == ["softmax.shapes", "softmax.spacing"]
    assert "missed or skipped" in dx.again("softmax").text


def test_nothing_missed_is_said(did):
    assert "none is waiting" in repr(dx.again("softmax"))
    assert "none is now" in repr(dx.warm_up("softmax"))


def test_missed_ones_are_due_first_and_right_ones_after_twice_as_long_each_time(did):
    did(20, "softmax.sums", "wrong")
    did(10, "softmax.shapes", "right")  # rests 1 day: due
    did(3, "softmax.spacing", "wrong")
    did(9, "softmax.winners", "right")
    did(8, "softmax.winners", "right")
    did(3, "softmax.winners", "right")  # rests 4 days: not due
    did(0.5, "softmax.tags", "right")  # rests 1 day: not due
    found = titles(review.due("cross_entropy", NOW))
    assert found == ["softmax.sums", "softmax.spacing", "softmax.shapes"]
    assert len(dx.warm_up("cross_entropy").questions) == review.WARM_UP
    assert review.due("softmax", NOW) == []  # only chapters before


@pytest.mark.parametrize("times, rest", [(1, 1), (2, 2), (3, 4), (4, 8)])
def test_what_was_right_rests_a_day_and_twice_as_long_each_time(did, times, rest):
    for time in range(times):
        did(rest + times - 1 - time, "softmax.sums", "right")  # the last one `rest` days ago
    assert titles(review.due("cross_entropy", NOW)) == ["softmax.sums"]
    assert review.due("cross_entropy", NOW - datetime.timedelta(minutes=1)) == []


@pytest.mark.parametrize("call", [dx.again, dx.warm_up])
def test_an_unknown_chapter_is_named(call):
    with pytest.raises(ValueError, match="no chapter 'sotfmax', only start, softmax"):
        call("sotfmax")


def test_the_report_counts_questions_exercises_and_labs(did):
    did(5, "softmax.spacing", "wrong", sure="sure")
    did(4, "softmax.spacing", "right", sure="guess")
    did(4, "softmax.sums", "right", sure="sure")
    did(4, "softmax.shapes", "skipped")
    did(3, "softmax.stable", "failed", "exercise")
    did(3, "softmax.stable", "passed", "exercise")
    did(3, "softmax.gone", "passed", "exercise")
    did(3, "softmax.softmax", "", "lab")
    report = dx.progress()
    row = next(row for row in report.rows if row.chapter.name == "softmax")
    assert (row.right, row.answered, row.passed, row.tried, row.labs) == (2, 3, 1, 1, 1)
    assert row.questions >= 12 and row.exercises >= 4
    assert report.calibration == {"guess": (0, 0), "think": (0, 0), "sure": (1, 2)}
    assert "sure: 1 of 2 right" in repr(report)
    assert "<img alt=" in report._repr_html_()


def test_events_with_anything_in_them_do_not_stop_the_report(did):
    did(1, "softmax.spacing", ["x"], sure={"a": 1})
    did(1, "softmax.sums", "right", sure=7)
    did(1, "no.such", "right")
    progress._memory[-1]["time"] = "yesterday"
    assert dx.progress().rows


def test_the_first_move_of_an_open_lab_is_recorded_once(monkeypatch):
    monkeypatch.setattr(progress, "_memory", [])
    view = dx.labs.dropout()
    assert progress.events() == []
    view.session.move("p", 0.3)
    view.session.move("p", 0.4)
    assert [(e["kind"], e["name"]) for e in progress.events()] == [("lab", "dropout.dropout")]


def test_an_exercise_records_its_verdict_but_not_an_untouched_stub(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_memory", [])
    dx.exercises.softmax.double_odds(...)
    dx.exercises.softmax.double_odds("ln 2")
    dx.exercises.softmax.double_odds(2)
    assert [e["verdict"] for e in progress.events()] == ["passed", "failed"]


@pytest.mark.parametrize("call", [dx.again, dx.warm_up])
def test_a_progress_that_cannot_be_read_stops_no_chapter(call, monkeypatch, tmp_path):
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "progress.json"))
    (tmp_path / "progress.json").write_text('{"version": 2}')
    found = call("cross_entropy")
    assert "Your progress is not available: " in found.text and "pip install" in found.text
    assert not found.questions
