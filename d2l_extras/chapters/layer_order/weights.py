"""Trained weights for the lab: the first two modules of each function, from one training run.

`python -m d2l_extras.chapters.layer_order.weights` trains them anew: a minute or two.
"""

from functools import lru_cache
from pathlib import Path

import numpy

from ...nets.seeding import seed as reseed
from .digits_run import put, train
from .experiment import FUNCTIONS, function_of

FILE = Path(__file__).with_name("weights.npz")
SEED, RATE = 0, 0.3  # in both modules, where there is dropout; relu, max-pooling, 1,200 digits
NAMES = ("weight", "bias", "gamma", "beta")  # not all of them in every order


def trained(order):
    """Train one order; return from "module/name" to the values, in half precision."""
    rate = RATE if "drop" in order else 0.0
    reseed(SEED)
    net, _, looks = train(SEED, order, rate, rate)
    put(net, looks[-1][-1])
    found = {}
    for number, module in enumerate(list(net)[:2]):
        for layer in module:
            for name in NAMES:
                parameter = getattr(layer, name, None)
                if parameter is not None:
                    found[f"{number}/{name}"] = parameter.data().asnumpy().astype("float16")
    return found


@lru_cache(maxsize=1)
def _stored():
    with numpy.load(FILE, allow_pickle=False) as file:
        return {key: file[key].astype("float32") for key in file.files}


def modules(order):
    """Return the weights of both modules of an order: two dictionaries.

    Examples
    --------
    >>> first, second = modules("bn-act-drop-pool")
    >>> first["weight"].shape, sorted(second)
    ((16, 1, 3, 3), ['beta', 'gamma', 'weight'])
    """
    name, stored = function_of(order), _stored()
    return [
        {
            key.rpartition("/")[2]: stored[key]
            for key in stored
            if key.startswith(f"{name}/{number}/")
        }
        for number in (0, 1)
    ]


if __name__ == "__main__":
    numpy.savez_compressed(
        FILE, **{f"{o}/{key}": value for o in FUNCTIONS for key, value in trained(o).items()}
    )
