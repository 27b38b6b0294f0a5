"""Each check of an exercise of chapter 2 is needed: without it a mistake gets another answer."""

import inspect

import pytest

from d2l_extras.teaching.exercise import FAILED, PASSED, Exercise
from tests.chapters.cross_entropy.cases import CASES, cross_entropy, gradient_of, loss_of
from tests.chapters.notebook import typed


def _without(exercise, number):
    """Return the exercise without its check of that number; None if it has fewer."""
    left_out = []

    def checks(answer):
        for position, pair in enumerate(exercise.checks(answer)):
            if position == number:
                left_out.append(pair)
            else:
                yield pair

    shorter = Exercise(
        exercise.title, exercise.statement, checks, exercise.solution, read=exercise.read
    )
    shorter.judge(exercise.solution)
    return shorter if left_out else None


@pytest.mark.parametrize("exercise", CASES, ids=lambda exercise: exercise.title)
def test_every_check_refuses_a_mistake_as_no_other_does(exercise):
    answers = [answer for answer, _ in CASES[exercise]["wrong"]]
    verdicts = [exercise.judge(answer) for answer in answers]
    number, needless = 0, []
    while shorter := _without(exercise, number):
        if all(shorter.judge(a) == v for a, v in zip(answers, verdicts, strict=True)):
            needless.append(number)
        number += 1
    assert (number > 0, needless) == (True, [])


@pytest.mark.parametrize(
    ("expression", "before"),
    [
        ("np.log(np.exp(x - m).sum(axis=1)) + m.reshape(-1) - npx.pick(x, labels)",
         "m = x.max(axis=1, keepdims=True)"),
        ("np.array([float(np.log(np.exp(r - r.max()).sum()) + r.max() - r[int(k)]) "
         "for r, k in zip(x, labels)])", ""),
        ("-((s - np.log(np.exp(s).sum(axis=1, keepdims=True))) * npx.one_hot(labels, x.shape[1]))"
         ".sum(axis=1)", "s = x - x.max(axis=1).reshape(-1, 1)"),
        ("-npx.pick(s - np.log(np.exp(s).sum(1, keepdims=True)), labels, axis=1)",
         "s = x - np.expand_dims(x.max(1), 1)"),
        ("l.squeeze()", "s = x - np.amax(x, axis=1, keepdims=True); "
         "l = np.log(np.exp(s).sum(axis=1, keepdims=True)) - npx.pick(s, labels, keepdims=True)"),
    ],
)  # fmt: skip
def test_loss_is_accepted_in_many_styles(expression, before):
    assert cross_entropy.from_scores.judge(loss_of(expression, before)) == (PASSED, "")


@pytest.mark.parametrize(
    ("expression", "before"),
    [
        ("x.mean(axis=1)", ""),
        ("npx.pick(p, labels)", "p = npx.softmax(x)"),
        ("1 - npx.pick(npx.softmax(x), labels)", ""),
        ("-np.log(npx.pick(npx.sigmoid(x), labels))", ""),
        ("-np.log10(npx.pick(npx.softmax(x), labels))", ""),
        ("-np.log(np.maximum(npx.pick(npx.softmax(x), labels), 1e-7))", ""),
        ("-np.log(npx.pick(np.exp(x) / np.exp(x).sum(), labels))", ""),
        ("((npx.softmax(x) - npx.one_hot(labels, x.shape[1])) ** 2).sum(axis=1)", ""),
        ("-(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1)",
         "p = npx.softmax(x); y = npx.one_hot(labels, x.shape[1])"),
        ("np.log(np.exp(s).sum(axis=1)) - npx.pick(s, labels)",
         "s = x - x.mean(axis=1, keepdims=True)"),
        ("np.log(np.exp(s).sum(axis=1)) - npx.pick(s, labels)",
         "s = x / x.max(axis=1, keepdims=True)"),
        ("np.zeros(len(x))", ""),
        ("gluon.loss.SoftmaxCrossEntropyLoss()(x, labels)", ""),
        ("exit()", ""),
    ],
)  # fmt: skip
def test_wrong_loss_is_refused_with_a_hint(expression, before):
    verdict, hint = cross_entropy.from_scores.judge(loss_of(expression, before))
    assert (verdict, bool(hint)) == (FAILED, True)


@pytest.mark.parametrize(
    "expression",
    [
        "npx.softmax(x) - labels.reshape(-1, 1)",
        "npx.softmax(x) + npx.one_hot(labels, x.shape[1])",
        "(npx.softmax(x) - npx.one_hot(labels, x.shape[1])) ** 2",
        "npx.sigmoid(x) - npx.one_hot(labels, x.shape[1])",
        "npx.log_softmax(x) - npx.one_hot(labels, x.shape[1])",
        "(npx.softmax(x) - npx.one_hot(labels, x.shape[1])).mean(axis=0)",
        "(npx.softmax(x) - npx.one_hot(labels, x.shape[1])) / x.shape[1]",
        "np.zeros_like(x)",
    ],
)
def test_wrong_gradient_is_refused_with_a_hint(expression):
    verdict, hint = cross_entropy.gradient.judge(gradient_of(expression))
    assert (verdict, bool(hint)) == (FAILED, True)


def test_solutions_written_with_the_names_of_the_notebook_pass():
    """`show_solution` prints code that can be typed into the chapter as it stands."""
    for exercise in cross_entropy.from_scores, cross_entropy.gradient:
        name = exercise.solution.__name__
        assert exercise.judge(typed(inspect.getsource(exercise.solution), name)) == (PASSED, "")


@pytest.mark.parametrize(
    ("exercise", "value"),
    [(cross_entropy.product, 0.09), (cross_entropy.floor, 0.31326), (cross_entropy.counts, -3.0)],
)
def test_numbers_are_asked_for_to_three_decimals(exercise, value):
    assert exercise.judge(round(value, 3))[0] == PASSED
    for off in -0.01, -0.001, 0.001, 0.01:
        assert exercise.judge(round(value, 3) + off)[0] == FAILED, off
