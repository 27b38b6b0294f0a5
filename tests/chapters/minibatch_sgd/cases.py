"""For each exercise of chapter 3: other right answers, and classic mistakes with their hints."""

import math
from fractions import Fraction

from d2l_extras.chapters.minibatch_sgd import exercises as minibatch_sgd
from tests.chapters.notebook import typed


def rule(line, *more):
    """Return what a learner typed as the body of the update rule."""
    body = "\n    ".join([line, *more])
    return typed(f"def my_sgd(w, gradient_sum, learning_rate, batch_size):\n    {body}", "my_sgd")


def rows(line, *more):
    """Return what a learner typed as the body of `epoch_rows`."""
    body = "\n    ".join([line, *more])
    return typed(f"def epoch_rows(n, batch_size):\n    {body}", "epoch_rows")


SHUFFLED = "order = np.arange(n)", "np.random.shuffle(order)"
CUT = "return [order[i:i + batch_size] for i in range(0, n, batch_size)]"

CASES = {
    minibatch_sgd.count: {
        "right": [
            (math.ceil(50_000 / 128), 20 * 391),
            [391, 7820.0],
            "391, 7820",
            "391 and 7,820",
            ("391", "7,820"),
            "391 iterations per epoch, 7,820 in all",
            typed("answer = np.array([391, 20 * 391])"),
            typed("per_epoch = -(-50000 // 128)\nanswer = per_epoch, per_epoch * 20"),
        ],
        "wrong": [
            ((7820, 391), "other way round"),
            ((390, 7800), "so round up"),
            ((390.625, 7812.5), "no such thing"),
            ((391, 7813), "once for each epoch"),
            ((50_000, 7820), "how many batches"),
            ((391, 7800), "as many updates as it has batches"),
            (391, "2 numbers"),
            ((391,), "got (391,)"),
            ({391, 7820}, "order"),
        ],
    },
    minibatch_sgd.effective: {
        "right": [0.0015625, 0.00156, "0.1/64", "lr/64 = 0.0015625",
                  "1/640", Fraction(1, 640), 0.0016,
                  typed("answer = np.array(0.1) / 64")],
        "wrong": [
            (0.1, "two places"),
            (6.4, "divides, and"),
            (0.1 / 4096, "only the second"),
            ("1/64", "the factor"),
            (0.05, "before"),
            ("64 times smaller", "one number"),
            ("0.1/64 = 0.1", "got '0.1/64 = 0.1'"),
        ],
    },
    minibatch_sgd.one_step: {
        "right": [0.0667, 1 / 15 + 1e-9, "1/15", "one fifteenth", 0.067, Fraction(1, 15), "2/30",
                  typed("answer = 1 / np.array(15)")],
        "wrong": [
            ("0.13", "half way"),
            ("1/60", "mean"),
            (15, "steeper"),
            (0.5, "is to be 0"),
            ("a few", "one number"),
        ],
    },
    minibatch_sgd.sgd: {
        "right": [
            rule("return w - learning_rate / batch_size * gradient_sum"),
            rule("w[:] = w - learning_rate * gradient_sum / batch_size", "return w"),
            rule("w -= learning_rate * gradient_sum / batch_size", "return w"),
            rule("new = w.copy()", "for i in range(len(w)):",
                 "    new[i] = w[i] - learning_rate * gradient_sum[i] / batch_size", "return new"),
            rule("g = gradient_sum / batch_size", "return [w[0] - learning_rate * g[0],",
                 "        w[1] - learning_rate * g[1]]"),
            rule("import numpy", "return numpy.array([a - learning_rate * b / batch_size",
                 "    for a, b in zip(w.asnumpy(), gradient_sum.asnumpy())])"),
            rule("return np.subtract(w, np.multiply(gradient_sum, learning_rate / batch_size))"),
        ],
        "wrong": [
            (rule("return w - learning_rate * gradient_sum"), "divide it by batch_size"),
            (rule("return w"), "as they were"),
            (rule("return w + learning_rate * gradient_sum / batch_size"), "uphill"),
            (rule("return w - learning_rate * gradient_sum * batch_size"), "do not multiply"),
            (rule("return learning_rate * gradient_sum / batch_size"), "step alone"),
            (rule("return w - gradient_sum / batch_size"), "does not depend on learning_rate"),
            (rule("return w - learning_rate * gradient_sum / batch_size**2"), "[0.8, -1.85]"),
            (rule("return (w - learning_rate * gradient_sum / batch_size).sum()"), "Two weights"),
            (rule("return w - learning_rate * gradient_sum / 256"), "whole data set"),
            (rule("return w - learning_rate * gradient_sum.mean()"), "average over the weights"),
            (rule("return np.array([0.8 + (4 - batch_size), -1.75 - learning_rate])"),
             "other numbers"),
            (rule("w -= learning_rate * gradient_sum / batch_size"), "returned nothing"),
            (rule("w = w - learning_rate * w.grad / batch_size", "return w"), "NoneType"),
        ],
    },
    minibatch_sgd.rows: {
        "right": [
            rows(*SHUFFLED, CUT),
            rows("order = np.random.choice(n, n, replace=False)", "np.random.shuffle(order)", CUT),
            rows("import numpy", "order = numpy.random.permutation(n)", CUT),
            rows("import random", "order = list(range(n))", "random.shuffle(order)", CUT),
            rows("order = np.random.uniform(size=n).argsort()", "batches = []",
                 "while len(order):", "    batches.append(order[:batch_size])",
                 "    order = order[batch_size:]", "return batches"),
            rows(*SHUFFLED, "for i in range(0, n, batch_size):",
                 "    yield order[i:i + batch_size]"),
            rows("import random", "rest, batches = set(range(n)), []", "while rest:",
                 "    batch = random.sample(sorted(rest), min(batch_size, len(rest)))",
                 "    batches.append(np.array(batch))", "    rest -= set(batch)",
                 "return batches"),
            rows("data = gluon.data.ArrayDataset(np.arange(n))",
                 "return list(gluon.data.DataLoader(data, batch_size, shuffle=True))"),
        ],
        "wrong": [
            (rows("return []"), "no batches"),
            (rows("return [np.zeros((0,))]"), "are empty"),
            (rows("return [np.random.randint(0, batch_size, batch_size)",
                  "        for i in range(n // batch_size)]"), "below the batch size"),
            (rows("return [np.random.randint(0, n, batch_size)",
                  "        for i in range(n // batch_size)]"), "without replacement"),
            (rows(*SHUFFLED, "return [order[i:i + batch_size] for i in range(n)]"),
             "yours are 1000"),
            (rows("n = n // batch_size * batch_size", *SHUFFLED, CUT), "last 40 rows"),
            (rows("order = np.arange(1, n + 1)", "np.random.shuffle(order)", CUT), "from 0"),
            (rows(*SHUFFLED, "batch_size = 2 * batch_size", CUT), "20 full batches"),
            (rows("order = np.arange(n)", CUT), "old order"),
            (rows("import numpy", "order = numpy.random.RandomState(0).permutation(n)", CUT),
             "same order"),
            (rows("import random", "order = np.arange(n)", "batches = [order[i:i + batch_size]",
                  "           for i in range(0, n // batch_size * batch_size, batch_size)]",
                  "random.shuffle(batches)", "return batches + [order[-(n % batch_size):]]"),
             "only batches"),
            (rows(*SHUFFLED, "full = n // batch_size",
                  "return [order[i * batch_size:(i + 1) * batch_size] for i in range(full + 1)]"),
             "two full batches"),
            (rows(*SHUFFLED, "return order"), "one array of row numbers"),
            (rows(*SHUFFLED, "return n"), "got 1000"),
            (rows("np.random.shuffle(np.arange(n))"), "returned nothing"),
            (rows("order = np.random.shuffle(np.arange(n))", CUT), "shuffles in place"),
        ],
    },
}  # fmt: skip


