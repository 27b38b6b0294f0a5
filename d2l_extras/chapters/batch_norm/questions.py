"""Questions of chapter 6: batch normalization."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...evidence import records
from ...kit.style import BLUE, GRAY, ORANGE
from ...teaching.question import Amount, Choice, Place

ANY = -math.inf, math.inf  # of y, where only x is asked for

channels = Choice(
    "the number of means",
    """32 images with 3 channels of 6 × 6 pixels, shape (32, 3, 6, 6). How many means does batch
    normalization take, and over how many numbers is each?""",
    {
        "A": "32 means over 108 numbers each",
        "B": "108 means over 32 numbers each",
        "C": "3 means over 1,152 numbers each",
        "D": "96 means over 36 numbers each",
    },
    "C",
    {
        "A": "That keeps the images apart and mixes the channels: layer normalization.",
        "B": "Then each pixel would be a feature of its own, with its own γ and β.",
        "D": "That keeps the images apart, too: instance normalization.",
    },
    "One mean for each channel, over 32 images of 36 pixels.",
)

fresh = Choice(
    "a fresh layer",
    """A fresh layer, never trained, gets x, with mean 5 and standard deviation 3, in prediction
    mode. What comes out?""",
    {
        "A": "x standardized: mean 0, standard deviation 1",
        "B": "x itself, but for a factor next to 1",
        "C": "zeros: nothing has been learned yet",
        "D": "an error: there are no statistics yet",
    },
    "B",
    {
        "A": "That takes the statistics of this batch, which prediction mode does not look at.",
        "C": "γ starts at 1 and β at 0: they leave what they get as it is.",
        "D": "The running statistics have a start: 0 and 1.",
    },
    "Subtract 0, divide by √(1 + ε): with ε = 0.00001 the factor is 0.999995.",
)

moves = Choice(
    "three forward passes",
    """On the CPU: three forward passes of x inside `record()`, no `backward()`. The running mean
    started at 0. Where is it now?""",
    {
        "A": "still at 0",
        "B": "a part of the way to the mean of x",
        "C": "at the mean of x",
    },
    "A",
    {
        "B": "That counts each forward pass as an update. Which event is one?",
        "C": "Even an update only moves it a part of the way: it averages over many batches.",
    },
    "On the CPU the update belongs to the backward pass, and there was none.",
)

follows = Amount(
    "99 % of the way",
    """Momentum 0.99, and the same batch again and again. After how many updates has the running
    mean gone 99 % of the way from its start to the mean of the batch? (Within 10 % is right.)""",
    459, 1, 10_000, 45.9,
    [
        (98, 101, "Not 1 % of the whole way each time, but 1 % of what is left of it."),
        (43, 45, "That is momentum 0.9."),
        (4500, 4700, "That is momentum 0.999."),
        (290, 310, "So many go 95 % of the way."),
        (1, 2, "One update goes 1 % of the way: the old value has the weight 0.99."),
        (1, 10_000, "After t updates the start still counts 0.99^t: when is that 1 %?"),
    ],
    "0.99^459 is just below 0.01. As a rule of thumb: ln(100) / (1 - m), here 4.6 / 0.01.",
    "updates",
)  # fmt: skip

ported = Choice(
    "momentum 0.1 in Gluon",
    """Somebody ports PyTorch's default, `momentum=0.1`, to Gluon without a change. What
    happens?""",
    {
        "A": "Nothing else: the two defaults mean the same.",
        "B": "The running statistics follow too slowly.",
        "C": "The running statistics are nearly those of the last batch.",
        "D": "Batches are normalized wrongly in training.",
    },
    "C",
    {
        "A": "The defaults do, but this is the number of the one under the rule of the other.",
        "B": "Put 0.1 into Gluon's rule: what is the weight of the old value?",
        "D": "In training mode the layer uses the batch itself: momentum does not enter.",
    },
    "Gluon keeps a tenth of the old value and takes nine tenths of the new one.",
)

tenfold = Choice(
    "the weights times ten",
    """The weights before the layer are multiplied by ten; ε is negligible. What becomes of the
    layer's output in training mode, and of the gradient of these weights?""",
    {
        "A": "both are ten times as large",
        "B": "the output is the same, and so is the gradient",
        "C": "the output is the same, the gradient ten times as large",
        "D": "the output is the same, the gradient a tenth",
    },
    "D",
    {
        "A": "What the layer subtracts and divides by, mean and standard deviation of the batch, "
        "grows tenfold, too.",
        "B": "So a step of the same length would do the same to small weights and to large ones.",
        "C": "Draw the loss over one weight, then stretch that axis to ten times its length: does "
        "the curve get steeper?",
    },
    "The same output is reached at ten times the distance, so every slope is a tenth.",
)


