"""Questions of chapter 2: cross-entropy."""

import math

import numpy

from ...kit.style import BLUE
from ...teaching.question import Amount, Choice, Place

_EVERYWHERE = (-math.inf, math.inf)

tenth = Amount(
    "the price of 0.1",
    """A model that gave 0.9 to the truth pays $-\\ln 0.9$, about 0.1. How many times as much does
    a model pay that gave 0.1?""",
    21.85, 1, 1000, 1.2,
    [
        (8.5, 9.5, "That is how many times the probability is smaller: the price is a logarithm."),
        (2.2, 2.4, "That is the price itself, in nats: by how much is it larger than the other?"),
        (1, 1000, "Compute both prices, -ln 0.1 and -ln 0.9, and divide one by the other."),
    ],
    "-ln 0.1 is 2.303 and -ln 0.9 is 0.105: the price of a mistake grows much faster than the "
    "probability falls.",
)  # fmt: skip

untrained = Choice(
    "a loss of 2.30",
    """A network for ten classes reports a mean loss of 2.30, about $\\ln 10$, on its training
    data. What do you know?""",
    {
        "A": "It is right in 77 % of the cases.",
        "B": "The geometric mean of what it gives to the true classes is 1/10. How often it is "
        "right is open.",
        "C": "It guesses: about 10 % of its answers are right.",
        "D": "It is worse than guessing.",
    },
    "B",
    {
        "A": "A loss is no share of errors: which probability p has -ln p = 2.30?",
        "C": "Being right asks only which score is the largest: by how much must it be larger?",
        "D": "Which loss would a network have that gives each of the ten classes the same?",
    },
    "-ln(1/10) = 2.303. The accuracy asks only which score is the largest, and tiny differences "
    "decide that.",
)

shape = Choice(
    "what the loss returns",
    """`SoftmaxCrossEntropyLoss()` gets the scores of three samples, (3, 3), and their labels, (3,).
    Which shape does it return?""",
    {"A": "()", "B": "(3,)", "C": "(3, 3)", "D": "(1, 3)"},
    "B",
    {
        "A": "That would be a sum or a mean over the batch, as in PyTorch. Gluon leaves that open.",
        "C": "The classes are summed over; of that sum only one term for each sample is left.",
        "D": "Those would be losses of the three classes, with the samples mixed.",
    },
    "One loss for each sample: no sum and no mean over the batch.",
)

far = Choice(
    "very sure, and wrong",
    """The scores are 100, −10 and 0.1, and the truth is class 1, the one with −10. What do the two
    functions return: `simple_loss`, the logarithm of softmax, and Gluon's fused loss?""",
    {
        "A": "110 and 110",
        "B": "infinity and infinity",
        "C": "infinity and 110",
        "D": "about 16 and 110: float32 has seven digits, and -ln of 1e-7 is 16",
    },
    "C",
    {
        "A": "Softmax comes first: which number is exp(-110) in float32?",
        "B": "The fused loss never forms the probability: it subtracts scores.",
        "D": "Seven digits of a number, however small it is; float32 ends near 1e-45.",
    },
    "Softmax gives the true class exactly 0, and -ln 0 is infinite; the fused loss computes "
    "100 - (-10).",
)

raised = Choice(
    "which scores go up?",
    """For the scores 1, 2, 3 and the label 2 the probabilities are 0.090, 0.245 and 0.665. Gradient
    descent takes a step on the scores. Which of them does it raise?""",
    {
        "A": "all three",
        "B": "those of class 0 and class 1: they are too low",
        "C": "none: class 2 has the largest score already",
        "D": "that of class 2 only",
    },
    "D",
    {
        "A": "The same added to all scores would change nothing: the entries of p - y sum to 0.",
        "B": "That is a step along the gradient p - y. Descent goes against it.",
        "C": "The loss asks for more than the largest score: it is 0 only at probability 1.",
    },
    "Only p - y of the true class is negative, 0.665 - 1; descent goes against the gradient.",
)

bowl = Choice(
    "is the squared error convex?",
    """Take the squared error of the probabilities, $\\sum_k (p_k - y_k)^2$, as a function of the
    scores of three classes, and 10,000 random pairs of score vectors (standard deviation 3). How
    often does it lie above the straight line, halfway between the two?""",
    {
        "A": "never: a square is convex, and so is a sum of squares",
        "B": "in fewer than 1 of 100 pairs",
        "C": "in more than 1 of 4 pairs",
    },
    "C",
    {
        "A": "It is convex in the probabilities. But softmax, which bends, stands between them and "
        "the scores.",
        "B": "The flat part is no rare corner: for sure mistakes softmax hardly moves, and the "
        "error has a ceiling.",
    },
    "The error cannot exceed 2, so it flattens out where the network is sure and wrong: it bends "
    "down on the way there.",
)

walk = Choice(
    "between two trained networks",
    """Train a network with a hidden layer twice, from different starts: both end at a loss near 0.
    Now walk in a straight line from the weights of the one to those of the other. What does the
    loss do on the way?""",
    {
        "A": "It stays near 0: both lie at the bottom of the same valley.",
        "B": "It rises above ln 10, what equal shares cost, and falls again.",
        "C": "It rises a little, to less than 0.5, and falls again.",
        "D": "It falls below both ends: the mean of two networks is better than each.",
    },
    "B",
    {
        "A": "That holds for a single layer. Here the hidden units of the two networks have "
        "nothing to do with each other.",
        "C": "Halfway each hidden unit is the mean of two unrelated ones: is such a network good?",
        "D": "The mean of their predictions often is better. Here their weights are averaged.",
    },
    "The mean of two unrelated sets of hidden units is no sensible network: its sure answers are "
    "often wrong, and that costs more than equal shares.",
)


