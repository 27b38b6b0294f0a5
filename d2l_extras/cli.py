"""The command `d2l-extras`: it opens the course, and keeps it correct.

What a command needs is imported when it runs, so that `lab` and `--help` answer at once.
"""

import argparse
import contextlib
import importlib.util
import itertools
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from d2l_extras_doctor import installed, say, settle_home

from .files import write_atomically
from .publishing import copies, lab_server


class _Parser(argparse.ArgumentParser):
    """One line for what is wrong. Options that go on to JupyterLab are not guessed to be ours."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, allow_abbrev=False, **kwargs)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"d2l-extras: {message}; `{self.prog} --help` shows what it takes\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser, commands = _parser()
    if not arguments:
        parser.error("no command")
    chosen, chosen.options = parser.parse_known_args(arguments)
    if chosen.options and chosen.command not in ("lab", "dashboards"):
        unknown = " ".join(chosen.options)
        commands.choices[chosen.command].error(f"unrecognized arguments: {unknown}")
    settle_home()
    try:
        return chosen.action(chosen) or 0
    except BrokenPipeError:  # not a failure: whoever reads us has seen enough
        raise
    except (ImportError, ValueError, OSError) as error:
        say(error)
        return 1


def _parser():
    parser = _Parser(prog="d2l-extras", description="An interactive course on MXNet Gluon.")
    version = f"d2l-extras {installed('d2l-extras')}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")

    def command(name, action, text, **more):
        brief, whole = text.partition(". ")[0], text[0].upper() + text[1:]
        made = commands.add_parser(name, help=brief, description=whole, **more)
        made.set_defaults(action=action)
        return made

    usage = "d2l-extras lab [folder | --originals] [options of JupyterLab]"
    text = (
        "open your copy of the course in JupyterLab. The folder comes first and is made if it is "
        f"missing: `{copies.FOLDER}` if left out. What you changed in it is never overwritten"
    )
    more = "Further options go on to JupyterLab: --no-browser, --port=8889, --ip=0.0.0.0 ..."
    made = command("lab", open_lab, text, usage=usage, epilog=more)
    made.add_argument("--originals", action="store_true", help="the stored notebooks: for authors")
    made = command("reset", reset, "put a chapter of your copy back; what you had is kept beside")
    made.add_argument("chapter", nargs="+", help="such as 03 or 03-minibatch-sgd")
    made.add_argument("--folder", type=Path, help=f"your copy ({copies.FOLDER})")
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
    made.add_argument("--folder", help="where the record goes")
    fetch = command("data", fetch_data, "fetch a data set ahead of time")
    fetch.add_argument("name", help="fashion_mnist or mnist")
    text = (
        "run the notebooks that learners handed in, each in a sandbox, and collect the verdict of "
        "every exercise and question. What was graded already is not run again"
    )
    made = command("grade", grade_notebooks, text)
    layouts = "*.ipynb, NAME/*.ipynb or submitted/NAME/ASSIGNMENT/*.ipynb"
    made.add_argument("handed_in", type=Path, metavar="folder", help=layouts)
    made.add_argument("-o", "--output", type=Path, help="the table: FOLDER/grades.csv if left out")
    made.add_argument("--chapter", help="such as 01, where no name tells it")
    made.add_argument("--timeout", type=float, default=600, help="seconds for a notebook (600)")
    made.add_argument("--cell-timeout", type=float, default=60, help="seconds for a cell (60)")
    made.add_argument("--memory", type=int, default=2048, help="MiB for a notebook (2048)")
    made.add_argument("--jobs", type=int, help="notebooks at a time; half of the cores if left out")
    made = command("slides", write_slides, "write a chapter as slides: one file, no network needed")
    made.add_argument("chapter", help="such as 05 or 05-dropout")
    made.add_argument("-o", "--output", type=Path, help="the file: 05-dropout.slides.html")
    text = "print your progress; export or import it, or begin anew. It stays on this machine"
    made = command("progress", show_progress, text)
    made.add_argument("what", nargs="?", choices=["export", "import", "reset"])
    made.add_argument("file", nargs="?", type=Path, help="of export and import")
    command("doctor", None, "check this environment")  # d2l_extras_doctor answers it by itself
    return parser, commands


def open_lab(chosen: argparse.Namespace) -> None:
    """Bring the learner's copy up to date and become JupyterLab's server on it."""
    folder, options = _folder_first(chosen.options)
    if chosen.originals:
        if folder:
            raise ValueError(f"--originals takes no folder, got {folder!r}: leave one of them out")
        return lab_server.serve(copies.originals(), options)
    folder = Path(folder) if folder else copies.default_folder()
    for line in copies.update(folder):
        say(line)
    say(f"your copy of the course is {folder.resolve()}")
    return lab_server.serve(folder, options)


def _folder_first(words):
    """Split what follows `lab`: a word behind an option may be its value (`--port 8889`)."""
    folder, options = (words[0], words[1:]) if words and words[0][0:1] != "-" else (None, words)
    for before, word in itertools.pairwise(options):
        complete = "=" in before or before.startswith(("--no-", "--allow-"))
        if complete and not word.startswith("-"):
            raise ValueError(f"the folder comes first: `d2l-extras lab {shlex.quote(word)} ...`")
    return folder, options


def reset(chosen: argparse.Namespace) -> None:
    """Put chapters of the learner's copy back."""
    folder = copies.default_folder() if chosen.folder is None else chosen.folder
    for name in chosen.chapter:
        print(copies.reset(name, folder))


