"""What the text of chapter 3 says of Adam's scale, and of ways to choose the rows of a batch."""

import pytest
from mxnet import autograd, gluon, init, np
from mxnet.gluon import nn


@pytest.mark.parametrize(
    ("factor", "alike"), [(1e4, True), (1.0, True), (1e-4, True), (1e-8, False)]
)
def test_adam_hides_a_constant_factor_unless_the_gradient_is_as_small_as_its_epsilon(factor, alike):
    samples, ends = np.array([[1.0], [2.0], [3.0], [4.0]]), []
    for average in (False, True):
        for n in (4, 1):
            net = nn.Dense(1, use_bias=False, in_units=1)
            net.initialize(init.One())
            trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1})
            with autograd.record():
                loss = factor * net(samples) ** 2
                loss = loss.mean() if average else loss
            loss.backward()
            trainer.step(n)
            ends.append(net.weight.data().item())
    assert (max(ends) - min(ends) < 0.001) == alike


@pytest.mark.parametrize(("batch_size", "batches", "missed"), [(100, 9, 100), (128, 109, 8)])
def test_sliding_window_repeats_its_batches_and_misses_rows(batch_size, batches, missed):
    samples, steps = 1_000, 10_000
    offsets = {step * batch_size % (samples - batch_size) for step in range(steps)}
    seen = {row for offset in offsets for row in range(offset, offset + batch_size)}
    assert (len(offsets), samples - len(seen)) == (batches, missed)
