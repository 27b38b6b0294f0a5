"""Read an answer as a learner types it: a letter, a number, several numbers; and compare arrays.

One parser for each kind, for all chapters. What cannot be understood raises `Unclear`, whose text
tells the learner what was received and what is asked for.
"""

import ast
import math
import operator
import re
import unicodedata
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy


class Unclear(ValueError):
    """An answer that cannot be read; the text is for the learner."""


# --- letters

_LETTER = r"(?<![A-Za-z'’])[A-Za-z](?![A-Za-z'’])"
_JOINED = r"(?:[,;/&+]|\b(?:and|or|plus|as well as)\b)"
_ALONE = re.compile(r"\W*([A-Za-z])\W*")
_LISTED = re.compile(r"\W*([A-Za-z])\s*[.:;,)\]=–—-].*", re.S)
_ARGUED = re.compile(r"\W*([A-Za-z])\s+(?:because|since|as|is (?:right|correct|my))\b.*", re.S)
_NAMED = re.compile(  # "the answer is b"
    r".*(?:\b(?:option|answer|letter|choice|choose|pick|say|guess)|(?:\bis|['’]s))"
    rf"[\s:=]+\W*({_LETTER})\W*",
    re.I | re.S,
)
_SEVERAL = re.compile(
    rf"{_LETTER}\W*{_JOINED}\W*(?:(?:and|or|then|perhaps|maybe|option)\W+)*{_LETTER}"
    rf"(?:\W*$|\s*[,;&/)]|\s+(?:and|or)\b)",
    re.I,
)
_RULED_OUT = re.compile(  # "not A but", ", not A", "(not A)"
    rf"\W*\b(?:(?:and|but)\s+)?(?<!if )(?:not|rather than|instead of)\s+(?:option\s+)?{_LETTER}"
    r"(?:\s*,?\s*but\b|\W*$|(?=\W*[,;:]))",
    re.I,
)
_CAPITAL = re.compile(r"(?<![A-Za-z'’])[A-Z](?![A-Za-z'’])")
_NEGATED = re.compile(
    r"\b(?:not|no|never|neither|nor|except|but|hardly|wrong|false|incorrect|cannot)\b|n['’]t\b",
    re.I,
)


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
    text = _RULED_OUT.sub(" ", text).strip()
    if _SEVERAL.search(text):
        return None
    for form in (_ALONE, _LISTED, _ARGUED):
        if found := form.fullmatch(text):
            return found[1]
    words = text.split()
    if len(words) > 6 or _NEGATED.search(text):
        return None
    if found := _NAMED.fullmatch(text):
        return found[1]
    capitals = {capital for capital in _CAPITAL.findall(text) if capital != "I" or len(words) == 1}
    article = re.search(r"(?<![A-Za-z])A\s+[a-z]", text)  # "A network that ..." chooses nothing
    return capitals.pop() if len(capitals) == 1 and not article else None


# --- numbers

