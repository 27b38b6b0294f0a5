"""The face of a lab in a notebook: its controls, its buttons, its picture and its words."""

import html
import json
import math
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets
from IPython.display import Javascript, display

from .controls import Slider
from .figure import picture_html
from .picture import DPI
from .session import Session

SCRIPT = Path(__file__).with_name("lab.js").read_text(encoding="utf-8")
WIDGET = "application/vnd.jupyter.widget-view+json"
# A lab in a notebook is two outputs: its picture with its words, and the widget. Either the widget
# is alive and says it all, or, without its kernel, is only an error message: that is hidden then.
AT_REST = """\
<style>
.jp-OutputArea-child:has(.d2l-extras-words):has(+ * .widget-vbox),
.jp-OutputArea-child:has(.d2l-extras-words) + :not(:has(.widget-vbox)) { display: none; }
</style>
<div class="d2l-extras-words">"""


class _DescribedImage(widgets.Image):
    """An image whose tooltip is its text alternative.

    The front end of ipywidgets 8 sets a tooltip only on what has a description, and fails to
    show an image that has a tooltip and none.
    """

    description = traitlets.Unicode("").tag(sync=True)


class View:
    """A lab as it stands in a notebook: a session and the widgets that show it.

    What it does not have itself (values, text, png, error, set, start, ...) is the session's.

    Attributes
    ----------
    session : Session
        The open lab.
    widgets : dict
        The widget of each control by name.
    buttons : dict
        The widget of each button by its label.
    image : ipywidgets.Image
        The picture; its `tooltip` is the text alternative.
    words, alert : ipywidgets.HTML
        What the picture shows; what went wrong.
    widget : ipywidgets.VBox
        All of it.
    """

    def __init__(self, session: Session):
        self.session = session
        lab = session.lab
        self.widgets = {
            name: control.widget(session.values[name]) for name, control in lab.controls.items()
        }
        self._sent = dict(session.values)  # what each widget was last told from here
        for name, widget in self.widgets.items():
            widget.observe(lambda change, name=name: self._moved(name, change.new), "value")
        width, height = (round(inches * DPI) for inches in lab.size)
        self.image = _DescribedImage(
            format="png",
            layout=dict(
                width=f"{width}px", height=f"{height}px", max_width="100%", object_fit="contain"
            ),
        )
        self.words, self.alert = widgets.HTML(), widgets.HTML()
        self._progress = widgets.FloatProgress(0.0, min=0.0, max=1.0, layout=dict(width="120px"))
        self.call_text = widgets.Text(
            description="state", layout=dict(flex="1 1 auto", display="none")
        )
        self._clipboard = widgets.Output()
        self.buttons = {
            label: self._button(label, tip, action)
            for label, tip, action in (
                ("Run", "start the run", session.start),
                ("Stop", "stop the run", session.stop),
                ("Reset", "back to where the lab opened", session.reset),
                ("Copy state", "the call that opens the lab as it is now", self.copy_call),
            )
            if lab.run or label not in ("Run", "Stop")
        }
        self.widget = widgets.VBox(
            [
                widgets.HTML(f"<strong>{html.escape(lab.title)}</strong>"),
                self._grid(dict(width=f"{width}px", max_width="100%")),
                self._button_row(),
                self.alert,
                self.image,
                self.words,
                widgets.Output(outputs=[_script(SCRIPT)]),
            ]
        )
        session.listeners.append(self._follow)
        self._follow()

    def __getattr__(self, name: str) -> Any:
        if name == "session":  # not there yet
            raise AttributeError(name)
        return getattr(self.session, name)

    # --- from the page to the session, and back

    def _moved(self, name: str, value: Any) -> None:
        value = self.session.lab.controls[name].check(value)
        if not self._stands_for(name, value):
            self.session.move(name, value)

    def _stands_for(self, name: str, value: Any) -> bool:
        """Return whether a widget's value is the present one, or the slider's step next to it.

        The browser rounds to a step what the lab was asked for, and sends that back.
        """
        control, present = self.session.lab.controls[name], self.session.values[name]
        if value == present or not isinstance(control, Slider) or present != self._sent[name]:
            return value == present
        return math.isclose(value, control.rounded(present), rel_tol=1e-9, abs_tol=1e-9)

    def _follow(self) -> None:
        """Show what the session says now."""
        session = self.session
        for name, widget in self.widgets.items():
            if not self._stands_for(name, widget.value):
                self._sent[name] = widget.value = session.values[name]
        alternative = session.text
        with self.image.hold_sync():  # one message: each makes the browser load the picture
            self.image.value = session.png
            self.image.tooltip = alternative
        self.alert.value = (
            '<div role="alert" style="color:#b00020;background:#fff;border:2px solid #b00020;'
            f'padding:4px 8px;line-height:1.4">{html.escape(session.text)}</div>'
            if session.error
            else ""
        )
        self.words.value = (
            ""
            if session.error
            else f'<div role="status" style="line-height:1.5">{html.escape(session.text)}</div>'
        )
        if self.call_text.value != session.call:
            self.call_text.layout.display = "none"  # what was copied is not the present state now
        self._progress.value = session.progress
        if session.lab.run:
            self.buttons["Run"].disabled = session.running
            self.buttons["Stop"].disabled = not session.running

    def copy_call(self) -> None:
        """Show the call of the present state, and put it on the clipboard where that is allowed."""
        call = self.session.call
        self.call_text.value = call
        self.call_text.layout.display = None
        self._clipboard.clear_output()
        script = f"navigator.clipboard && navigator.clipboard.writeText({json.dumps(call)})"
        self._clipboard.append_display_data(Javascript(script))

    # --- how it is laid out

    def _grid(self, layout: dict) -> widgets.Widget:
        """Return the controls in a grid, below those that take a row for themselves."""
        controls = self.session.lab.controls
        wide = [self.widgets[n] for n, c in controls.items() if getattr(c, "wide", False)]
        rest = [widget for widget in self.widgets.values() if widget not in wide]
        columns = "repeat(auto-fit, minmax(340px, 1fr))"
        grid = dict(grid_template_columns=columns, grid_gap="2px 16px")
        return widgets.VBox([*wide, widgets.GridBox(rest, layout=grid)], layout=layout)

    def _button(self, label: str, tip: str, action: Any) -> widgets.Button:
        made = widgets.Button(description=label, tooltip=tip, layout=dict(width="auto"))
        made.on_click(lambda _: self.session.soon(action))
        return made

    def _button_row(self) -> widgets.HBox:
        row = list(self.buttons.values())
        if self.session.lab.run:
            row.insert(2, self._progress)
        return widgets.HBox([*row, self.call_text, self._clipboard])

    def _ipython_display_(self) -> None:
        """Show the lab; and, for the day when no kernel answers, its picture and its words."""
        text = self.session.text
        at_rest = (
            f"{AT_REST}{picture_html(self.session.png, text)}<div>{html.escape(text)}</div></div>"
        )
        # written out, because ipywidgets 7 (Colab) and 8 have no common way to ask for it
        live = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        display({"text/html": at_rest, "text/plain": text}, raw=True)
        display({WIDGET: live}, raw=True)


def _script(source: str) -> dict:
    """Return an output that runs JavaScript where the notebook is shown."""
    data = {"application/javascript": source}
    return {"output_type": "display_data", "data": data, "metadata": {}}
