"""Exercises whose answer is a class: stubs are told, and errors name the learner's line."""

import random

import numpy
import pytest
from mxnet import np
from mxnet.gluon import nn

from d2l_extras.chapters.block_hybridblock import exercises as block_hybridblock
from d2l_extras.teaching.exercise import FAILED, NOT_ATTEMPTED, Exercise
from d2l_extras.teaching.learner import is_stub


class Empty(nn.HybridBlock): ...


class Documented(nn.HybridBlock):
    """Replace the dots."""

    pass


class EmptyMethods(nn.HybridBlock):
    def __init__(self): ...

    def hybrid_forward(self, F, x):
        """Replace the dots."""


class OneMethod(nn.HybridBlock):
    def __init__(self): ...

    def hybrid_forward(self, F, x):
        return x


class OneConstant(nn.HybridBlock):
    rate = None


def _checks(layer):
    made = layer()
    made.initialize()
    yield made(1) == 1, "The layer changes nothing."


exercise = Exercise("identity", "Write `Identity`.", _checks, OneMethod)


@pytest.mark.parametrize("stub", [Empty, Documented, EmptyMethods])
def test_class_without_a_line_of_code_is_a_stub(stub):
    assert is_stub(stub)
    assert exercise.judge(stub) == (NOT_ATTEMPTED, "not attempted yet")
    assert block_hybridblock.center.judge(stub)[0] == NOT_ATTEMPTED


@pytest.mark.parametrize("attempt", [OneMethod, OneConstant, nn.Dense, int])
def test_class_with_code_is_an_attempt(attempt):
    assert not is_stub(attempt)


@pytest.mark.parametrize("answer", [nn.Dense(2), lambda x: x, 3])
def test_object_or_function_in_place_of_a_class_is_told(answer):
    verdict, hint = exercise.judge(answer)
    assert (verdict, "class itself" in hint) == (FAILED, True)


def test_error_names_the_line_of_the_method_it_was_raised_in():
    class Broken(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.width = undefined  # noqa: F821

    verdict, hint = exercise.judge(Broken)
    assert verdict == FAILED
    assert hint.startswith("NameError in line 3 of __init__ (`self.width = undefined")
    assert hint.endswith("name 'undefined' is not defined.") or hint.endswith("defined")


def test_error_outside_of_the_learners_class_names_no_line():
    class Unfinished(nn.HybridBlock):
        rate = 0.5

    _, hint = exercise.judge(Unfinished)
    assert hint.startswith("ValueError: ")


def test_a_judgment_depends_on_the_answer_alone():
    drawn = []

    def checks(answer):
        drawn.append((random.random(), numpy.random.rand(), float(np.random.uniform())))
        yield True, ""

    exercise = Exercise("draw", "Draw.", checks, 1)
    for seed in (1, 2):
        numpy.random.seed(seed)
        random.seed(seed)
        exercise.judge(1)
        assert numpy.random.rand() == numpy.random.RandomState(seed).rand()  # the learner's goes on
    assert drawn[0] == drawn[1]