def _plain_price(figure):
    axes = figure.subplots()
    p = numpy.linspace(0.05, 1, 200)
    axes.plot(p, -numpy.log(p), color=BLUE, label="one-hot label: -ln p")
    axes.set(xlim=(0, 1), ylim=(0, 3), xlabel="p of the true class", ylabel="loss in nats",
             title="The others share the rest equally")  # fmt: skip
    axes.legend()
    return axes


smoothed = Place(
    "the lowest point with soft labels",
    """With $\\varepsilon = 0.3$ and three classes the target is 0.1, 0.1, 0.8. The picture shows
    the loss for a one-hot label. Where does the loss for the soft target have its lowest point?""",
    _plain_price,
    """A curve of the loss against the probability p of the true class, from 3 nats at p = 0.05 down
    to 0 at p = 1. The axes go from 0 to 1 and from 0 to 3 nats.""",
    (0.8, 0.639), (0.05, 0.2),
    [
        (0.75, 0.85, -0.5, 0.12, "Only a target that is certain allows a loss of 0."),
        (0.75, 0.85, 0.12, 0.45, "That is what the true class alone would cost, without its share "
         "of the sum: the other two add something."),
        (0.75, 0.85, *_EVERYWHERE, "The place is right. What does it cost there? Take the sum over "
         "all three classes."),
        (0.93, 1.5, *_EVERYWHERE, "At p = 1 the others get 0: what does -0.1 ln 0 cost?"),
        (0.65, 0.74, *_EVERYWHERE, "That is 1 - ε, but the true class gets its part of ε as well."),
        (0.25, 0.4, *_EVERYWHERE, "Those are equal shares: the target does not ask for them."),
        (*_EVERYWHERE, *_EVERYWHERE, "Which prediction fits the target best?"),
    ],
    "The best prediction is the target itself, and it costs the target's entropy, 0.639.",
)  # fmt: skip

stuck = Choice(
    "stuck at 1.47",
    """A network for ten classes reaches an accuracy of 99 % on its training data, but its mean
    training loss stays at 1.47. What is the most likely reason?""",
    {
        "A": "The learning rate is too small.",
        "B": "The network overfits.",
        "C": "Softmax is applied twice.",
        "D": "The labels are shuffled.",
    },
    "C",
    {
        "A": "A small rate would also hold back the accuracy.",
        "B": "Overfitting shows on new data; this is the training loss.",
        "D": "Shuffled labels cannot be predicted with an accuracy of 99 %.",
    },
    f"Even a perfect prediction then costs ln(1 + 9/e) = {math.log(1 + 9 / math.e):.3f}. To be "
    "sure, look whether the rows that the loss receives sum to 1.",
)

between = Choice(
    "which losses are possible?",
    """Ten classes, softmax applied twice: the loss takes the probabilities for scores. Which losses
    can a sample have at all?""",
    {
        "A": "from 0 up, without bound",
        "B": "from 1.46 up, without bound",
        "C": "from 1.46 to 2.46",
        "D": "from 0 to 2.30",
    },
    "C",
    {
        "A": "That is one softmax. Here the scores that the loss receives lie between 0 and 1.",
        "B": "A sure mistake costs most: the loss then receives 1 for a wrong class, 0 for the "
        "true one. What is that?",
        "D": "At the score 1 for the truth and 0 for nine others the second softmax is far from 1.",
    },
    "At best the true class gets the score 1 and the others 0, at worst a wrong one gets the 1: "
    "exactly 1 apart.",
)

accuracy = Choice(
    "does the accuracy show it?",
    """One layer on the digits, with softmax twice, 400 updates: once with Adam at rate 0.1, once
    with SGD at rate 0.5. Without the mistake both recognize more than 95 % of the training digits.
    And now?""",
    {
        "A": "Both still do: the second softmax does not change which class is the largest.",
        "B": "Adam still does, SGD does not.",
        "C": "Neither does: the loss cannot fall, so nothing is learned.",
        "D": "SGD still does, Adam does not.",
    },
    "B",
    {
        "A": "It does not change the answers of a given network. But it changes the gradient that "
        "trains it.",
        "C": "The loss can fall, from 2.30 down to 1.46, and the gradient still points downhill.",
        "D": "The second softmax shrinks the gradient. Which of the two divides by its size?",
    },
    "The gradient is about ten times too small: Adam divides its size out, SGD takes smaller "
    "steps.",
)

labels = Choice(
    "label 3 of three classes",
    """Three classes are numbered 0, 1 and 2. Many data files say 1, 2, 3. What does Gluon's loss do
    with the label 3?""",
    {
        "A": "It counts as class 2.",
        "B": "An error names the label.",
        "C": "The loss is nan.",
        "D": "The sample is left out: its loss is 0.",
    },
    "A",
    {
        "B": "That would be kind. PyTorch raises one; MXNet checks nothing here.",
        "C": "There is no 0 to divide by, and no logarithm of 0: one entry of the row is picked.",
        "D": "npx.pick always picks something.",
    },
    "MXNet clips the label to the nearest class that exists, and says nothing.",
)

two_units = Choice(
    "binary cross-entropy on two units",
    """A network ends in two units with softmax, and is trained with *binary* cross-entropy on
    one-hot rows; Gluon takes the mean over the two units. Compared with the usual cross-entropy,
    this loss is ...""",
    {
        "A": "twice as large: both units pay",
        "B": "half as large: only one unit pays, and the mean divides by two",
        "C": "different in a way that depends on the scores",
        "D": "the same",
    },
    "D",
    {
        "A": "Both pay, that is true. And what does the mean do?",
        "B": "The unit with the label 0 pays, too: -ln(1 - its probability).",
        "C": "The second probability is one minus the first: write both terms down.",
    },
    "Both units pay -ln p of the true class, and their mean is -ln p.",
)
