"""The labs of the course, one module each: `labs.softmax(temperature=2.0)` opens one."""

from .batch_norm import lab as batch_norm
from .block_hybridblock import lab as block_hybridblock
from .cross_entropy import lab as cross_entropy
from .digits_training import lab as digits_training
from .dropout import lab as dropout
from .layer_order import lab as layer_order
from .line import lab as line
from .minibatch_sgd import lab as minibatch_sgd
from .softmax import lab as softmax

__all__ = [
    "batch_norm",
    "block_hybridblock",
    "cross_entropy",
    "digits_training",
    "dropout",
    "layer_order",
    "line",
    "minibatch_sgd",
    "softmax",
]