def draw_scales(figure: Figure) -> Axes:
    """Draw the part of the curve that is known: standard deviation 1 where σ is large."""
    axes = figure.subplots()
    axes.plot([0.1, 1], [1, 1], color=BLUE, linewidth=3)
    axes.axhline(0.5, color=GRAY, linestyle="--", linewidth=1)
    axes.set(xscale="log", xlim=(1e-6, 1), ylim=(0, 1.15),
             xlabel="standard deviation σ of the weights", ylabel="sd of the output")  # fmt: skip
    axes.grid(alpha=0.3)
    return axes


bend = Place(
    "the output at every scale",
    """Digits go through weights Normal(σ), then through batch normalization with ε = 0.00001. At
    σ = 0.1 the variance before the layer is about 0.054, and the output has standard deviation 1.
    Now σ gets smaller. Where does the output's standard deviation fall to about one half? Point at
    the place, or type it as σ, 0.5.""",
    draw_scales,
    """σ from 0.000001 to 1 on a logarithmic axis; the output's standard deviation from 0 to 1, with
    a dashed line at 0.5. Drawn is only the right end: 1 from σ = 0.1 to 1.""",
    (0.001, 0.5),
    (0.0007, math.inf),
    [
        (0.003, math.inf, *ANY, "There the variance is still large against ε: look farther left."),
        (-math.inf, 0.0002, *ANY, "There ε is far larger than the variance: next to nothing is "
         "left."),
        (*ANY, *ANY, "Close. The variance goes with σ²: where is it about as large as ε?"),
    ],
    """The variance goes with σ²: at σ = 0.001 it is 0.0000054, about half of ε, and the output is
    √(5.4 / (5.4 + 10)), a good half.""",
)  # fmt: skip


def accuracies(kind: str) -> dict[float, tuple[float, float]]:
    """Return the recorded mean validation accuracy and its deviation, by learning rate."""
    rows = records.read("batch-norm").query(
        f"kind == '{kind}' and sigma == 0.1 and batch_size == 64 and after == 200"
    )
    groups = rows.groupby("learning_rate").val_accuracy
    return {rate: (values.mean(), values.std(ddof=1)) for rate, values in groups}


def draw_plain(figure: Figure) -> Axes:
    """Draw what the network without batch normalization does at each learning rate."""
    plain = accuracies("plain")
    axes = figure.subplots()
    axes.errorbar(
        list(plain), [mean for mean, _ in plain.values()], [sd for _, sd in plain.values()],
        fmt="s--", color=ORANGE, capsize=3, label="without (mean ± sd of eight seeds)",
    )  # fmt: skip
    axes.axhline(0.5, color=GRAY, linestyle=":", linewidth=1)
    axes.set(xscale="log", xlim=(0.02, 50), ylim=(0, 1.1), xlabel="learning rate",
             ylabel="validation accuracy")  # fmt: skip
    axes.legend(loc="upper right", fontsize=9)
    axes.grid(alpha=0.3)
    return axes


bears = Place(
    "the highest rate",
    """Drawn is the network *without* batch normalization after 200 updates. At which learning rate
    does the accuracy of the one *with* it fall to one half? Point at the place, or type it as
    rate, 0.5.""",
    draw_plain,
    """Accuracy against the learning rate, 0.02 to 50 on a logarithmic axis. Without batch
    normalization it is 0.29 at 0.03, about 0.9 from 0.2 to 0.5, 0.46 at 1, and 0.1, which is
    guessing, at 2 and 5.""",
    (3.5, 0.5),
    (1.5, math.inf),
    [
        (0.8, 1.2, *ANY, "That is where the network without it falls: with it, the range is "
         "another one."),
        (-math.inf, 0.8, *ANY, "There even the network without it learns."),
        (8, math.inf, *ANY, "It widens the range that works, but not that far."),
        (*ANY, *ANY, "Close, but not there yet: it is less than a factor of 2 away."),
    ],
    "At 2 all eight seeds still learn with it; at 5 hardly any does.",
)  # fmt: skip