_OPERATIONS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.Pow: operator.pow, ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}  # fmt: skip
_FUNCTIONS = {
    "ln": math.log, "log": math.log, "log1p": math.log1p, "exp": math.exp, "sqrt": math.sqrt,
}  # fmt: skip
_MODULES = {"math", "np", "numpy"}  # math.e, np.log(2)
_CONSTANTS = {"e": math.e, "pi": math.pi}
_NO_UNIT = (  # words after a number that change it
    r"(?:hundred|thousand|million|billion|dozen|[kmex]|pi|half|halves|quarters?|squared|cubed"
    r"|and|or|to|bits?|percent|\w*(?:th|rd|ths|rds))\b"
)
_UNITS = re.compile(  # what may stand after a number, without another meaning: "5 calls per epoch"
    rf"(?<=[\d)])\s*\b(?:python\s+)?(?:(?:per|for|in|at|of|on|each)\b[a-z\s]*|"
    rf"(?!{_NO_UNIT}|per cent|times\s*[\d(])[a-z]{{2,}}(?:\s+(?:and|per|for|in|at|of|on|each)"
    rf"\b[a-z\s]*)?)(?=\s*(?:$|[-+*/=≈,.;:)]))",
    re.I,
)
_LEADING = re.compile(  # what may stand before it, without another meaning: "the answer is"
    r"^(?:(?:it|it's|the|answer|result|number|counter|share|is|has|says|falls|i|think|by|about|"
    r"are|outputs?|takes|multiplied|for|in|at|a|an|drop|probability|rate|of|exactly|precisely|just|"
    r"approximately|roughly|ca|after|add|equals|times)\b\.?\s*|[~*=]\s*|x(?=[\d.]))+",
    re.I,
)
_SIGNS = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "⁄": "/", "×": "*", "·": "*", "÷": "/", "’": "'", "√": "sqrt"}
)
_WORDS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
}
_WORDS |= {
    word: 10 * value
    for value, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), 3)
}
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})(?:[\s-]+(?:{'|'.join(_WORDS)}))*\b", re.I)
_PARTS = {"half": 2, "halve": 2, "third": 3, "quarter": 4, "fifth": 5, "eighth": 8, "ninth": 9}
_PARTS |= {f"{word}th": value for word, value in _WORDS.items() if 4 <= value < 20}
_PART_WORD = re.compile(rf"\b(\d+\s+|an?\s+|)({'|'.join(_PARTS)})s?\b", re.I)


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
    try:
        read = float(value)
    except OverflowError:  # 10**400
        read = math.inf
    if not math.isfinite(read):
        raise Unclear(f"answer with a finite number, got {_shown(answer)}")
    return read


