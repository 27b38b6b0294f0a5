"""One call that makes every random number of a run repeatable."""

import operator
import random

import mxnet
import numpy


def seed(number):
    """Seed Python's, NumPy's and MXNet's random generators.

    `mxnet.random.seed` alone is not enough: Gluon's DataLoader shuffles with NumPy's generator,
    and some initializers draw from it.

    Parameters
    ----------
    number : int
        The seed, from 0 to 2**31 - 1.

    Raises
    ------
    TypeError
        If `number` is not a whole number.
    ValueError
        If it lies outside the range.

    Examples
    --------
    >>> import numpy
    >>> seed(7); first = numpy.random.rand()
    >>> seed(7); first == numpy.random.rand()
    True
    """
    if isinstance(number, bool):
        raise TypeError(f"the seed must be a whole number, got {number!r}")
    try:
        number = operator.index(number)
    except TypeError:
        raise TypeError(f"the seed must be a whole number, got {number!r}") from None
    if not 0 <= number < 2**31:
        raise ValueError(f"the seed must be from 0 to {2**31 - 1}, got {number}")
    random.seed(number)
    numpy.random.seed(number)
    mxnet.random.seed(number)
