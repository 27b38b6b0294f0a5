"""The controls of a lab, declared as data: a name, a label, a range, a first value.

Every control checks a value (`check`), tells the values that tests must try, alone (`trials`) and
in pairs with another control (`ends`), and makes its own widget (`widget`). All of them answer to
the keyboard.
"""

import math
import numbers
from dataclasses import dataclass

import ipywidgets as widgets

LABEL_WIDTH = "46%"
ROW = dict(style={"description_width": LABEL_WIDTH}, layout={"width": "auto"})


def _check_name(name):
    if not (isinstance(name, str) and name.isidentifier()):
        raise ValueError(f"a control's name must be usable as an argument, got {name!r}")


@dataclass(frozen=True)
class Slider:
    """A slider over real numbers from `low` to `high`.

    Parameters
    ----------
    name : str
        The argument of `compute` it sets.
    label : str
        What the learner reads beside it.
    low, high : float
        The ends of the range, both allowed.
    step : float
        How far one key press moves it.
    value : float
        Where it stands at first.

    Examples
    --------
    >>> Slider("p", "drop probability (丢弃率)", 0.0, 0.9, step=0.05, value=0.5).check(0.25)
    0.25
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float

    def __post_init__(self):
        _check_name(self.name)
        if not self.low < self.high:
            raise ValueError(f"{self.name}: low must be below high, got {self.low} and {self.high}")
        if not 0 < self.step <= self.high - self.low:
            raise ValueError(f"{self.name}: the step must fit into the range, got {self.step}")
        self.check(self.value)

    def check(self, value):
        """Return the value as a number of this control, or raise with what is allowed."""
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError(f"{self.name} must be a number, got {value!r}")
        if not self.low <= value <= self.high:  # nan fails this too
            raise ValueError(f"{self.name} must be from {self.low} to {self.high}, got {value}")
        # The browser counts steps from the low end: 0 may come back as -9e-16, 0.3 as 0.30...04.
        return round(float(value), 9) + 0.0

    def rounded(self, value):
        """Return the position that the browser's slider has for a value between its steps."""
        steps = round((value - self.low) / self.step)
        return self.check(min(self.low + steps * self.step, self.high))

    @property
    def ends(self):
        """The two ends."""
        return self.low, self.high

    @property
    def trials(self):
        """The values a test must try alone: the two ends, then the first value."""
        return *self.ends, self.value

    def widget(self, value):
        """Return the ipywidgets slider, standing at `value`."""
        digits = max(0, -math.floor(math.log10(self.step) + 1e-9))
        return widgets.FloatSlider(
            value, min=self.low, max=self.high, step=self.step, description=self.label,
            tooltip=self.label, readout_format=f".{digits}f", **ROW,
        )  # fmt: skip


@dataclass(frozen=True)
class LogSlider(Slider):
    """A slider over positive numbers whose steps multiply: `step` is in powers of ten.

    Examples
    --------
    >>> LogSlider("rate", "learning rate (学习率)", 1e-3, 1.0, step=0.05, value=0.1).check(0.5)
    0.5
    """

    def __post_init__(self):
        if not 0 < self.low:
            raise ValueError(f"{self.name}: a log slider needs low > 0, got {self.low}")
        _check_name(self.name)
        if not self.low < self.high:
            raise ValueError(f"{self.name}: low must be below high, got {self.low} and {self.high}")
        if not 0 < self.step <= math.log10(self.high / self.low):
            raise ValueError(f"{self.name}: the step must fit into the range, got {self.step}")
        self.check(self.value)

    def check(self, value):
        """Return the value as a number of this control, or raise with what is allowed."""
        for end in (self.low, self.high):  # the widget reckons in logarithms: 10**-0.5 is rounded
            if isinstance(value, float) and math.isclose(value, end, rel_tol=1e-9):
                value = end
        super().check(value)
        return float(value)

    def rounded(self, value):
        """Return the position that the browser's slider has for a value between its steps."""
        steps = round(math.log10(value / self.low) / self.step)
        return min(10 ** (math.log10(self.low) + steps * self.step), self.high)

    def widget(self, value):
        """Return the ipywidgets slider, standing at `value`."""
        return widgets.FloatLogSlider(
            value, min=math.log10(self.low), max=math.log10(self.high), step=self.step,
            description=self.label, tooltip=self.label, readout_format=".2r", **ROW,
        )  # fmt: skip


