"""Answers as learners type them: what is read, and what is sent back because it is unclear."""

import numpy
import pytest

from d2l_extras.teaching.answers import Unclear, array, letter, number, numbers

CHOOSE_C = [
    "C", "c", "(c)", "C)", "**C**", "C!", "C?", "C: because", "C because A is wrong", "option C",
    "Option c", "letter C", "the answer is c", "Answer: C", "it's c", "It is C", "c, I think",
    "C I think", "I would say C", "C, not A", "C and not A", "not A but C", "C (not D)",
    "C, a network of two", "Definitely C!", ["C"], ("c",), {"C"},
]  # fmt: skip
CHOOSE_NOTHING = [
    "", "?", "3", 3, None, "E", "because", "A network learns", "cannot tell", "not C", "isn't C",
    "it isn't C", "C is wrong", "C is not right", "I do not think it is C", "anything but C",
    "all except C", "neither C nor A", "not only A but C", "C and A", "a and C", "c or a",
    "Both A and C", "either A or C", "C, A", "A, C", "A/C", "C & A", "A + C", "C as well as A",
    "C plus A", "C, then A", "C, or perhaps A", "hardly C", "C is false",
    "CA", "C A", ["C", "A"], {}, True,
]  # fmt: skip
NUMBERS = {
    "five": 5, "five times": 5, "minus three": -3, "twenty-three": 23, "forty percent": 0.4,
    "half": 0.5, "one half": 0.5, "three quarters": 0.75, "one fifteenth": 1 / 15,
    "2 thirds": 2 / 3, "the answer is 5": 5, "It is 3": 3, "by 40": 40, "after 299 updates": 299,
    "total: 5250": 5250, "5250 weights and biases": 5250, "69 per order": 69, "69 for each": 69,
    "3 eager + 2 traces": 5, "0.9 times 0.1": 0.09, "0.9 x 0.1 = 0.09": 0.09, "14x64+2": 898,
    "x1.25": 1.25, "1.25x": 1.25, "×0.8": 0.8, "0.1 divided by 64": 0.1 / 64,
    "1.5625·10⁻³": 1.5625e-3, "2·(1.96 + 0.84)²": 15.68, "√(1/4)": 0.5, "log1p(0)": 0,
    "0.693 (ln 2)": 0.693147180559945, "391 (per epoch)": 391, "2 of 5: 40 %": 0.4,
    "exactly 5": 5, "it takes 299": 299, "multiplied by 0.8": 0.8, "5, because 3 + 2": 5,
    "x1 = -2": -2,
    "a drop probability of 0.5": 0.5, "5 Python calls": 5, "the outputs are 4": 4,
    "4, so 4": 4,
}  # fmt: skip
UNCLEAR = [
    "many", "5 or 6", "5 to 6", "not 5", "less than 5", "at least 5", "half of 3", "twice 3",
    "0.3 bits", "5 hundred", "5 squared", "fifty-five hundred", "0.69 = 2", "1/4 = 0.3",
    "0.1/64 = 0.0016 = 0.002", "0.69 (2)", "1:2",
    "twenty thirty", "5, 6", "5 / x", "wrong", "1 - twice",
]  # fmt: skip


@pytest.mark.parametrize("answer", CHOOSE_C, ids=repr)
def test_a_letter_is_read_however_it_is_said(answer):
    assert letter(answer) == "C"


@pytest.mark.parametrize("answer", CHOOSE_NOTHING, ids=repr)
def test_no_letter_is_guessed(answer):
    with pytest.raises(Unclear, match="answer with one letter"):
        letter(answer)


@pytest.mark.parametrize("answer", NUMBERS)
def test_a_number_is_read_however_it_is_said(answer):
    assert number(answer) == pytest.approx(NUMBERS[answer], abs=1e-9)


@pytest.mark.parametrize("answer", UNCLEAR)
def test_no_number_is_guessed(answer):
    with pytest.raises(Unclear, match="answer with one number"):
        number(answer)


@pytest.mark.parametrize(
    "answer", ["40 %", "2/5 = 40 %", "0.4 = 40 %", "40 % of the errors", "40% less"]
)
def test_percent_may_follow_its_fraction(answer):
    assert number(answer, percent=True) == 40


@pytest.mark.parametrize(
    "answer",
    [
        "391 & 7820", "391 | 7820", "391\n7820", "[391 7820]", "{391, 7820}",
        "391 (per epoch), 7820 (in all)", "iterations: 391, updates: 7820",
        "1/(1 + 0) * 391, 20/(3 - 2) * 391", "391 per epoch and 7,820 in total",
    ],
)  # fmt: skip
def test_a_pair_is_read_however_it_is_said(answer):
    assert numbers(answer, 2) == (391, 7820)


@pytest.mark.parametrize(
    "answer",
    [
        "Gluon 0.9, PyTorch 0.01", "PyTorch: 0.01, Gluon: 0.9", "0.9 for Gluon, 0.01 for PyTorch",
        "for Gluon 0.9, for PyTorch 0.01",
        "0.01 (PyTorch) and 0.9 (Gluon)", {"PyTorch": 0.01, "Gluon": 0.9}, (0.9, 0.01),
    ],
    ids=repr,
)  # fmt: skip
def test_named_numbers_may_come_in_any_order(answer):
    assert numbers(answer, 2, names=("Gluon", "PyTorch")) == (0.9, 0.01)


@pytest.mark.parametrize("result", ["3.5", ["1", "2"], numpy.array(["1"]), 1 + 2j], ids=repr)
def test_text_is_no_array_of_numbers(result):
    with pytest.raises(Unclear, match="expected numbers in one array"):
        array(result)


@pytest.mark.parametrize("power", [400, 5000], ids=str)
def test_a_whole_number_that_no_float_holds_is_unclear(power):
    with pytest.raises(Unclear, match="finite number"):
        number(10**power)
