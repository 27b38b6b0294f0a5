"""Read an answer as a learner types it: a letter, a number, several numbers; and compare arrays.

One parser for each kind, for all chapters. What cannot be understood raises `Unclear`, whose text
tells the learner what was received and what is asked for.
"""

import ast
import math
import operator
import re
import unicodedata
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy


class Unclear(ValueError):
    """An answer that cannot be read; the text is for the learner."""


# --- letters

_ALONE = re.compile(r"\W*([A-Za-z])\W*")
_LISTED = re.compile(r"\W*([A-Za-z])\s*[.:;,)\]=–—-](.*)", re.S)
_ARGUED = re.compile(r"\W*([A-Za-z])\s+(?:because|since|as|is (?:right|correct|my))\b.*", re.S)
_ANOTHER = re.compile(r"\W*(?:and|or)?\W*[A-Za-z](?:\W*$|\s*[,;&/)]|\s+(?:and|or)\b)")
_CAPITAL = re.compile(r"(?<![A-Za-z'’])[A-Z](?![A-Za-z'’])")
_NEGATED = re.compile(r"\b(?:not|no|never|neither|nor|except|but|wrong|cannot)\b|n['’]t\b", re.I)


def letter(answer: Any, options: str = "ABCD") -> str:
    """Return the letter that an answer chooses, as it is written in `options`.

    Parameters
    ----------
    answer : str
        Such as `"B"`, `"(b)"`, `"b."`, `"B: because the rows sum to 1"` or `"I choose B"`.
    options : str
        The letters to choose from.

    Raises
    ------
    Unclear
        If it chooses none of them, or more than one.

    Examples
    --------
    >>> letter("(d)"), letter("B: because it is"), letter("I choose C.")
    ('D', 'B', 'C')
    >>> letter("because it is untrained")
    Traceback (most recent call last):
    d2l_extras.teaching.answers.Unclear: answer with one letter ...
    """
    said = _single(answer)
    if isinstance(said, str):
        chosen = _chosen(unicodedata.normalize("NFKC", said).strip())
        known = {option.upper(): option for option in options}
        if chosen and chosen.upper() in known:
            return known[chosen.upper()]
    listed = f"{', '.join(options[:-1])} or {options[-1]}"
    raise Unclear(f"answer with one letter in quotes, {listed}; got {_shown(answer)}")


def _chosen(text: str) -> str | None:
    """Return the one letter that a text chooses, None if it does not choose just one."""
    if found := _ALONE.fullmatch(text) or _ARGUED.fullmatch(text):
        return found[1]
    if found := _LISTED.fullmatch(text):
        return None if _ANOTHER.match(found[2]) else found[1]
    words = text.split()
    capitals = {capital for capital in _CAPITAL.findall(text) if capital != "I" or len(words) == 1}
    article = re.search(r"(?<![A-Za-z])A\s+[a-z]", text)  # "A network that ..." chooses nothing
    if len(capitals) == 1 and len(words) <= 6 and not article and not _NEGATED.search(text):
        return capitals.pop()
    return None


# --- numbers

_OPERATIONS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.Pow: operator.pow, ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}  # fmt: skip
_FUNCTIONS = {"ln": math.log, "log": math.log, "exp": math.exp, "sqrt": math.sqrt}
_MODULES = {"math", "np", "numpy"}  # math.e, np.log(2)
_NO_UNIT = (  # words after a number that change it
    r"(?:hundred|thousand|million|billion|dozen|[kmex]|pi|half|halves|quarters?|squared|cubed"
    r"|and|or|to|\w*(?:th|rd|ths|rds))\b"
)
_CONSTANTS = {"e": math.e, "pi": math.pi}
_UNITS = re.compile(  # what a learner may write after a number, without another meaning
    r"(?<=[\d)])\s*(?:parameters?|weights?|updates?|iterations?|batch(?:es)?|times(?=\s*$)|calls?|epochs?|"
    r"nats?|bits?)(?:\s+(?:per epoch|in all|in total))?|(?<=\d)\s+(?:per epoch|in all|in total)"
)
_SIGNS = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "⁄": "/", "×": "*", "·": "*", "÷": "/", "^": "^", "’": "'"}
)


