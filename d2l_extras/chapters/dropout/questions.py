"""Questions of chapter 5: dropout."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ... import records
from ...kit import style
from ...teaching.question import Amount, Choice, Place

EVERYWHERE = (-math.inf, math.inf)

# --- one layer

each_sample = Choice(
    "how many are dropped?",
    """Five units, a minibatch of four samples, p = 0.5, one call of `dropout`. How many units does
    each sample lose?""",
    {
        "A": "two or three: as near to one half as five allow",
        "B": "any number, but the same units in all four samples",
        "C": "any number from 0 to 5, other units in each sample",
        "D": "all five or none: the layer is on or off",
    },
    "C",
    {
        "A": "Nobody counts: each unit is drawn by itself.",
        "B": "Look at the shape of the mask in the code: how many numbers are drawn?",
        "D": "p is the probability of one unit, not of the layer.",
    },
    "The mask has the shape of x: each unit of each sample is drawn by itself.",
)

scopes = Choice(
    "where does it drop?",
    "In which of these five scopes does `nn.Dropout(0.5)` drop?",
    {
        "A": "in record() and in train_mode()",
        "B": "in the three that record",
        "C": "in train_mode() alone",
        "D": "in all but the one without a scope",
    },
    "A",
    {
        "B": "Recording is for the gradient. Two of the three name a mode, too.",
        "C": "Then the usual training loop, which names no mode, would train without dropout.",
        "D": "Two of the four say that they are for predictions.",
    },
    "record() turns train mode on unless it is told otherwise, and the mode alone decides.",
)


def _variances(figure: Figure) -> Axes:
    """Draw the variance of ones after dropout at two rates, and a line at a third."""
    axes = figure.subplots()
    axes.plot([0, 0.2, 0.5], [0, 0.25, 1], "o", color=style.BLUE)
    axes.axvline(0.8, color=style.GRAY, linestyle="--")
    axes.set(xlim=(0, 1), ylim=(0, 8), xlabel="drop probability p", ylabel="variance of the output",
             title="Ones go in: where is the dot at p = 0.8?")  # fmt: skip
    return axes


spread = Place(
    "the variance at 0.8",
    """Ones go through dropout in train mode. Their variance was 0, and the dots show that of the
    output: 0 at p = 0, 0.25 at p = 0.2 and 1 at p = 0.5. How high is the dot at p = 0.8?""",
    _variances,
    "Variance from 0 to 8 against p from 0 to 1: dots at (0, 0), (0.2, 0.25), (0.5, 1), and a "
    "dashed line at p = 0.8. Only the height counts.",
    (0.8, 4),
    (math.inf, 0.5),
    [
        (*EVERYWHERE, 0, 0.5, "That is about p (1 - p), the variance of zeros and ones: here the "
         "ones that are kept come out larger."),
        (*EVERYWHERE, 1.3, 2.3, "A straight line through the last two dots would get there: is "
         "it straight?"),
        (*EVERYWHERE, 4.5, 5.5, "5 is the mean of the squares: the square of the mean is still to "
         "be subtracted."),
        (*EVERYWHERE, *EVERYWHERE, "Which two values come out, and how often each? Their mean is "
         "1: how far do they lie from it, squared?"),
    ],
    "5 comes out with probability 0.2, and 0 with 0.8: 0.2 · 4² + 0.8 · 1² = 4.",
)  # fmt: skip

relu = Choice(
    "the mean after a ReLU",
    """Eight units, all 1, go through dropout with p = 0.5, then into 50 random sums, each followed
    by a ReLU. What is the mean after the ReLU over very many masks, against predict mode?""",
    {
        "A": "the same: dropout keeps the mean",
        "B": "lower: zeros have come in",
        "C": "higher",
    },
    "C",
    {
        "A": "It keeps the mean of the sums. The ReLU comes after them, and bends.",
        "B": "They came in before the sums, and what is kept was scaled to make up for them.",
    },
    "The sums scatter around the same mean; the ReLU cuts off what scatters below 0, and keeps "
    "what scatters above.",
)

gradient = Choice(
    "the gradient of dropout",
    """Ones go through `nn.Dropout(0.5)` inside `record()`, and `backward()` is called on the
    output. What is in the gradient of the input?""",
    {
        "A": "1 everywhere: the mask is no part of the function",
        "B": "0 where a unit was dropped, 2 elsewhere",
        "C": "0 where a unit was dropped, 1 elsewhere",
        "D": "0 everywhere: what is drawn at random has no derivative",
    },
    "B",
    {
        "A": "What was dropped has no influence on the output of this pass.",
        "C": "By what was a kept unit multiplied? That is the slope.",
        "D": "The mask is drawn before; given the mask, the output is a plain multiple of x.",
    },
    "Output = mask · x / (1 - p), so that the slope is 0 or 1/(1 - p) = 2.",
)

untouched = Amount(
    "weights without a gradient",
    """At p = 0.5 and with four samples in the batch, how many percent of the weights behind the
    dropped layer get no gradient in an update?""",
    6.25, 1, 100, 1,
    [
        (49, 51, "That is the share for a batch of one sample."),
        (12, 13, "Half of a quarter: but the four draws have to agree, one by one."),
        (93, 95, "That is the share that does get a gradient."),
        (1, 100, "All four samples must drop the unit, each by itself, with probability one half."),
    ],
    "All four samples must drop the unit: one half, four times multiplied, is 1/16.",
    "%",
)  # fmt: skip

# --- what it saves


def _training(figure: Figure) -> Axes:
    """Draw the recorded training accuracy without dropout, a fifth of the labels wrong."""
    record = records.read("dropout")
    runs = record[(record.wrong_labels == 0.2) & (record.rate == 0)]
    axes = figure.subplots()
    axes.plot(runs.groupby("epoch").train_accuracy.mean(), "o-", color=style.BLUE)
    axes.axhline(0.8, color=style.GRAY, linestyle="--")
    axes.set(xscale="log", xlim=(1, 160), ylim=(0.2, 1), xlabel="epoch (log scale)",
             ylabel="training accuracy (mean of 16 seeds)",
             title="No dropout, a fifth of the labels wrong")  # fmt: skip
    axes.set_xticks([1, 10, 100], ["1", "10", "100"])
    return axes


turn = Place(
    "where validation turns",
    """Without dropout, a fifth of the training labels wrong. The curve is training accuracy,
    agreement with the labels as given. At which epoch is *validation* accuracy, on right labels,
    highest?""",
    _training,
    "Training accuracy rises from 0.29 at epoch 1 to 0.70 at 10, 0.80 at 40, the dashed line, and "
    "0.99 at 150. Only the epoch counts.",
    (15, 0.861),
    (10, math.inf),
    [
        (0, 5, *EVERYWHERE, "There the network hardly reads its own training digits."),
        (25, 60, *EVERYWHERE, "About there the curve passes 0.8. But the first wrong labels are "
         "learned before the last right ones."),
        (60, 110, *EVERYWHERE, "There it agrees with more labels than are right: it has learned "
         "some by heart."),
        (*EVERYWHERE, *EVERYWHERE, "At the end it agrees with nearly all labels, the wrong ones "
         "included: can it read new digits best there?"),
    ],
    "It peaks at 0.86 after 15 epochs, before training accuracy has passed 0.8, and ends at 0.78.",
)  # fmt: skip

stopping = Choice(
    "dropout or stopping?",
    """Three remedies: p = 0.5 trained to the end, stopping without dropout, both together. Order
    them by test accuracy (mean of 16 seeds), the lowest first.""",
    {
        "A": "all three alike, within half a point",
        "B": "stopping, dropout, both",
        "C": "both, stopping, dropout: two remedies hinder each other",
        "D": "dropout, stopping, both",
    },
    "D",
    {
        "A": "The right panel above loses several points of validation accuracy before its end.",
        "B": "In the right panel above, what becomes of validation accuracy after its best epoch?",
        "C": "One slows down the learning by heart, the other ends it: why should they collide?",
    },
    "At p = 0.5, too, validation accuracy falls in the end: stopping gains more, and the network "
    "with dropout has a better epoch to stop at.",
)

clean = Choice(
    "all labels right",
    """All labels right. Without dropout, training accuracy reaches 1.000. Is there anything that
    dropout can gain on the test digits?""",
    {
        "A": "Yes: at p = 0.2 and 0.5 the test loss falls a little.",
        "B": "No: nothing was learned by heart, so that nothing changes.",
        "C": "No: missing units only disturb, and the test loss rises at every rate.",
    },
    "A",
    {
        "B": "300 digits read without a mistake: are new ones, too?",
        "C": "They disturb while it trains; the test is in predict mode, with all units.",
    },
    "New digits are still read worse than training digits, and mild dropout narrows that gap.",
)

running = Choice(
    "counted while training",
    """Right labels, p = 0.5, tenth epoch. How does the *running* training accuracy compare with
    that of the same network on the same digits in predict mode?""",
    {
        "A": "lower, by more than 0.1",
        "B": "the same, to within 0.02",
        "C": "higher, by more than 0.1: each batch has just been learned",
    },
    "A",
    {
        "B": "The digits are the same, and nearly the weights. Are the units?",
        "C": "The hits of a batch are counted before its update.",
    },
    "While it trains, half of the units are missing: that costs more than 20 points here.",
)

# --- what it costs

cost = Choice(
    "twice as slow?",
    """How many times as many epochs does p = 0.5 take to the same training loss, first with SGD,
    then with Adam?""",
    {
        "A": "about 2 and 2",
        "B": "about 1.5 and 2",
        "C": "about 2 and 1.5",
        "D": "less than 1 with both: the noise speeds it up",
    },
    "B",
    {
        "A": "That is the argument above without its last sentence.",
        "C": "For which of the two does the size of the gradient count?",
        "D": "Each unit learns from half of the samples, and the noise hides what they say.",
    },
    "With SGD a larger gradient makes a larger step, which wins back some of the time; Adam "
    "divides by the size of the gradient.",
)

# --- what people get wrong

ends = Choice(
    "which p is refused?",
    "Which of p = 0, 1, 1.2 and -0.1 make `nn.Dropout(p)` raise an error in train mode?",
    {
        "A": "1, 1.2 and -0.1",
        "B": "1.2 and -0.1",
        "C": "1.2 alone",
        "D": "none: p is clipped to [0, 1]",
    },
    "C",
    {
        "A": "At p = 1 something is divided by 0, and floating-point arithmetic raises no error.",
        "B": "Neither is a probability. But does MXNet look at both ends?",
        "D": "Nothing is clipped: MXNet checks something, if not enough.",
    },
    "MXNet checks the upper end: 1 gives nan, and a negative p passes and drops nothing.",
)

where = Choice(
    "the gradient of where",
    """`np.where(mask, 2 * x, 0)` with the mask 1, 0, 1, 0 gives the right values. Which gradient
    does MXNet 1.9.1 give?""",
    {
        "A": "2, 0, 2, 0",
        "B": "0, 0, 0, 0: a choice has no derivative",
        "C": "none: backward() raises an error",
        "D": "0, 2, 0, 2",
    },
    "D",
    {
        "A": "That would be right. But this heading stands among what goes wrong.",
        "B": "Through a branch that is chosen, a gradient can pass.",
        "C": "An error would be the better case: it would be noticed.",
    },
    "With a plain number as one branch, the gradient goes through the elements not chosen.",
)

evaluating = Choice(
    "evaluating inside record",
    """A colleague computes the validation accuracy of a trained network with dropout inside
    `with autograd.record():`, several times. What does she observe?""",
    {
        "A": "the same as outside: recording changes no values",
        "B": "too low an accuracy, and another one at each call",
        "C": "too high an accuracy, because dropout regularizes",
        "D": "a network that learns the validation set",
    },
    "B",
    {
        "A": "`record()` turns on more than the recording.",
        "C": "It regularizes while weights are learned; here none are.",
        "D": "Nothing is updated without `trainer.step`: the weights stay.",
    },
    "record() turns train mode on, so that units are dropped, others at each call.",
)
