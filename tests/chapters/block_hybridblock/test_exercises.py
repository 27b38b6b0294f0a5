"""Chapter 4's exercises: what is right on round numbers alone does not pass."""

from d2l_extras.chapters.block_hybridblock import exercises
from d2l_extras.teaching.exercise import FAILED
from tests.chapters.block_hybridblock.cases import cell


def test_centered_features_may_not_be_rounded():
    rounded = cell("C", "return F.np.round(x - x.mean(axis=0))")
    assert exercises.center.judge(rounded)[0] == FAILED
