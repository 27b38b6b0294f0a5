"""A control for an order of layers: a slider over all of them, and buttons that move one layer."""

from dataclasses import dataclass

import ipywidgets as widgets
import traitlets

from ...kit.controls import Choice


@dataclass(frozen=True)
class Order(Choice):
    """Orders such as "bn-act-drop": a slider over them, and every layer can be moved by itself.

    Parameters
    ----------
    layers : tuple of str
        All layers, in the order in which the buttons name them.

    Examples
    --------
    >>> control = Order("order", "order", ("a-b-c", "a-c-b", "a-b"), "a-b-c", layers=tuple("abc"))
    >>> control.check("a-b")
    'a-b'
    """

    slider: bool = True
    layers: tuple = ()

    wide = True

    def widget(self, value):
        """Return the slider and the buttons, standing at `value`."""
        return OrderBox(self.label, self.options, value, self.layers)


def moved(order, layer, by):
    """Return the order with one layer moved to the left (-1) or right (+1), or as it is.

    Examples
    --------
    >>> moved("bn-act-drop", "act", -1), moved("bn-act-drop", "drop", 1)
    ('act-bn-drop', 'bn-act-drop')
    """
    parts = order.split("-")
    if layer in parts:
        place = parts.index(layer)
        parts.remove(layer)
        parts.insert(max(0, place + by), layer)
    return "-".join(parts)


def switched(order, layer):
    """Return the order with a layer taken out, or put back as the last one.

    Examples
    --------
    >>> switched("bn-act-drop", "act"), switched("bn-drop", "act")
    ('bn-drop', 'bn-drop-act')
    """
    parts = order.split("-")
    return "-".join([p for p in parts if p != layer] if layer in parts else [*parts, layer])


class OrderBox(widgets.VBox):
    """The widget of `Order`; its `value` is the order."""

    value = traitlets.Unicode()
    description = traitlets.Unicode()

    def __init__(self, label, options, value, layers):
        self.slider = widgets.SelectionSlider(
            options=list(options),
            value=value,
            description=label,
            style={"description_width": "22%"},
            layout={"width": "auto"},
        )
        self.layer = widgets.ToggleButtons(
            options=list(layers),
            description="layer to move (移动的层)",
            style={"description_width": "auto", "button_width": "auto"},
        )
        self.earlier, self.later, self.switch = (
            widgets.Button(description=text, tooltip=tip, layout={"width": "auto"})
            for text, tip in (
                ("◀ earlier", "move this layer one place towards the weights"),
                ("later ▶", "move this layer one place away from the weights"),
                ("in / out", "take this layer out, or put it back as the last"),
            )
        )
        self.earlier.on_click(lambda _: self._offer(moved(self.value, self.layer.value, -1)))
        self.later.on_click(lambda _: self._offer(moved(self.value, self.layer.value, 1)))
        self.switch.on_click(lambda _: self._offer(switched(self.value, self.layer.value)))
        row = widgets.HBox(
            [self.layer, self.earlier, self.later, self.switch], layout={"flex_flow": "row wrap"}
        )
        super().__init__([self.slider, row], description=label)
        traitlets.link((self.slider, "value"), (self, "value"))
        for source, names in ((self, "value"), (self.layer, "value")):
            source.observe(lambda _: self._enable(), names)
        self._enable()

    def _possible(self, order):
        return order != self.value and order in self.slider.options

    def _offer(self, order):
        if self._possible(order):
            self.value = order

    def _enable(self):
        """Let only those buttons be pressed that lead somewhere."""
        layer = self.layer.value
        self.earlier.disabled = not self._possible(moved(self.value, layer, -1))
        self.later.disabled = not self._possible(moved(self.value, layer, 1))
        self.switch.disabled = not self._possible(switched(self.value, layer))
