"""What the text of chapter 3 says about ways to choose the rows of a batch."""

import pytest


@pytest.mark.parametrize(("batch_size", "batches", "missed"), [(100, 9, 100), (128, 109, 8)])
def test_sliding_window_repeats_its_batches_and_misses_rows(batch_size, batches, missed):
    samples, steps = 1_000, 10_000
    offsets = {step * batch_size % (samples - batch_size) for step in range(steps)}
    seen = {row for offset in offsets for row in range(offset, offset + batch_size)}
    assert (len(offsets), samples - len(seen)) == (batches, missed)
