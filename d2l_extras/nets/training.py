"""One training loop for all chapters: in-memory minibatches, compiled, measured on the device."""

import math
import os
import time
from dataclasses import dataclass, field
from typing import NamedTuple

import mxnet
import numpy
import pandas
from mxnet import autograd, gluon, np
from tqdm.auto import tqdm

from .data import Minibatches

SYNC = 50  # batches between two looks at the losses: a look makes the device wait


class DivergedError(ArithmeticError):
    """The loss of a training run is no longer a finite number."""


class Score(NamedTuple):
    """What `evaluate` returns: the mean loss, and the share of hits (nan in a regression)."""

    loss: float
    accuracy: float


class Step(NamedTuple):
    """One update of `training_steps`; `loss` and `hits` are sums that still live on the device."""

    epoch: int
    batch: int
    batches: int
    size: int
    loss: np.ndarray
    hits: np.ndarray
    trainer: gluon.Trainer


@dataclass
class History:
    """What a training run measured.

    Attributes
    ----------
    rows : list of dict
        One for each finished epoch: epoch, running_loss and running_accuracy (measured while
        training, with dropout on and the weights still moving), val_loss and val_accuracy
        (measured after the epoch in predict mode), seconds.
    batch_losses : list of float
        The mean loss of every minibatch.

    Examples
    --------
    >>> history = History([{"epoch": 1, "running_loss": 2.3}, {"epoch": 2, "running_loss": 0.5}])
    >>> float(history.to_pandas().running_loss.min())
    0.5
    """

    rows: list = field(default_factory=list)
    batch_losses: list = field(default_factory=list)

    def __repr__(self):
        return f"History of {len(self.rows)} epochs, {len(self.batch_losses)} batches"

    def to_pandas(self):
        """Return the epochs as a table, one row each, indexed by epoch."""
        return pandas.DataFrame(self.rows).set_index("epoch")

    def plot(self, axes=None):
        """Draw loss and accuracy by epoch into two matplotlib axes (made anew if left out)."""
        from matplotlib import pyplot

        if not self.rows:
            raise ValueError("nothing to plot: no epoch has been finished")
        if axes is None:
            _, axes = pyplot.subplots(1, 2, figsize=(8, 3), layout="constrained")
        table = self.to_pandas()
        for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
            for part, style in (("running", "o-"), ("val", "s--")):
                column = f"{part}_{name}"
                if column in table and table[column].notna().any():
                    axis.plot(table.index, table[column], style, markersize=4, label=part)
            axis.set(xlabel="epoch", ylabel=name)
            if axis.lines:
                axis.legend()
        return axes


def fit(
    net,
    data,
    *,
    epochs=10,
    optimizer="sgd",
    learning_rate=0.1,
    options=None,
    loss=None,
    clip=None,
    callbacks=(),
    progress=True,
):
    """Train a network and return the history of the run.

    Parameters
    ----------
    net : gluon.Block
        An initialized network. If all of it can be compiled, the training step is hybridized;
        the network itself is left as it was.
    data : d2l.DataModule
        What to train on; the ones of `d2l_extras.data` are much the fastest.
    epochs : int
        How often to go through the training set.
    optimizer : str or mxnet.optimizer.Optimizer
        Any of Gluon's; an object brings its own learning rate.
    learning_rate : float
        The step size, above 0.
    options : dict, optional
        Further arguments of the optimizer: `{"momentum": 0.9}`.
    loss : gluon.loss.Loss, optional
        One value for each sample; softmax cross-entropy if left out, and only then, or with
        another `SoftmaxCrossEntropyLoss`, is accuracy measured.
    clip : float, optional
        Largest norm of the gradient of the mean loss, over all parameters together.
    callbacks : sequence of callable
        Each is called with the history after every epoch; one that returns True stops the run.
    progress : bool
        Show a progress bar when the run takes longer than a second.

    Returns
    -------
    History

    Raises
    ------
    DivergedError
        When the loss becomes nan or infinite; says in which epoch and batch.
    ValueError, RuntimeError
        For an argument out of its range; for a network that was not initialized.

    Examples
    --------
    >>> from mxnet.gluon import nn
    >>> import d2l_extras as dx
    >>> dx.seed(0)
    >>> net = nn.Dense(10)
    >>> net.initialize()
    >>> history = dx.fit(net, dx.data.Digits(), epochs=3, learning_rate=0.5)
    >>> bool(history.to_pandas().val_accuracy.iloc[-1] > 0.7)
    True
    """
    history = History()
    measured = _measured(net, loss)
    validation = data.val_dataloader()
    pending, rows, started = [], [], time.perf_counter()
    quiet = not progress or bool(
        os.environ.get("TQDM_DISABLE")
    )  # which tqdm's notebook bar overlooks
    with tqdm(total=epochs, unit="epoch", delay=1, leave=False, disable=quiet) as bar:
        for step in _steps(measured, data, epochs, optimizer, learning_rate, options, clip):
            pending.append(step)
            if len(pending) == SYNC or step.batch == step.batches:
                rows += _settle(pending)
                pending = []
            if step.batch < step.batches:
                continue
            losses, hits, sizes = (numpy.array(column) for column in zip(*rows, strict=True))
            history.batch_losses += list(losses / sizes)
            row = {
                "epoch": step.epoch,
                "running_loss": losses.sum() / sizes.sum(),
                "running_accuracy": hits.sum() / sizes.sum(),
            }
            if validation is not None:
                score = _score(measured, validation)
                row.update(val_loss=score.loss, val_accuracy=score.accuracy)
            row["seconds"] = time.perf_counter() - started
            history.rows.append(row)
            rows, started = [], time.perf_counter()
            bar.update()
            bar.set_postfix(loss=f"{row['running_loss']:.3f}", refresh=False)
            # all() would stop asking at the first answer: every callback sees every epoch
            if any([callback(history) is True for callback in callbacks]):  # noqa: C419
                break
    return history


