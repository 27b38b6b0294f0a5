"""The record behind chapter 6: a sample is trained again, and what the chapter says holds in it."""

import numpy
import pytest
from mxnet import np

import d2l_extras as dx
from d2l_extras import records
from d2l_extras.chapters import experiments
from d2l_extras.chapters.batch_norm import experiment as module
from d2l_extras.evidence.sweep import sweep

KEY = [*module.USUAL, "batch_norm"]


@pytest.fixture(name="record", scope="module")
def _record():
    return records.read("batch-norm").set_index([*KEY, "seed"]).sort_index()


# Settings that are far from chaos: other processors come to the same accuracies.
SAMPLE = [{}, {"sigma": 0.001}, {"batch_size": 32, "updates": 200}, {"learning_rate": 0.3}]


@pytest.mark.parametrize("change", SAMPLE, ids=str)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_sample_trained_again_has_the_recorded_accuracies(record, change, batch_norm):
    setting = {**module.USUAL, **change, "batch_norm": batch_norm}
    again = sweep(module.run, [setting], [2], jobs=1, progress=False).iloc[0]
    assert again.error is None
    before = record.loc[(*(setting[name] for name in KEY), 2)]
    for part in ("train", "val", "test"):
        assert again[part] == pytest.approx(before[part], abs=0.005)


def test_both_networks_of_a_seed_start_alike():
    weights = []
    for batch_norm in (False, True):
        dx.seed(5)
        net = module.network(batch_norm, sigma=0.1)
        parameters = net.collect_params(".*dense.*weight").values()
        weights.append([p.data().asnumpy() for p in parameters])
    assert len(weights[0]) == len(weights[1]) == 3
    for one, other in zip(*weights, strict=True):
        assert numpy.array_equal(one, other)


def test_no_dense_layer_before_batch_normalization_has_a_bias():
    net = module.network(True, sigma=0.1)
    assert len(net.collect_params(".*bias").keys()) == 1
    assert net(np.zeros((2, 1, 8, 8), dtype="float64")).shape == (2, 10)


def test_every_setting_is_swept_once_with_at_least_eight_paired_seeds():
    rows = [
        tuple(row[name] for name in KEY) for row in experiments.get("batch-norm").configurations
    ]
    assert len(set(rows)) == len(rows)
    assert {row[:-1] for row in rows if row[-1]} == {row[:-1] for row in rows if not row[-1]}
    assert len(module.SEEDS) >= 8
    assert module.TRIED["batch_size"][0] == 2


@pytest.mark.parametrize(
    "change",
    [{"learning_rate": 2.0}, {"sigma": 0.001}, {"batch_size": 8}, {"updates": 50}],
    ids=str,
)
def test_batch_normalization_is_ahead_with_every_seed(record, change):
    setting = {**module.USUAL, **change}
    rows = [record.loc[(*(setting[name] for name in KEY[:-1]), flag)].val for flag in (True, False)]
    assert (rows[0] - rows[1]).min() > 0.05
