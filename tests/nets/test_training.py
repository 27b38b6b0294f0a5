"""The training loop: the same numbers as plain Gluon, on any network, and clear when it fails."""

import itertools
import math
import types

import numpy
import pytest
from mxnet import autograd, gluon, init, np, npx
from mxnet.gluon import nn

import d2l_extras as dx
from d2l_extras.nets import training
from d2l_extras.nets.data import Digits, InMemory
from d2l_extras.nets.training import History


def dense():
    net = nn.Dense(10)
    net.initialize(init.Normal(0.01))
    return net


def mlp(*middle):
    net = nn.HybridSequential()
    net.add(nn.Dense(32, activation="relu"), *middle, nn.Dense(10))
    net.initialize(init.Xavier())
    return net


class Eager(nn.Block):
    """A network of plain Blocks, which cannot be compiled."""

    def __init__(self):
        super().__init__()
        self.hidden, self.out = nn.Dense(32, activation="relu"), nn.Dense(10)

    def forward(self, x):
        return self.out(self.hidden(x))


class OverridesForward(nn.HybridBlock):
    """A HybridBlock in the style of MXNet 2, which 1.9.1 never compiles."""

    def __init__(self):
        super().__init__()
        self.out = nn.Dense(10)

    def forward(self, x):
        return self.out(np.tanh(x.reshape(len(x), -1)))


def weights(net):
    return numpy.concatenate([p.data().asnumpy().ravel() for p in net.collect_params().values()])


def plain_gluon(net, data, epochs, optimizer, options):
    """The textbook loop that `fit` must agree with."""
    loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), optimizer, options)
    for _ in range(epochs):
        losses, hits = [], 0
        for x, y in data.train_dataloader():
            with autograd.record():
                scores = net(x)
                loss = loss_of(scores, y)
            loss.backward()
            trainer.step(len(x))
            losses.append(loss.asnumpy())
            hits += int((scores.asnumpy().argmax(axis=1) == y.asnumpy()).sum())
    return numpy.concatenate(losses).mean(), hits / sum(map(len, losses))


