"""The exercise of the first page: other right answers, and classic mistakes with their hints."""

from d2l_extras.chapters.start import exercises as start
from tests.chapters.notebook import typed


def _loss(body):
    return typed(f"def loss(prediction, y):\n    {body}", "loss")


CASES = {
    start.loss: {
        "right": [
            _loss("return np.mean((prediction - y) ** 2)"),
            _loss("return ((y - prediction) ** 2).sum() / y.size"),
            _loss("return sum((prediction - y) ** 2) / len(y)"),
            _loss("return sum((a - b) ** 2 for a, b in zip(prediction, y)) / len(y)"),
            _loss("d = prediction - y; return np.dot(d, d) / d.shape[0]"),
            _loss("return [np.square(prediction - y).mean().item()]"),
            _loss("return 2 * gluon.loss.L2Loss()(prediction, y).mean()"),
            _loss("return ((prediction.asnumpy() - y.asnumpy()) ** 2).mean()"),
            typed(
                """
def loss(prediction, y):
    total = 0.0
    for i in range(len(y)):
        total += (float(y[i]) - float(prediction[i])) ** 2
    return total / len(y)
""",
                "loss",
            ),
            typed("f = lambda p, y: ((p - y) * (p - y)).mean()", "f"),
        ],
        "wrong": [
            (_loss("return ((prediction - y) ** 2).sum()"), "the sum of the squares"),
            (_loss("return np.mean(prediction - y)"), "cancel: square them."),
            (_loss("return (y - prediction).sum()"), "square them, then the mean"),
            (_loss("return np.abs(prediction - y).mean()"), "absolute differences: square"),
            (_loss("return np.abs(prediction - y).sum()"), "then take the mean"),
            (_loss("return (prediction - y).mean() ** 2"), "Square each difference first"),
            (_loss("return np.sqrt(((prediction - y) ** 2).mean())"), "root: the mean"),
            (_loss("return ((prediction - y) ^ 2).mean()"), "no power"),
            (_loss("return sum(prediction - y) ** 2 / len(y)"), "first, then sum"),
            (_loss("return ((prediction - y) ** 2).mean"), "lack the brackets"),
            (_loss("return np.sqrt(((prediction - y) ** 2).sum())"), "instead of the sum"),
            (_loss("return gluon.loss.L2Loss()(prediction, y).mean()"), "half of it"),
            (_loss("return ((prediction - y) ** 2).sum() / 2"), "half of the sum"),
            (_loss("return ((prediction - y) * 2).mean()"), "doubles the differences"),
            (_loss("return ((prediction - y) ** 2).max()"), "largest"),
            (_loss("return ((prediction - y) ** 2).sum() / (len(y) - 1)"), "one less"),
            (_loss("return (prediction - y) ** 2"), "shape (4,)"),
            (_loss("return (prediction ** 2 - y ** 2).mean()"), "3.5625; you returned 1.688"),
            (_loss("prediction -= y; return (prediction ** 2).mean()"), "in place"),
            (_loss("return ((prediction - y) ** 2).sum() / 4"), "wrong for two"),
            (_loss("print(((prediction - y) ** 2).mean())"), "returned nothing"),
            (_loss("return ((prediction - Y) ** 2).mean()"), "NameError in line 2 of loss"),
            (_loss("return 'small'"), "Expected numbers"),
        ],
    },
}