@dataclass(frozen=True)
class IntSlider(Slider):
    """A slider over whole numbers.

    Examples
    --------
    >>> IntSlider("width", "hidden units", 1, 64, value=8).check(16)
    16
    """

    low: int
    high: int
    step: int = 1
    value: int = None

    def check(self, value):
        """Return the value as a whole number of this control, or raise with what is allowed."""
        number = super().check(value)
        if number != int(number):
            raise ValueError(f"{self.name} must be a whole number, got {value}")
        return int(number)

    def widget(self, value):
        """Return the ipywidgets slider, standing at `value`."""
        return widgets.IntSlider(
            value,
            min=self.low,
            max=self.high,
            step=self.step,
            description=self.label,
            tooltip=self.label,
            **ROW,
        )


@dataclass(frozen=True)
class Choice:
    """One of a few values: a row of buttons, or a slider where the values have an order.

    Not a drop-down list: JupyterLab takes the arrow keys away from it.

    Parameters
    ----------
    name, label : str
        The argument of `compute` it sets, and what the learner reads.
    options : tuple
        The values to choose from, at least two, all different.
    value : object
        The one chosen at first.
    slider : bool
        Show a slider over the options instead of buttons.
    labels : tuple of str, optional
        What the screen shows for each option; code, links and `widget.value` keep the option.

    Examples
    --------
    >>> Choice("activation", "activation", ("relu", "tanh"), "relu").check("tanh")
    'tanh'
    >>> mode = Choice("mode", "mode", ("train", "predict"), "train", labels=("训练", "预测"))
    >>> mode.widget("predict").value
    'predict'
    """

    name: str
    label: str
    options: tuple
    value: object
    slider: bool = False
    labels: tuple = ()

    def __post_init__(self):
        _check_name(self.name)
        if len(self.options) < 2 or len(set(self.options)) < len(self.options):
            raise ValueError(f"{self.name}: needs two or more different options: {self.options!r}")
        if self.labels and len(set(self.labels)) != len(self.options):
            raise ValueError(
                f"{self.name}: each of {self.options!r} needs a label of its own, "
                f"got {self.labels!r}"
            )
        self.check(self.value)

    def check(self, value):
        """Return the value if it is one of the options, or raise with what is allowed."""
        for option in self.options:
            is_bool = isinstance(value, bool) or isinstance(option, bool)
            if value == option and (type(value) is type(option) or not is_bool):
                return option  # the option itself: 32.0 and np.int64(32) stand for 32
        allowed = ", ".join(map(repr, self.options))
        raise ValueError(f"{self.name} must be one of {allowed}, got {value!r}")

    @property
    def wide(self):
        """Whether its names need a row for themselves: half a row cuts them off."""
        return self.slider and max(map(len, self.labels or map(str, self.options))) > 10

    @property
    def ends(self):
        """The first and the last of ordered options; all of those without an order."""
        return (self.options[0], self.options[-1]) if self.slider else self.trials

    @property
    def trials(self):
        """The values a test must try alone: all of them."""
        return tuple(self.options)

    def widget(self, value):
        """Return the ipywidgets buttons or slider, standing at `value`."""
        labels = self.labels or map(str, self.options)
        options = list(zip(labels, self.options, strict=True))
        if self.slider:
            return widgets.SelectionSlider(
                options=options, value=value, description=self.label, tooltip=self.label, **ROW
            )
        return widgets.ToggleButtons(
            options=options, value=value, description=self.label, tooltip=self.label,
            style={"description_width": "auto", "button_width": "auto"}, layout={"width": "auto"},
        )  # fmt: skip


@dataclass(frozen=True)
class Checkbox:
    """Something that is either on or off.

    Examples
    --------
    >>> Checkbox("twice", "apply softmax twice", False).check(True)
    True
    """

    name: str
    label: str
    value: bool

    def __post_init__(self):
        _check_name(self.name)
        self.check(self.value)

    def check(self, value):
        """Return the value if it is True or False, or raise."""
        if not isinstance(value, bool):
            raise TypeError(f"{self.name} must be True or False, got {value!r}")
        return value

    @property
    def ends(self):
        """Off and on."""
        return False, True

    trials = ends

    def widget(self, value):
        """Return the ipywidgets check box, standing at `value`."""
        return widgets.Checkbox(value, description=self.label, indent=False)


Control = Slider | LogSlider | IntSlider | Choice | Checkbox
