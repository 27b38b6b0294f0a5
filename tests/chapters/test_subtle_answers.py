"""Answers that are right on the obvious numbers and wrong in general are refused; and one right."""

import pytest

from d2l_extras.chapters import exercises
from d2l_extras.teaching.exercise import FAILED, PASSED
from tests.chapters.notebook import typed

TRAINING = """
    mean, var = (x.mean(axis=0), x.var(axis=0)) if training else (running_mean, running_var)"""
DROPOUT = """
    if not autograd.is_training():
        return x
    if p == 1:
        return np.zeros_like(x)
    kept = np.random.uniform(size=x.shape) > p"""
WRONG = {
    "text for a number": ("start.loss", """
def answer(prediction, y):
    return str(((prediction - y) ** 2).mean())""", "expected numbers"),
    "a thousandth too much": ("start.loss", """
def answer(prediction, y):
    return ((prediction - y) ** 2).mean() + 1e-3""", "mean of the squares"),
    "a wider float": ("softmax.stable", """
def answer(x):
    e = numpy.exp(x.asnumpy().astype("longdouble"))
    return e / e.sum(axis=1, keepdims=True)""", "wider number type"),
    "a thousandth of the score": ("cross_entropy.from_scores", """
def answer(x, labels):
    z = x - x.max(axis=1, keepdims=True)
    return np.log(np.exp(z).sum(axis=1)) - npx.pick(z, labels) * 1.001""", "For x ="),
    "an initializer of its own": ("block_hybridblock.dense", """
class answer(nn.HybridBlock):
    def __init__(self, units):
        super().__init__()
        self.w = self.params.get("w", shape=(units, -1), init="ones", allow_deferred_init=True)
        self.b = self.params.get("b", shape=(units,), init="zeros")
    def hybrid_forward(self, F, x, w, b):
        return F.np.dot(x, w.T) + b""", "no initializer of its own"),
    "the mean of the biases": ("block_hybridblock.dense", """
class answer(nn.HybridBlock):
    def __init__(self, units):
        super().__init__()
        self.w = self.params.get("w", shape=(units, -1), allow_deferred_init=True)
        self.b = self.params.get("b", shape=(units,), init="zeros")
    def hybrid_forward(self, F, x, w, b):
        return F.np.dot(x, w.T) + b.mean()""", "weight times x, plus bias"),
    "half precision": ("dropout.write", f"""
def answer(x, p):{DROPOUT}
    return (x * kept / (1 - p)).astype("float16")""", "keep the dtype"),
    "a gamma below 0": ("batch_norm.passes", f"""
def answer(x, gamma, beta, running_mean, running_var, training, eps):{TRAINING}
    return abs(gamma) * (x - mean) / np.sqrt(var + eps) + beta""", "gamma"),
    "a mean in place": ("layer_order.variance", """
def answer(p, mean, variance):
    mean *= mean
    return (variance + p * mean) / (1 - p)""", "in place"),
}  # fmt: skip


def judged(name, source):
    chapter, exercise = name.split(".")
    answer = typed("import numpy\n" + source)
    return getattr(exercises.get(chapter), exercise).judge(answer)


@pytest.mark.parametrize("case", WRONG)
def test_a_subtly_wrong_answer_is_refused_and_its_own_mistake_is_named(case):
    name, source, fragment = WRONG[case]
    verdict, hint = judged(name, source)
    assert (verdict, fragment.lower() in hint.lower()) == (FAILED, True), hint


def test_dropped_variance_may_use_a_function_that_makes_a_numpy_scalar_of_a_plain_number():
    source = "def answer(p, mean, variance):\n    second = (variance + np.square(mean)) / (1 - p)"
    assert judged("layer_order.variance", source + "\n    return second - np.square(mean)") == (
        PASSED, "",
    )  # fmt: skip
