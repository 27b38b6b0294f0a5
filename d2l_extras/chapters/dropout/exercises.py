"""Exercises of chapter 5: dropout."""

import numpy
from mxnet import autograd, np

from ...teaching.exercise import Exercise


def _numbers(answer):
    """Return an answer of any kind (number, list, NumPy or MXNet array) as a NumPy array."""
    return numpy.asarray(getattr(answer, "asnumpy", lambda: answer)(), dtype="float64")


def _close(got, wanted):
    return got.shape == numpy.shape(wanted) and numpy.allclose(got, wanted, rtol=1e-3, atol=1e-3)


# --- dropout itself


def _factors(dropout, x, p):
    """Return by what each element was multiplied in train mode."""
    with autograd.train_mode():
        out = _numbers(dropout(x.copy(), p))
    return out / _numbers(x) if out.shape == x.shape else out


def _write_checks(dropout):
    x = np.array(numpy.random.RandomState(0).uniform(1, 2, size=(200, 100)))
    given = x.copy()
    out = _numbers(dropout(given, 0.2))
    yield out.shape == x.shape, "Shape in, same shape out."
    factors = _factors(dropout, x, 0.2)
    dropped = (factors == 0).mean()
    yield (
        dropped > 0,
        "Nothing is dropped in train mode: draw a mask there. `autograd.is_training()` tells.",
    )
    yield (
        _close(out, _numbers(x)),
        "You drop in predict mode too: unless `autograd.is_training()`, return x as it is.",
    )
    yield (
        abs(dropped - 0.8) > 0.02,
        "With p = 0.2 you drop 80 % of the units: p is the probability to drop, not to keep.",
    )
    yield abs(dropped - 0.2) < 0.02, f"With p = 0.2 you dropped a share of {dropped:.2f}."
    kept = factors[factors != 0]
    for wrong, hint in (
        (1, "You do not scale: divide what is kept by 1 - p, or the mean falls by that factor."),
        (0.2, "You multiply what is kept by p: divide it by 1 - p."),
        (0.8, "You multiply what is kept by 1 - p, which makes it smaller still: divide."),
        (5, "You divide by the drop probability p; divide by the keep probability 1 - p."),
    ):
        yield not _close(kept, numpy.full(kept.shape, wrong)), hint
    yield _close(kept, numpy.full(kept.shape, 1.25)), "With p = 0.2, units are kept times 1.25."
    rows, columns = (factors != 0).all(axis=1), (factors != 0).all(axis=0)
    whole = (rows | (factors == 0).all(axis=1)).all() or (
        columns | (factors == 0).all(axis=0)
    ).all()
    yield (
        not whole,
        "Whole rows or columns drop together: every element of x draws for itself "
        "(`size=x.shape`), so that each sample has a mask of its own.",
    )
    yield (
        not _close(factors, _factors(dropout, x, 0.2)),
        "The second call dropped the same units: draw a new mask at every call, fix no seed.",
    )
    yield _close(_numbers(given), _numbers(x)), "You changed x in place: return a new array."
    yield _close(_factors(dropout, x, 0.0), numpy.ones(x.shape)), "p = 0 must leave x as it is."
    nothing = _factors(dropout, x, 1.0)
    yield not numpy.isnan(nothing).any(), "p = 1 gives nan, 0 / 0: return zeros there."
    yield (nothing == 0).all(), "p = 1 drops everything: return zeros."
    x.attach_grad()
    with autograd.record():
        out = dropout(x, 0.5)
    out.backward()
    yield (
        _close(_numbers(x.grad) * _numbers(x), _numbers(out)),
        "The gradient must pass where a unit is kept, times 1/(1-p): stay with MXNet's arrays.",
    )


def _dropout(x, p):
    if not autograd.is_training() or p == 0:
        return x
    if p == 1:
        return np.zeros_like(x)
    mask = (np.random.uniform(size=x.shape) >= p).astype(x.dtype)
    return x * mask / (1 - p)


write = Exercise(
    "inverted dropout",
    """Write `dropout(x, p)`. In train mode (`autograd.is_training()` is True) it drops every
    element of the MXNet array `x` with probability `p`, each for itself, and scales the others so
    that the mean is kept; in predict mode it returns `x`. `p` may be anything from 0 to 1: with
    `p = 1` return zeros.""",
    _write_checks,
    _dropout,
)


