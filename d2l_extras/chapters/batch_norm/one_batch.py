"""The batch microscope's first half: one batch through the layer in train mode."""

from types import SimpleNamespace

from ...kit.lab import Lab
from . import lab as microscope

controls = (microscope.BATCH_SIZE, microscope.GAMMA, microscope.BETA)


def compute(batch_size: int, gamma: float, beta: float) -> SimpleNamespace:
    """Return the first batch of that size before and after the layer."""
    rest = {"momentum": 0.9, "updates": 0, "eps": 1e-5, "mode": "train"}
    return microscope.compute(batch_size, gamma=gamma, beta=beta, **rest)


def draw(figure):
    before, after = figure.subplots(1, 2)
    move = microscope.draw_batch(before, after)
    before.legend(loc="upper left", fontsize=9, handlelength=1.5)
    after.set_title("after, in train mode")
    return move


lab = Lab(
    "One batch", controls, compute, draw, microscope.describe_batch, size=(9.0, 2.6),
)  # fmt: skip
