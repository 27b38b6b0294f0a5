"""Questions of the first page: one of each kind, to see how questions work."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...kit.style import GRAY
from ...teaching.question import Amount, Choice, Place
from . import lab

EVERYWHERE = -math.inf, math.inf

doubled = Choice(
    "twice as far off",
    """A line misses three points by 1, 2 and 3. Its *mean squared loss* is the mean of the squares:
    (1 + 4 + 9) / 3 ≈ 4.67. Another line misses each point by twice as much. How large is its
    loss?""",
    {"A": "as large as before", "B": "twice as large", "C": "four times as large"},
    "C",
    {
        "A": "Then the loss could not tell a good line from a bad one.",
        "B": "The misses are doubled; but each is squared before the mean is taken.",
    },
    "The misses are 2, 4 and 6, their squares 4, 16 and 36, and the mean of these is 18.67.",
)

above = Amount(
    "2 above each point",
    "A line runs exactly 2 above each of twenty points. What is its mean squared loss?",
    4, 0, 1000, 0,
    [
        (2, 2, "That is the mean of the distances: square them first."),
        (40, 40, "That is the sum of the distances: square them first, and take the mean."),
        (80, 80, "That is the sum of the squares: take their mean."),
        (0, 1000, "Square each of the twenty distances, then take the mean of the squares."),
    ],
    "Twenty squares of 2, and the mean of twenty equal numbers is that number.",
)  # fmt: skip


def draw_points(figure: Figure) -> Axes:
    """Draw the points of the lab, without a line."""
    axes = figure.subplots()
    axes.plot(lab.X, lab.Y, "o", color=GRAY)
    axes.set(xlim=(-0.2, 4.2), ylim=(-3, 4), xlabel="x", ylabel="y")
    axes.grid(alpha=0.3)
    return axes


flat = Place(
    "the best flat line",
    """Twenty points, and a line with slope 0. At which height has it the smallest mean squared
    loss? Point at any place on that line: only the height counts.""",
    draw_points,
    f"""Twenty points that rise, with a wiggle, from y = {lab.Y[0]:.1f} at x = 0 to
    y = {lab.Y[-1]:.1f} at x = 4; the lowest is at {lab.Y.min():.1f}, the highest at
    {lab.Y.max():.1f}.""",
    (2.0, 0.5),
    (math.inf, 0.25),
    [
        (*EVERYWHERE, -0.2, 0.2, "Zero is nothing special here: look at where the points lie."),
        (*EVERYWHERE, 1.5, math.inf, "There it is near the highest points, far from all others."),
        (*EVERYWHERE, -math.inf, -0.5, "There it is near the lowest points, far from all others."),
        (*EVERYWHERE, *EVERYWHERE, "Near, but the points on one side of it are farther away in all "
         "than those on the other."),
    ],
    "The loss is smallest at the mean of the points: there the distances above and below balance.",
)  # fmt: skip
