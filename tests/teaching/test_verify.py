"""Claims, expected errors and seeds."""

import random

import mxnet
import numpy
import pytest
from mxnet import np, npx

import d2l_extras as dx
from d2l_extras.teaching.verify import ClaimError, first_line


def test_claim_that_holds_is_ticked(capsys):
    dx.verify("two and two make four", 2 + 2 == 4)
    assert capsys.readouterr().out == "✓ two and two make four\n"


@pytest.mark.parametrize("true", [True, numpy.bool_(True), numpy.array([True]), np.array(1) > 0])
def test_one_truth_value_of_any_library_will_do(true):
    dx.verify("it is true", true)


def test_claim_that_fails_raises_with_the_condition_and_the_measured_numbers():
    mean, bound = 1.25, 0.01
    with pytest.raises(ClaimError) as caught:
        dx.verify("dropout keeps the mean", abs(mean - 1) < bound)
    assert str(caught.value).splitlines() == [
        "✗ dropout keeps the mean",
        "  condition: abs(mean - 1) < bound",
        "  mean = 1.25",
        "  bound = 0.01",
    ]


def test_nan_proves_nothing():
    value = float("nan")
    with pytest.raises(ClaimError, match="value = nan"):
        dx.verify("the loss is small", value < 1)


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        (numpy.array([True, False]), r"an array of shape \(2,\)"),
        (None, "None"),
        ("yes", "'yes'"),
        (1, "1"),
    ],
)
def test_condition_that_is_not_one_truth_value_is_refused(condition, named):
    with pytest.raises(TypeError, match=f"must be True or False, got {named}"):
        dx.verify("it is true", condition)


def test_claim_without_words_is_refused():
    with pytest.raises(TypeError, match="the claim must be a sentence, got ''"):
        dx.verify("", True)


def test_expected_error_is_printed_in_one_line(capsys):
    with dx.expect_error(ZeroDivisionError):
        1 / 0  # noqa: B018
    assert capsys.readouterr().out == "✗ ZeroDivisionError: division by zero\n"


def test_error_that_does_not_come_fails_the_cell():
    with pytest.raises(ClaimError, match="expected ValueError or KeyError, but nothing was raised"):
        with dx.expect_error(ValueError, KeyError):
            pass


def test_other_error_than_the_expected_one_is_not_swallowed():
    with pytest.raises(KeyError):
        with dx.expect_error(ValueError):
            {}[1]


def test_mxnet_error_is_told_by_its_message_not_by_its_traceback():
    with pytest.raises(mxnet.base.MXNetError) as caught:
        npx.softmax(np.ones((2, 2)), axis=5).asnumpy()
    line = first_line(caught.value)
    assert line and "\n" not in line and not line.startswith("Traceback")


def draws(seed):
    dx.seed(seed)
    return random.random(), numpy.random.rand(), float(np.random.uniform())


def test_one_call_seeds_python_numpy_and_mxnet():
    first, again, other = draws(1), draws(1), draws(2)
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("number", "error"),
    [(-1, ValueError), (2**31, ValueError), (1.5, TypeError), ("0", TypeError), (True, TypeError)],
)
def test_seed_that_is_no_seed_is_refused(number, error):
    with pytest.raises(error, match="the seed must be .*, got"):
        dx.seed(number)