def show_progress(chosen: argparse.Namespace) -> None:
    """Print the learner's progress, write it to a file, add one to it, or begin anew."""
    from .teaching import progress

    if (chosen.what in ("export", "import")) != (chosen.file is not None):
        raise ValueError(
            "name a file with export and import, and only there: `d2l-extras progress export "
            "my-progress.json`"
        )
    if chosen.what == "export":
        done = progress.events()
        write_atomically(chosen.file, progress.dump(done))
        print(f"{len(done)} events are in {chosen.file}")
    elif chosen.what == "import":
        try:
            found = progress.parse(chosen.file.read_bytes())
        except FileNotFoundError:
            raise ValueError(f"there is no file {chosen.file}") from None
        except ValueError as error:
            raise ValueError(f"{chosen.file} is no exported progress: {error}") from None
        print(f"{progress.merge(found)} of {len(found)} events of {chosen.file} are new")
    elif chosen.what == "reset":
        kept = progress.reset()
        print(f"you begin anew; what was there is kept as {kept}" if kept else "nothing was there")
    else:
        from .chapters.review import progress as report

        print(report())
        print(f"\nstored in {progress.path() or 'memory only'}")


def open_dashboards(chosen: argparse.Namespace) -> None:
    """Become Voila's server."""
    from .publishing import dashboards

    dashboards.serve(chosen.options)


def check(chosen: argparse.Namespace) -> int:
    """Compare a fresh run of each chapter with its stored outputs, all of them, by nbval."""
    paths = [str(path) for path in copies.chapters(chosen.chapter)]
    if importlib.util.find_spec("nbval") is None:
        raise ImportError("check needs pytest and nbval: run `pip install nbval`")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval",
               "--nbval-current-env", "-p", "d2l_extras.publishing.nbval_pictures"]  # fmt: skip
    if not copies.in_clone():  # differing pictures are laid out in this folder
        command += ["--rootdir", str(Path.cwd())]
    # in a group of its own, so that Ctrl-C ends it without pages of traces
    run = subprocess.Popen([*command, *paths], process_group=0)
    try:
        return run.wait()
    except BaseException:
        import psutil

        kernels = psutil.Process(run.pid).children(recursive=True)
        run.terminate()
        run.wait()
        for kernel in kernels:  # they are in groups of their own, and would go on
            with contextlib.suppress(psutil.NoSuchProcess):
                kernel.kill()
        raise