def number(answer: Any, percent: bool = False) -> float:
    """Return an answer as a number.

    Parameters
    ----------
    answer : number or str
        A number of Python, NumPy, MXNet or `fractions`, an array or list of one, or text such as
        `"5,250"`, `"5 times"`, `"0.1/64 = 0.0015625"`, `"ln 2"`, `"≈ 0.69"` or `"40 %"`.
    percent : bool
        Whether the statement asks for percent: then `"40 %"` is 40, else it is 0.4.

    Raises
    ------
    Unclear
        If it is no number, more than one, or not finite.

    Examples
    --------
    >>> number("5,250"), number("1/4"), number("40 %"), number("40 %", percent=True)
    (5250.0, 0.25, 0.4, 40.0)
    >>> number("many")
    Traceback (most recent call last):
    d2l_extras.teaching.answers.Unclear: answer with one number, got 'many'
    """
    value = _single(answer)
    if isinstance(value, str):
        value = _claimed(value, percent)
    is_number = isinstance(value, Real) and not isinstance(value, (bool, numpy.bool_))
    if not is_number and not hasattr(value, "as_tuple"):  # decimal.Decimal is no Real
        raise Unclear(f"answer with one number, got {_shown(answer)}")
    if not math.isfinite(value):
        raise Unclear(f"answer with a finite number, got {_shown(answer)}")
    return float(value)


def numbers(answer: Any, count: int, percent: bool = False) -> tuple[float, ...]:
    """Return an answer as `count` numbers, in its order.

    Parameters
    ----------
    answer : sequence or str
        A tuple, list, array or range of anything that `number` reads, or text such as
        `"391, 7820"` or `"391 and 7820"`.
    count : int
        How many the statement asks for.
    percent : bool
        As for `number`.

    Raises
    ------
    Unclear
        If it is another number of them, has no order, or one of them cannot be read.

    Examples
    --------
    >>> numbers((391, 7820), 2), numbers("-2 and 4", 2)
    ((391.0, 7820.0), (-2.0, 4.0))
    >>> numbers(391, 2)
    Traceback (most recent call last):
    d2l_extras.teaching.answers.Unclear: answer with 2 numbers, such as (1, 2); got 391
    """
    parts = _listed(answer)
    if len(parts) != count:
        example = ", ".join(map(str, range(1, count + 1)))
        raise Unclear(f"answer with {count} numbers, such as ({example}); got {_shown(answer)}")
    return tuple(number(part, percent) for part in parts)


def _listed(answer: Any) -> list:
    if isinstance(answer, str):
        text = re.sub(r"^\s*\w+\s*=\s*(?=[\[(])", "", answer)  # p = [...]
        text = text.strip().strip("()[]{}").strip()
        pieces = re.split(r"\s*;\s*|\s*,\s+|\s+(?:and|und)\s+|\s*、\s*|\s*，\s*", text)
        if len(pieces) == 1:
            pieces = re.split(r"\s*,\s*|\s+", text)
        return [piece for piece in pieces if piece]
    if isinstance(answer, (Mapping, set, frozenset)):
        raise Unclear(f"answer with a tuple or a list, which keep an order; got {_shown(answer)}")
    plain = _plain(answer)
    if isinstance(plain, numpy.ndarray):
        return list(plain.reshape(-1))
    try:
        return list(plain)
    except TypeError:
        return [plain]


def _claimed(text: str, percent: bool) -> float | None:
    """Return the number of a text such as `"0.69"`, `"d = 0.69"` or `"ln 2 ≈ 0.69"`.

    Where both sides of an equals sign are numbers, they must agree; the last one counts.
    """
    sides = re.split(r"[=≈]", _UNITS.sub("", text))
    values = [_parsed(side, percent) for side in sides]
    if values[-1] is None:
        return None
    known = [value for value in values if value is not None]  # another side may be "d" or "lr/64"
    return values[-1] if all(math.isclose(v, values[-1], rel_tol=0.02) for v in known) else None


