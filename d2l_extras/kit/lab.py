"""Lab: controls + compute + draw + describe -> a widget, a picture and a line of text."""

import asyncio
import base64
import html
import itertools
import json
import math
import signal
import threading
import time
import traceback
import types
from pathlib import Path

import ipywidgets as widgets
import traitlets
from IPython.display import Javascript, display

from .controls import Checkbox, Choice, IntSlider, LogSlider, Slider
from .picture import DPI, Picture

__all__ = ["Checkbox", "Choice", "IntSlider", "Lab", "LogSlider", "Slider", "View"]

SCRIPT = Path(__file__).with_name("lab.js").read_text(encoding="utf-8")
WIDGET = "application/vnd.jupyter.widget-view+json"
# A lab in a notebook is three outputs: picture, words, widget. Either the widget is alive and
# says it all, or, without its kernel, it is only an error message: that is hidden then.
AT_REST = """\
<style>
.jp-OutputArea-child:has(+ * .d2l-extras-words):has(+ * + * .widget-vbox),
.jp-OutputArea-child:has(.d2l-extras-words):has(+ * .widget-vbox),
.jp-OutputArea-child:has(.d2l-extras-words) + :not(:has(.widget-vbox)) { display: none; }
</style>
<div class="d2l-extras-words">"""
FRAME = 0.04  # seconds between two pictures of a running lab: 25 a second look continuous


class Lab:
    """A lab: three pure functions and a list of controls. Calling it opens it.

    Parameters
    ----------
    title : str
        What stands above the lab.
    controls : sequence of Slider, LogSlider, IntSlider, Choice or Checkbox
        What the learner can move.
    compute : callable
        `compute(**values) -> result`: numbers only; the same values give the same result.
    draw : callable
        `draw(figure) -> update(result)`: builds the artists once; `update` moves their data.
        Artists that move are made with `animated=True`.
    describe : callable
        `describe(result) -> str`: one or two rounded lines that say what the picture shows.
    run : callable, optional
        `run(values)`, a generator for what takes longer than a picture: it yields
        `(fraction done, result)` after each small step. `values` is a live mapping: it always
        holds what the controls say now. The lab then has a *Run* and a *Stop* button.
    keep : callable, optional
        `keep(result, earlier)`: puts into a new result what shall stay in the picture of the
        result that the last run ended with, until *Reset*.
    functions : sequence of str, optional
        Names of arguments through which a learner's own function enters `compute`; there they
        are None unless given: `labs.softmax(softmax=my_softmax)`.
    size : tuple of float, optional
        Width and height of the picture in inches, at 100 dots per inch.

    Examples
    --------
    >>> def compute(a):
    ...     return a * a
    >>> def draw(figure):
    ...     (point,) = figure.subplots().plot([0], [0], "o", animated=True)
    ...     return lambda square: point.set_data([square], [0])
    >>> lab = Lab("Square", [Slider("a", "side", 0, 3, step=0.5, value=2)], compute, draw,
    ...           lambda square: f"The square is {square:.2f}.")
    >>> lab(a=3).text
    'The square is 9.00.'
    >>> lab(a=3).call
    'lab(a=3.0)'
    """

    def __init__(
        self, title, controls, compute, draw, describe, *, run=None, keep=None, functions=(),
        size=(8, 3.6),
    ):  # fmt: skip
        names = [control.name for control in controls] + list(functions)
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"each control needs its own name, got {sorted(repeated)} twice")
        self.title = title
        self.controls = {control.name: control for control in controls}
        self.compute, self.draw, self.describe, self.run = compute, draw, describe, run
        self.keep = keep
        self.functions = tuple(functions)
        self.size = size
        self.name = "lab"  # what a reader types to open it

    def __call__(self, **state):
        """Open the lab, with the given controls in the given state."""
        return View(self, state)

    def check(self, state):
        """Return `state` with every value checked, or raise with what is allowed."""
        unknown = sorted(set(state) - set(self.controls) - set(self.functions))
        if unknown:
            allowed = ", ".join([*self.controls, *self.functions])
            raise TypeError(f"{self.title!r} has no control {', '.join(unknown)}; it has {allowed}")
        checked = {}
        for name, value in state.items():
            if name in self.controls:
                checked[name] = self.controls[name].check(value)
            elif value is None or callable(value):
                checked[name] = value
            else:
                raise TypeError(f"{name} must be a function, got {value!r}")
        return checked

    def defaults(self):
        """Return the state in which the lab opens."""
        return {name: control.check(control.value) for name, control in self.controls.items()}

    def states(self):
        """Yield the states a test must try: every trial value alone, then all pairs of ends."""
        defaults = self.defaults()
        yield defaults
        for control in self.controls.values():
            for value in control.trials:
                yield {**defaults, control.name: value}
        for first, second in itertools.combinations(self.controls.values(), 2):
            for a, b in itertools.product(first.ends, second.ends):
                yield {**defaults, first.name: a, second.name: b}


