"""Many configurations x seeds -> one table: in parallel, resumable, here or on a Dask cluster."""

import ast
import asyncio
import contextlib
import hashlib
import inspect
import json
import operator
import os
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import joblib
import mxnet
import numpy
import pandas
from mxnet import npx
from tqdm.auto import tqdm

from ..files import write_atomically
from ..nets import seeding

OWN_COLUMNS = {"seed", "error"}
TIMEOUT = 10  # seconds to wait for a Dask scheduler
_turn = threading.Lock()  # a Dask worker may have several threads, but NumPy one random state


def sweep(
    run: Callable[..., Any],
    configurations: Sequence[dict[str, Any]],
    seeds: Sequence[int],
    *,
    folder: str | Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: bool = True,
    name: str | None = None,
) -> pandas.DataFrame:
    """Call `run` for every configuration with every seed; return what they measured as a table.

    The result depends neither on the number of workers nor on who finishes first. Before each
    run, Python, NumPy and MXNet are seeded with its seed, so that seeds are paired: all
    configurations start a seed from the same random numbers. A `run` whose networks draw
    different numbers of them calls `seed` again before it trains, to get the same minibatches.

    Parameters
    ----------
    run : function
        Called as `run(seed, **configuration)`; returns a dict of numbers and strings, or a list
        of such dicts (one for each epoch, say). Defined at the top of a module or a cell.
    configurations : sequence of dict
        The keyword arguments of `run`: numbers, strings, booleans or None. No two may be alike.
    seeds : sequence of int
        From 0 to 2**31 - 1. The runs of the first seed are started first.
    folder : path, optional
        Where each run is stored as soon as it is finished, one JSON file each; a sweep that was
        interrupted goes on from there. A stored run is used again only if `run`'s module (but
        for comments and layout; in a notebook: the function) and the versions of MXNet and NumPy
        are still the same. What that module imports is not looked at: after a change there, use
        another folder.
    jobs : int, optional
        Processes of one thread each; all cores if left out. 1 stays in this process, with its
        threads: best for sweeps of a few seconds.
    scheduler : str, optional
        Address of a Dask scheduler, such as "tcp://10.0.0.1:8786": its workers do the runs.
    progress : bool
        Show a progress bar with the time left.
    name : str, optional
        What stored runs are known by, instead of the module and the function that made them: then
        both may be moved without voiding a run.

    Returns
    -------
    pandas.DataFrame
        The columns of the configurations, `seed`, the columns that `run` returned, and `error`:
        None, or what a failed run raised (its measurements are missing, the others went on; with
        a folder, the next call tries it again). Rows stand in the order of the configurations,
        then of the seeds.

    Raises
    ------
    TypeError, ValueError
        For arguments that cannot be swept; nothing has been run then.
    ImportError, ConnectionError
        If Dask is not installed; if the scheduler does not answer, or no longer.

    Examples
    --------
    >>> sweep(_throw, [{"sides": 6}, {"sides": 20}], seeds=[0, 1], jobs=1, progress=False)
       sides  seed  points error
    0      6     0       5  None
    1      6     1       6  None
    2     20     0      13  None
    3     20     1       6  None
    """
    configurations, seeds = _checked(run, configurations, seeds, jobs, scheduler)
    tasks = {  # in the order in which they are started: a whole seed before the next
        (c, s): (configuration, seed)
        for s, seed in enumerate(seeds)
        for c, configuration in enumerate(configurations)
    }
    files, finished = {}, {}
    if folder is not None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        fingerprint = _fingerprint(run, name)
        files = {key: Path(folder, _file_name(*tasks[key], fingerprint)) for key in tasks}
        finished = {
            key: (rows, None) for key in tasks if (rows := _stored(files[key], *tasks[key]))
        }
    pending = {key: task for key, task in tasks.items() if key not in finished}
    # tqdm's notebook bar ignores TQDM_DISABLE
    quiet = not progress or bool(os.environ.get("TQDM_DISABLE"))
    bar = tqdm(total=len(tasks), initial=len(finished), unit="run", disable=quiet)
    with contextlib.closing(_results(run, pending, jobs, scheduler)) as results, bar:
        for key, rows, error in results:
            if folder is not None and error is None:
                configuration, seed = tasks[key]
                content = {"configuration": configuration, "seed": seed, "rows": rows}
                write_atomically(files[key], json.dumps(content, indent=1))
            finished[key] = rows, error
            bar.update()
            if error is not None:
                bar.set_postfix(failed=sum(e is not None for _, e in finished.values()))
    return _table(tasks, finished)