@pytest.mark.parametrize("make", [dense, mlp], ids=["softmax regression", "mlp"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_fit_gives_the_weights_and_metrics_of_the_textbook_loop(make, optimizer):
    data = Digits(batch_size=350)  # the last batch is smaller: 150
    dx.seed(3)
    ours = make()
    table = dx.fit(ours, data, epochs=3, optimizer=optimizer, learning_rate=0.01).to_pandas()
    dx.seed(3)
    plain = make()
    plain(data.train[0][:2])
    loss, accuracy = plain_gluon(plain, data, 3, optimizer, {"learning_rate": 0.01})
    numpy.testing.assert_allclose(weights(ours), weights(plain), atol=1e-6)
    assert table.running_loss.iloc[-1] == pytest.approx(loss, abs=1e-5)
    assert table.running_accuracy.iloc[-1] == pytest.approx(accuracy, abs=1e-9)


def test_history_holds_every_batch_and_the_validation_of_every_epoch():
    dx.seed(0)
    data, net = Digits(batch_size=500), mlp()
    history = dx.fit(net, data, epochs=4)
    assert len(history.batch_losses) == 4 * 3
    table = history.to_pandas()
    assert table.index.tolist() == [1, 2, 3, 4]
    sizes = numpy.array([500, 500, 200])
    last = numpy.array(history.batch_losses[-3:])
    assert table.running_loss.iloc[-1] == pytest.approx((last * sizes).sum() / 1200)
    score = dx.evaluate(net, data.val)
    assert table.val_loss.iloc[-1] == pytest.approx(score.loss, abs=1e-6)
    assert table.val_accuracy.iloc[-1] == pytest.approx(score.accuracy)


def test_evaluate_agrees_with_a_count_by_hand_whatever_the_batch_size():
    dx.seed(0)
    net, (x, y) = mlp(), Digits().test
    hits = (net(x).asnumpy().argmax(axis=1) == y.asnumpy()).mean()
    for batch_size in (7, 300, 1000):
        score = dx.evaluate(net, (x, y), batch_size=batch_size)
        assert score.accuracy == pytest.approx(hits)
        assert score.loss == pytest.approx(dx.evaluate(net, (x, y)).loss, abs=1e-5)


def test_evaluate_uses_predict_mode_and_fit_trains_in_train_mode():
    dx.seed(0)
    net = mlp(nn.Dropout(0.9))
    first, second = dx.evaluate(net, Digits().val), dx.evaluate(net, Digits().val)
    assert first == second
    table = dx.fit(net, Digits(), epochs=5, learning_rate=0.5).to_pandas()
    assert table.val_accuracy.iloc[-1] > table.running_accuracy.iloc[-1] + 0.2


@pytest.mark.parametrize("kind", [Eager, OverridesForward])
def test_networks_that_cannot_be_compiled_train_too(kind):
    dx.seed(0)
    net = kind()
    net.initialize(init.Xavier())
    assert dx.fit(net, Digits(), epochs=5, learning_rate=0.5).to_pandas().val_accuracy.max() > 0.7


def test_fit_leaves_the_network_as_eager_or_hybrid_as_it_was():
    calls = []

    class Counting(nn.HybridBlock):
        def __init__(self):
            super().__init__()
            self.out = nn.Dense(10)

        def hybrid_forward(self, F, x):
            calls.append(F.__name__)
            return self.out(x)

    net = Counting()
    net.initialize()
    data = Digits()
    dx.fit(net, data, epochs=2)
    assert calls.count("mxnet.symbol") >= 1
    before = len(calls)
    net(data.val[0])
    net(data.val[0])
    assert calls[before:] == ["mxnet.ndarray"] * 2
    net.hybridize()
    net(data.val[0])
    dx.fit(net, data, epochs=1)
    before = len(calls)
    net(data.val[0])
    assert len(calls) == before, "a hybridized network must stay hybridized"


def regression():
    x = np.array(numpy.random.RandomState(0).randn(200, 3), dtype="float32")
    return InMemory(train=(x, np.dot(x, np.array([1.0, -2.0, 3.0])) + 0.5), batch_size=20)


def test_fit_does_a_regression_without_accuracy_or_validation():
    dx.seed(0)
    net = nn.Dense(1)
    net.initialize()
    history = dx.fit(net, regression(), epochs=20, loss=gluon.loss.L2Loss())
    table = history.to_pandas()
    assert table.running_loss.iloc[-1] < 1e-6
    assert table.running_accuracy.isna().all()
    assert "val_loss" not in table
    numpy.testing.assert_allclose(net.weight.data().asnumpy(), [[1, -2, 3]], atol=1e-3)


def test_clipping_bounds_the_step_by_learning_rate_times_norm():
    dx.seed(0)
    net = dense()
    data = Digits(batch_size=50)
    net(data.train[0][:2])
    before = weights(net)
    lengths = []
    for step in dx.training_steps(net, data, epochs=1, learning_rate=0.5, clip=0.01):
        after = weights(net)
        lengths.append(numpy.linalg.norm(after - before))
        before = after
        assert step.size == 50
    assert max(lengths) == pytest.approx(0.5 * 0.01, rel=1e-3)


def test_clipping_leaves_gradients_below_the_threshold_as_they_are():
    ends = []
    for clip in (None, 1e6):
        dx.seed(0)
        net = dense()
        dx.fit(net, Digits(batch_size=50), epochs=1, clip=clip)
        ends.append(weights(net))
    numpy.testing.assert_allclose(*ends, rtol=1e-6)


def test_each_epoch_is_timed_by_itself(monkeypatch):
    ticks = itertools.count()
    clock = types.SimpleNamespace(perf_counter=lambda: next(ticks))
    monkeypatch.setattr(training, "time", clock)
    history = dx.fit(dense(), Digits(batch_size=400), epochs=3, progress=False)
    assert [row["seconds"] for row in history.rows] == [1, 1, 1]


def test_hits_are_counted_exactly_in_batches_of_thousands():
    """Half precision counts in steps of 2 from 2,048 on, of 4 from 4,096 on."""
    x = np.array(numpy.eye(10, dtype="float32")[numpy.zeros(5001, int)])
    y = np.zeros(5001, dtype="int32")
    assert dx.evaluate(nn.HybridSequential(), (x, y), batch_size=5001).accuracy == 1
    y[0] = 1
    assert dx.evaluate(nn.HybridSequential(), (x, y), batch_size=5001).accuracy == 5000 / 5001


def test_nan_stops_the_run_and_names_epoch_batch_and_learning_rate():
    net = nn.Dense(1)
    net.initialize()
    with pytest.raises(
        dx.DivergedError,
        match=r"the loss is (nan|infinite) since epoch \d+, batch \d+ of 10: "
        r"the learning rate \(50\) is probably too high",
    ):
        dx.fit(net, regression(), epochs=50, learning_rate=50.0, loss=gluon.loss.L2Loss())


def test_nan_names_the_very_batch_in_which_it_began():
    x = np.zeros((100, 2))
    x[73:] = math.nan
    data = InMemory(train=(x, np.zeros(100)), batch_size=10)
    data.get_dataloader = lambda train: (
        dx.data.Minibatches(data.train, 10, False) if train else None
    )
    net = nn.Dense(1)
    net.initialize()
    with pytest.raises(dx.DivergedError, match="nan since epoch 1, batch 8 of 10"):
        dx.fit(net, data, loss=gluon.loss.L2Loss())


def test_callbacks_all_see_every_epoch_and_one_can_stop_the_run():
    seen = []
    history = dx.fit(
        dense(),
        Digits(),
        epochs=10,
        callbacks=[lambda h: len(h.rows) == 3, lambda h: seen.append(h.rows[-1]["epoch"])],
    )
    assert (len(history.rows), seen) == (3, [1, 2, 3])


def test_learning_rate_can_be_changed_on_the_way():
    net, data = dense(), Digits(batch_size=1200)
    net(data.train[0][:2])
    moved = []
    before = weights(net)
    for step in dx.training_steps(net, data, epochs=2, learning_rate=0.1):
        moved.append(numpy.abs(weights(net) - before).max())
        before = weights(net)
        step.trainer.set_learning_rate(1e-9)
    assert moved[0] > 1e-3 > 1e-6 > moved[1]


def test_optimizer_can_be_an_object_with_its_own_settings():
    import mxnet

    net = dense()
    for step in dx.training_steps(
        net, Digits(), epochs=1, optimizer=mxnet.optimizer.SGD(learning_rate=0.25)
    ):
        assert step.trainer.learning_rate == 0.25


def test_a_gluon_data_loader_works_too():
    class Theirs(InMemory):
        def get_dataloader(self, train):
            return self.get_tensorloader(self.train if train else self.val, train)

    digits = Digits()
    dx.seed(0)
    data = Theirs(digits.train, digits.val)
    assert dx.fit(dense(), data, epochs=5, learning_rate=0.5).to_pandas().val_accuracy.max() > 0.8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number from 1, got 0"),
        ({"epochs": 1.5}, "epochs must be a whole number from 1, got 1.5"),
        ({"learning_rate": 0}, "the learning rate must be above 0, got 0"),
        ({"learning_rate": math.nan}, "the learning rate must be above 0, got nan"),
        ({"clip": -1}, "clip must be above 0, or None for no clipping, got -1"),
        ({"optimizer": "sdg"}, "cannot make the optimizer 'sdg'"),
        ({"options": {"momentun": 0.9}}, "cannot make the optimizer 'sgd'.*momentun"),
    ],
)
def test_wrong_argument_is_named_with_what_is_allowed(arguments, message):
    with pytest.raises(ValueError, match=message):
        dx.fit(dense(), Digits(), **arguments)


