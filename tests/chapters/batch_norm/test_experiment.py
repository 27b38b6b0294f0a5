"""The record behind chapter 6: samples are trained again, and each network is what it is said."""

import numpy
import pytest
from mxnet import autograd, np

import d2l_extras as dx
from d2l_extras.chapters import experiments
from d2l_extras.chapters.batch_norm import experiment as module
from d2l_extras.evidence.sweep import sweep

KEY = ["kind", *module.USUAL]
X = dx.data.Digits().train[0].astype("float64")


@pytest.fixture(name="record", scope="module")
def _record():
    return dx.records.read("batch-norm").set_index([*KEY, "seed", "after"]).sort_index()


# Settings that are far from chaos: other processors come to the same accuracies.
SAMPLE = [
    {"kind": "plain", "updates": 1600}, {"kind": "bn", "updates": 1600},
    {"kind": "start", "updates": 1600}, {"kind": "pinned"}, {"kind": "shaken"},
    {"kind": "bn", "sigma": 0.001}, {"kind": "start", "sigma": 0.0001},
    {"kind": "bn", "batch_size": 32, "learning_rate": 0.3},
]  # fmt: skip


@pytest.mark.parametrize("change", SAMPLE, ids=str)
def test_sample_trained_again_has_the_recorded_accuracies(record, change):
    setting = {**module.USUAL, **change}
    again = sweep(module.run, [{**setting, "updates": 200}], [2], jobs=1, progress=False)
    assert again.error.isna().all()
    assert list(again.after) == [25, 50, 100, 200]
    for row in again.itertuples():
        before = record.loc[(*(setting[name] for name in KEY), 2, row.after)]
        for part in ("train_accuracy", "val_accuracy", "test_accuracy"):
            assert getattr(row, part) == pytest.approx(before[part], abs=0.005)
        assert row.growth == pytest.approx(before.growth, abs=0.005)


def test_every_setting_is_swept_once_with_at_least_eight_paired_seeds():
    rows = [
        tuple(row[name] for name in KEY) for row in experiments.get("batch-norm").configurations
    ]
    assert len(set(rows)) == len(rows)
    plain, bn = ({row[1:] for row in rows if row[0] == kind} for kind in ("plain", "bn"))
    assert plain == bn
    assert len(module.SEEDS) >= 8
    assert {row[0] for row in rows} == set(module.KINDS)


@pytest.mark.parametrize(
    "change",
    [{"learning_rate": 2.0, "updates": 1600}, {"sigma": 0.001}, {"batch_size": 16}],
    ids=str,
)
def test_batch_normalization_is_ahead_with_every_seed(record, change):
    setting = {**module.USUAL, **change}
    if setting["sigma"] == 0.1 and setting["batch_size"] == 64:
        setting["updates"] = 1600
    plain, bn = (
        record.loc[(kind, *(setting[name] for name in KEY[1:]))].xs(200, level="after")
        for kind in ("plain", "bn")
    )
    assert (bn.val_accuracy - plain.val_accuracy).min() > 0.05


# --- what the networks are


def network(kind, sigma=0.1, seed=5):
    dx.seed(seed)
    return module.network(kind, sigma, X)


def test_all_networks_of_a_seed_start_from_the_same_weights():
    weights = {
        kind: [layer.weight.data().asnumpy() for layer in module.hidden(network(kind))]
        for kind in module.KINDS
    }
    for kind in ("bn", "pinned", "shaken"):
        for one, other in zip(weights["plain"], weights[kind], strict=True):
            assert numpy.array_equal(one, other)
    factor = weights["start"][0] / weights["plain"][0]  # rescaled, unit by unit
    assert numpy.allclose(factor, factor[:, :1])


def test_only_the_last_dense_layer_has_a_bias_where_batch_normalization_stands():
    for kind in module.KINDS:
        normalized = kind not in ("plain", "start")
        net = network(kind)
        assert len(net.collect_params(".*bias").keys()) == (1 if normalized else 3)
        assert len(net.collect_params(".*gamma").keys()) == (2 if normalized else 0)
        assert net(X[:2]).shape == (2, 10)


def test_rescaled_network_starts_standardized_whatever_the_scale_of_its_weights():
    for sigma in (0.0001, 1.0):
        y, dense = X, module.hidden(network("start", sigma))
        for layer in network("start", sigma):
            y = layer(y)
            if y.shape[1] == 32 and "dense" in layer.name:
                assert abs(y.mean(axis=0)).max() < 1e-9
                assert abs(y.std(axis=0) - 1).max() < 1e-9
        assert len(dense) == 2


def shifts(kind):
    """Return how far the units before the last layer move from update to update, in their sd."""
    net = network(kind)
    data = dx.data.InMemory(train=(X, dx.data.Digits().train[1]), batch_size=64)
    means, deviations = [], []
    for _, _ in zip(range(20), dx.training_steps(net, data, epochs=20), strict=False):
        y = X
        with autograd.train_mode():
            for layer in net[:-2]:
                y = layer(y)
        means.append(y.mean(axis=0).asnumpy())
        deviations.append(y.std(axis=0).asnumpy())
    return (numpy.abs(numpy.diff(means, axis=0)) / deviations[1:]).mean()


def test_shaking_puts_back_far_more_shift_than_the_plain_network_has():
    assert shifts("bn") < 0.05
    assert shifts("shaken") > 5 * shifts("plain")


def test_shaking_stops_in_predict_mode_and_is_the_same_for_the_whole_batch():
    shake, x = module.Shake(), np.array(numpy.arange(12.0).reshape(4, 3), dtype="float64")
    assert (shake(x) == x).all()
    with autograd.train_mode():
        y = shake(x)
    assert not numpy.allclose(y.asnumpy(), x.asnumpy())
    steps = numpy.diff(y.asnumpy(), axis=0)
    assert numpy.allclose(steps, steps[:1])


def test_pinned_weights_keep_their_length_and_the_others_grow(record):
    growth = record.xs(200, level="after").groupby(["kind", "learning_rate"]).growth.mean()
    assert growth["pinned"].tolist() == pytest.approx([1.0] * len(module.RATES))
    assert growth["bn", 2.0] > 1.5
