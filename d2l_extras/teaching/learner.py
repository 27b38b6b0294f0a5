"""How a lab calls a function that the learner wrote."""

import numpy
from mxnet import np


def call_on_row(function, row):
    """Call a learner's function on one row, as an MXNet array of shape (1, n); return n numbers."""
    result = function(np.array(row, dtype="float32").reshape(1, -1))
    values = numpy.asarray(getattr(result, "asnumpy", lambda: result)(), dtype="float64")
    if values.size != len(row):
        raise ValueError(
            f"your function must keep the shape: it got (1, {len(row)}) and returned {values.shape}"
        )
    return values.reshape(-1)
