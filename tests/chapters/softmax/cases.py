"""For each exercise of chapter 1: other right answers, and classic mistakes with their hints."""

from fractions import Fraction

import numpy
from mxnet import npx

from d2l_extras.chapters.softmax import exercises as softmax
from tests.chapters.notebook import typed


def _typed(expression):
    return typed(f"answer = {expression}")


def _stable(body):
    return typed(f"def stable_softmax(x):\n    {body}", "stable_softmax")


def _tags(body):
    return typed(f"def tag_probabilities(scores):\n    {body}", "tag_probabilities")


IN_LOOPS = """
import math

def stable_softmax(x):
    rows = []
    for row in x.tolist():
        top = max(row)
        exps = [math.exp(score - top) for score in row]
        rows.append([e / sum(exps) for e in exps])
    return np.array(rows)
"""

# each calls a finished operator by another way
FINISHED = [
    _stable("return npx.softmax(x)"),
    _stable("import mxnet; return mxnet.nd.softmax(x.as_nd_ndarray()).as_np_ndarray()"),
    _stable("from mxnet.numpy_extension import softmax; return softmax(x)"),
    _stable("from scipy.special import softmax; return softmax(x.asnumpy(), axis=1)"),
]
CASES = {
    softmax.by_hand: {
        "right": [
            _typed("(1/6, 1/3, 1/2)"),
            _typed("[0.167, 0.333, 0.5]"),
            _typed("[0.1666, 0.3333, 0.5]"),
            _typed("np.array([1, 2, 3]) / 6"),
            _typed("npx.softmax(np.array([[0, np.log(2), np.log(3)]]))"),
            _typed("'1/6, 1/3, 1/2'"),
            _typed("['1/6', '1/3', '1/2']"),
            _typed("'16.67 %, 33.33 %, 50 %'"),
            _typed("'⅙, ⅓, ½'"),
            _typed("'p = [1/6, 1/3, 1/2]'"),
            [Fraction(1, 6), Fraction(1, 3), Fraction(1, 2)],
            numpy.array([[1, 2, 3]]) / 6,
        ],
        "wrong": [
            (_typed("[1, 2, 3]"), "now divide"),
            (_typed("np.log(np.array([1, 2, 3]))"), "Those are the scores"),
            (_typed("[0, 0.387, 0.613]"), "exponentiate them first"),
            (_typed("[0, 0.4, 0.6]"), "exp(0) is not 0"),
            (_typed("[1/2, 1/3, 1/6]"), "order is kept"),
            (_typed("[16.67, 33.33, 50]"), "percent"),
            (_typed("[0.5, 0.5, 0.5]"), "yours sum to 1.5"),
            (_typed("[0.17, 0.33, 0.5]"), "three decimals"),
            (_typed("[0.5, 0.5]"), "3 numbers"),
            (_typed("{1/6, 1/3, 1/2}"), "keep an order"),
            (_typed("[0.09, 0.2447, 0.6653]"), "exp(ln 2) is 2"),
        ],
    },
    softmax.double_odds: {
        "right": [
            _typed("0.693"),
            _typed("np.log(2)"),
            _typed("np.log(np.array([2.0]))"),
            _typed("'ln 2'"),
            _typed("'log(2)'"),
            _typed("'≈ 0.6931'"),
            _typed("'d = ln 2'"),
            _typed("'ln 2 ≈ 0.693'"),
            _typed("'0.693 nats'"),
            numpy.log([2]),
        ],
        "wrong": [
            (_typed("2"), "exp(2)"),
            (_typed("1"), "not base 2"),
            (_typed("0.301"), "base 10"),
            (_typed("-np.log(2)"), "wrong sign"),
            (_typed("0.69"), "three decimals"),
            (_typed("0.5"), "which number d"),
            (_typed("[1, 2]"), "one number"),
            (_typed("'twice'"), "got 'twice'"),
        ],
    },
    softmax.stable: {
        "right": [
            typed(IN_LOOPS, "stable_softmax"),
            _stable("e = np.exp(x - np.max(x, axis=-1, keepdims=True)); "
                    "return e / np.sum(e, axis=-1, keepdims=True)"),
            _stable("m = x.max(axis=1).reshape(-1, 1); e = np.exp(x - m); "
                    "return (e.T / e.sum(axis=1)).T"),
            _stable("m = x.max(axis=1, keepdims=True); "
                    "return np.exp(x - m - np.log(np.exp(x - m).sum(axis=1, keepdims=True)))"),
            _stable("z = x.asnumpy() - x.asnumpy().max(axis=1, keepdims=True); "
                    "e = 2.718281828 ** z; return e / e.sum(axis=1, keepdims=True)"),
            _stable("x = x - x.max(axis=1, keepdims=True); e = np.exp(x); "
                    "return [row / row.sum() for row in e]"),
            _stable("return np.stack([np.exp(r - r.max()) / np.exp(r - r.max()).sum() "
                    "for r in x])"),
        ],
        "wrong": [
            (_stable("return np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)"), "overflows"),
            (_stable("return npx.softmax(x)"), "`softmax` is the finished"),
            (_stable("return np.exp(npx.log_softmax(x))"), "`log_softmax` is the finished"),
            (_stable("e = np.exp(x - x.max(axis=1, keepdims=True)); "
                     "return e / e.sum(axis=0, keepdims=True)"), "columns sum to 1"),
            (_stable("e = np.exp(x - x.max(axis=0, keepdims=True)); "
                     "return e / e.sum(axis=1, keepdims=True)"), "of each column"),
            (_stable("return np.exp(x) / np.exp(x).sum(axis=1)"), "keepdims=True"),
            (_stable("e = np.exp(x - x.max()); "
                     "return e / e.sum(axis=1, keepdims=True)"), "each row's own maximum"),
            (_stable("e = np.exp(x - x.mean(axis=1, keepdims=True)); "
                     "return e / e.sum(axis=1, keepdims=True)"), "[1000, 0]"),
            (_stable("e = np.exp(np.clip(x, -80, 80)); "
                     "return e / e.sum(axis=1, keepdims=True)"), "do not cap"),
            (_stable("e = np.exp(x / x.max(axis=1, keepdims=True)); "
                     "return e / e.sum(axis=1, keepdims=True)"), "only taking the same number"),
            (_stable("e = np.exp(x - x.max()); return e / e.sum()"), "All the numbers together"),
            (_stable("e = np.exp(x); return e / (e.max(axis=1, keepdims=True) + 1)"),
             "Each row must sum to 1"),
            (_stable("return np.exp(x - x.max(axis=1, keepdims=True))"), "Nothing overflows"),
            (_stable("return np.exp(x)"), "the exponentials"),
            (_stable("return x / x.sum(axis=1, keepdims=True)"), "exponentiate them first"),
            (_stable("e = np.exp(x - x[:, :1]); "
                     "return e / e.sum(axis=1, keepdims=True)"), "may stand anywhere"),
            (npx.softmax, "Handed over as it is"),
            (_stable("return np.exp(x).sum(axis=1)"), "keep the shape"),
            (_stable("z = x - x.max(axis=1, keepdims=True); "
                     "return z - np.log(np.exp(z).sum(axis=1, keepdims=True))"), "logarithms"),
            (_stable("e = np.exp(x.min(axis=1, keepdims=True) - x); "
                     "return e / e.sum(axis=1, keepdims=True)"), "Upside down"),
            (_stable("return npx.one_hot(x.argmax(axis=1), x.shape[1])"), "decisions"),
            (_stable("x -= x.max(axis=1, keepdims=True); e = np.exp(x); "
                     "return e / e.sum(axis=1, keepdims=True)"), "in place"),
            (_stable("p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True); "
                     "return np.where(np.isnan(p), np.zeros_like(p), p)"), "cannot be repaired"),
            (_stable("e = np.exp(x - np.maximum(x.max(axis=1, keepdims=True), 0)); "
                     "return e / e.sum(axis=1, keepdims=True)"), "even where it is negative"),
            (_stable("e = np.exp(x - 1000); return e / e.sum(axis=1, keepdims=True)"),
             "one of the row's own"),
            (_stable("e = np.exp(x - x.max(axis=1, keepdims=True)) "), "returned nothing"),
            (_stable("return np.softmax(x)"), "AttributeError in line 2"),
            (_stable("return x"), "Those are the scores themselves"),
            (_stable("e = np.exp(x - x.max(axis=1, keepdims=True)); "
                     "return e / (e.sum(axis=1, keepdims=True) + 1e-3)"), "Nearly"),
            (_stable("e = np.exp(x - x.max(axis=1, keepdims=True)); "
                     "return e / (e[:, :1] + e[:, 1:2] + e[:, 2:3])"), "one sample of two classes"),
            (_stable("e = np.exp(np.maximum(x - x.max(axis=1, keepdims=True), -5)); "
                     "return e / e.sum(axis=1, keepdims=True)"), "cap differences either"),
            (_stable("e = np.exp(x - x[:, x[0].argmax()].reshape(-1, 1)); "
                     "return e / e.sum(axis=1, keepdims=True)"), "different places"),
        ],
    },
    softmax.cat_and_dog: {
        "right": [
            _tags("return 1 / (1 + np.exp(-scores))"),
            _tags("return (np.tanh(scores / 2) + 1) / 2"),
            _tags("return nn.Activation('sigmoid')(scores)"),
            _tags("return npx.softmax(np.stack([scores, np.zeros_like(scores)], axis=2))[:, :, 0]"),
            _tags("return [[float(npx.sigmoid(s)) for s in row] for row in scores]"),
            _tags("return np.where(scores > 0, 1 / (1 + np.exp(-np.abs(scores))), "
                  "1 - 1 / (1 + np.exp(-np.abs(scores))))"),
            lambda z: numpy.exp(-numpy.logaddexp(0, -z.asnumpy())),
            npx.sigmoid,
        ],
        "wrong": [
            (_tags("return npx.softmax(scores)"), "takes probability away"),
            (_tags("return npx.softmax(scores, axis=0)"), "the images compete"),
            (_tags("return 1 / (1 + np.exp(scores))"), "Upside down"),
            (_tags("return scores"), "squeezes"),
            (_tags("return np.clip(scores, 0, 1)"), "Cutting off"),
            (_tags("return npx.sigmoid(2 * scores)"), "Too steep"),
            (_tags("return npx.sigmoid(scores) > 0.5"), "decisions"),
            (_tags("return npx.softmax(scores.reshape(3, 2, 1))[:, :, 0]"), "All are 1"),
            (_tags("return np.exp(scores) / (1 + np.exp(scores))"), "overflowed"),
            (_tags("return npx.sigmoid(scores).max(axis=1)"), "shape (3, 2)"),
            (_tags("p = npx.softmax(scores.reshape(1, -1)); return p.reshape(3, 2)"),
             "yes-or-no question of its own"),
            (_tags("return np.log(scores)"), "nan or infinity"),
            (_tags("return npx.sigmoid(scores) * 0.9998"), "Nearly"),
            (_tags("return np.stack([npx.sigmoid(scores[i]) for i in range(3)])"), "single image"),
            (_tags("scores *= -1; return 1 / (1 + np.exp(scores))"), "in place"),
        ],
    },
}  # fmt: skip
