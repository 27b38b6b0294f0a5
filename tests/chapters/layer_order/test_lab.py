"""Lab 7: its moments are those of the Gluon network, its record is the record, its buttons move."""

import importlib

import numpy
import pytest
from matplotlib.figure import Figure
from mxnet import autograd, np

from d2l_extras import labs, layers, records
from d2l_extras.chapters.layer_order import order as _order
from d2l_extras.chapters.layer_order import probe as _probe
from d2l_extras.chapters.layer_order import weights as _weights
from d2l_extras.chapters.layer_order.digits_run import network

lab = importlib.import_module(
    "d2l_extras.chapters.layer_order.lab"
)  # the name in `labs` is the lab's


def gluon_stages(order, activation, pooling, rates, refreshed=False):
    """Return the outputs of a Gluon network with the probe's weights, in both modes, per stage."""
    net = network(order, *rates, activation, pooling)
    net.initialize()
    x = np.array(_probe.images())
    net(x[:2])
    stages = []
    for module, weights in zip(net[:2], _weights.modules(order), strict=True):
        for layer in module:
            for name in ("weight", "bias", "gamma", "beta"):
                if getattr(layer, name, None) is not None:
                    getattr(layer, name).set_data(np.array(weights.pop(name)))
        assert not weights
    train = predict = x
    for module in net[:2]:
        for layer in module:
            if hasattr(layer, "running_mean"):
                value = (predict if refreshed else train).asnumpy()
                layer.running_mean.set_data(np.array(value.mean(axis=(0, 2, 3))))
                layer.running_var.set_data(np.array(value.var(axis=(0, 2, 3))))
            with autograd.train_mode():
                train = layer(train)
            predict = layer(predict)
            stages.append((train.asnumpy(), predict.asnumpy()))
    return stages


def moments(x):
    return x.mean(), x.var(axis=(0, 2, 3)).mean()


@pytest.mark.parametrize("pooling", layers.POOLINGS)
@pytest.mark.parametrize("activation", layers.ACTIVATIONS)
@pytest.mark.parametrize("order", ["bn-act-pool", "act-pool-bn", "pool-act-bn", "act-pool"])
def test_moments_are_those_of_the_gluon_network(order, activation, pooling):
    stages = _probe.probe(order, (0.0, 0.0), activation, pooling, seed=3)[1:]
    outputs = gluon_stages(order, activation, pooling, (0.0, 0.0))
    for stage, (train, predict) in zip(stages, outputs, strict=True):
        assert (stage.train_mean, stage.train_variance) == pytest.approx(moments(train), abs=1e-4)
        assert (stage.mean, stage.variance) == pytest.approx(moments(predict), abs=1e-4)


@pytest.mark.parametrize("refreshed", [False, True])
@pytest.mark.parametrize("order", ["act-drop-bn-pool", "drop-pool-bn-act", "bn-act-pool-drop"])
def test_moments_with_dropout_are_those_of_the_gluon_network_up_to_the_masks(order, refreshed):
    stages = _probe.probe(order, (0.5, 0.3), "relu", "max", 0, refreshed)[1:]
    outputs = gluon_stages(order, "relu", "max", (0.5, 0.3), refreshed)
    for stage, (train, predict) in zip(stages, outputs, strict=True):
        for ours, theirs in (
            ((stage.train_mean, stage.train_variance), moments(train)),
            ((stage.mean, stage.variance), moments(predict)),
        ):
            sd = theirs[1] ** 0.5
            assert ours[0] == pytest.approx(theirs[0], abs=0.06 * float(sd))
            assert ours[1] == pytest.approx(theirs[1], rel=0.15)


def test_the_weights_are_those_of_a_training_run():
    for key, values in _weights.trained("act-pool-bn-drop").items():
        number, _, name = key.partition("/")
        stored = _weights.modules("act-pool-bn-drop")[int(number)][name]
        assert stored == pytest.approx(values.astype("float32"), abs=0.05), key


