"""A choice shows labels and holds values: two things."""

import pytest

from d2l_extras import Choice, Lab
from d2l_extras.publishing import dashboards

OPTIONS, LABELS = ("train", "predict"), ("train (训练)", "predict (预测)")


def choice(**options):
    return Choice("mode", "mode (模式)", OPTIONS, "train", **options)


def shown(widget):
    """Return what the browser shows as chosen: it gets all labels and a place among them."""
    return widget.get_state()["_options_labels"][widget.index]


@pytest.mark.parametrize("slider", [False, True])
def test_choice_shows_its_labels_and_holds_its_values(slider):
    widget = choice(labels=LABELS, slider=slider).widget("predict")
    assert (shown(widget), widget.value) == (LABELS[1], "predict")
    widget.label = LABELS[0]  # what a click sends
    assert widget.value == "train"


def test_choice_without_labels_shows_its_values():
    widget = Choice("size", "batch size", (8, 32), 32, slider=True).widget(8)
    assert (shown(widget), widget.value) == ("8", 8)


def test_choice_takes_values_and_refuses_labels():
    control = choice(labels=LABELS)
    assert [control.check(value) for value in OPTIONS] == list(OPTIONS)
    assert control.trials == OPTIONS
    with pytest.raises(ValueError, match=r"must be one of 'train', 'predict', got 'train \("):
        control.check(LABELS[0])


@pytest.mark.parametrize("labels", [("train",), ("same", "same"), ("one", "two", "three")])
def test_choice_needs_a_label_of_its_own_for_each_option(labels):
    with pytest.raises(ValueError, match="each of .* needs a label of its own, got"):
        choice(labels=labels)


def test_call_and_link_of_a_lab_name_the_value_and_a_click_reaches_compute():
    def draw(figure):
        note = figure.text(0.5, 0.5, "", animated=True)
        return note.set_text

    lab = Lab("Modes", [choice(labels=LABELS)], lambda mode: mode, draw, str)
    view = lab()
    view.widgets["mode"].label = LABELS[1]
    assert (view.text, view.values["mode"], view.call) == (
        "predict", "predict", "lab(mode='predict')",
    )  # fmt: skip
    link = dashboards.link(dict(view.values))
    assert link == "?mode=predict"
    assert dashboards.state(lab, link[1:]) == {"mode": "predict"}


@pytest.mark.parametrize("options, wide", [(("train", "predict"), False), ((1, 32), False),
                                           (("as remembered", "dropout off"), True)])  # fmt: skip
def test_a_slider_over_long_names_takes_a_row_for_itself(options, wide):
    assert Choice("a", "label", options, options[0], slider=True).wide is wide
    assert not Choice("a", "label", options, options[0]).wide