def training_steps(
    net, data, *, epochs=10, optimizer="sgd", learning_rate=0.1, options=None, loss=None, clip=None
):
    """Train as `fit` does, one update at a time: a generator that yields after every minibatch.

    The losses it yields are on the device; reading one (`float(step.loss)`) waits for it. The
    learning rate can be changed on the way: `step.trainer.set_learning_rate(0.01)`.

    Yields
    ------
    Step

    Examples
    --------
    >>> from mxnet.gluon import nn
    >>> import d2l_extras as dx
    >>> net = nn.Dense(10)
    >>> net.initialize()
    >>> steps = dx.training_steps(net, dx.data.Digits(batch_size=400), epochs=1)
    >>> [(step.batch, step.batches, step.size) for step in steps]
    [(1, 3, 400), (2, 3, 400), (3, 3, 400)]
    """
    yield from _steps(_measured(net, loss), data, epochs, optimizer, learning_rate, options, clip)


def _steps(measured, data, epochs, optimizer, learning_rate, options, clip):
    net = measured.net
    _check_arguments(epochs, learning_rate, clip)
    loader = data.train_dataloader()
    check_initialized(net)
    if not len(loader):
        raise ValueError("the training set is empty")
    trainer = _trainer(net, optimizer, learning_rate, options)
    parameters = [p for p in net.collect_params().values() if p.grad_req != "null"]
    for epoch in range(1, epochs + 1):
        for batch, (x, y) in enumerate(loader, 1):
            if epoch == batch == 1:  # settle deferred shapes now: later they would draw their
                with autograd.predict_mode():  # weights in the midst of dropout's masks
                    net(x[:2])
            with autograd.record():
                total, hits = measured(x, y)
            total.backward()
            size = len(x)
            if clip is not None:  # the gradients are sums over the batch: so is the threshold
                _clip_norm([p.grad() for p in parameters], clip * size)
            trainer.step(size)
            yield Step(epoch, batch, len(loader), size, total, hits, trainer)


def evaluate(net, data, *, loss=None, batch_size=1000):
    """Return the mean loss and the accuracy of a network in predict mode.

    Parameters
    ----------
    net : gluon.Block
        An initialized network.
    data : pair of arrays
        Samples and labels, such as `Digits().test`.
    loss : gluon.loss.Loss, optional
        As in `fit`.
    batch_size : int
        How many samples to hand over at a time.

    Returns
    -------
    Score
        `loss` and `accuracy`; the accuracy of a regression is nan.

    Examples
    --------
    >>> from mxnet import init
    >>> from mxnet.gluon import nn
    >>> import d2l_extras as dx
    >>> net = nn.Dense(10)
    >>> net.initialize(init.Zero())
    >>> print(f"{evaluate(net, dx.data.Digits().test).loss:.4f}")  # ln 10
    2.3026
    """
    x, y = data
    if len(x) == 0:
        raise ValueError("cannot evaluate on no samples at all")
    return _score(_measured(net, loss), Minibatches((x, y), batch_size, shuffle=False))


# --- the pieces


class _Measured(gluon.HybridBlock):
    """A network and its loss in one block: one compiled call returns both sums over a batch."""

    def __init__(self, net, loss):
        super().__init__()
        self.net, self.loss = net, loss

    def hybrid_forward(self, F, x, y):
        return _sums(F, self.net(x), y, self.loss)


