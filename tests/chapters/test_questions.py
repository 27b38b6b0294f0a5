"""Every question: its right answer is computed, its wrong ones have replies, it is asked once.

`tests/chapters/<name>/questions.py` has a function for each question, which computes the right
answer: a number for an `Amount`, a pair for a `Place`, the letter or the text of the right option
for a `Choice`.
"""

import importlib
import re

import nbformat
import numpy
import pytest

from d2l_extras.chapters import TABLE, questions
from d2l_extras.chapters.review import questions_of
from d2l_extras.teaching.question import RIGHT, WRONG, Amount, Choice, Place
from tests.chapters.test_chapters import ROOT

QUESTIONS = {name: q for chapter in TABLE for name, q in questions_of(chapter).items()}
CHAPTERS = [chapter for chapter in TABLE if chapter.name in list(questions)]


def computed(name):
    chapter, _, question = name.partition(".")
    module = importlib.import_module(f"tests.chapters.{chapter}.questions")
    return getattr(module, question)()


@pytest.fixture(params=QUESTIONS, name="name")
def _name(request):
    return request.param


def test_the_right_answer_is_the_one_that_is_computed(name):
    question, answer = QUESTIONS[name], computed(name)
    if isinstance(question, Choice):
        chosen = answer if answer in question.options else None
        by_text = {" ".join(text.split()): key for key, text in question.options.items()}
        assert (chosen or by_text[answer]) == question.right
    else:
        got, right = numpy.atleast_1d(answer), numpy.atleast_1d(question.right)
        within = numpy.atleast_1d(question.within)
        near = numpy.abs(got - right) <= numpy.maximum(within / 2, 1e-9)
        assert near.all(), (got, right)  # in the inner half of what is accepted


def test_the_right_answer_is_accepted_and_explained(name):
    question = QUESTIONS[name]
    assert question.judge(question.right) == (RIGHT, question.why)
    assert question.why in question.solution()


def test_each_wrong_option_has_a_reply_of_its_own_that_does_not_give_the_answer_away(name):
    question = QUESTIONS[name]
    if isinstance(question, Choice):
        replies = [question.judge(key) for key in question.options if key != question.right]
        assert {verdict for verdict, _ in replies} == {WRONG}
    else:
        replies = [(WRONG, reply[-1]) for reply in question.replies]
    texts = [text for _, text in replies]
    assert len(set(texts)) == len(texts)
    assert all(len(text) > 20 for text in texts)
    assert question.why not in texts


def test_a_number_that_is_wrong_gets_the_reply_of_its_range(name):
    question = QUESTIONS[name]
    if not isinstance(question, Amount):
        pytest.skip("no number is asked for")
    for low, high, text in question.replies[:-1]:
        middle = (low + high) / 2
        assert question.judge(middle) == (WRONG, text), middle


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_each_question_is_asked_once_in_its_chapter_and_nothing_else_is_predicted(chapter):
    notebook = nbformat.read(ROOT / "notebooks" / f"{chapter.stem}.ipynb", 4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    asked = re.findall(r"^dx\.questions\.(\w+\.\w+)$", "\n".join(code), re.M)
    assert sorted(asked) == sorted(questions_of(chapter))
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "**Predict" not in prose
    assert f'dx.again("{chapter.name}")' in code
    earlier = TABLE[: TABLE.index(chapter)]
    if any(c.name in list(questions) for c in earlier):
        assert f'dx.warm_up("{chapter.name}")' in code


def test_questions_of_one_chapter_do_not_all_have_the_same_letter():
    for chapter in CHAPTERS:
        letters = [q.right for q in questions_of(chapter).values() if isinstance(q, Choice)]
        assert max(map(letters.count, letters)) <= max(2, 0.6 * len(letters)), chapter.name


def test_places_lie_in_their_pictures():
    from matplotlib.figure import Figure

    for question in QUESTIONS.values():
        if isinstance(question, Place):
            axes = question.draw(Figure())
            x, y = question.right
            assert min(axes.get_xlim()) <= x <= max(axes.get_xlim())
            assert min(axes.get_ylim()) <= y <= max(axes.get_ylim())
