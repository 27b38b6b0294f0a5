"""Questions of chapter 3: minibatch SGD."""

import math

import numpy

from ...kit.style import BLUE
from ...teaching.question import Amount, Choice, Place

_EVERYWHERE = (-math.inf, math.inf)

updates = Amount(
    "ten epochs",
    "50,000 images in batches of 500: how many updates do ten epochs make?",
    1000, 1, 1_000_000, 0,
    [
        (100, 100, "That is one epoch: ten are asked for."),
        (500, 500, "500 is the size of a batch. How many batches is an epoch?"),
        (5000, 5000, "That is ten times the batch size: an update takes a whole batch of images."),
        (500_000, 500_000, "That counts images: an update looks at 500 of them at once."),
        (1, 1_000_000, "First the batches of one epoch, then times ten."),
    ],
    "50,000 / 500 is 100 batches, and so 100 updates, in an epoch; ten epochs make 1,000.",
    "updates",
)  # fmt: skip

nearest = Choice(
    "which batch size gets nearest?",
    """Ten epochs at the learning rate 0.05, on the bowl of 256 samples described above. Which of
    these batch sizes stays nearest to the minimum in the second half of its way?""",
    {
        "A": "1: it makes the most updates",
        "B": "8",
        "C": "256: its gradient is exact",
        "D": "all the same: each sees every sample ten times",
    },
    "B",
    {
        "A": "It arrives first. But does it stay there, if each sample pulls elsewhere?",
        "C": "Its direction is exact. How many steps does it take in ten epochs?",
        "D": "They see the same samples, but take a different number of steps.",
    },
    "256 makes only ten steps and stops short; 1 makes 2,560 and is thrown around; 8 lies between.",
)

backward = Choice(
    "backward on a vector",
    """At $w = 1$ the four losses have the slopes 2, 8, 18 and 32. What is in `w.grad` after
    `backward()` on the *vector* of the four losses?""",
    {
        "A": "the vector 2, 8, 18, 32",
        "B": "15, the slope of the mean",
        "C": "32, the slope of the last one",
        "D": "60, the slope of the sum",
    },
    "D",
    {
        "A": "The gradient has the shape of w, and w is one number.",
        "B": "Nobody has divided by 4.",
        "C": "No slope is overwritten: within one backward() what reaches the same weight is "
        "combined.",
    },
    "backward() on a vector adds its entries up first, and says nothing: 2 + 8 + 18 + 32.",
)

four_ways = Choice(
    "four ways to write a step",
    """`backward()` from the vector of losses or from their mean, then `trainer.step(4)` or
    `trainer.step(1)`: which two make the same step?""",
    {
        "A": "vector with step(4), mean with step(1)",
        "B": "vector with step(4), mean with step(4)",
        "C": "vector with step(1), mean with step(4)",
        "D": "vector with step(1), mean with step(1)",
    },
    "A",
    {
        "B": "step(4) divides both, but the mean has been divided by 4 before.",
        "C": "One of them divides nowhere, the other one twice: they are 16 times apart.",
        "D": "step(1) divides neither, and the gradients are 60 and 15.",
    },
    "Each of them divides exactly once by 4, at one of the two places.",
)

adam = Choice(
    "why Adam hides it",
    "Why do all four ways of scaling give the same first step with Adam?",
    {
        "A": "With Adam, trainer.step(n) does not divide by n.",
        "B": "Adam's learning rate is so small that one sees no difference.",
        "C": "Adam takes the mean of the gradient itself: all four gradients are equal.",
        "D": "Adam divides the gradient by its own running size.",
    },
    "D",
    {
        "A": "Gluon's Trainer divides for every optimizer alike: it did so here, too.",
        "B": "All four ran with 0.1, and moved by 0.1.",
        "C": "The four gradients were 60, 15, 15 and 3.75: they are not equal.",
    },
    "The size of the gradient stands above and below the fraction bar: a constant factor cancels.",
)

