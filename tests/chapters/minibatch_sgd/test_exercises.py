"""The checks of chapter 3's exercises: each one decides about some answer, no wrong one passes."""

import pytest

from d2l_extras.teaching.answers import Unclear
from d2l_extras.teaching.exercise import FAILED
from d2l_extras.teaching.learner import LearnerError
from tests.chapters.minibatch_sgd import cases
from tests.chapters.minibatch_sgd.cases import ALSO_WRONG, CASES


def deciding(exercise, answer):
    """Return which check refuses an answer; None if it is refused before the checks."""
    try:
        checks = exercise.checks(exercise._read(answer))
        return next(number for number, (passed, _) in enumerate(checks) if not passed)
    except (LearnerError, Unclear):
        return None


@pytest.mark.parametrize("exercise", CASES, ids=lambda exercise: exercise.title)
def test_every_check_decides_about_an_answer(exercise):
    hints = [hint for _, hint in exercise.checks(exercise._read(exercise.solution))]
    found = {deciding(exercise, answer) for answer, _ in CASES[exercise]["wrong"]} - {None}
    told = {hints[number][:40] for number in found}
    assert {hint[:40] for hint in hints} == told | {""} & set(hints)


@pytest.mark.parametrize("name", ALSO_WRONG)
def test_rows_refuse_orders_that_keep_rows_together(name):
    rows = next(exercise for exercise in CASES if exercise.title == "the rows of an epoch")
    verdict, hint = rows.judge(ALSO_WRONG[name])
    assert (verdict, "again and again" in hint) == (FAILED, True), hint


def test_choice_without_replacement_does_not_shuffle_in_mxnet_and_the_hint_says_so():
    rows = next(exercise for exercise in CASES if exercise.title == "the rows of an epoch")
    body = "order = np.random.choice(n, n, replace=False)"
    verdict, hint = rows.judge(cases.rows(body, cases.CUT))
    assert (verdict, "of MXNet 1.9.1 does not" in hint) == (FAILED, True), hint


@pytest.mark.parametrize(
    "line",
    [
        "return np.round(w - learning_rate * gradient_sum / batch_size, 2)",
        "return w - learning_rate * gradient_sum / min(batch_size, 8)",
        "return w - learning_rate * gradient_sum / batch_size if w[0] > 0 else w",
    ],
)
def test_the_update_rule_must_hold_for_other_numbers(line):
    rule = next(exercise for exercise in CASES if exercise.title == "the update rule")
    verdict, hint = rule.judge(cases.rule(line))
    assert (verdict, "not for other numbers" in hint) == (FAILED, True), hint


def test_rows_refuse_a_batch_size_that_is_written_out():
    rows = next(exercise for exercise in CASES if exercise.title == "the rows of an epoch")
    fixed = cases.rows("batch_size = 48", *cases.SHUFFLED, cases.CUT)
    assert rows.judge(fixed)[0] == FAILED
    fixed = cases.rows("yield 1", "raise SystemExit")
    assert "ended the program" in rows.judge(fixed)[1]
