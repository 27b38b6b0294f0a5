"""Chapter 7: every order of batch normalization, activation, dropout and pooling, on Digits."""

from ...evidence.experiment import Experiment
from ...nets import layers
from .digits_run import run  # a module of its own: stored runs are void when it changes

RATES, SAMPLES = (0.1, 0.3, 0.5), (1200, 150)
LARGE_PAIRS = [pair for r in RATES for pair in ((r, r), (0.0, r), (r, 0.0))]
SMALL_PAIRS = [pair for r in RATES for pair in ((r, r), (0.0, r))]
SEEDS = range(2)  # as many as have been run; 20 are planned
TOLERANCES = {"running_loss": 0.05} | {
    f"{arm}{part}_{name}": tolerance
    for arm in ("", "on_", "off_")
    for part in ("val", "test")
    for name, tolerance in (("loss", 0.05), ("accuracy", 0.03))
}


def orders(without=()):
    """Return all orders with activation and pooling, as text without the weights."""
    return [order.removeprefix("conv-") for order in layers.orders(without=without)]


def functions(without=(), **options):
    """Return one order of each function, the first of its equivalents.

    Examples
    --------
    >>> len(functions()), functions(without=["drop"])
    (12, ['bn-act-pool', 'act-bn-pool', 'act-pool-bn', 'pool-bn-act'])
    """
    seen, first = set(), []
    for order in orders(without):
        if order not in seen:
            first.append(order)
            same = layers.equivalents(f"conv-{order}", **options)
            seen |= {order, *(other.removeprefix("conv-") for other in same)}
    return first


def configurations(samples, pairs):
    """Return each function with each pair of rates, or with none where there is no dropout."""
    dropping = [*functions(), *functions(without=["bn"])]
    others = [*functions(without=["drop"]), *functions(without=["bn", "drop"])]
    return [
        {"order": order, "rate1": rate1, "rate2": rate2, "samples": samples}
        for orders, pairs in ((dropping, pairs), (others, [(0.0, 0.0)]))
        for order in orders
        for rate1, rate2 in pairs
    ]


def function_of(order):
    """Return the order that stands in the record for an order: the same function with relu.

    Examples
    --------
    >>> function_of("bn-drop-act-pool"), function_of("drop-act-pool")
    ('bn-act-drop-pool', 'act-drop-pool')
    """
    same = {order, *(o.removeprefix("conv-") for o in layers.equivalents(f"conv-{order}"))}
    return next(o for o in FUNCTIONS if o in same)


FUNCTIONS = [
    order
    for without in ((), ("drop",), ("bn",), ("bn", "drop"))  # 12, 4, 2 and 1
    for order in functions(without)
]

experiment = Experiment(
    name="layer-order",
    run=run,
    configurations=configurations(1200, LARGE_PAIRS) + configurations(150, SMALL_PAIRS),
    seeds=SEEDS,
    tolerances=TOLERANCES,
    description="Losses of all orders of layers on Digits, as trained and re-estimated.",
    digits=4,
    compress=True,
)