gap = Choice(
    "accuracy or speed",
    """Each network at its own best learning rate. By how many points of test accuracy is the one
    with batch normalization ahead after 25 updates, and after 1,600?""",
    {
        "A": "by about 5 points each time",
        "B": "by about 50 points, then by less than 2",
        "C": "by less than 2 points, then by about 20",
        "D": "by about 50 points each time",
    },
    "B",
    {
        "A": "Then it would change the accuracy, and not the speed at all.",
        "C": "Then it would not help to learn, only to generalize in the end.",
        "D": "Then the other network could not learn at all, whatever time it got.",
    },
    "It is far ahead early; given time, the plain network nearly catches up.",
)

causes = Choice(
    "a learning rate of 2",
    """At a learning rate of 2 the network with batch normalization still learns, the plain one
    guesses. Which of the three others have a mean validation accuracy above one half there?""",
    {
        "A": "start and pinned",
        "B": "only pinned",
        "C": "all three",
        "D": "pinned and shaken",
    },
    "D",
    {
        "A": "One of these was only changed once, before the first update.",
        "B": "Then still distributions would be what counts at high rates. Do they?",
        "C": "In one of them nothing is normalized once the training has begun.",
    },
    "Putting the shift back costs only some points; a good start does not survive large steps.",
)

too_small = Choice(
    "too small a batch",
    """200 updates; each network and batch size at its best rate. What is the largest of the batch
    sizes 2, 4, 8, 16, 32 at which batch normalization is no longer clearly ahead (the interval of
    the difference includes 0)?""",
    {"A": "32", "B": "8", "C": "2", "D": "none: it is ahead at all of them"},
    "C",
    {
        "A": "So says the rule of the thread. Here it is too strong.",
        "B": "It loses some points there against batches of 32, but so does the other network.",
        "D": "In the smallest batch, all that is left of a feature is which sample has more of it.",
    },
    "From 4 on it is ahead; at 2 the differences have both signs.",
)

in_batches = Choice(
    "measured in training mode",
    """The same networks score above 0.9 on the 297 validation images in prediction mode. In
    *training* mode, in batches of 1, of 4, and all 297 at once?""",
    {
        "A": "guessing; over 10 points lost; above 0.9",
        "B": "above 0.9 in all three: the weights are the same",
        "C": "above 0.9; above 0.9; guessing",
        "D": "guessing in all three: training mode is for training",
    },
    "A",
    {
        "B": "The weights are, the statistics are not: each batch brings its own.",
        "C": "Turn it round: which batch's statistics resemble those of the whole data?",
        "D": "With enough images, the batch's own statistics are as good as the running ones.",
    },
    "One sample becomes β, whatever it shows; four give poor statistics; 297 give good ones.",
)

frozen = Choice(
    "a frozen layer",
    """γ and β are frozen by `grad_req = "null"`, and the layer below still trains. What happens to
    the running statistics in training?""",
    {
        "A": "They stand still: nothing in a frozen layer changes.",
        "B": "They move on, as in a layer that is not frozen.",
        "C": "They stand still, and the layer uses them in training mode, too.",
    },
    "B",
    {
        "A": "`grad_req` is about gradients. Which vectors of the layer have one?",
        "C": "That is what `use_global_stats=True` asks for, which is another switch.",
    },
    "The statistics have no gradient to switch off: they follow the batches as before.",
)

loaded = Choice(
    "95 % and 70 %",
    """A network with batch normalization scores 95 % on the test set. Its parameters are saved
    without those called `running_*` and loaded into a new network, which scores 70 % on the same
    test set, in the same mode. Why?""",
    {
        "A": "it has overfitted",
        "B": "gamma and beta were lost",
        "C": "prediction mode switches batch normalization off",
        "D": "the running statistics of the new network are still 0 and 1",
    },
    "D",
    {
        "A": "It scored 95 % on these very images, with the same weights: something else changed.",
        "B": "gamma and beta are learned parameters like the weights: they were in the file.",
        "C": "The first network scored 95 % in prediction mode, too: the layer was not off.",
    },
    """In prediction mode the layer reads running_mean and running_var. How much is lost depends on
    how far the true ones are from 0 and 1.""",
)
