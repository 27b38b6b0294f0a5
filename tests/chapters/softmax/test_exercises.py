"""What an exercise of chapter 1 forbids is forbidden by whatever way it is reached."""

import pytest

from d2l_extras.teaching.exercise import FAILED
from tests.chapters.softmax.cases import FINISHED, softmax


@pytest.mark.parametrize("answer", FINISHED)
def test_finished_operator_is_refused_by_whatever_way_it_is_reached(answer):
    verdict, hint = softmax.stable.judge(answer)
    assert (verdict, "is the finished operator" in hint) == (FAILED, True), hint