def test_refreshed_statistics_give_predict_mode_the_variance_that_was_trained():
    """Behind the last batch normalization the modes agree again; dropout alone cannot part them."""
    for statistics, agree in (("as remembered", False), ("dropout off", True)):
        values = labs.layer_order(order="act-drop-pool-bn", statistics=statistics).values
        last = lab.compute(**values).stages[-1]
        assert (abs(last.ratio - 1) < 0.02) is agree


def test_a_probe_leaves_the_random_numbers_of_mxnet_alone():
    from d2l_extras import seed

    seed(0)
    expected = np.random.uniform(size=3).asnumpy(), numpy.random.uniform(size=3)
    seed(0)
    labs.layer_order().set(seed=5, rate1=0.3)
    found = np.random.uniform(size=3).asnumpy(), numpy.random.uniform(size=3)
    assert all((a == b).all() for a, b in zip(expected, found, strict=True))


def test_without_dropout_the_modes_never_part():
    for order in ("bn-act-pool", "act-pool-bn", "act-pool"):
        assert "agree at every stage" in labs.layer_order(order=order).text
    assert "agree at every stage" in labs.layer_order(rate1=0, rate2=0).text


def test_the_first_stage_where_the_modes_part_is_named():
    assert "part at drop in module 1" in labs.layer_order(order="bn-act-drop-pool").text
    later = labs.layer_order(order="bn-act-drop-pool", rate1=0)
    assert "part at drop in module 2" in later.text


def losses(order, rates, column="test_loss"):
    """Return the recorded losses at the end, seed by seed."""
    table = records.read("layer-order")
    chosen = (table.order == order) & (table.rate1 == rates[0]) & (table.rate2 == rates[1])
    end = table[chosen & (table.samples == 1200) & (table.epoch == 20)]
    return end.sort_values("seed")[column].to_numpy()


@pytest.mark.parametrize(
    "statistics, column",
    [
        ("as remembered", "test_loss"),
        ("dropout on", "on_test_loss"),
        ("dropout off", "off_test_loss"),
    ],
)
def test_the_recorded_loss_is_that_of_the_chosen_statistics(statistics, column):
    view = labs.layer_order(order="act-drop-bn-pool", rate1=0.3, rate2=0.3, statistics=statistics)
    here, there = (losses(o, (0.3, 0.3), column) for o in ("act-drop-bn-pool", "bn-act-pool-drop"))
    assert f"test loss {here.mean():.3f} ±" in view.text
    assert f", {(here - there).mean():+.3f} ±" in view.text
    assert "against bn-act-pool-drop." in view.text


def test_an_order_that_was_not_run_is_the_function_that_was():
    view = labs.layer_order(order="drop-act-bn-pool", pinned="act-drop-bn-pool")
    assert f"test loss {losses('act-drop-bn-pool', (0.5, 0.5)).mean():.3f} ±" in view.text
    assert "against" not in view.text  # pinned is the same function


def test_rates_of_zero_mean_the_runs_without_dropout():
    view = labs.layer_order(order="act-drop-bn-pool", rate1=0, rate2=0)
    assert f"test loss {losses('act-bn-pool', (0, 0)).mean():.3f} ±" in view.text


def test_without_batch_normalization_there_is_nothing_to_re_estimate():
    one, other = (
        labs.layer_order(order="act-drop-pool", statistics=s).text.replace(s, "")
        for s in ("as remembered", "dropout off")
    )
    mean = f"test loss {losses('act-drop-pool', (0.5, 0.5)).mean():.3f} ±"
    assert mean in one and mean in other