def _parsed(text: str, percent: bool) -> float | None:
    """Return the number that a text stands for; None if it stands for none."""
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS).strip().rstrip(".").strip()
    text = re.sub(r"^(?:by\b|about|approximately|roughly|ca\.?|~)\s*", "", text, flags=re.I)
    percents = re.fullmatch(r"(.*?)\s*(?:%|percent|per cent)", text, re.I | re.S)
    text = (percents[1] if percents else text).strip()
    text = re.sub(r"^(?:minus|negative)\s+", "-", text, flags=re.I)
    text = re.sub(rf"(?<=\d)\s+(?!{_NO_UNIT})[^\W\d_]+$", "", text, flags=re.I)  # such as nats
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(?:[,' _]\d{3})+(?:\.\d+)?", text):
        text = re.sub(r"[,' _]", "", text)
    elif re.fullmatch(r"[+-]?\d*,\d+", text):  # a comma for the decimals
        text = text.replace(",", ".")
    text = re.sub(r"\b(ln|log|exp|sqrt)\s*([\d.]+)", r"\1(\2)", text).replace("^", "**")
    try:
        value = _evaluated(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None
    return value / 100 if percents and not percent else value


def _evaluated(node: ast.AST) -> float:
    """Return the value of an arithmetic expression; nothing else is evaluated."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value
    if isinstance(node, ast.Name):
        return _CONSTANTS[node.id]
    if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in _MODULES:
        return _CONSTANTS[node.attr]
    if isinstance(node, ast.UnaryOp):
        return _OPERATIONS[type(node.op)](_evaluated(node.operand))
    if isinstance(node, ast.BinOp):
        left, right = float(_evaluated(node.left)), float(_evaluated(node.right))
        return _OPERATIONS[type(node.op)](left, right)
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))  # math.log, np.log, log
        return _FUNCTIONS[name](_evaluated(node.args[0]))
    raise ValueError(ast.dump(node))


# --- arrays


def array(result: Any) -> numpy.ndarray:
    """Return what a learner's function returned as one NumPy array of float64.

    Parameters
    ----------
    result : number, array, or nested lists of them
        Arrays of NumPy or MXNet.

    Raises
    ------
    Unclear
        If it holds anything but numbers, or rows of different lengths.

    Examples
    --------
    >>> array([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    if callable(result):
        raise Unclear("expected numbers, got a function: does its call lack the brackets, `()`?")
    try:
        return numpy.asarray(_plain(result), dtype="float64")
    except (TypeError, ValueError):
        raise Unclear(f"expected numbers in one array, got {_shown(result)}") from None


def close(got: Any, wanted: Any, rtol: float = 1e-3, atol: float = 1e-4) -> bool:
    """Return whether an array has the shape of another and, within the tolerances, its numbers.

    Examples
    --------
    >>> close([0.5, 0.5], numpy.array([0.5, 0.50004])), close([0.5], [0.5, 0.5])
    (True, False)
    """
    got, wanted = array(got), array(wanted)
    return got.shape == wanted.shape and bool(numpy.allclose(got, wanted, rtol=rtol, atol=atol))


def _plain(value: Any) -> Any:
    """Return a value with every MXNet array in it turned into NumPy's."""
    if hasattr(value, "asnumpy"):
        return value.asnumpy()
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value)) if type(value) in (list, tuple) else list(value)
    return value


def _single(answer: Any) -> Any:
    """Return what a list or array of one element holds, and a scalar of NumPy as Python's."""
    value = _plain(answer)
    while isinstance(value, (list, tuple, set, frozenset)) and len(value) == 1:
        (value,) = value
        value = _plain(value)
    return (
        value.item()
        if isinstance(value, numpy.ndarray | numpy.generic) and value.size == 1
        else value
    )


def _shown(answer: Any) -> str:
    text = re.sub(r" at 0x[0-9a-f]+", "", repr(answer))  # where it is in memory
    return text if len(text) <= 60 else text[:57] + "..."