class _MeasuredEagerly(gluon.Block):
    """The same for a network that cannot be compiled."""

    def __init__(self, net, loss):
        super().__init__()
        self.net, self.loss = net, loss

    def forward(self, x, y):
        return _sums(mxnet.nd, self.net(x), y, self.loss)


def _sums(F, scores, y, loss):
    """Return the sum of the losses and, for a classification, the number of hits (else nan)."""
    total = loss(scores, y).sum()
    if not _is_classification(loss):
        return total, F.np.zeros_like(total) + math.nan  # nan * total would poison the gradient
    hits = F.np.equal(F.np.argmax(scores, axis=-1).astype("int32"), y.astype("int32"))
    return total, hits.astype("float32").sum()


def _measured(net, loss):
    """Return the block that measures `net`, compiled where all of it can be."""
    if not isinstance(net, gluon.Block):
        raise TypeError(f"net must be a gluon.Block, got {type(net).__name__}")
    loss = loss or gluon.loss.SoftmaxCrossEntropyLoss()
    if not (_can_be_compiled(net) and _can_be_compiled(loss)):
        return _MeasuredEagerly(net, loss)
    was_active = net._active
    block = _Measured(net, loss)
    block.hybridize(static_alloc=True, static_shape=True)
    if not was_active:  # hybridize reaches the children too: leave the learner's net as it was
        net.hybridize(False)
    return block


def _can_be_compiled(block):
    """A HybridBlock that overrides `forward` runs, but is never compiled by MXNet 1.9.1."""
    if not isinstance(block, gluon.HybridBlock):
        return False
    overrides = type(block).forward is not gluon.HybridBlock.forward
    if overrides and not isinstance(block, gluon.SymbolBlock):
        return False
    return all(_can_be_compiled(child) for child in block._children.values())


def _is_classification(loss):
    return isinstance(loss, gluon.loss.SoftmaxCrossEntropyLoss)


def _check_arguments(epochs, learning_rate, clip):
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
        raise ValueError(f"epochs must be a whole number from 1, got {epochs!r}")
    if not learning_rate > 0:
        raise ValueError(f"the learning rate must be above 0, got {learning_rate!r}")
    if clip is not None and not clip > 0:
        raise ValueError(f"clip must be above 0, or None for no clipping, got {clip!r}")


def check_initialized(net):
    """Raise an error unless all parameters of a network have values, or will at the first call."""
    if any(p._data is None and not p._deferred_init for p in net.collect_params().values()):
        raise RuntimeError("the network is not initialized: call net.initialize() first")


def _trainer(net, optimizer, learning_rate, options):
    if isinstance(optimizer, str):
        settings = {"learning_rate": learning_rate, **(options or {})}
        try:
            return gluon.Trainer(net.collect_params(), optimizer, settings)
        except (ValueError, TypeError) as error:
            raise ValueError(f"cannot make the optimizer {optimizer!r}: {error}") from error
    if options:
        raise ValueError(f"options go with the name of an optimizer, got both: {options!r}")
    return gluon.Trainer(net.collect_params(), optimizer)


def _clip_norm(gradients, threshold):
    """Scale the gradients in place so that their common norm is at most the threshold.

    `gluon.utils.clip_global_norm` does not take NumPy-style arrays.
    """
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    scale = np.minimum(threshold / (norm + 1e-8), 1.0)
    for gradient in gradients:
        gradient *= scale


def _settle(steps):
    """Fetch the sums of several steps at once; return a (loss, hits, size) for each of them."""
    losses = _fetch(step.loss for step in steps)
    if not numpy.isfinite(losses).all():
        first = int(numpy.argmin(numpy.isfinite(losses)))
        bad, value = steps[first], "nan" if numpy.isnan(losses[first]) else "infinite"
        raise DivergedError(
            f"the loss is {value} since epoch {bad.epoch}, batch {bad.batch} of {bad.batches}: "
            f"the learning rate ({bad.trainer.learning_rate:g}) is probably too high"
        )
    hits = _fetch(step.hits for step in steps)
    return list(zip(losses, hits, [step.size for step in steps], strict=True))


def _fetch(scalars):
    """Return several numbers of the device as one NumPy array: one wait for all of them."""
    return np.stack(list(scalars)).asnumpy().astype("float64")


def _score(measured, loader):
    sums = [(*measured(x, y), len(x)) for x, y in loader]
    losses, hits, sizes = zip(*sums, strict=True)
    total, right = _fetch(losses).sum(), _fetch(hits).sum()
    return Score(float(total) / sum(sizes), float(right) / sum(sizes))