def test_names_stand_beside_their_dots_sorted_within_their_group():
    result = lab.compute(**labs.layer_order().values)
    rows = lab._sorted(result.means)
    assert sorted(rows) == list(range(19))
    start = 0
    for size in lab.GROUPS.values():
        group = rows[start : start + size]
        assert sorted(group) == list(range(start, start + size))
        assert list(result.means[group]) == sorted(result.means[group])
        start += size
    groups = [("drop" in o, "bn" in o) for o in lab.FUNCTIONS]
    assert groups == [(1, 1)] * 12 + [(0, 1)] * 4 + [(1, 0)] * 2 + [(0, 0)]


@pytest.mark.parametrize(
    "rates, recorded",
    [((0, 0), (0.0, 0.0)), ((0.1, 0.1), (0.1, 0.1)), ((0.7, 0.7), (0.5, 0.5)),
     ((0.5, 0), (0.5, 0.0)), ((0, 0.3), (0.0, 0.3)), ((0.6, 0.1), (0.5, 0.0))],
)  # fmt: skip
def test_the_nearest_recorded_rates_are_taken_and_named(rates, recorded):
    assert lab.nearest(*rates) == recorded
    view = labs.layer_order(rate1=rates[0], rate2=rates[1])
    assert "drop rates {} and {}, statistics as remembered".format(*recorded) in view.text


def test_equivalent_orders_are_named():
    view = labs.layer_order(order="bn-act-drop-pool")
    assert "The same function as bn-drop-act-pool: dropout and relu commute." in view.text
    view.set(activation="elu")
    assert "same function" not in view.text


def test_the_badge_has_room_for_what_it_says():
    """Seven orders are the same function at rates of 0."""
    figure = Figure(figsize=lab.lab.size, layout="constrained")
    update = lab.draw(figure)
    for order in lab.ORDERS:
        values = labs.layer_order(order=order, rate1=0, rate2=0, activation="sigmoid").values
        update(lab.compute(**values))
        figure.draw_without_rendering()
        (badge,) = (t for t in figure.axes[1].texts if t.get_weight() == "bold")
        assert badge.get_window_extent().x1 < figure.axes[1].get_window_extent().x1, order
    view = labs.layer_order(order="bn-act-drop-pool", rate1=0, rate2=0)
    assert view.text.count("The same function as") == 7
    assert lab._badge(["a", "b", "c", "d"]) == "the same function as a, b, c and 1 more"


def said(function):
    """Return what the lab says last, with a learner's function in it."""
    view = labs.layer_order(dropped_variance=function)
    assert not view.error
    assert view.png != labs.layer_order().png or "Your function" in view.text
    return view.text.partition("dropout and relu commute. ")[2]


def test_the_learners_formula_is_compared_with_the_right_one():
    assert said(lambda p, m, v: (v + m**2) / (1 - p) - m**2) == "Your function agrees."
    assert said(lambda p, m, v: np.sqrt(v) ** 2 / (1 - p)).startswith("Your function differs: ")
    assert "there is no dropout" in labs.layer_order(
        order="bn-act-pool", dropped_variance=lambda p, m, v: v
    ).text  # fmt: skip


def stub(p, mean, variance): ...


@pytest.mark.parametrize(
    "function, text",
    [
        (stub, "Your function is still empty."),
        (lambda p, m, v: v / 0 * undefined, "Your function failed: NameError"),  # noqa: F821
        (lambda p, m, v: v[0], "Your function returned one number"),
        (lambda p, m, v: (v * float("nan")).tolist(), "Your function returned nan."),
        (lambda p, m, v: -v, "a variance is above 0."),
    ],
)
def test_picture_stays_whatever_the_learners_formula_does(function, text):
    assert text in said(function)


def test_marks_of_the_learner_are_drawn_only_where_there_are_numbers():
    plain = labs.layer_order().png
    assert labs.layer_order(dropped_variance=stub).png == plain
    assert labs.layer_order(dropped_variance=lambda p, m, v: v * float("inf")).png == plain
    assert labs.layer_order(dropped_variance=lambda p, m, v: v * 1e6).png != plain


# --- training in the lab