def _throw(seed, sides):
    """The run of the example: one throw of a die."""
    return {"points": numpy.random.randint(1, sides + 1)}


def _checked(run, configurations, seeds, jobs, scheduler):
    """Return configurations and seeds as lists of plain values, or say what is wrong."""
    if not inspect.isfunction(run) or "<" in run.__qualname__:  # <lambda>, <locals>
        raise TypeError(f"run must be a function at the top of a module or cell, got {run!r}")
    if isinstance(configurations, dict):
        raise TypeError(f"configurations must be a list of dicts, got one: {configurations!r}")
    configurations = [_plain_row(configuration) for configuration in configurations]
    if not configurations:
        raise ValueError("there are no configurations to run")
    for number, configuration in enumerate(configurations):
        if OWN_COLUMNS & set(configuration):
            raise ValueError(f"'seed' and 'error' are columns of the sweep, got {configuration}")
        if _text(configuration) in map(_text, configurations[:number]):
            raise ValueError(f"each configuration may be there once, got twice {configuration}")
        try:
            inspect.signature(run).bind(0, **configuration)
        except TypeError as error:
            raise ValueError(f"{run.__name__} cannot take {configuration}: {error}") from None
    try:
        seeds = [_whole(seed) for seed in seeds]
    except TypeError:
        raise TypeError(f"seeds must be whole numbers, such as range(10), got {seeds!r}") from None
    if not seeds or len(set(seeds)) < len(seeds) or not 0 <= min(seeds) <= max(seeds) < 2**31:
        raise ValueError(f"seeds must be different numbers from 0 to {2**31 - 1}, got {seeds}")
    if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1):
        raise ValueError(f"jobs must be a whole number from 1, got {jobs!r}")
    if jobs is not None and scheduler is not None:
        raise ValueError("jobs are processes of this machine, a scheduler has its own: give one")
    return configurations, seeds


def _whole(number):
    if isinstance(number, bool):
        raise TypeError("True and False are no seeds")
    return operator.index(number)


def _plain_row(row):
    """Return a dict with NumPy's scalars turned into Python's; refuse what a table cannot hold."""
    if not isinstance(row, dict):
        raise TypeError(f"expected a dict of names and numbers, got {row!r:.80}")
    plain = {k: v.item() if isinstance(v, numpy.generic) else v for k, v in row.items()}
    for name, value in plain.items():
        if not isinstance(name, str) or not isinstance(value, bool | int | float | str | None):
            raise TypeError(
                f"{name!r} must be the name of a number, string, boolean or None, "
                f"got {type(value).__name__} {value!r:.80}"
            )
    return plain


# --- one run


def _execute(run, key, configuration, seed):
    """Do one run: return its key, its rows, and None or the error that ended it."""
    with _turn:
        npx.set_np()  # holds for one thread only, and a Dask worker's is not the main one
        seeding.seed(seed)
        try:
            result = run(seed, **configuration)
            rows = [_plain_row(row) for row in (result if isinstance(result, list) else [result])]
            if not rows:
                raise ValueError("run returned an empty list")
            taken = {*configuration, *OWN_COLUMNS} & {name for row in rows for name in row}
            if taken:
                raise ValueError(f"run may not return {sorted(taken)}: the table has it already")
        except Exception as error:
            return key, [], f"{type(error).__name__}: {error}"
        return key, rows, None


def _results(run, tasks, jobs, scheduler):
    """Yield what `_execute` returns for each of the tasks, as they finish."""
    calls = [(run, key, *task) for key, task in tasks.items()]
    if not calls:
        return
    if scheduler is not None:
        yield from _on_dask(calls, scheduler)
    else:
        with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
            jobs = min(jobs or joblib.cpu_count(), len(calls))
            parallel = joblib.Parallel(jobs, return_as="generator_unordered", batch_size=1)
        yield from parallel(joblib.delayed(_execute)(*call) for call in calls)


