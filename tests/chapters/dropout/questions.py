"""The right answers to the questions of chapter 5, computed."""

import functools
from contextlib import nullcontext

import numpy
from mxnet import autograd, np, npx
from mxnet.base import MXNetError
from mxnet.gluon import nn

import d2l_extras as dx
from tests.chapters.dropout.test_record import at_end, bounds, stopped
from tests.chapters.questions import only


def dropped(x, p):
    with autograd.train_mode():
        return nn.Dropout(p)(x)


def each_sample():
    masks = numpy.array([(dropped(np.ones((4, 5)), 0.5) == 0).asnumpy() for _ in range(400)])
    counts = set(masks.sum(axis=2).reshape(-1).tolist())
    same = (masks == masks[:, :1]).all()
    return only(
        A=counts <= {2, 3}, B=same, C=counts == set(range(6)) and not same, D=counts == {0, 5}
    )


def scopes():
    made = {
        "no scope": (nullcontext(), nullcontext()),
        "record": (autograd.record(), nullcontext()),
        "record in predict mode": (autograd.record(train_mode=False), nullcontext()),
        "train": (autograd.train_mode(), nullcontext()),
        "predict in record": (autograd.record(), autograd.predict_mode()),
    }
    drops = set()
    for name, (outer, inner) in made.items():
        with outer, inner:
            if (nn.Dropout(0.5)(np.ones(1000)) == 0).any():
                drops.add(name)
    return only(
        A=drops == {"record", "train"},
        B=drops == {"record", "record in predict mode", "predict in record"},
        C=drops == {"train"},
        D=drops == set(made) - {"no scope"},
    )


def spread():
    for p, drawn in ((0, 0), (0.2, 0.25), (0.5, 1)):
        assert abs(dropped(np.ones(200_000), p).var().item() - drawn) < 0.01
    return 0.8, dropped(np.ones(1_000_000), 0.8).var().item()


def relu():
    """For one seed after another: the chapter's 50 sums, 20,000 masks."""
    higher = []
    for seed in range(3):
        dx.seed(seed)
        x, w = np.ones((20_000, 8)), np.random.normal(size=(8, 50)) + 0.05
        kept, whole = np.dot(dropped(x, 0.5), w), np.dot(x[:1], w)
        higher.append((npx.relu(kept).mean() / npx.relu(whole).mean()).item())
    return only(
        A=max(higher) < 1.02 and min(higher) > 0.98, B=max(higher) < 1, C=min(higher) > 1.02
    )


def gradient():
    x = np.ones((40, 5))
    x.attach_grad()
    with autograd.record():
        out = nn.Dropout(0.5)(x)
    out.backward()
    gone, found = out.asnumpy() == 0, x.grad.asnumpy()
    return only(
        A=(found == 1).all(),
        B=(found[gone] == 0).all() and (found[~gone] == 2).all(),
        C=(found[gone] == 0).all() and (found[~gone] == 1).all(),
        D=not found.any(),
    )


def untouched():
    layer = nn.Dense(1, in_units=100_000)
    layer.initialize()
    with autograd.record():
        out = layer(nn.Dropout(0.5)(np.ones((4, 100_000))))
    out.backward()
    return 100 * (layer.weight.grad() == 0).mean().item()


@functools.cache
def record():
    return dx.records.read("dropout")


def turn():
    runs = record()[(record().wrong_labels == 0.2) & (record().rate == 0)]
    curves = runs.groupby("epoch")[["train_accuracy", "val_accuracy"]].mean()
    best = curves.val_accuracy.idxmax()
    assert curves.train_accuracy[best] < 0.8 <= curves.train_accuracy.max()
    drawn = curves.train_accuracy[[1, 10, 40, 150]].round(2).tolist()
    assert drawn == [0.29, 0.70, 0.80, 0.99]  # in the words of the picture
    assert round(curves.val_accuracy[150], 2) == 0.78
    return best, curves.val_accuracy[best]


def stopping():
    dropout, ends = at_end(record(), 0.2, "test_accuracy")[0.5], stopped(
        record(), "val_accuracy", "idxmax"
    )  # fmt: skip
    alone, both = ends[0.0], ends[0.5]

    def below(*results):
        return all(
            bounds(higher - lower)[0] > 0
            for lower, higher in zip(results, results[1:], strict=False)
        )

    means = [result.mean() for result in (dropout, alone, both)]
    return only(
        A=max(means) - min(means) < 0.005,
        B=below(alone, dropout, both),
        C=below(both, alone, dropout),
        D=below(dropout, alone, both),
    )


def clean():
    loss = at_end(record(), 0.0, "test_loss")
    changes = {p: bounds(loss[p] - loss[0.0]) for p in (0.2, 0.5, 0.7)}
    assert at_end(record(), 0.0, "train_accuracy")[0.0].mean() > 0.9995
    return only(
        A=changes[0.2][1] < 0 and changes[0.5][1] < 0,
        B=all(low < 0 < high for low, high in changes.values()),
        C=all(low > 0 for low, _ in changes.values()),
    )


def running():
    tenth = record()
    tenth = tenth[(tenth.wrong_labels == 0) & (tenth.rate == 0.5) & (tenth.epoch == 10)]
    more = tenth.running_accuracy - tenth.train_accuracy
    assert more.mean() < -0.2
    return only(A=(more < -0.1).all(), B=(abs(more) < 0.02).all(), C=(more > 0.1).all())


def cost():
    table, ratios = dx.records.read("dropout-speed"), {}
    for optimizer, runs in table[table.scaled | (table.rate == 0)].groupby("optimizer"):
        by_rate = runs.pivot(index=["seed", "loss"], columns="rate", values="epochs")
        ratios[optimizer] = (by_rate[0.5] / by_rate[0.0]).groupby("loss").mean()
    near = {
        (name, value): (abs(ratios[name] - value) < 0.25).all()
        for name in ratios
        for value in (1.5, 2)
    }
    return only(
        A=near["sgd", 2] and near["adam", 2],
        B=near["sgd", 1.5] and near["adam", 2],
        C=near["sgd", 2] and near["adam", 1.5],
        D=all((ratio < 1).all() for ratio in ratios.values()),
    )


def ends():
    refused = []
    for p in (0, 1, 1.2, -0.1):
        try:
            dropped(np.ones(100), p).asnumpy()
        except MXNetError:
            refused.append(p)
    return only(
        A=refused == [1, 1.2, -0.1], B=refused == [1.2, -0.1], C=refused == [1.2], D=not refused
    )


def where():
    x = np.ones(4)
    x.attach_grad()
    with autograd.record():
        out = np.where(np.array([1, 0, 1, 0]) > 0, 2 * x, 0)
    out.backward()
    return ", ".join(f"{value:g}" for value in x.grad.tolist())


@functools.cache
def trained():
    dx.seed(0)
    data, net = dx.data.Digits(), nn.Sequential()
    net.add(nn.Dense(128, activation="relu"), nn.Dropout(0.7), nn.Dense(10))
    net.initialize()
    dx.fit(net, data, epochs=4, learning_rate=0.5, progress=False)
    return net, data.val


def evaluating():
    net, (images, labels) = trained()
    before = net[0].weight.data().asnumpy()

    def accuracy():
        return (net(images).argmax(axis=1).asnumpy() == labels.asnumpy()).mean()

    outside, inside = accuracy(), []
    for _ in range(10):
        with autograd.record():
            inside.append(accuracy())
    return only(
        A=set(inside) == {outside},
        B=max(inside) < outside and len(set(inside)) > 1,
        C=min(inside) > outside,
        D=(net[0].weight.data().asnumpy() != before).any(),
    )