def test_network_that_was_not_initialized_is_told_so():
    with pytest.raises(RuntimeError, match=r"call net.initialize\(\) first"):
        dx.fit(nn.Dense(10), Digits())
    with pytest.raises(TypeError, match="net must be a gluon.Block, got function"):
        dx.fit(npx.softmax, Digits())


def test_nothing_to_evaluate_is_an_error():
    with pytest.raises(ValueError, match="no samples"):
        dx.evaluate(dense(), (np.zeros((0, 64)), np.zeros((0,))))


def test_history_plots_itself_and_an_empty_one_says_why_not():
    from matplotlib.figure import Figure

    axes = Figure().subplots(1, 2)
    history = dx.fit(dense(), Digits(), epochs=3)
    history.plot(axes)
    assert [line.get_label() for line in axes[0].lines] == ["running", "val"]
    assert axes[1].get_ylabel() == "accuracy"
    with pytest.raises(ValueError, match="no epoch has been finished"):
        History().plot(axes)


@pytest.mark.parametrize(
    ("progress", "environment", "quiet"),
    [(True, {}, False), (False, {}, True), (True, {"TQDM_DISABLE": "1"}, True)],
)
def test_progress_bar_can_be_switched_off_here_or_by_the_environment(
    progress, environment, quiet, monkeypatch
):
    """Chapters are compared word for word: a slow machine must not draw bars into them."""
    bars = []

    class Recorder(training.tqdm):
        def __init__(self, *args, **kwargs):
            bars.append(kwargs["disable"])
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(training, "tqdm", Recorder)
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    dx.fit(dense(), Digits(), epochs=1, progress=progress)
    assert bars == [quiet]