def _on_dask(calls, scheduler):
    try:
        from distributed import CancelledError, Client, as_completed
    except ImportError:
        raise ImportError(
            "a scheduler needs Dask, which is not installed: run `pip install 'd2l-extras[dask]'`"
        ) from None
    _greet(scheduler)
    try:
        client = Client(scheduler, timeout=TIMEOUT)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"no Dask scheduler answers at {scheduler}: {error}") from error
    with client:
        futures = [client.submit(_execute, *call, pure=False) for call in calls]
        keys = {future.key: call[1] for future, call in zip(futures, calls, strict=True)}
        for future in as_completed(futures):
            try:
                result = future.result()
            except CancelledError as error:
                raise ConnectionError(f"the Dask scheduler at {scheduler} is gone") from error
            except Exception as error:  # its workers died again and again, or lack a module
                result = keys[future.key], [], f"{type(error).__name__}: {error}"
            future.release()  # or it is run again if the worker that holds it dies
            yield result


def _greet(scheduler):
    """Raise an error unless a Dask scheduler answers in time: a `Client` may wait for ever."""
    from distributed.core import connect

    async def identity():
        async with asyncio.timeout(TIMEOUT):
            comm = await connect(scheduler)
            try:
                await comm.write({"op": "identity"})
                return await comm.read()
            finally:
                comm.abort()

    try:  # in a thread of its own: in a notebook this one has an event loop
        with ThreadPoolExecutor(1) as thread:
            answer = thread.submit(lambda: asyncio.run(identity())).result()
    except Exception as error:  # no address, no answer, or one in another language
        said = str(error) or f"nothing within {TIMEOUT} seconds"
        raise ConnectionError(f"no Dask scheduler answers at {scheduler}: {said}") from error
    if not (isinstance(answer, dict) and answer.get("type") == "Scheduler"):
        raise ConnectionError(f"no Dask scheduler answers at {scheduler}: it says {answer!r:.80}")


# --- stored runs and the table


def _text(configuration):
    return json.dumps(configuration, sort_keys=True)


def _fingerprint(run, name):
    """Return what a stored run must agree in to be used again, besides configuration and seed."""
    module = inspect.getmodule(run)
    try:
        source = inspect.getsource(module if hasattr(module, "__file__") else run)
    except OSError:
        raise ValueError("to store its runs, run must be defined in a file or a cell") from None
    program = _without_imports(ast.parse(source)) if name else ast.parse(source)
    known_by = [name] if name else [run.__module__, run.__qualname__]
    return [*known_by, ast.dump(program), mxnet.__version__, numpy.__version__]


def _without_imports(program):
    """Return a program without its imports of modules beside it, which change when it is moved."""
    program.body = [
        part for part in program.body if not (isinstance(part, ast.ImportFrom) and part.level)
    ]
    return program


def _file_name(configuration, seed, fingerprint):
    """Return a name that a reader can place and that only this very run has."""
    described = ",".join(f"{name}={value}" for name, value in configuration.items())
    stem = re.sub(r"[^A-Za-z0-9.,=+-]+", "_", described)[:80]  # ASCII: a character is a byte
    key = json.dumps([_text(configuration), seed, *fingerprint])
    return f"{stem},seed={seed}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.json"


def _stored(file, configuration, seed):
    """Return the rows of a stored run, or None where there is none of just this run."""
    if not file.is_file():  # nor a folder, nor a pipe
        return None
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
        if (run["configuration"], run["seed"]) != (configuration, seed):
            return None
        return [_plain_row(row) for row in run["rows"]] or None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _table(tasks, finished):
    lines, names = [], {}
    for key in sorted(tasks):
        configuration, seed = tasks[key]
        rows, error = finished[key]
        lines += [{**configuration, "seed": seed, **row, "error": error} for row in rows or [{}]]
        names.update(configuration)
    table = pandas.DataFrame(lines)
    measured = [name for name in table.columns if name not in {*names, *OWN_COLUMNS}]
    return table[[*names, "seed", *measured, "error"]]
