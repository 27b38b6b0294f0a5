"""Within the sandbox: run a learner's notebook to its end, whatever its cells do.

A cell that fails or takes too long does not stop the later ones. What happens is said in lines
of JSON (see `sandbox.run`): the cell that starts, what failed, why the run ended early.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import ensure_async

KERNEL = "import sys; from d2l_extras.publishing.grade_kernel import main; main(sys.argv[1:])"
OUTPUT = 5_000_000  # characters that all cells together may print and show
SHOWN = {"stream", "display_data", "execute_result", "update_display_data"}
IGNORED = {"comm_open", "comm_msg", "comm_close", "clear_output"}


class Flooded(Exception):
    """The notebook prints more than anybody will read."""


class Client(NotebookClient):
    """Counts outputs instead of keeping them; interrupts what takes too long once."""

    shown = 0
    late: int | None = None  # the cell that has been interrupted already

    def process_message(self, msg, cell, cell_index):
        """Take note of errors and of the end of a cell; of all else only how much it is."""
        if msg["msg_type"] in SHOWN:
            self.shown += len(str(msg["content"]))
            if self.shown > OUTPUT:
                raise Flooded
        if msg["msg_type"] in SHOWN | IGNORED:
            return None
        return super().process_message(msg, cell, cell_index)

    async def _async_handle_timeout(self, timeout, cell=None):
        if cell is None or self.late == id(cell):
            raise CellTimeoutError("it cannot be interrupted")
        self.late = id(cell)
        await ensure_async(self.km.interrupt_kernel())


def main(path: Path, chapter: str, timeout: float) -> None:
    """Run a notebook of a chapter; no cell gets more than `timeout` seconds."""
    secret = os.read(int(os.environ["SANDBOX_SECRET"]), 100).decode().strip()
    voice = int(os.environ["SANDBOX_SAY"])

    def say(kind, **details):
        line = json.dumps({"secret": secret, "kind": kind, **details})
        os.write(voice, line.encode() + b"\n")

    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception as error:  # nbformat's own, json's, jsonschema's, and what a hostile file adds
        return say("ended", why="not a notebook", text=_brief(error))
    for cell in notebook.cells:
        cell.metadata.pop("tags", None)  # no tag skips a cell or stops at an error
    _run(notebook, chapter, timeout, secret, voice, say)


def _run(notebook, chapter, timeout, secret, voice, say: Callable) -> None:
    where = [None]

    def started(cell, cell_index):
        where[0] = cell_index
        say("cell", cell=cell_index)

    def failed(cell, cell_index, execute_reply):
        content = execute_reply["content"]
        text = f"{content.get('ename', '')}: {content.get('evalue', '')}"
        say("failed", cell=cell_index, text=_brief(text))

    read, write = os.pipe()  # the kernel's: it reads the secret before any cell runs
    os.write(write, f"{secret} {chapter}\n".encode())
    os.close(write)
    client = Client(notebook, km=_kernel(), timeout=timeout, interrupt_on_timeout=True,
                    allow_errors=True, store_widget_state=False, startup_timeout=120,
                    shutdown_kernel="immediate", on_cell_execute=started,
                    on_cell_error=failed)  # fmt: skip
    environment = {**os.environ, "SANDBOX_SECRET": str(read), "SANDBOX_SAY": str(voice)}
    try:
        client.execute(pass_fds=(read, voice), env=environment, cwd=os.getcwd())
    except Flooded:
        say("ended", why="printed too much", cell=where[0])
    except CellTimeoutError:
        say("ended", why="timed out", cell=where[0])
    except (DeadKernelError, AssertionError, RuntimeError) as error:
        say("ended", why="kernel died", cell=where[0], text=_brief(error))
    else:
        say("done")


def _kernel():
    """Return the manager of a kernel with the judge in it, on sockets that need no network."""
    folder = Path.home() / "kernels/graded"
    folder.mkdir(parents=True)
    # -P: until the judge is loaded, no module is taken from the learner's files
    argv = [sys.executable, "-P", "-c", KERNEL, "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "graded", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    specs = KernelSpecManager(kernel_dirs=[str(folder.parent)], ensure_native_kernel=False)
    return AsyncKernelManager(
        kernel_name="graded", kernel_spec_manager=specs, transport="ipc", ip=f"{os.getcwd()}/.k"
    )


def _brief(error) -> str:
    return str(error).strip().partition("\n")[0][:200]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
