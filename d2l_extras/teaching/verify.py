"""The ticked claims of a chapter: each is checked where it is made."""

import ast
import contextlib
import inspect

import executing
import numpy


class ClaimError(AssertionError):
    """A claim of a chapter does not hold on this machine."""


def verify(claim, condition):
    """Print the claim with a tick if the condition holds, else raise with the measured numbers.

    Parameters
    ----------
    claim : str
        What the text says, in a few words.
    condition : bool
        Whether it holds: one truth value (a Python bool, or an array of one element).

    Raises
    ------
    ClaimError
        If the condition is false. The message shows the source of the condition and the value
        of every variable in it.
    TypeError
        If the condition is not one truth value.

    Examples
    --------
    >>> mean = 1.002
    >>> verify("dropout keeps the mean", abs(mean - 1) < 0.01)
    ✓ dropout keeps the mean
    """
    if not isinstance(claim, str) or not claim.strip():
        raise TypeError(f"the claim must be a sentence, got {claim!r}")
    if _truth(condition):
        print("✓", claim)
        return
    measured = _measured(inspect.currentframe().f_back)
    raise ClaimError("\n".join([f"✗ {claim}", *measured]))


def _truth(condition):
    """Return the one truth value in `condition`; anything else is a mistake in the chapter."""
    value = condition.item() if getattr(condition, "size", 0) == 1 else condition
    if not isinstance(value, (bool, numpy.bool_)):
        shape = getattr(condition, "shape", None)
        kind = f"an array of shape {shape}" if shape is not None else repr(condition)
        raise TypeError(
            f"the condition must be True or False, got {kind}: compare, then reduce with .all()"
        )
    return bool(value)


def _measured(frame):
    """Return lines with the condition's source and the value of each variable it names."""
    source = executing.Source.executing(frame)
    call = source.node
    if not isinstance(call, ast.Call):
        return []
    arguments = call.args + [keyword.value for keyword in call.keywords]
    if len(arguments) < 2:
        return []
    lines = [f"  condition: {ast.unparse(arguments[1])}"]
    nodes = [node for node in ast.walk(arguments[1]) if isinstance(node, ast.Name)]
    nodes.sort(key=lambda node: (node.lineno, node.col_offset))
    for name in dict.fromkeys(node.id for node in nodes):
        value = frame.f_locals.get(name, frame.f_globals.get(name, numpy))
        if not callable(value) and not inspect.ismodule(value):
            lines.append(f"  {name} = {value!r}")
    return lines


def first_line(error):
    """Return what an error says, in one line; MXNet's own come after lines of a C++ traceback."""
    lines = str(error).strip().splitlines() or [""]
    if lines[0].startswith("Traceback"):
        lines = [line for line in lines[1:] if not line.startswith(" ")] or lines
    return lines[0].removeprefix(f"{type(error).__name__}: ")


@contextlib.contextmanager
def expect_error(kind, *more):
    """Run code that must fail, and print its error in one line instead of a traceback.

    MXNet reports many errors only when a result is needed: let the block end with `asnumpy()`
    or `wait_to_read()`.

    Parameters
    ----------
    kind, *more : type
        The exceptions that are expected; any other one, or none at all, fails the cell.

    Raises
    ------
    ClaimError
        If the block raises nothing.

    Examples
    --------
    >>> with expect_error(ZeroDivisionError):
    ...     1 / 0
    ✗ ZeroDivisionError: division by zero
    """
    kinds = (kind, *more)
    try:
        yield
    except kinds as error:
        print(f"✗ {type(error).__name__}: {first_line(error)}")
    else:
        names = " or ".join(kind.__name__ for kind in kinds)
        raise ClaimError(f"✗ expected {names}, but nothing was raised")