@pytest.fixture(name="fast")
def _fast(monkeypatch):
    monkeypatch.setattr(lab, "PAUSE", 0)


def test_a_run_repeats_the_recorded_one_in_both_states(fast):
    view = labs.layer_order(order="act-drop-pool-bn", rate1=0.3, rate2=0.3, seed=1)
    view.start()
    run = list(view._last.runs.values())[0]
    for name, column in (("as remembered", "test_loss"), ("dropout off", "off_test_loss")):
        recorded = losses("act-drop-pool-bn", (0.3, 0.3), column)[1]
        assert run.tested[name] == pytest.approx(recorded, abs=0.05)
        assert f"{run.tested[name]:.3f} {'as' if name[0] == 'a' else 're-'}" in view.text
    assert run.losses[-1] == pytest.approx(
        losses("act-drop-pool-bn", (0.3, 0.3), "val_loss")[1], abs=0.05
    )
    assert run.tested["dropout off"] < run.tested["as remembered"]


def test_runs_stay_in_the_picture_until_reset(fast, monkeypatch):
    monkeypatch.setattr(lab, "EPOCHS", 1)
    view = labs.layer_order()
    before = view.png
    view.start()
    view.set(order="bn-act-pool")
    view.start()
    view.set(order="bn-act-drop-pool")
    assert [run.order for run in view._last.runs.values()] == ["act-drop-bn-pool", "bn-act-pool"]
    assert "Trained here, bn-act-pool: 1 epoch," in view.text
    reset = next(b for b in view.widget.children[2].children if b.description == "Reset")
    reset.click()
    assert view.png == before
    assert "Trained here" not in view.text


def test_controls_stay_live_while_a_run_trains(fast):
    view = labs.layer_order()
    steps = lab.run(view.values)
    fraction, first = next(steps)
    view.running = True  # as during a run: the controls only note their values
    view.set(order="bn-act-pool", rate1=0.1)
    _, second = next(steps)
    assert (first.order, second.order) == ("act-drop-bn-pool", "bn-act-pool")
    assert second.runs == first.runs
    assert list(second.runs.values())[0].order == "act-drop-bn-pool"  # what is trained


# --- moving layers


ORDERS = ("a-b-c", "a-c-b", "b-a-c", "a-b")


@pytest.fixture(name="box")
def _box():
    return _order.Order("order", "order", ORDERS, "a-b-c", layers=("a", "b", "c")).widget("a-b-c")


def test_buttons_move_a_layer_and_the_slider_follows(box):
    box.layer.value = "b"
    box.later.click()
    assert box.value == box.slider.value == "a-c-b"
    box.earlier.click()
    assert box.value == "a-b-c"


def test_a_layer_can_be_taken_out_and_put_back(box):
    box.layer.value = "c"
    box.switch.click()
    assert box.value == "a-b"
    box.switch.click()
    assert box.value == "a-b-c"


def test_a_button_that_leads_nowhere_is_disabled(box):
    box.layer.value = "a"
    assert (box.earlier.disabled, box.later.disabled, box.switch.disabled) == (True, False, True)
    box.value = "a-b"
    box.layer.value = "c"
    assert (box.earlier.disabled, box.later.disabled, box.switch.disabled) == (True, True, False)


def test_the_slider_moves_the_value(box):
    seen = []
    box.observe(lambda change: seen.append(change.new), "value")
    box.slider.value = "b-a-c"
    assert seen == ["b-a-c"]


def test_every_order_of_the_lab_can_be_reached_by_moving_layers():
    control = lab.lab.controls["order"]
    reached, waiting = {control.value}, [control.value]
    for order in waiting:
        for layer in control.layers:
            for other in (
                _order.moved(order, layer, -1),
                _order.moved(order, layer, 1),
                _order.switched(order, layer),
            ):
                if other in control.options and other not in reached:
                    reached.add(other)
                    waiting.append(other)
    assert reached == set(control.options)
