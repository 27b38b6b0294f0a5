"""Exercises of chapter 4: Block and HybridBlock."""

import contextlib
import os
import re
import tempfile
import traceback
from collections.abc import Iterator
from typing import Any

import numpy
from mxnet import autograd, init, np
from mxnet.base import MXNetError
from mxnet.gluon import nn

from ...teaching.answers import Unclear, close, number
from ...teaching.answers import array as numbers_in
from ...teaching.exercise import Exercise

Checks = Iterator[tuple[bool, str]]

# --- reading a net


def _count_checks(got: float) -> Checks:
    yield got != 5120, "Those are the weights: each layer also has one bias for each output."
    yield got != 130, "Those are the biases: now add the weights, inputs times outputs each."
    yield (
        got != 1090,
        "There are two hidden layers of 64, so there is a 64 x 64 matrix between them.",
    )
    yield (
        got != 5264,
        "A layer has one bias for each output, not for each input: 64 + 64 + 2.",
    )
    yield got != 144, "Those are the units. Each unit of a layer has a weight for each input."
    yield got == 5250, "Each Dense layer has inputs x outputs weights, and outputs biases."


count = Exercise(
    "count the parameters",
    """A net has 14 inputs, two hidden `Dense` layers of 64 units each, and 2 outputs: 14-64-64-2.
    How many parameters does it have? Work it out before you let Gluon count.""",
    _count_checks,
    14 * 64 + 64 + 64 * 64 + 64 + 64 * 2 + 2,
    number,
)


def _calls_checks(got: float) -> Checks:
    yield got != 23, "After hybridize() a call replays the graph: Python only runs to trace it."
    yield got != 3, "To trace, Python runs the method once too, with symbols."
    yield got != 4, "The second hybridize() throws the graph away: the next call traces anew."
    yield got != 2, "The 3 calls before hybridize() run in Python, too."
    yield got == 5, "Add up: 3 eager calls, and one for each tracing."


calls = Exercise(
    "how often Python runs",
    """A net whose `hybrid_forward` counts its calls already knows its shapes. It gets 3 batches;
    then `net.hybridize()` and 10 batches; then `net.hybridize(static_alloc=True)` and 10 batches.
    What does the counter say?""",
    _calls_checks,
    5,
    number,
)

# --- classes


def _values(result: Any) -> numpy.ndarray:
    if result is None:
        raise Unclear("the layer returned nothing: does hybrid_forward end with `return`?")
    if not isinstance(result, np.ndarray):
        raise Unclear(f"the layer must return one array, got a {type(result).__name__}")
    return numbers_in(result)


def _made(layer: type, *arguments: Any) -> nn.Block:
    with _explained():
        made = layer(*arguments)
        made.initialize()
    return made


def _run(made: nn.Block, x: numpy.ndarray) -> numpy.ndarray:
    """Return what a layer makes of a batch, which it must leave as it was."""
    given = np.array(x, dtype="float32")
    with _explained():
        result = _values(made(given))
    if not close(given, x):
        raise Unclear("the layer changed its batch in place: write x - ..., not x -= ...")
    return result


def _is_block_checks(layer: type) -> Checks:
    yield (
        not layer.__module__.startswith("mxnet."),
        "That is Gluon's own class: write one of your own.",
    )
    yield issubclass(layer, nn.Block), "Derive your class from nn.HybridBlock."
    yield (
        issubclass(layer, nn.HybridBlock),
        "A plain nn.Block cannot be hybridized: derive your class from nn.HybridBlock.",
    )


