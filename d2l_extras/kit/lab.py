"""Lab: controls + compute + draw + describe -> a picture, a line of text, and a widget of both."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .controls import Checkbox, Choice, Control, IntSlider, LogSlider, Slider
from .session import Session

if TYPE_CHECKING:
    from .widget import View

__all__ = ["Checkbox", "Choice", "IntSlider", "Lab", "LogSlider", "Slider"]


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
        `keep(result, last) -> result`: carries over from the result that the last run ended with
        what should stay visible until *Reset*.
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
        self,
        title: str,
        controls: Sequence[Control],
        compute: Callable[..., Any],
        draw: Callable[..., Callable[[Any], None]],
        describe: Callable[[Any], str],
        *,
        run: Callable[..., Iterator[tuple[float, Any]]] | None = None,
        keep: Callable[[Any, Any], Any] | None = None,
        functions: Sequence[str] = (),
        size: tuple[float, float] = (8, 3.6),
    ):
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
        self.on_first_move: Callable[[], Any] | None = None  # called once for each open lab

    def __call__(self, **state: Any) -> "View":
        """Open the lab, with the given controls in the given state."""
        from .widget import View

        return View(self.session(**state))

    def session(self, **state: Any) -> Session:
        """Open the lab without its widgets."""
        return Session(self, state)

    def check(self, state: dict[str, Any]) -> dict[str, Any]:
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

    def defaults(self) -> dict[str, Any]:
        """Return the state in which the lab opens."""
        return {name: control.check(control.value) for name, control in self.controls.items()}

    def states(self) -> Iterator[dict[str, Any]]:
        """Yield the states a test must try, each once: trial values alone, all pairs of ends."""
        defaults = self.defaults()
        controls = self.controls.values()
        moves = [{control.name: value} for control in controls for value in control.trials]
        for first, second in itertools.combinations(controls, 2):
            for a, b in itertools.product(first.ends, second.ends):
                moves.append({first.name: a, second.name: b})
        yielded = []
        for state in ({**defaults, **move} for move in [{}, *moves]):
            if state not in yielded:
                yielded.append(state)
                yield state