ALSO_WRONG = {
    "rotation": rows("import numpy", "start = numpy.random.randint(n)",
                     "order = (numpy.arange(n) + start) % n", CUT),
    "nearby": rows("import numpy", "place = numpy.arange(n) + 400 * numpy.random.rand(n)",
                   "order = place.argsort()", CUT),
    "pairs": rows("import numpy", "pairs = numpy.arange(n).reshape(-1, 2)",
                  "numpy.random.shuffle(pairs)", "order = pairs.ravel()", CUT),
    "tail": rows("order = np.arange(n)", "head = order[:n // batch_size * batch_size]",
                 "np.random.shuffle(head)", "order[:len(head)] = head", CUT),
    "strides": rows("import numpy", "k = numpy.random.choice([3, 7, 9, 11, 13])",
                    "order = (k * numpy.arange(n) + numpy.random.randint(n)) % n", CUT),
    "a few": rows("import numpy", "order = numpy.arange(n)", "for _ in range(20):",
                  "    i, j = numpy.random.randint(0, n, 2)",
                  "    order[[i, j]] = order[[j, i]]", CUT),
    "in each batch": rows("import numpy", "return [i + numpy.random.permutation(",
                          "    min(batch_size, n - i)) for i in range(0, n, batch_size)]"),
}  # fmt: skip  # orders that keep rows together: refused with the same hint
