"""What went wrong in a learner's function is said once, in the learner's words."""

import numpy
import pytest

from d2l_extras.teaching.answers import Unclear, array
from d2l_extras.teaching.learner import Learner, LearnerError, attempt
from tests.chapters.notebook import typed


@pytest.mark.parametrize("body", ["exit()", "pass; x"])
def test_lab_says_once_what_happened_to_a_function_that_gave_nothing(body):
    note = attempt(typed(f"def f(x):\n    {body}", "f"), numpy.ones(3)).note
    assert note.count("our function") == 1


def test_condition_in_the_c_code_of_mxnet_is_left_out():
    function = typed("def f(x):\n    return x - np.ones(4)", "f")
    with pytest.raises(LearnerError, match=r"\): operands could not be broadcast") as caught:
        Learner(function)(numpy.ones(3))
    assert "Check failed" not in str(caught.value)


def test_no_address_is_shown():
    with pytest.raises(Unclear, match=r"got \[<function f>, <object object>\]"):
        array([typed("def f(): ...", "f"), object()])


def test_a_note_that_asks_a_question_ends_with_it():
    assert attempt(lambda x: x.mean, numpy.ones(3)).note.endswith("`()`?")
