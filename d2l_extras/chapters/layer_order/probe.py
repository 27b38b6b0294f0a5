"""Mean and variance of every stage of two convolutional modules, in train and in predict mode.

Reckoned in NumPy, which answers a slider ten times faster than 20 synchronized MXNet operations,
and takes its random numbers from a generator of its own: moving a slider leaves MXNet's alone.
The tests hold it against the Gluon network of the same order and weights.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy

from ...nets.data import Digits
from .weights import modules

IMAGES, EPS = 128, 1e-5


class Stage(NamedTuple):
    """What comes out of one layer: moments are means over the channels, per mode."""

    place: int  # 0 is the input, 1 to 5 the first module, 6 to 10 the second
    name: str
    train_mean: float
    train_variance: float
    mean: float  # in predict mode
    variance: float
    # of a dropout layer: rate, and the moments of its input's channels in train mode
    dropped: tuple[float, numpy.ndarray, numpy.ndarray] | None = None

    @property
    def module(self) -> int:
        """The number of the module: 1 or 2."""
        return 1 if self.place <= 5 else 2

    @property
    def ratio(self) -> float:
        """Variance in predict mode over variance in train mode."""
        return self.variance / self.train_variance if self.train_variance else 1.0

    @property
    def shift(self) -> float:
        """How much larger the mean is in predict mode, in standard deviations of train mode."""
        sd = self.train_variance**0.5
        return (self.mean - self.train_mean) / sd if sd else 0.0

    @property
    def parted(self) -> bool:
        """Whether the two modes differ by more than the sampling noise of a few masks."""
        return abs(self.ratio - 1) > 0.08 or abs(self.shift) > 0.08


@lru_cache(maxsize=1)
def images() -> numpy.ndarray:
    """Return the first 128 training digits: float32 of shape (128, 1, 8, 8)."""
    return Digits().train[0][:IMAGES].asnumpy()


def probe(
    order: str,
    rates: tuple[float, float],
    activation: str,
    pooling: str,
    seed: int,
    refreshed: bool = False,
) -> list[Stage]:
    """Send the digits through two trained modules in both modes; return the stages, input first.

    Batch normalization in predict mode uses the statistics of the train pass, as after a long
    training: what is seen is not a lag of its running statistics. If they are refreshed, it uses
    those of its own inputs. The seed draws the masks.
    """
    random = numpy.random.RandomState(seed)
    train = predict = images()
    stages = [Stage(0, "input", *_moments(train), *_moments(predict))]
    for first, weights, rate in zip((1, 6), modules(order), rates, strict=True):
        for place, name in enumerate(("conv", *order.split("-")), first):
            dropped = None
            if name == "conv":
                train, predict = convolve(train, weights), convolve(predict, weights)
            elif name == "bn":
                seen = predict if refreshed else train
                train, predict = (
                    normalize(x, of, weights) for x, of in ((train, train), (predict, seen))
                )
            elif name == "act":
                train, predict = activate(train, activation), activate(predict, activation)
            elif name == "pool":
                train, predict = pool(train, pooling), pool(predict, pooling)
            else:
                dropped = rate, train.mean(axis=(0, 2, 3)), train.var(axis=(0, 2, 3))
                kept = random.random_sample(train.shape) >= rate
                train = train * kept.astype("float32") / numpy.float32(1 - rate)
            stages.append(Stage(place, name, *_moments(train), *_moments(predict), dropped))
    return stages


def dropped_variance(p, mean, variance):
    """Return the variance of x after inverted dropout, in train mode."""
    return (variance + p * mean**2) / (1 - p)


def normalize(x: numpy.ndarray, of: numpy.ndarray, weights: dict) -> numpy.ndarray:
    """Return x normalized with the statistics of `of`, scaled and shifted as trained."""
    mean = of.mean(axis=(0, 2, 3), keepdims=True)
    sd = numpy.sqrt(of.var(axis=(0, 2, 3), keepdims=True) + EPS)
    gamma, beta = (weights[name].reshape(1, -1, 1, 1) for name in ("gamma", "beta"))
    return (x - mean) / sd * gamma + beta


def convolve(x: numpy.ndarray, weights: dict) -> numpy.ndarray:
    """Return the 3 x 3 convolution of x, padded by 1: (images, outputs, height, width)."""
    kernel = weights["weight"]
    padded = numpy.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = numpy.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    images, inputs, height, width = x.shape
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(images * height * width, inputs * 9)
    out = columns @ kernel.reshape(len(kernel), -1).T
    out = out + weights.get("bias", numpy.float32(0))
    return out.reshape(images, height, width, -1).transpose(0, 3, 1, 2)


def activate(x: numpy.ndarray, activation: str) -> numpy.ndarray:
    """Return the activation function of x."""
    if activation == "relu":
        return numpy.maximum(x, 0)
    if activation == "elu":
        return numpy.where(x > 0, x, numpy.expm1(numpy.minimum(x, 0)))
    if activation == "leaky":
        return numpy.where(x > 0, x, numpy.float32(0.01) * x)
    if activation == "tanh":
        return numpy.tanh(x)
    return 1 / (1 + numpy.exp(-x))


def pool(x: numpy.ndarray, pooling: str) -> numpy.ndarray:
    """Return the largest or the mean of each 2 x 2 square."""
    images, channels, height, width = x.shape
    squares = x.reshape(images, channels, height // 2, 2, width // 2, 2)
    return squares.max(axis=(3, 5)) if pooling == "max" else squares.mean(axis=(3, 5))


def _moments(x):
    return float(x.mean()), float(x.var(axis=(0, 2, 3)).mean())