too_few = Choice(
    "rate 0.01",
    """The perceptron of the notes on the digits, batches of 256; equal probabilities cost
    $\\ln 10 = 2.30$. Where is the loss after 25 updates at rate 0.01, after 1,175 at rate 0.01, and
    after 25 at rate 0.5?""",
    {
        "A": "about 2.3, 2.3 and 1.9: the rate is too small",
        "B": "about 1.9, 0.1 and 1.9: it has far more updates",
        "C": "about 2.3, 1.9 and 1.9",
        "D": "about 2.3, 1.9 and 2.3: 25 updates are too few at any rate",
    },
    "C",
    {
        "A": "A small step is a step: 47 times as many of them lead somewhere.",
        "B": "47 times as many updates, but each is 50 times as short.",
        "D": "What a step does is rate times gradient: compare the sums of the rates.",
    },
    "As long as the steps are small, their sum counts: 0.01 times 1,175 is 11.75, and 0.5 times 25 "
    "is 12.5.",
)

below_limit = Choice(
    "below the limit",
    """In the lab above the full batch has λ = 10, so that its limit 2/λ is 0.2. The learning rate
    is 0.15. Which batch sizes diverge: 256 (the full batch), 8, or 1?""",
    {
        "A": "none: 0.15 is below 2/λ",
        "B": "only 1",
        "C": "8 and 1",
        "D": "all three",
    },
    "B",
    {
        "A": "λ is the curvature of the mean over all samples. Which bowl does a step of a small "
        "batch see?",
        "C": "A mean over eight samples is nearer to the full one than a single sample is.",
        "D": "For the full batch |1 - 0.15 · 10| = 0.5: it shrinks.",
    },
    "Some single samples are much steeper than the mean; the means of eight are not steep enough "
    "here.",
)

noise = Amount(
    "half the noise",
    """To halve the *standard deviation* of a minibatch's gradient, how many times larger must the
    batch be?""",
    4, 1, 100, 0,
    [
        (2, 2, "That halves the variance. The standard deviation is its root."),
        (1.4, 1.42, "Turned over: the batch is under the root, not the noise."),
        (16, 16, "That quarters the standard deviation."),
        (1, 100, "The variance goes with 1/B, the standard deviation with its root."),
    ],
    "The standard deviation goes with 1/√B: four times the samples for half the noise.",
    "times",
)  # fmt: skip


def _distances(rate, batch_size, steps=400):
    """Return the distance to the minimum after each update, root mean square, by the formula."""
    squares = [25.0]
    for _ in range(steps):
        squares.append((1 - rate) ** 2 * squares[-1] + rate**2 / batch_size)
    return numpy.sqrt(squares)


def _one_way(figure):
    axes = figure.subplots()
    axes.semilogy(_distances(0.4, 1), color=BLUE, label="rate 0.4, batch size 1")
    axes.set(xlim=(0, 420), ylim=(0.03, 6), xlabel="update", ylabel="distance to the minimum",
             title="A constant rate ends in a ball")  # fmt: skip
    axes.set_yticks([0.05, 0.1, 0.2, 0.5, 1, 2, 5], ["0.05", "0.1", "0.2", "0.5", "1", "2", "5"])
    axes.minorticks_off()
    axes.legend()
    return axes


radius = Place(
    "a quarter of the rate",
    """The curve is the run at rate 0.4 with single samples: it falls to 0.5, and stays there. Where
    does the run at rate **0.1** end, after 400 updates?""",
    _one_way,
    """The distance to the minimum against the updates, on a logarithmic scale from 0.03 to 6. From
    5 at the start it falls within ten updates to 0.5, and is level from there to update 400.""",
    (400, 0.229), (60, 0.06),
    [
        (340, 460, 0.1, 0.16, "That is a quarter of 0.5: the rate is under a root."),
        (340, 460, 0.4, 0.6, "That ball is as large as the old one: smaller steps throw less far."),
        (340, 460, 0.6, math.inf, "A small rate is slow, but 400 steps of 0.1 lead all the way."),
        (340, 460, -math.inf, 0.1, "The samples disagree as before: the weights do not come so "
         "near."),
        (-math.inf, 340, *_EVERYWHERE, "That is not the end of the run: look at update 400."),
        (*_EVERYWHERE, *_EVERYWHERE, "Put the rate into the formula for the radius."),
    ],
    "The radius goes with the root of the rate, for small ones: √(0.1 / 1.9) = 0.23, about half.",
)  # fmt: skip

