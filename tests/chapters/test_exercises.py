"""Every exercise: right answers pass, each classic mistake gets its own hint, stubs are told."""

import importlib

import pytest

from d2l_extras.chapters import exercises
from d2l_extras.teaching.exercise import FAILED, NOT_ATTEMPTED, PASSED, Exercise

EXERCISES = {
    f"{chapter}.{name}": exercise
    for chapter in exercises
    for name, exercise in vars(exercises.get(chapter)).items()
    if isinstance(exercise, Exercise)
}
CASES = {}
for chapter in exercises:
    CASES.update(importlib.import_module(f"tests.chapters.{chapter}.cases").CASES)


@pytest.fixture(params=EXERCISES, name="exercise")
def _exercise(request):
    return EXERCISES[request.param]


def test_exercise_solution_passes(exercise):
    assert exercise.judge(exercise.solution) == (PASSED, "")


def test_exercise_accepts_other_right_answers(exercise):
    answers = CASES[exercise]["right"]
    assert answers, "needs a right answer that is written differently"
    for answer in answers:
        assert exercise.judge(answer) == (PASSED, "")


def test_exercise_gives_each_classic_mistake_its_own_hint(exercise):
    mistakes = CASES[exercise]["wrong"]
    hints = []
    for answer, fragment in mistakes:
        verdict, hint = exercise.judge(answer)
        assert (verdict, fragment in hint) == (FAILED, True), (verdict, fragment, hint)
        hints.append(hint)
    assert len(set(hints)) == len(hints) >= 3


def test_exercise_tells_an_untouched_stub(exercise):
    def stub(*args, **kwargs):
        """Replace the dots."""
        ...

    untouched = stub if callable(exercise.solution) else ...
    assert exercise.judge(untouched)[0] == NOT_ATTEMPTED


def test_exercise_shows_statement_and_solution(exercise, capsys):
    assert exercise.statement in exercise._repr_markdown_()
    exercise.show_solution()
    assert capsys.readouterr().out.strip()