def refresh_chapters(chosen: argparse.Namespace) -> None:
    """Run chapters and store their outputs."""
    from .publishing.refresh import refresh

    if not copies.in_clone():
        raise ValueError(
            f"the notebooks in {copies.originals()} belong to an installed package and are not to "
            "be rewritten: clone the course and run `make refresh` there"
        )
    for path in copies.chapters(chosen.chapter):
        print(path.stem, "changed" if refresh(path) else "unchanged", flush=True)


def measure_chapters(chosen: argparse.Namespace) -> int:
    """Measure chapters, one after the other; 1 if one is over a limit."""
    from .publishing.cost import measure, replaced, table

    costs = []
    for path in copies.chapters(chosen.chapter):
        costs.append(measure(path))
        print(f"{path.stem}: {costs[-1].seconds:.0f} s, {costs[-1].memory:.0f} MiB", flush=True)
    if chosen.write:
        text = replaced(chosen.write.read_text(encoding="utf-8"), table(costs))
        write_atomically(chosen.write, text)
    return int(any(cost.excessive for cost in costs))


def record_sweep(chosen: argparse.Namespace) -> int:
    """Run an experiment, or go on with an interrupted one, and record its results."""
    from .chapters import experiments
    from .evidence import records
    from .evidence.experiment import SweepError

    if chosen.name is None:
        for name in experiments:
            print(f"{name:<20} {experiments.get(name).description}")
        return 0
    experiment = experiments.get(chosen.name)
    folder = chosen.folder or records.FOLDER
    try:
        path = experiment.record(folder, jobs=chosen.jobs, scheduler=chosen.scheduler)
    except SweepError as error:
        say(error)
        return 1
    except KeyboardInterrupt:
        say(f"interrupted: the same command goes on from {experiment.runs_folder()}")
        return 130
    print(f"wrote {path} and {path.name.partition('.')[0]}.json")
    return 0


def fetch_data(chosen: argparse.Namespace) -> None:
    """Fetch a data set into the cache and show what it holds."""
    from .nets import data

    if chosen.name not in data.DOWNLOADS:
        raise ValueError(f"no data set {chosen.name!r}; there are {', '.join(data.DOWNLOADS)}")
    print(data.DOWNLOADS[chosen.name]().counts().to_string())


def grade_notebooks(chosen: argparse.Namespace) -> None:
    """Grade what learners handed in and say how it went."""
    from .publishing import grade, sandbox

    for name in ("timeout", "cell_timeout", "memory"):
        if not getattr(chosen, name) > 0:
            option = name.replace("_", "-")
            raise ValueError(f"--{option} must be more than 0, got {getattr(chosen, name):g}")
    chapter = chosen.chapter and copies.chapters([chosen.chapter])[0].stem
    limits = sandbox.Limits(seconds=chosen.timeout, memory=chosen.memory)
    settings = grade.Settings(limits, chosen.cell_timeout, chapter)
    table = chosen.output or chosen.handed_in / "grades.csv"
    if table.suffix != ".csv":
        raise ValueError(f"-o must name a .csv file, got {table}")
    rows = grade.run(chosen.handed_in, table, settings, grade.jobs_for(chosen.jobs))
    for row in rows:
        said = [f"{row['passed']} of {row['of']}" if row["of"] else "", row["status"]]
        said.append(grade.note(row))
        print(f"{row['learner']}, {row['notebook']}: {', '.join(filter(None, said))}")
    print(grade.protection(rows))
    print(f"wrote {table} and {table.with_suffix('.json').name}")


def write_slides(chosen: argparse.Namespace) -> None:
    """Write a chapter as slides."""
    from .publishing import slides

    (path,) = copies.chapters([chosen.chapter])
    to = chosen.output or Path(f"{path.stem}.slides.html")
    count = slides.write(path, to)
    print(f"wrote {to}: {count} slides; open it in a browser, S shows your notes")
