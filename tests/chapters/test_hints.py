"""What a learner reads on a mistake helps, and does not give the answer away."""

import importlib
import inspect
import re

import pytest

from d2l_extras.chapters import exercises
from d2l_extras.teaching.exercise import Exercise

ALL = {
    f"{chapter}.{name}": (exercise, importlib.import_module(f"tests.chapters.{chapter}.cases"))
    for chapter in exercises
    for name, exercise in vars(exercises.get(chapter)).items()
    if isinstance(exercise, Exercise)
}


def given_away(solution, hint, statement):
    """Return the parts of a solution that a hint contains and the statement does not."""
    squeezed = re.sub(r"\s", "", hint)
    parts = [part for part in secrets(solution) if part not in re.sub(r"\s", "", statement)]
    if callable(solution):
        return [part for part in parts if part in squeezed]
    return [part for part in parts if re.search(rf"(?<![\w.]){re.escape(part)}(?!\w|\.\d)", hint)]


def secrets(solution):
    """Return what must not be read in a hint: lines of code, or the right numbers."""
    if callable(solution):
        lines = [line.partition("#")[0] for line in inspect.getsource(solution).splitlines()]
        lines = [re.sub(r"\s|^return|^self\.", "", line) for line in lines]
        lines = [line.removeprefix("return") for line in lines]
        trivial = ("def", "class", "super()", "@", '"""', "else", "for", "with")
        return [line for line in lines if len(line) > 8 and not line.startswith(trivial)]
    if isinstance(solution, str):
        return []  # a letter and why: each hint is for another letter
    numbers = solution if isinstance(solution, (list, tuple)) else [solution]
    numbers = [number for number in numbers if not isinstance(number, str)]
    texts = {form.format(float(number)) for number in numbers for form in ("{:.3f}", "{:.4g}")}
    return sorted(text for text in texts if len(text) > 3)  # 0.5 and 12 stand everywhere


@pytest.mark.parametrize("name", ALL)
def test_no_hint_that_a_mistake_provokes_contains_the_solution(name):
    exercise, cases = ALL[name]
    for answer, _ in cases.CASES[exercise]["wrong"]:
        _, hint = exercise.judge(answer)
        assert given_away(exercise.solution, hint, exercise.statement) == []


@pytest.mark.parametrize(
    "solution, hint",
    [(0.69314718, "The answer is 0.693."), (given_away, "Write: squeezed = re.sub(r'x', hint)")],
)
def test_what_gives_an_answer_away_is_noticed(solution, hint):
    if callable(solution):
        hint = inspect.getsource(solution).splitlines()[2]
    assert given_away(solution, hint, "")


def test_a_teacher_can_switch_solutions_off(monkeypatch, tmp_path, capsys):
    exercise, _ = ALL["softmax.stable"]
    monkeypatch.chdir(tmp_path)
    exercise.show_solution()
    assert "exp" in capsys.readouterr().out
    (tmp_path / "solutions-off").touch()
    exercise.show_solution()
    assert capsys.readouterr().out == (
        "Solutions are switched off for this class (by the file solutions-off in this folder): "
        "ask your teacher.\n"
    )
    (tmp_path / "solutions-off").unlink()
    monkeypatch.setenv("D2L_EXTRAS_SOLUTIONS", "off")
    exercise.show_solution()
    assert "D2L_EXTRAS_SOLUTIONS is off" in capsys.readouterr().out