HINTS = {  # from a part of an error's text to what it means for the learner
    "'_params'": "call super().__init__() first in __init__: it makes the places where layers "
    "and parameters are registered",
    "'_children'": "call super().__init__() first in __init__: it makes the places where layers "
    "and parameters are registered",
    "hybrid_forward() takes": "the arguments of hybrid_forward are self, F, x, then the layer's "
    "own parameters by name",
    "hybrid_forward() got an unexpected keyword": "the arguments of hybrid_forward are self, F, x, "
    "then the layer's own parameters by name",
    "hybrid_forward() got multiple values": "the arguments of hybrid_forward are self, F, x, then "
    "the layer's own parameters by name",
    "hybrid_forward() missing": "the arguments of hybrid_forward are self, F, x, then the layer's "
    "own parameters by name; each must be one that self.params.get has made",
    ".forward() missing": "forward gets no F, and is never compiled: override "
    "hybrid_forward(self, F, x) instead",
    "infered_num_inputs (0": "the arguments of hybrid_forward are self, F, x, in this order",
    "instances of 'NoneType' and 'int'": "a dimension that is not known yet is -1, not None",
    "'dumps'": "an initializer is given by its name, such as init='zeros', or as init.Zero()",
    "__init__() takes": "does __init__ take what the statement says, and nothing more?",
    "__init__() missing": "does __init__ take what the statement says, and nothing more?",
    "__bool__": "when the layer is traced x is a symbol without values, so that Python's `if` "
    "cannot decide: let the graph decide, with F.np.where",
    "Function __i": "when the layer is traced x is a symbol, which cannot be changed in place: "
    "write x = x - ..., not x -= ...",
    "does not support len()": "when the layer is traced x is a symbol, which has no len(). Say it "
    "with operators of F.np and F.npx",
    "or a real number, not '_Symbol'": "when the layer is traced x is a symbol without values: "
    "neither float() nor int() can read it. Say it with operators of F.np and F.npx",
    "for @:": "symbols do not know @: write F.np.dot(a, b)",
    "'_Symbol' object has no attribute": "when the layer is traced x is a symbol: it has no "
    ".shape, no .item(), no values. Say it with operators of F.np and F.npx",
    "is not iterable": "when the layer is traced x is a symbol, which Python cannot go through row "
    "by row. Say it with operators of F.np and F.npx",
    "list of symbols": "does hybrid_forward return one array, with `return`?",
    "not supported": "when the layer is traced x is a symbol, and arrays of np, npx and NumPy do "
    "not mix with symbols: use F.np and F.npx, no asnumpy(), and keep no array of another batch",
    "must have NDArray type": "when the layer is traced x is a symbol, which np and npx refuse: "
    "use F.np and F.npx",
    "list index out of range": "Gluon cannot find out the number of inputs from these operators: "
    "use F.np.dot or F.npx.fully_connected",
    "legacy operator": "F.relu, F.dot and their like are the legacy interface: use F.npx and F.np",
}


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn an error whose text does not name the mistake into one that does."""
    try:
        yield
    except NotImplementedError as error:
        if not str(error):  # raised by Gluon's own method, or by a symbol that is written into
            *_, last = traceback.walk_tb(error.__traceback__)
            missing = last[0].f_code.co_name == "hybrid_forward"
            raise Unclear(
                "the method hybrid_forward(self, F, x) is missing"
                if missing
                else "when the layer is traced x is a symbol, which cannot be written into: "
                "no x[...] = ..., make a new array by operators of F.np and F.npx"
            ) from error
        _raise_with_hint(error)
    except Exception as error:
        _raise_with_hint(error)


def _original(error: Exception) -> Exception:
    """Return what Gluon wrapped: a layer of unknown shapes is traced before its first batch."""
    wrapped = "cannot be inferred" in str(error) and isinstance(error.__context__, Exception)
    return error.__context__ if wrapped else error


MISFITS = "Shape inconsistent", "could not be broadcast"
UNTRACED = re.compile(r"Function (\w+) .*is not implemented for Symbol", re.DOTALL)


def _raise_with_hint(error: Exception) -> None:
    for part, hint in HINTS.items():
        if part in str(error):
            raise Unclear(hint) from error
    if missing := UNTRACED.search(str(error)):
        raise Unclear(
            f"when the layer is traced x is a symbol, which has no {missing[1]}: leave it out, or "
            "say it with operators of F.np and F.npx"
        ) from error
    raise error


def _hybrid_checks(layer: type, *arguments: Any) -> Checks:
    """Check that a layer which works eagerly gives the same when it is hybridized, and exports."""
    made = _made(layer, *arguments)
    x = numpy.array([[1.0, -2.0, 3.0, 0.5], [-4.0, 5.0, -6.0, 0.5], [2.0, 0.5, 1.0, 0.0]])
    eager = _run(made, x)
    made.hybridize()
    yield close(_run(made, x), eager), "After hybridize() your layer returns something else."
    others = [-x, 2 * x[:2], x[:1]]
    hybrid = [_run(made, other) for other in others]
    made.hybridize(False)
    yield (
        all(close(got, _run(made, other)) for got, other in zip(hybrid, others, strict=True)),
        "After hybridize() your layer goes on as at its first batch: something was fixed when "
        "it was traced.",
    )
    made.hybridize()
    with autograd.train_mode():
        trained = _run(made, x)
    yield close(trained, eager), "While training, your layer returns something else."
    try:
        with tempfile.TemporaryDirectory() as folder:
            made.export(os.path.join(folder, "layer"))
    except RuntimeError as error:
        yield (
            "hybridize()" not in str(error),
            "It works, but hybridize() never compiles it: override hybrid_forward(self, F, x), "
            "not forward(self, x).",
        )
        raise


def _center_checks(layer: type) -> Checks:
    yield from _is_block_checks(layer)
    x = numpy.array([[1.03, 20.0, 300.0], [3.0, 40.2, 500.0], [8.0, 90.0, 100.4]])
    got = _run(_made(layer), x)
    means = x.mean(axis=0)
    wanted = x - means
    yield (
        got.shape == x.shape,
        f"The result must keep the shape {x.shape} of the batch; yours is {got.shape}.",
    )
    yield (
        not close(got, x - x.mean()),
        "You took one mean of everything, which mixes the features, too: one for each column.",
    )
    yield (
        not close(got, x - x.mean(axis=1, keepdims=True)),
        "You centered each sample. A feature is a column: take the mean along axis=0.",
    )
    yield (
        not close(got, x - x.mean(axis=1)),
        "Those are means of the samples, taken from the columns: take the mean along axis=0.",
    )
    yield not close(got, -wanted), "The wrong way round: subtract the mean from x."
    yield not close(got, x - wanted), "That is the mean: subtract it from x."
    yield (
        not close(got, x - x.sum(axis=0)),
        "That is the sum of a column: the mean is the sum divided by the number of samples.",
    )
    yield (
        not any(close(got, wanted / x.std(axis=0, ddof=d)) for d in (0, 1)),
        "Only center: do not divide by the standard deviation.",
    )
    yield (
        not close(got, x - (x.max(axis=0) + x.min(axis=0)) / 2),
        "That is the middle between the smallest and the largest number, not the mean.",
    )
    yield close(got, wanted), "Each column of the result must have mean 0: x minus column means."
    yield (
        close(_run(_made(layer), x[:2]), x[:2] - x[:2].mean(axis=0)),
        "Right for three samples, not for two: the number of samples may change.",
    )
    yield from _hybrid_checks(layer)


class CenterFeatures(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        return x - F.np.mean(x, axis=0, keepdims=True)


center = Exercise(
    "center each feature",
    """Write `CenterFeatures`, a hybrid layer without parameters. For a batch `x` of shape
    (samples, features) it subtracts from each feature its mean over the batch, so that each column
    of the result has mean 0.""",
    _center_checks,
    CenterFeatures,
)


def _output_shape(layer: type, units: int, x: numpy.ndarray) -> tuple[int, ...] | None:
    """Return the shape of what a dense layer makes of a batch; None if the two do not fit."""
    try:
        return _run(_made(layer, units), x).shape
    except (ValueError, MXNetError):
        return None


def _dense_checks(layer: type) -> Checks:
    yield from _is_block_checks(layer)
    x = numpy.array([[1.0, 2.0, 3.0, 4.0], [0.0, -1.0, 0.0, 1.0]])
    with _explained():
        made = layer(3)
    fitting = (
        "The shapes do not fit: weight is (units, inputs), x is (samples, inputs), so that x "
        "times weight.T is (samples, units)."
    )
    found = made.collect_params()
    yield (
        len(found.keys()) > 0,
        "Gluon finds no parameters: create them in __init__, with self.params.get(...).",
    )
    try:
        with _explained():
            made.initialize()
        _run(made, x)
    except Unclear:  # a ValueError, too
        raise
    except ValueError as error:
        yield (
            "invalid shape" not in str(error),
            "The number of inputs is not known yet: shape=(units, -1), allow_deferred_init=True.",
        )
        unused = [name for name in found.keys() if f"'{name}'" in str(error)]
        yield (
            not unused,
            f"hybrid_forward never uses {', '.join(unused)}: "
            + (
                "is the bias added?"
                if all(len(found[name].shape) == 1 for name in unused)
                else "it gets the parameters as its arguments, so no self.weight.data()."
            ),
        )
        open_shapes = [p.shape for p in found.values() if p.shape and -1 in p.shape]
        yield (
            "Cannot decide shape" not in str(error) or open_shapes != [(3, -1)],
            "Gluon cannot find out the number of inputs from these operators: use F.np.dot or "
            "F.npx.fully_connected.",
        )
        yield (
            "Cannot decide shape" not in str(error),
            "Leave out only what is unknown: shape=(units, -1), not the whole shape.",
        )
        yield not any(part in str(error) for part in MISFITS), fitting
        _raise_with_hint(_original(error))
    except MXNetError as error:
        yield not any(part in str(error) for part in MISFITS), fitting
        raise
    shapes = sorted((parameter.shape for parameter in found.values()), key=len)
    yield (
        shapes != [(3,), (4, 3)],
        "Your weight has the shape (inputs, units): Gluon keeps (units, inputs), one row a unit.",
    )
    yield (
        shapes == [(3,), (3, 4)],
        "For 3 units and 4 inputs there is a weight of shape (3, 4) and a bias of shape (3,); "
        f"yours are {shapes}.",
    )
    bias, weight = sorted(found.values(), key=lambda parameter: len(parameter.shape))
    yield (
        (bias.data() == 0).all().item(),
        "The bias should start at 0, but it took the net's initializer: say init='zeros'.",
    )
    made.initialize(init.Constant(7), force_reinit=True)
    yield (
        (weight.data() == 7).all().item(),
        "initialize(init.Constant(7)) must reach the weight: give it no initializer of its own.",
    )
    weight.set_data(np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, -1]]))
    bias.set_data(np.array([10.0, 20, -33]))
    got, wanted = _run(made, x), numpy.array([[11.0, 22, -37], [10, 19, -34]])
    yield not close(got, wanted - [10, 20, -33]), "Your layer forgets to add the bias."
    yield (
        not close(got, numpy.maximum(wanted, 0)),
        "A ReLU is built in: leave the activation out, or the layer can put out nothing negative.",
    )
    yield close(got, wanted), "For each sample the result is weight times x, plus bias."
    yield (
        _output_shape(layer, 2, x) == (2, 2),
        "Right for 3 units, not for 2: use the number of units that __init__ was given.",
    )
    yield (
        _output_shape(layer, 3, x[:, :3]) == (2, 3),
        "Right for 4 inputs, not for 3: leave the number of inputs to the first batch.",
    )
    yield (
        all(parameter.grad_req != "null" for parameter in found.values()),
        "One of your parameters has grad_req='null': no trainer would ever move it.",
    )
    yield from _hybrid_checks(layer, 3)


class MyOwnDense(nn.HybridBlock):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.weight = self.params.get("weight", shape=(units, -1), allow_deferred_init=True)
        self.bias = self.params.get("bias", shape=(units,), init="zeros")

    def hybrid_forward(self, F, x, weight, bias):
        return F.np.dot(x, weight.T) + bias


dense = Exercise(
    "a Dense layer of your own",
    """Write `MyOwnDense(units)`, a hybrid layer for batches of shape (samples, inputs), without
    activation: a weight of shape (units, inputs) whose number of inputs is found out from the
    first batch, and a bias that starts at 0 whatever initializer the net is given.""",
    _dense_checks,
    MyOwnDense,
)


def _flip_checks(layer: type) -> Checks:
    yield from _is_block_checks(layer)
    up, down = numpy.array([[3.0, -1.0, 2.0]]), numpy.array([[-3.0, 1.0, -2.0]])
    # the first has a mean above 0, but a negative first row, first number and mid-range;
    # the second a mean below 0, but a positive first and last row and median
    mixed = numpy.array([[-9.0, 1.0], [6.0, 4.0], [1.0, 3.0]])
    other = numpy.array([[2.0, 1.0], [1.0, -9.0], [1.0, 1.0]])
    flip = _made(layer)
    above, below, both = _run(flip, up), _run(flip, down), _run(flip, mixed)
    yield not close(both, abs(mixed)), "You decide for each number: the whole batch has one mean."
    yield (
        not close(both, [[9, -1], [6, 4], [1, 3]]),
        "You decide for each sample: the original takes one mean of the whole batch.",
    )
    yield not close(above, -up), "Upside down: x stays where the mean is positive."
    yield (
        not close(above, [[3, 0, 2]]),
        "A ReLU sets numbers to 0; here the whole batch is kept or negated.",
    )
    yield close(above, up), "Where the mean is positive, x comes back as it was."
    yield close(below, -down), "Where the mean is not positive, -x comes back."
    yield (
        close(both, mixed) and close(_run(flip, other), -other),
        "Take the mean of all numbers in the batch: one row, or the smallest and the largest "
        "number, do not decide.",
    )
    yield (
        close(_run(flip, numpy.array([[1.0, -1.0]])), [[-1, 1]]),
        "A mean of exactly 0 is not above 0: -x comes back.",
    )
    yield (
        close(_run(flip, numpy.array([[1.0002, -1.0]])), [[1.0002, -1]]),
        "However small the mean is, if it is above 0 then x comes back.",
    )
    yield from _hybrid_checks(layer)


class Flip(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        return F.np.where(F.np.mean(x) > 0, x, -x)


flip = Exercise(
    "a branch that can be hybridized",
    """This layer works until it is hybridized:
    ```python
    class Flip(nn.HybridBlock):
        def hybrid_forward(self, F, x):
            if x.mean() > 0:
                return x
            return -x
    ```
    Rewrite it so that it computes the same, eagerly and hybridized, for every batch.""",
    _flip_checks,
    Flip,
)