def numbers(
    answer: Any, count: int, percent: bool = False, names: Sequence[str] = ()
) -> tuple[float, ...]:
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
    names : sequence of str, optional
        What the statement calls the numbers, in the order it asks for. An answer that names each,
        in text or as the keys of a dictionary, may give them in any order.

    Raises
    ------
    Unclear
        If it is another number of them, has no order, or one of them cannot be read.

    Examples
    --------
    >>> numbers((391, 7820), 2), numbers("-2 and 4", 2)
    ((391.0, 7820.0), (-2.0, 4.0))
    >>> numbers("test: 0.8, training: 1.25", 2, names=("training", "test"))
    (1.25, 0.8)
    >>> numbers(391, 2)
    Traceback (most recent call last):
    d2l_extras.teaching.answers.Unclear: answer with 2 numbers, such as (1, 2); got 391
    """
    parts = _named(_listed(answer, names), names)
    if len(parts) != count:
        example = ", ".join(map(str, range(1, count + 1)))
        raise Unclear(f"answer with {count} numbers, such as ({example}); got {_shown(answer)}")
    return tuple(number(part, percent) for part in parts)


def _named(parts: list, names: Sequence[str]) -> list:
    """Return the parts of an answer in the order of the names, if each part has one of its own."""
    found = [
        [name for name in names if isinstance(part, str) and name.lower() in part.lower()]
        for part in parts
    ]
    if sorted(map(tuple, found)) != sorted((name,) for name in names):
        return parts
    values = {
        name: re.sub(name, "", part, flags=re.I) for (name,), part in zip(found, parts, strict=True)
    }
    return [values[name] for name in names]


def _listed(answer: Any, names: Sequence[str] = ()) -> list:
    if isinstance(answer, Mapping) and names:
        return [f"{name}: {value}" for name, value in answer.items()]
    if isinstance(answer, str):
        text = _unwrapped(re.sub(r"^\s*\w+\s*=\s*(?=[\[({])", "", answer))  # p = [...]
        pieces = re.split(r"\s*[;&|\n]\s*|\s*,\s+|\s+(?:and|und)\s+|\s*、\s*|\s*，\s*", text)
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


def _unwrapped(text: str) -> str:
    """Return a text without the brackets around all of it."""
    text = text.strip()
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 and place < len(text) - 1:
            return text
    return text[1:-1].strip() if text[:1] in {"(", "[", "{"} else text


def _claimed(text: str, percent: bool) -> float | None:
    """Return the number of a text such as `"0.69"`, `"d = 0.69"` or `"ln 2 ≈ 0.69"`.

    Where more than one of its sides is a number, they must agree; the last one counts.
    """
    text = unicodedata.normalize("NFKC", _raised(text)).translate(_SIGNS)
    text = re.sub(r"(?<=[\w)%])\s+\(([^()]*)\)\s*\.?$", r" = \1", text)  # 0.693 (ln 2)
    text = re.split(r",?\s+(?:because|since)\b", text)[0]
    *names, last = re.split(r"[=≈:]|,\s+so\b", text)
    sides = [side for side in names if not re.fullmatch(r"\s*x\d\s*", side)]  # "x1 = -2"
    sides = [_parsed(side, percent) for side in [*sides, last]]
    known = [side for side in sides if side is not None]  # another side may be "d" or "per epoch"
    if not known or sides[-1] is None and not re.search(r"=[^=\d]*$", text):
        return None
    value, last_is_percent = known[-1]
    for other, is_percent in known:
        scale = 100 if percent and last_is_percent and not is_percent else 1
        if not any(math.isclose(factor * other, value, rel_tol=0.03) for factor in (1, scale)):
            return None
    return value


def _raised(text: str) -> str:
    """Return a text with raised digits, as in 10⁻³, written as powers."""
    return re.sub(
        "[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda found: f"**({unicodedata.normalize('NFKC', found[0])})", text
    )


def _parsed(text: str, percent: bool) -> tuple[float, bool] | None:
    """Return the number that a text stands for and whether it is percent; None if for none."""
    text = _NUMBER_WORD.sub(lambda found: _counted(found[0]), text.strip().rstrip(".").strip())
    text = _PART_WORD.sub(_divided, text)
    text = re.sub(r"^(?:minus|negative)\s+", "-", _LEADING.sub("", text), flags=re.I)
    text = re.sub(r"(?<=[\d)])\s+times\s+(?=[\d(])|(?<=[\d)])\s*x\s*(?=[\d(])", "*", text)
    text = re.sub(r"(?<=[\d)])\s+divided by\s+(?=[\d(])", "/", text)
    text = re.sub(r"(?<=\d)x$", "", text)
    text = re.sub(r"(%|percent|per cent)(?: of [a-z\s]+| fewer| less)$", r"\1", text, flags=re.I)
    percents = re.fullmatch(r"(.*?)\s*(?:%|percent|per cent)", text, re.I | re.S)
    text = _UNITS.sub("", percents[1] if percents else text).strip()
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(?:[,' _]\d{3})+(?:\.\d+)?", text):
        text = re.sub(r"[,' _]", "", text)
    elif re.fullmatch(r"[+-]?\d*,\d+", text):  # a comma for the decimals
        text = text.replace(",", ".")
    text = re.sub(r"\b(ln|log(?!1p)|exp|sqrt)\s*([\d.]+)", r"\1(\2)", text).replace("^", "**")
    try:
        value = _evaluated(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None
    return value / 100 if percents and not percent else value, bool(percents)


def _counted(words: str) -> str:
    """Return "23" for "twenty-three"; words that make no number stay as they are."""
    values = [_WORDS[word.lower()] for word in re.split(r"[\s-]+", words)]
    if len(values) == 1 or len(values) == 2 and values[0] >= 20 and 1 <= values[1] <= 9:
        return str(sum(values))
    return words


def _divided(found: re.Match) -> str:
    """Return "(2/3)" for "2 thirds", "(1/2)" for "half" or "a half"."""
    count = found[1].strip()
    return f"({count if count.isdigit() else 1}/{_PARTS[found[2].lower()]})"


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
        values = numpy.asarray(_plain(result))
        if values.dtype.kind in "SUc":  # NumPy would read a text, and drop an imaginary part
            raise TypeError
        return values.astype("float64")
    except (TypeError, ValueError):
        raise Unclear(f"expected numbers in one array, got {_shown(result)}") from None


def close(got: Any, wanted: Any, rtol: float = 2e-4, atol: float = 2e-5) -> bool:
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
    try:
        text = re.sub(r" at 0x[0-9a-f]+", "", repr(answer))  # where it is in memory
    except Exception:  # a learner's own __repr__, or an int with more digits than Python prints
        text = f"a {type(answer).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