# --- rate and keep probability


def _keep_checks(answer):
    got = _numbers(answer).reshape(-1)
    yield got.size == 2, "Give two numbers: the factor in training, and the one at test."
    yield (
        not _close(got, [0.8, 1.25]),
        "The wrong way round: training must make up for the units that are missing.",
    )
    yield not _close(got[:1], [5]), "5 would be right if only 0.2 were kept; here 0.8 are."
    yield (
        not _close(got[1:], [0.2]),
        "The test alternative multiplies by what training kept, 0.8, not by the rate 0.2.",
    )
    yield (
        not _close(got[1:], [1.25]),
        "At test all units are there, more than in training: the alternative makes them smaller.",
    )
    yield not _close(got[1:], [1]), "Without any scaling in training, test must be scaled."
    yield _close(got, [1.25, 0.8]), "Either divide by 0.8 in training, or multiply by it at test."


keep = Exercise(
    "rate and keep probability",
    """A note says `keep_prob = 0.8`. By what are the kept units multiplied in training (inverted
    dropout)? And if training does *not* scale: by what are all units multiplied at test? Give a
    pair `answer = (in training, at test)`.""",
    _keep_checks,
    (1.25, 0.8),
)


# --- variance


def _variance_checks(answer):
    got = _numbers(answer)
    yield got.size == 1, "Give one number."
    got = got.reshape(1)
    yield not _close(got, [0]), "The input does not vary, but what comes out is 0 or 4."
    yield not _close(got, [1]), "The mean enters squared: p m² / (1 - p) with m = 3."
    yield not _close(got, [27]), "You took (1 - p)/p: it is the other way up, p/(1 - p)."
    yield not _close(got, [27 / 16]), "That is without the scaling: the kept ones become 4, not 3."
    yield not _close(got, [3**0.5]), "That is the standard deviation: give its square."
    yield not _close(got, [1 / 3]), "That is the variance for a constant 1."
    yield _close(got, [3]), "It is 4 with probability 3/4 and 0 with 1/4: mean 3, variance?"


variance = Exercise(
    "variance of a constant",
    """Every element of an array is 3. What is the variance of `Dropout(0.25)` of it, in train
    mode? Give a number.""",
    _variance_checks,
    3,
)


# --- evaluating inside record


def _evaluating_checks(answer):
    choice = str(answer).strip().lower()
    yield choice in ("a", "b", "c", "d"), 'Answer with one letter: "a", "b", "c" or "d".'
    yield choice != "a", "`record()` turns train mode on as well: masks are drawn."
    yield choice != "b", "Nothing is updated without `trainer.step`: the weights stay."
    yield choice != "c", "Missing units disturb the network: it does worse than with all of them."


evaluating = Exercise(
    "evaluating inside record",
    """A colleague computes the validation accuracy of a network with dropout inside
    `with autograd.record():`. What does she observe? Answer with a letter.

    - `"a"`: the same as outside: recording changes no values
    - `"b"`: the network learns the validation set
    - `"c"`: too high an accuracy, because dropout regularizes
    - `"d"`: an accuracy that is too low, and another one at each call""",
    _evaluating_checks,
    "d",
)


# --- two points


def _points_checks(answer):
    got = _numbers(answer)
    yield got.size == 1, "Give one number."
    got = got.reshape(1)
    yield not _close(got, [2]), "Those are the percentage points. Which share of the errors is it?"
    yield not _close(got, [0.4]), "That is the fraction: give percent."
    yield not _close(got, [60]), "60 % of the errors are left. How many are gone?"
    yield not _close(got, [200 / 3]), "Compare with the errors before, not with those after."
    yield not (1.9 < got[0] < 2.2), "That is the gain in accuracy: compare the errors, 5 and 3 %."
    yield _close(got, [40]), "5 % of errors become 3 %: by what percent of 5 do they fall?"


points = Exercise(
    "two points",
    """A book says that dropout takes even the best networks about two points further, say from
    95 to 97 % accuracy. By how many percent does the number of errors fall?""",
    _points_checks,
    40,
)
