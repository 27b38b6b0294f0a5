"""Questions of chapter 4: Block and HybridBlock."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...kit import style
from ...teaching.question import Amount, Choice, Place

EVERYWHERE = (-math.inf, math.inf)

# --- shapes

unknown = Choice(
    "a shape before any data",
    """`net` holds `nn.Dense(256, activation="relu")` and `nn.Dense(10)`. You have called
    `net.initialize()`, but no data has come by. What is `net[0].weight.shape`?""",
    {
        "A": "(256,): only the outputs are known",
        "B": "None: there is no shape without data",
        "C": "(256, -1)",
        "D": "(256, 256): square, until data say otherwise",
    },
    "C",
    {
        "A": "A weight is a matrix, (outputs, inputs): a place whose number is missing is not "
        "left out.",
        "B": "One of its two numbers stands in the constructor, and Gluon does not forget it.",
        "D": "Gluon guesses nothing: it would have to throw a wrong guess away.",
    },
    "The shape is (outputs, inputs), and -1 stands for the number that is not known yet.",
)

waiting = Choice(
    "a weight before any data",
    """`layer = nn.Dense(3)`, then `layer.initialize()`, no data. What does `layer.weight.data()`
    do?""",
    {
        "A": "It returns zeros of shape (3, -1).",
        "B": "It raises an error: initialization was deferred.",
        "C": "It raises an error: the weight has not been initialized.",
        "D": "It returns random numbers of shape (3, 1).",
    },
    "B",
    {
        "A": "No array has a side of length -1: that number only stands for one to come.",
        "C": "That is what you read if you forget `initialize()`. Here you did not.",
        "D": "One column would be one input: nobody said how many there are.",
    },
    "You asked for initial weights, so that only the data are missing: the request waits.",
)

inputs = Amount(
    "what counts as inputs",
    """`nn.Dense(2)` gets a batch of shape (2, 3, 4): two samples of shape (3, 4). How many inputs
    does it find?""",
    12, 1, 1000, 0,
    [
        (4, 4, "That is the last axis alone. Does Dense keep the axes of a sample apart?"),
        (3, 3, "That is the first axis of a sample: its other numbers would be lost."),
        (24, 24, "Those are all numbers of the batch: the samples stay apart."),
        (2, 2, "That is the number of outputs, and of samples: neither is asked for."),
        (7, 7, "Adding the two sides counts no numbers of the sample."),
        (1, 1000, "Count the numbers of one sample that a unit can see."),
    ],
    "Dense makes one row of each sample, 3 × 4 = 12 numbers, unless you say flatten=False.",
)  # fmt: skip

# --- parameters

THOUSANDS = 784 * 300 + 300, 300 * 100 + 100, 100 * 10 + 10


def _bar(figure: Figure) -> Axes:
    """Draw the parameters of one net as a bar without its pieces."""
    axes = figure.subplots()
    axes.barh(0, sum(THOUSANDS) / 1000, color=style.GRAY, height=0.5)
    axes.set(xlim=(0, 280), ylim=(-0.6, 0.6), xlabel="parameters (thousands)",
             title="784-300-100-10: one bar for all three layers")  # fmt: skip
    axes.set_yticks([])
    return axes


first_layer = Place(
    "the first layer's piece",
    """The net 784-300-100-10 has about 267 thousand parameters. The bar starts with those of the
    first layer. Where does this piece end?""",
    _bar,
    "A bar from 0 to 266.6 thousand parameters; only its length on the axis x counts.",
    (THOUSANDS[0] / 1000, 0),
    (20, math.inf),
    [
        (0, 120, *EVERYWHERE, "A piece counts products, inputs × outputs, and 784 is by far the "
         "largest number of all."),
        (120, 215.4, *EVERYWHERE, "Then more than 50 thousand would be left for 300 × 100 and "
         "100 × 10 weights."),
        (255.6, 267, *EVERYWHERE, "Then the second layer would have to do with less than 300 × 100 "
         "weights."),
        (1000, math.inf, *EVERYWHERE, "The axis counts thousands of parameters."),
        (*EVERYWHERE, *EVERYWHERE, "The bar itself ends at 266.6 thousand: look inside it."),
    ],
    "784 × 300 weights and 300 biases are 235.5 thousand, 88 % of the whole.",
)  # fmt: skip

reach = Choice(
    "whom does an initializer reach?",
    """`layer = nn.Dense(3, in_units=4)`, then `layer.initialize(init.One())`. What is in its
    bias?""",
    {
        "A": "ones: the initializer is for all parameters",
        "B": "small random numbers",
        "C": "nothing yet: reading it is an error",
        "D": "zeros",
    },
    "D",
    {
        "A": "So one would think. But a parameter can have an initializer of its own.",
        "B": "Those come where nobody names an initializer; here one was named.",
        "C": "A bias has as many numbers as outputs: its shape never has to wait.",
    },
    "Gluon's layers give their biases an initializer of their own, zeros, which goes before yours.",
)

own_bias = Choice(
    "a bias of your own",
    """The bias of `MyDense` was made by `self.params.get("bias", shape=(units,), init=None)`. What
    is in it after `initialize()`, called without an argument, and the first batch?""",
    {
        "A": "random numbers between -0.07 and 0.07",
        "B": "zeros: that is how a bias starts",
        "C": "ones: a neutral value",
        "D": "nothing: a parameter without an initializer is an error",
    },
    "A",
    {
        "B": "Who would have said so? To Gluon, *bias* is a name like any other.",
        "C": "Nothing in Gluon is filled with ones unless you ask for it.",
        "D": "It has none of its own. But `initialize` brings one, even if you name none.",
    },
    "Without an initializer of its own it takes the fallback: uniform from -0.07 to 0.07.",
)

# --- layers of your own

neighbors = Choice(
    "a row without its neighbor",
    """`CenteredLayer` made -2.5, -1.5, -0.5 of the row 1, 2, 3. What does it return if this row is
    the whole batch?""",
    {
        "A": "-2.5, -1.5, -0.5: a layer treats each row by itself",
        "B": "-1, 0, 1",
        "C": "0, 0, 0",
        "D": "1, 2, 3: there is nothing to center",
    },
    "B",
    {
        "A": "Many layers do. Where does the 3.5 come from that was subtracted above?",
        "C": "That would be one mean for each column: `x.mean()` names no axis.",
        "D": "The row has a mean: what is it?",
    },
    "Without the second row the mean of all numbers is 2, not 3.5.",
)

# --- hybridize

lines = Amount(
    "the lines of a diary",
    """`Diary` prints a line each time Python runs its method. It is called twice, then hybridized,
    then called three times. How many lines are printed?""",
    3, 0, 100, 0,
    [
        (5, 5, "That is one for each call. What do calls after `hybridize()` run?"),
        (2, 2, "Then Gluon would have a graph without ever having seen your code."),
        (4, 4, "Then two hybridized calls run Python: what for, once there is a graph?"),
        (0, 100, "Take the calls one by one: does this one need Python's lines?"),
    ],
    "Two eager calls and one that traces; the other two replay the graph.",
)  # fmt: skip

survive = Choice(
    "four lines, hybridized",
    "Which of `branch`, `number`, `shape` and `mixed` still work after `hybridize()`?",
    {
        "A": "all four, as they do eagerly",
        "B": "shape alone: a shape is no value",
        "C": "shape and mixed: neither reads a value",
        "D": "none of them",
    },
    "D",
    {
        "A": "Eagerly x is an array. What is it while the method is being traced?",
        "B": "A symbol stands for arrays of any shape.",
        "C": "np.ones(20) is an array, and x is none: Python is asked to add the two at once.",
    },
    "While it is traced, x is a symbol: no truth value, no item, no shape, and no mixing with "
    "arrays.",
)

frozen = Choice(
    "a factor that changes",
    """`scale` multiplies by `self.factor`, which is 1 at the first call after `hybridize()`. Then
    you set `scale.factor = 5` and call it with a one. What comes back?""",
    {
        "A": "1",
        "B": "5: the attribute is read at each call",
        "C": "an error: the graph no longer fits the net",
        "D": "25: once by the graph and once by Python",
    },
    "A",
    {
        "B": "Who would read it? Think of who runs that line at the second call.",
        "C": "Nobody compares a graph with the attributes of its net.",
        "D": "Nothing is multiplied twice: a hybridized call runs the graph or the method.",
    },
    "The graph holds the factor that Python saw while it was traced, until it is traced anew.",
)

overridden = Choice(
    "forward overridden",
    """`Overridden` is called once, then hybridized, then called three times. What happens?""",
    {
        "A": "hybridize() refuses it with an error",
        "B": "no error, and Python runs its method 4 times",
        "C": "no error, and Python runs its method 2 times",
        "D": "the first call after hybridize() fails: forward gets no F",
    },
    "B",
    {
        "A": "`hybridize()` looks at the children, not at which methods you wrote.",
        "C": "That is how `hybrid_forward` is treated. Which method did you replace here?",
        "D": "`forward(self, x)` is what a call runs, before and after: nobody hands it an F.",
    },
    "The method that would have called the graph is gone: each call runs yours.",
)

# --- what people get wrong

listed = Choice(
    "a layer in a list",
    """`Listed` keeps its `nn.Dense` in a Python list. You call `initialize()`, then the net. What
    happens?""",
    {
        "A": "A warning, then an error: a weight has not been initialized.",
        "B": "It works like any other net.",
        "C": "It computes, but has no parameters that could be trained.",
        "D": "An error in the constructor: a Block must not stand in a list.",
    },
    "A",
    {
        "B": "`initialize()` goes through what is registered. Is a list?",
        "C": "To compute, the layer needs weights: who would have made them?",
        "D": "The constructor assigns a list to an attribute, which Python always allows.",
    },
    "A list is not registered: initialize() misses the layer, and says so only in a warning.",
)

# --- at the end of the chapter

prints = Choice(
    "the silent print",
    """A `print(x.sum())` in `hybrid_forward` printed a number for each batch. After `hybridize()`
    it printed one odd line, then nothing. Why?""",
    {
        "A": "Printing is slow, so that MXNet suppresses it.",
        "B": "The net failed silently and returns old results.",
        "C": "The method runs only once, with placeholders; later calls replay the graph.",
        "D": "The output is buffered and appears at the end.",
    },
    "C",
    {
        "A": "Nothing suppresses it. Count how often the method is entered.",
        "B": "The results follow the data: compare them with an eager net.",
        "D": "It never appears, however long you wait. What is x when it prints?",
    },
    "print belongs to Python, and the graph holds nothing of it.",
)

alone = Choice(
    "a row on its own",
    """A net with your `CenterFeatures` inside is trained on batches of 64. In use, rows arrive one
    at a time. What is wrong, and what mends it?""",
    {
        "A": "Nothing: the mean of one row is the row's own mean.",
        "B": "A single row becomes all zeros; average along axis 1 instead.",
        "C": "A single row becomes all zeros; subtract means that were stored during training.",
        "D": "A single row becomes all zeros; hybridize the net.",
    },
    "C",
    {
        "A": "The mean along axis 0 of one row is that row. What is left of it?",
        "B": "That does not depend on neighbors, but it is another layer: it removes what a "
        "sample's features have in common, and no longer centers a feature.",
        "D": "A hybridized net computes the same as before, only faster.",
    },
    "Stored means do not depend on the batch: batch normalization does this (chapter 6).",
)
