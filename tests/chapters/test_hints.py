"""What a learner reads on a mistake helps, and does not give the answer away."""

import ast
import importlib
import inspect
import linecache
import re
import textwrap

import pytest

from d2l_extras.chapters import exercises
from d2l_extras.teaching.exercise import Exercise

ALL = {
    f"{chapter}.{name}": (exercise, importlib.import_module(f"tests.chapters.{chapter}.cases"))
    for chapter in exercises
    for name, exercise in vars(exercises.get(chapter)).items()
    if isinstance(exercise, Exercise)
}


def given_away(solution, hint, known):
    """Return the parts of a solution that a hint contains and that are not known already."""
    squeezed = re.sub(r"\s", "", hint)
    parts = [part for part in secrets(solution) if part not in re.sub(r"\s", "", known)]
    if callable(solution):
        return [part for part in parts if part in squeezed]
    return [part for part in parts if re.search(rf"(?<![\w.]){re.escape(part)}(?!\w|\.\d)", hint)]


def secrets(solution):
    """Return what must not be read in a hint: statements of code, or the right numbers."""
    if callable(solution):
        statements = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(solution))))
        simple = (ast.Return, ast.Assign, ast.AugAssign, ast.Expr)
        values = [s.value for s in statements if isinstance(s, simple) and s.value]
        values = [v for v in values if not isinstance(v, (ast.Constant, ast.Name))]
        values = [v for v in values if not _one_call(v)]  # `np.zeros_like(x)` is a piece of advice
        texts = [re.sub(r"\s", "", ast.unparse(value)) for value in values]
        return [text for text in texts if not text.startswith("super()")]
    if isinstance(solution, str):
        return []  # a letter and why: each hint is for another letter
    parts = solution if isinstance(solution, (list, tuple)) else [solution]
    if all(isinstance(part, (int, float)) for part in parts):
        texts = {form.format(part) for part in parts for form in ("{:.3f}", "{:.4g}")}
        return sorted(text for text in texts if len(text) > 3)  # 0.5 and 12 stand everywhere
    return [str(part) for part in parts]


def _one_call(value):
    return isinstance(value, ast.Call) and all(isinstance(a, ast.Name) for a in value.args)


@pytest.mark.parametrize("name", ALL)
def test_no_hint_that_a_mistake_provokes_contains_the_solution(name):
    exercise, cases = ALL[name]
    for answer, _ in cases.CASES[exercise]["wrong"]:
        _, hint = exercise.judge(answer)
        known = f"{exercise.statement} {answer} {_code(answer)}"  # an echo gives nothing away
        assert given_away(exercise.solution, hint, known) == []


def _code(answer):
    names = vars(answer).values() if inspect.isclass(answer) else [answer]
    files = {n.__code__.co_filename for n in names if inspect.isfunction(n)}
    return "".join(line for file in files for line in linecache.getlines(file))


@pytest.mark.parametrize(
    "solution, hint",
    [
        (0.69314718, "The answer is 0.693."),
        ((391, 7820), "There are 7820 of them."),
        (_one_call, "Write `return isinstance(value, ast.Call) and all((isinstance(a, ast.Name) "
                    "for a in value.args))`."),
    ],
)  # fmt: skip
def test_what_gives_an_answer_away_is_noticed(solution, hint):
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