schedule = Choice(
    "which rate gets nearest?",
    """From a distance of 5, with single samples: which learning rate ends nearest to the minimum
    after 400 updates?""",
    {
        "A": "0.4 throughout",
        "B": "1/t at update t",
        "C": "0.025 throughout",
        "D": "0.2 · 0.9^t at update t",
    },
    "B",
    {
        "A": "It is there within ten updates. But how large is its ball?",
        "C": "Its ball is small: √(0.025 / 1.975) is 0.11. Another one gets nearer still.",
        "D": "Add up all its steps: 0.2 · (0.9 + 0.81 + ...) is less than 2. How far is it?",
    },
    "With 1/t the weight is the mean of all samples so far: 1/√400 = 0.05 away.",
)

currencies = Choice(
    "epochs, updates, milliseconds",
    """Batch sizes from 1 to 1,200, each at its own best rate, until 85 % of the validation digits
    are right. Which needs the fewest epochs, which the fewest updates, which the least time?""",
    {
        "A": "epochs: 1,200; updates: 1; time: 1,200 by far",
        "B": "epochs: 1; updates: 1; time: 1",
        "C": "epochs: 1; updates: 1,200; time: 1 is the slowest by far, from 32 on much alike",
        "D": "epochs: all alike; updates: 1,200; time: 1,200 by far",
    },
    "C",
    {
        "A": "Turned over: with one update for each sample an epoch is 1,200 updates.",
        "B": "Single samples make 1,200 updates in an epoch, each of them with a fixed "
        "cost and much noise.",
        "D": "At its best rate, 1,200 at once make one step an epoch: how far does one step lead?",
    },
    "Small batches make many updates of each epoch; large ones need few updates, for each is less "
    "noisy; in time the two nearly balance, but for single samples.",
)

rule = Choice(
    "rate in proportion to the batch",
    """At their best rates, batches of 512 need 13 times as many epochs as batches of 8. The
    rule sets the rate to 0.0125 at 8 and 0.8 at 512. What becomes of the gap?""",
    {
        "A": "It falls below 3: the large batch becomes much faster.",
        "B": "It stays about the same: both rates are changed alike.",
        "C": "It grows: a high rate makes large batches diverge.",
        "D": "It falls below 3: the small batch becomes much slower.",
    },
    "D",
    {
        "A": "The best rate of 512 was 0.4, in the record above: how much can 0.8 gain?",
        "B": "The best rates were 0.2 at 8 and 0.4 at 512: which of them does the rule "
        "move further?",
        "C": "The limit is set by the curvature: 0.8 was the best rate of the full batch.",
    },
    "0.0125 is 16 times lower than the best rate at 8: the rule closes the gap by slowing the "
    "small batch down.",
)

seen = Amount(
    "draws that are put back",
    """Draw N times out of N rows (N is large), and put each row back. How many percent of the
    rows have been seen?""",
    63.2, 1, 100, 1,
    [
        (36, 38, "That is the share that is missed."),
        (100, 100, "Some rows come twice or more: then others never come."),
        (50, 50, "Half is too few: how likely is it that one row is missed N times?"),
        (1, 100, "One draw misses a row with probability 1 - 1/N. And all N draws?"),
    ],
    "A row is missed N times with probability (1 - 1/N)^N, about 1/e = 36.8 %.",
    "%",
)  # fmt: skip
