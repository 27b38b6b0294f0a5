"""The command `d2l-extras`: lab, dashboards, check, refresh, measure, sweep, data, doctor."""

import argparse
import subprocess
import sys
from pathlib import Path

from nbclient.exceptions import CellExecutionError

from .chapters import experiments
from .evidence import records
from .evidence.experiment import SweepError
from .files import write_atomically
from .nets import data
from .publishing import dashboards
from .publishing.cost import measure, replaced, table
from .publishing.refresh import refresh

COURSE = Path(__file__).resolve().parent.parent / "notebooks"


def main(arguments=None):
    """Run one command; return its exit status."""
    parser = _parser()
    chosen, chosen.options = parser.parse_known_args(arguments)
    if chosen.options and chosen.action is not open_dashboards:
        parser.error(f"unrecognized arguments: {' '.join(chosen.options)}")
    try:
        return chosen.action(chosen)
    except (ImportError, ValueError, OSError, CellExecutionError) as error:
        print(f"d2l-extras: {error}", file=sys.stderr)
        return 1


def _parser():
    parser = argparse.ArgumentParser(prog="d2l-extras", description=__doc__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="command")

    def command(name, action, text):
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(action=action)
        return made

    # lab and doctor are there for --help only: d2l_extras_doctor answers them by itself
    command("lab", None, "open JupyterLab on the first chapter; options go on to JupyterLab")
    text = "serve each lab alone on a page, with Voila; options go on to Voila"
    command("dashboards", open_dashboards, text)
    for name, action, text in (
        ("check", check, "run chapters and compare with their stored outputs"),
        ("refresh", refresh_chapters, "run chapters and store their outputs"),
        ("measure", measure_chapters, "measure the time and memory that chapters take"),
    ):
        made = command(name, action, text)
        made.add_argument("chapter", nargs="*", help="such as 01 or 01-softmax; all if left out")
    made.add_argument("--write", type=Path, help="a file whose table is to be replaced")
    made = command("sweep", record_sweep, "record an experiment; without a name, list them")
    made.add_argument("name", nargs="?", help="which experiment")
    made.add_argument("--jobs", type=int, help="processes on this machine; all cores if left out")
    made.add_argument("--scheduler", help="run on a Dask cluster: tcp://address:port")
    made.add_argument("--folder", default=records.FOLDER, help="where the record goes")
    fetch = command("data", fetch_data, "fetch a data set ahead of time")
    fetch.add_argument("name", choices=sorted(data.DOWNLOADS), help="which one")
    command("doctor", None, "check this environment")
    return parser


def chapters(names, folder=None):
    """Return the notebooks that `names` choose (a number or a stem each); all of them if empty.

    Raises
    ------
    ValueError
        If a name fits no chapter, or there are no notebooks at all.
    """
    folder = COURSE if folder is None else folder
    paths = sorted(folder.glob("[0-9][0-9]-*.ipynb"))
    if not paths:
        raise ValueError(f"no chapters in {folder}: install with `pip install -e .` from a clone")
    if not names:
        return paths
    chosen = []
    for name in names:
        fitting = [path for path in paths if name in (path.stem, path.stem[:2], path.name)]
        if not fitting:
            allowed = ", ".join(path.stem for path in paths)
            raise ValueError(f"no chapter {name!r}; there are {allowed}")
        chosen += fitting
    return chosen


def open_dashboards(chosen):
    """Become Voila's server."""
    dashboards.serve(chosen.options)


def check(chosen):
    """Compare a fresh run of each chapter with its stored outputs, all of them, by nbval."""
    sanitize = COURSE.parent / "tests" / "nbval_sanitize.cfg"
    paths = [str(path) for path in chapters(chosen.chapter)]
    command = ["-m", "pytest", "-q", "--nbval", "--nbval-current-env", *paths]
    if sanitize.exists():
        command += ["--nbval-sanitize-with", str(sanitize)]
    return subprocess.run([sys.executable, *command], cwd=COURSE.parent).returncode


def refresh_chapters(chosen):
    """Run chapters and store their outputs."""
    for path in chapters(chosen.chapter):
        print(path.stem, "changed" if refresh(path) else "unchanged", flush=True)
    return 0


def measure_chapters(chosen):
    """Measure chapters, one after the other; 1 if one is over a limit."""
    costs = []
    for path in chapters(chosen.chapter):
        costs.append(measure(path))
        print(f"{path.stem}: {costs[-1].seconds:.0f} s, {costs[-1].memory:.0f} MiB", flush=True)
    if chosen.write:
        text = replaced(chosen.write.read_text(encoding="utf-8"), table(costs))
        write_atomically(chosen.write, text)
    return int(any(cost.excessive for cost in costs))


def record_sweep(chosen):
    """Run an experiment, or go on with an interrupted one, and record its results."""
    if chosen.name is None:
        for name in experiments:
            print(f"{name:<20} {experiments.get(name).description}")
        return 0
    experiment = experiments.get(chosen.name)
    try:
        path = experiment.record(chosen.folder, jobs=chosen.jobs, scheduler=chosen.scheduler)
    except (ImportError, SweepError) as error:
        print(f"d2l-extras: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            f"\nd2l-extras: interrupted; the same command goes on from {experiment.runs_folder()}"
        )
        return 130
    print(f"wrote {path} and {path.with_suffix('.json').name}")
    return 0


def fetch_data(chosen):
    """Fetch a data set into the cache and show what it holds."""
    print(data.DOWNLOADS[chosen.name]().counts().to_string())
    return 0
