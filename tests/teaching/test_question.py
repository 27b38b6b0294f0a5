"""Questions: answers as they are typed, replies that fit, what is remembered, and the form."""

import math

import pytest

from d2l_extras.teaching import progress
from d2l_extras.teaching.face import Face, at_rest
from d2l_extras.teaching.question import Amount, Choice, Place


@pytest.fixture(autouse=True)
def _off(monkeypatch):
    monkeypatch.setenv(progress.VARIABLE, "off")
    monkeypatch.setattr(progress, "_memory", [])


def choice(**changes):
    parts = {
        "title": "sum", "statement": "1 + 1?", "options": {"A": "two", "B": "11", "C": "one"},
        "right": "A", "replies": {"B": "That joins.", "C": "That is 1 * 1."}, "why": "Count.",
    }  # fmt: skip
    made = Choice(**{**parts, **changes})
    made.name = "start.sum"
    return made


def amount(**changes):
    parts = {
        "title": "updates", "statement": "100 / 20?", "right": 5, "low": 0, "high": 1000,
        "within": 0.1, "replies": [(99, 101, "All of them."), (0, 1000, "Divide.")],
        "why": "100 / 20 is 5.", "unit": "updates",
    }  # fmt: skip
    return Amount(**{**parts, **changes})


def place():
    def draw(figure):
        axes = figure.subplots()
        axes.set(xscale="log", xlim=(0.01, 100), ylim=(0, 4))
        return axes

    everywhere = (-math.inf, math.inf)
    replies = [(0, 0.5, *everywhere, "Left."), (*everywhere, *everywhere, "Right.")]
    words = "An empty picture."
    return Place("bend", "Where?", draw, words, (1, 2), (0.5, math.inf), replies, "One.")


def remembered():
    return [(e["verdict"], e["answer"], e["sure"], e["retry"]) for e in progress.events()]


@pytest.mark.parametrize("typed, verdict", [
    ("A", "right"), ("(a)", "right"), ("two", "right"), (" Two ", "right"), ("a.", "right"),
    ("B", "wrong"), ("11", "wrong"), ("C: because", "wrong"), ("D", "unclear"), ("", "unclear"),
    ("A and B", "unclear"), (3, "unclear"), (None, "unclear"), (..., "unclear"),
    (["A"], "right"),
])  # fmt: skip
def test_a_choice_takes_letters_and_options_as_they_are_typed(typed, verdict):
    assert choice().answer(typed)[0] == verdict


@pytest.mark.parametrize("typed, verdict, reply", [
    (5, "right", "100 / 20 is 5."), ("5.05", "right", "100"), ("5 updates", "right", "100"),
    (5.2, "wrong", "Divide."), (100, "wrong", "All of them."), (1001, "unclear", "from 0 to 1000"),
    ("many", "unclear", "one number"), (math.nan, "unclear", "finite"), ("10/2", "right", "100"),
])  # fmt: skip
def test_an_amount_replies_by_the_range_of_the_answer(typed, verdict, reply):
    got, said = amount().answer(typed)
    assert (got, reply in said) == (verdict, True), said


def test_a_place_is_two_numbers():
    question = place()
    assert question.judge((1.4, 0)) == ("right", "One.")
    assert question.judge("0.2, 3") == ("wrong", "Left.")
    assert question.judge([50, 3]) == ("wrong", "Right.")
    assert question.judge(7)[0] == "unclear"


@pytest.mark.parametrize("changes, message", [
    ({"options": {"A": "2", "C": "3"}}, "must be A, B"), ({"right": "D"}, "must be one of ABC"),
    ({"replies": {"B": "x"}}, r"replies must be for \['B', 'C'\]"), ({"why": " "}, "say why"),
])  # fmt: skip
def test_a_choice_without_its_parts_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        choice(**changes)


@pytest.mark.parametrize("changes", [
    {"right": 2000}, {"replies": [(0, 4, "x"), (6, 1000, "y")]}, {"replies": [(0, 999, "x")]},
])  # fmt: skip
def test_an_amount_that_leaves_a_wrong_answer_without_a_reply_is_refused(changes):
    with pytest.raises(ValueError, match="must lie from|no reply to a wrong answer"):
        amount(**changes)


def test_the_first_answer_since_a_question_was_shown_counts():
    question = choice()
    question("B", sure="sure")
    question("A")
    question.shown()
    question.skip()
    assert remembered() == [
        ("wrong", "B", "sure", False), ("right", "A", None, True), ("skipped", None, None, False),
    ]  # fmt: skip


def test_what_cannot_be_read_is_no_answer():
    choice()("perhaps")
    choice()(...)
    assert remembered() == []


def test_sure_is_one_of_three_words():
    with pytest.raises(ValueError, match="guess, think, sure, or left out; got 'very'"):
        choice()("A", sure="very")


# --- the form


def answered(face, **content):
    face._received(face, content, [])
    return face.verdict, face.reply


def test_the_form_says_what_the_question_says():
    face = Face(choice())
    assert face.options == [["A", "two"], ["B", "11"], ["C", "one"]]
    assert answered(face, answer="B", sure="guess") == ("wrong", "✗ That joins. You may try again.")
    assert answered(face, answer="A", sure=None) == ("right", "✓ Count.")
    assert answered(face, skip=True)[0] == "skipped"
    assert [entry[0] for entry in remembered()] == ["wrong", "right", "skipped"]


def test_the_browser_is_not_told_the_answer():
    face = Face(choice())
    assert "Count." not in str(face.get_state()) and "That joins." not in str(face.get_state())


@pytest.mark.parametrize("content", [None, 3, {}, {"answer": None}, {"answer": "A", "sure": [1]},
                                     {"pointed": None}, {"pointed": [1, "x"]}])  # fmt: skip
def test_the_form_survives_what_no_browser_sends(content):
    Face(choice())._received(None, content, [])


def test_pointing_at_a_picture_gives_the_place_in_its_data():
    face, sent = Face(place()), []
    face.send = sent.append
    face._received(face, {"pointed": [0.5, 0.25]}, [])
    face._received(face, {"pointed": [2, -1]}, [])
    assert sent == [{"place": "1, 3"}, {"place": "100, 4"}]
    assert face.picture.startswith("data:image/png;base64,") and face.words
    assert all(0 < share < 1 for share in face.axes)


def test_on_the_page_the_answer_is_folded_and_text_is_text():
    question = choice(options={"A": "a < b & c", "B": "11", "C": "one"})
    text = at_rest(question)
    assert "a &lt; b &amp; c" in text.partition("<details>")[0]
    assert text.index("<details>") < text.index("Count.") < text.index("</details>")


def test_on_the_page_what_is_between_backticks_is_code():
    text = at_rest(choice(options={"A": "`x < 1`", "B": "a ` alone"}, replies={"B": "No."},
                          why="`<b>`."))  # fmt: skip
    assert "<li>A. <code>x &lt; 1</code></li><li>B. a ` alone</li>" in text
    assert text.count("<code>&lt;b&gt;</code>") == 1