class _DescribedImage(widgets.Image):
    """An image whose tooltip is its text alternative.

    The front end of ipywidgets 8 sets a tooltip only on what has a description, and fails to
    show an image that has a tooltip and none.
    """

    description = traitlets.Unicode("").tag(sync=True)


_runs = set()  # the views whose run is under way


def _interrupt_runs(*_):
    for view in _runs:
        view._interrupted = True


def _heed_interrupts():
    """Let an interrupt of the kernel reach the runs: between two cells ipykernel ignores it."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt_runs)


def _running_loop():
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _script(source):
    """Return an output that runs JavaScript where the notebook is shown."""
    data = {"application/javascript": source}
    return {"output_type": "display_data", "data": data, "metadata": {}}


class View:
    """An open lab: its values, its picture and the text that says what the picture shows.

    Attributes
    ----------
    text : str
        What `describe` says of the present state.
    png : bytes
        The present picture.
    error : str
        What went wrong at the present state; empty where nothing did.
    running : bool
        Whether a run is under way.
    """

    def __init__(self, lab, state):
        state = lab.check(state)
        self.lab = lab
        self._functions = {name: state.pop(name, None) for name in lab.functions}
        self._values = {**lab.defaults(), **state}
        self._opened = dict(self._values)
        self._asked = dict(self._values)  # what the controls were last set to by a call
        self.png, self.text, self.error = b"", "", ""
        self.running = False
        self._stopping = self._resetting = False
        self._pending = True
        self._task = None
        self._loop = _running_loop()
        self._last = None  # what the last run ended with, if something of it is kept
        self._picture = Picture(lab.draw, lab.size)
        self._build()
        self._refresh()

    # --- state

    @property
    def values(self):
        """What the controls say now: a read-only mapping from name to value."""
        return types.MappingProxyType(self._values)

    @property
    def call(self):
        """The call that opens this lab in its present state."""
        words = [f"{name}={value!r}" for name, value in self._values.items()]
        for name, function in self._functions.items():
            if function is not None:
                known = getattr(function, "__name__", name)
                words.append(f"{name}={known if known.isidentifier() else '...'}")  # a lambda
        return f"{self.lab.name}({', '.join(words)})"

    def set(self, **state):
        """Move controls, as the learner would, and wait for the picture."""
        self._pending = True  # one picture for all of them
        for name, value in self.lab.check(state).items():
            if name in self._functions:
                self._functions[name] = value
            else:
                self.widgets[name].value = value
                self._values[name] = self._asked[name] = value
        self._refresh()

    # --- from values to picture

    def _on_change(self, name, value):
        control = self.lab.controls[name]
        value = control.check(value)
        asked = self._asked[name]
        if isinstance(control, Slider) and self._values[name] == asked:
            if math.isclose(value, control.rounded(asked), rel_tol=1e-9, abs_tol=1e-9):
                return  # the browser has only rounded to a step what the lab was asked for
        self._values[name] = value
        self._code.layout.display = "none"  # what was copied is no longer the present state
        if self._pending:  # however many changes arrive before the picture, the newest one wins
            return
        self._pending = True
        self._soon(self._refresh)

    def _soon(self, action):
        """Do something on the event loop where the lab was opened; at once where there is none.

        JupyterLab lets the kernel read controls in a thread of their own, in which MXNet's NumPy
        interface is off; and two threads must not draw one picture.
        """
        try:
            (self._loop or asyncio.get_running_loop()).call_soon_threadsafe(action)
        except RuntimeError:  # a script, or the loop is closed
            action()

    def _refresh(self):
        if not self._pending:  # answered meanwhile
            return
        self._pending = False
        if self.running:  # the run reads the new values at its next step
            return
        try:
            self._show(self.lab.compute(**self._values, **self._functions))
        except Exception as error:
            self._fail(error)

    def _show(self, result):
        if self.lab.keep is not None and self._last is not None:
            self.lab.keep(result, self._last)
        text, png = self.lab.describe(result), self._picture.show(result)
        self.text, self.png, self.error = text, png, ""
        with self._image.hold_sync():  # one message: each makes the browser load the picture
            self._image.value = png
            self._image.tooltip = text  # the text alternative of the picture
        self._say(text)

    def _fail(self, error):
        if isinstance(error, KeyboardInterrupt):
            self.error = "Interrupted (KeyboardInterrupt): Run starts anew."
            self.text = f"✗ {self.error}"
        else:
            line = traceback.extract_tb(error.__traceback__)[-1]
            self.error = f"{type(error).__name__}: {error} (line {line.lineno} of {line.name})"
            self.text = f"✗ No result at this setting. {self.error}"
        self._image.tooltip = self.text
        self._say("")

    def _say(self, text):
        self._error.value = (
            '<div role="alert" style="color:#b00020;background:#fff;border:2px solid #b00020;'
            f'padding:4px 8px;line-height:1.4">{html.escape(self.text)}</div>'
            if self.error
            else ""
        )
        self._text.value = (
            f'<div role="status" style="line-height:1.5">{html.escape(text)}</div>' if text else ""
        )

    # --- runs

    def start(self):
        """Start the lab's run: on the event loop where there is one, else to its end."""
        if self.lab.run is None:
            raise TypeError(f"{self.lab.title!r} has nothing to run")
        if self.running:
            return
        self.running, self._stopping, self._interrupted = True, False, False
        self._run_button.disabled, self._stop_button.disabled = True, False
        try:
            self._task = asyncio.get_running_loop().create_task(self._drive())
        except RuntimeError:
            asyncio.run(self._drive())

    def stop(self):
        """Ask the run to stop after its present step; the picture keeps its last state."""
        self._stopping = True

    async def _drive(self):
        result = latest = None
        try:
            _runs.add(self)
            _heed_interrupts()
            shown = time.monotonic()
            for fraction, result in self.lab.run(self.values, **self._functions):
                latest = result
                self._progress.value = fraction
                if time.monotonic() - shown > FRAME:
                    self._show(result)
                    result = None
                    await asyncio.sleep(0)  # let the controls speak
                    shown = time.monotonic()
                if self._stopping:
                    break
                if self._interrupted:
                    raise KeyboardInterrupt
            if result is not None:
                self._show(result)
            self._last = latest
        except (Exception, KeyboardInterrupt) as error:
            self._fail(error)
        finally:
            self.running = False
            _runs.discard(self)
            self._run_button.disabled, self._stop_button.disabled = False, True
        if self._resetting:
            self._reset()

    # --- widgets

    def _build(self):
        lab = self.lab
        width, height = (int(round(inches * DPI)) for inches in lab.size)
        self.widgets = {
            name: control.widget(self._values[name]) for name, control in lab.controls.items()
        }
        for name, widget in self.widgets.items():
            widget.observe(lambda change, name=name: self._on_change(name, change.new), "value")
        self._image = _DescribedImage(
            format="png",
            layout=dict(width=f"{width}px", height=f"{height}px", max_width="100%",
                        object_fit="contain"),
        )  # fmt: skip
        self._text, self._error = widgets.HTML(), widgets.HTML()
        self.widget = widgets.VBox(
            [
                widgets.HTML(f"<strong>{html.escape(lab.title)}</strong>"),
                self._controls(dict(width=f"{width}px", max_width="100%")),
                self._buttons(),
                self._error,
                self._image,
                self._text,
                widgets.Output(outputs=[_script(SCRIPT)]),
            ]
        )  # fmt: skip

    def _controls(self, layout):
        """Return the controls in a grid, below those that take a row for themselves."""
        wide = [self.widgets[n] for n, c in self.lab.controls.items() if getattr(c, "wide", False)]
        rest = [widget for widget in self.widgets.values() if widget not in wide]
        columns = "repeat(auto-fit, minmax(340px, 1fr))"
        grid = dict(grid_template_columns=columns, grid_gap="2px 16px")
        return widgets.VBox([*wide, widgets.GridBox(rest, layout=grid)], layout=layout)

    def _buttons(self):
        def button(label, tip, action):
            made = widgets.Button(description=label, tooltip=tip, layout=dict(width="auto"))
            made.on_click(lambda _: self._soon(action))
            return made

        self._code = widgets.Text(
            description="state", disabled=False, layout=dict(flex="1 1 auto", display="none")
        )
        self._clipboard = widgets.Output()
        self._progress = widgets.FloatProgress(0.0, min=0.0, max=1.0, layout=dict(width="120px"))
        self._run_button = button("Run", "start the run", self.start)
        self._stop_button = button("Stop", "stop the run", self.stop)
        self._stop_button.disabled = True
        runs = [self._run_button, self._stop_button, self._progress] if self.lab.run else []
        rest = [
            button("Reset", "back to where the lab opened", self._reset),
            button("Copy state", "the call that opens the lab as it is now", self._copy),
            self._code,
            self._clipboard,
        ]
        return widgets.HBox(runs + rest)

    def _reset(self):
        if self.running:  # a run ends first: its last step must not overwrite the opening picture
            self._stopping = self._resetting = True
            return
        self._resetting, self._last = False, None
        self.set(**self._opened)

    def _copy(self):
        """Show the call of the present state, and put it on the clipboard where that is allowed."""
        self._code.value = self.call
        self._code.layout.display = None
        self._clipboard.clear_output()
        script = f"navigator.clipboard && navigator.clipboard.writeText({json.dumps(self.call)})"
        self._clipboard.append_display_data(Javascript(script))

    def _ipython_display_(self):
        """Show the lab; and, for the day when no kernel answers, its picture and its words."""
        picture = {"image/png": base64.b64encode(self.png).decode("ascii")}
        words = {"text/html": AT_REST + html.escape(self.text) + "</div>", "text/plain": self.text}
        live = {WIDGET: self.widget._repr_mimebundle_()[WIDGET]}
        for data in picture, words, live:
            display(data, raw=True)
