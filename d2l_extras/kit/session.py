"""One open lab, without its widgets: values -> result -> picture and words; runs; errors."""

import asyncio
import contextlib
import signal
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .picture import Picture

if TYPE_CHECKING:
    from .lab import Lab

FRAME = 0.04  # seconds between two pictures of a running lab: 25 a second look continuous


class Session:
    """An open lab: what its controls say, the picture of it and the text that says what it shows.

    Parameters
    ----------
    lab : Lab
        The lab that is open.
    state : dict
        Values of controls, and the learner's functions; the rest is as the lab opens.

    Attributes
    ----------
    png : bytes
        The present picture.
    text : str
        What `describe` says of the present state, or what went wrong.
    error : str
        What went wrong at the present state; empty where nothing did.
    running : bool
        Whether a run is under way.
    progress : float
        How much of the run is done, from 0 to 1.
    listeners : list of callable
        Called without arguments after each change of any of these.
    """

    def __init__(self, lab: "Lab", state: dict[str, Any]):
        state = lab.check(state)
        self.lab = lab
        self.functions = {name: state.pop(name, None) for name in lab.functions}
        self.opened = types.MappingProxyType({**lab.defaults(), **state})
        self._values = dict(self.opened)
        self.png, self.text, self.error = b"", "", ""
        self.running, self.progress = False, 0.0
        self.listeners: list[Callable[[], None]] = []
        self._moved = False  # by the learner, since it was opened
        self._due = False  # a picture of newer values has been asked for
        self._end = ""  # how the run is to end: "stop", "reset" or "interrupt"
        self._last = None  # the result that the last run ended with
        self._loop = _running_loop()
        self._task: asyncio.Task | None = None
        self._picture = Picture(lab.draw, lab.size)
        self.refresh()

    # --- state

    @property
    def values(self) -> Mapping[str, Any]:
        """What the controls say now: a read-only mapping from name to value."""
        return types.MappingProxyType(self._values)

    @property
    def call(self) -> str:
        """The call that opens this lab in its present state."""
        words = [f"{name}={value!r}" for name, value in self._values.items()]
        for name, function in self.functions.items():
            if function is not None:
                known = getattr(function, "__name__", name)
                words.append(f"{name}={known if known.isidentifier() else '...'}")  # a lambda
        return f"{self.lab.name}({', '.join(words)})"

    def set(self, **state: Any) -> None:
        """Move controls, and draw one picture for all of them."""
        for name, value in self.lab.check(state).items():
            (self.functions if name in self.functions else self._values)[name] = value
        self.refresh()

    def move(self, name: str, value: Any) -> None:
        """Move one control; the picture follows on the event loop, and the newest value wins."""
        self._values[name] = self.lab.controls[name].check(value)
        if not self._moved and self.lab.on_first_move:
            self.lab.on_first_move()
        self._moved = True
        if not self._due:
            self._due = True
            self.soon(lambda: self._due and self.refresh())

    def reset(self) -> None:
        """Go back to where the lab was opened, without what earlier runs left."""
        if self.running:  # a run ends first: its last step must not overwrite the opening picture
            self._end = "reset"
            return
        self._last = None
        self.set(**self.opened)

    def soon(self, action: Callable[[], Any]) -> None:
        """Do something on the event loop where the lab was opened; at once where there is none.

        JupyterLab lets the kernel read controls in a thread of their own, in which MXNet's NumPy
        interface is off; and two threads must not draw one picture.
        """
        try:
            (self._loop or asyncio.get_running_loop()).call_soon_threadsafe(action)
        except RuntimeError:  # a script, or the loop is closed
            action()

    # --- from values to picture

    def refresh(self) -> None:
        """Draw the picture of the present values, unless a run is about to."""
        self._due = False
        if self.running:  # the run reads the new values at its next step
            self._tell()
            return
        try:
            with _interruptible():
                result = self.lab.compute(**self._values, **self.functions)
                self.show(result)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            self._fail(error)

    def show(self, result: Any) -> None:
        """Show a result: its picture and its words."""
        result = self._kept(result)
        text, png = self.lab.describe(result), self._picture.show(result)
        self.text, self.png, self.error = text, png, ""
        self._tell()

    def _kept(self, result: Any) -> Any:
        """Return the result with what earlier runs left."""
        if self.lab.keep is None or self._last is None:
            return result
        return self.lab.keep(result, self._last)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, KeyboardInterrupt):
            self.error = (
                "Interrupted (KeyboardInterrupt): move a control, or press Run to start again."
            )
            self.text = f"✗ {self.error}"
        else:
            line = traceback.extract_tb(error.__traceback__)[-1]
            self.error = f"{type(error).__name__}: {error} (line {line.lineno} of {line.name})"
            self.text = f"✗ No result at this setting. {self.error}"
        self._tell()

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()

    # --- runs

    def start(self) -> None:
        """Start the lab's run: on the event loop where there is one, else to its end."""
        if self.lab.run is None:
            raise TypeError(f"{self.lab.title!r} has nothing to run")
        if self.running:
            return
        self.running, self._end = True, ""
        self._tell()
        if _running_loop() is None:
            asyncio.run(self._drive())
        else:
            self._task = asyncio.get_running_loop().create_task(self._drive())

    def stop(self, how: str = "stop") -> None:
        """Ask the run to stop after its present step; the picture keeps its last state."""
        self._end = self._end or how

    async def finished(self) -> None:
        """Wait until the run that is under way has ended."""
        if self._task is not None:
            await self._task

    async def _drive(self) -> None:
        latest = unseen = None
        try:
            with _heeding_interrupts(self):
                steps = self.lab.run(self.values, **self.functions)
                seen = time.monotonic()
                while not self._end:
                    with _interruptible():
                        step = next(steps, None)
                    if step is None:
                        break
                    self.progress, latest = step
                    unseen = latest
                    if time.monotonic() - seen > FRAME:
                        self.show(latest)
                        unseen = None
                        await asyncio.sleep(0)  # let the controls speak
                        seen = time.monotonic()
                if self._end == "interrupt":
                    raise KeyboardInterrupt
                if unseen is not None:
                    self.show(unseen)
                if latest is not None:
                    self._last = self._kept(latest)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            self._fail(error)
        finally:
            self.running = False
            self._tell()
        if self._end == "reset":
            self.reset()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


@contextlib.contextmanager
def _handling_interrupts(handler: Any) -> Iterator[None]:
    """Handle SIGINT where it would be ignored: so does ipykernel between two cells."""
    ours = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT) if ours else None
    if before is None or before is signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _interruptible() -> contextlib.AbstractContextManager[None]:
    """Let an interrupt of the kernel end what the lab computes now: a learner's endless loop."""
    return _handling_interrupts(signal.default_int_handler)


def _heeding_interrupts(session: Session) -> contextlib.AbstractContextManager[None]:
    """Let an interrupt of the kernel end a run between two of its steps."""
    return _handling_interrupts(lambda *_: session.stop("interrupt"))
