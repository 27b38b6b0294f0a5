"""Sweeps: nothing is lost, nothing is done twice, and who does the work makes no difference."""

import contextlib
import dataclasses
import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from collections import Counter
from pathlib import Path

import mxnet as mx
import numpy
import pandas
import pytest
from mxnet import init
from mxnet.gluon import nn

import d2l_extras as dx
from d2l_extras import experiments, records
from d2l_extras.evidence.experiment import Experiment, SweepError
from d2l_extras.evidence.sweep import sweep

module = sys.modules["d2l_extras.evidence.sweep"]
ROOT = Path(__file__).parent.parent.parent
SEEDS = range(3)


def draw(seed, log, rate, pause=0.0):
    """A run that notes that it was started, and draws from every random generator."""
    Path(log, f"{rate},{seed} {os.getpid()} {time.monotonic_ns()}").touch()
    net = nn.Dense(1)
    net.initialize(init.Xavier())
    x = float(net(mx.np.ones((1, 3))))
    time.sleep(pause)  # time for another thread to meddle
    y = rate + numpy.random.rand()
    return [{"epoch": epoch, "x": x, "y": y / epoch} for epoch in (1, 2)]


def draw_in_two_processes(seed, log, rate):
    """Draw, and end when two processes have begun a run: none does all the work alone."""
    rows = draw(seed, log, rate)
    wait_until(lambda: len({name.split()[1] for name in os.listdir(log)}) == 2)
    return rows


def draw_beside_a_kill(seed, log, rate):
    """Draw; from the seventh run on, end when somebody has been killed: not all is done before."""
    rows = draw(seed, log, rate, pause=0.02)
    wait_until(lambda: len(os.listdir(log)) < 7 or Path(log).with_name("killed").exists())
    return rows


def fail_at_a_half(seed, log, rate):
    if rate == 0.5 and not Path(log, "mended").exists():
        raise ArithmeticError("the loss is nan")
    return draw(seed, log, rate)


def train(seed, order):
    """Train two layers in the given order; return the weights and the minibatch they start with."""
    layers = {"dense": nn.Dense(32), "drop": nn.Dropout(0.5), "act": nn.Activation("relu")}
    net = nn.HybridSequential()
    for name in order.split("-"):
        net.add(layers[name])
    net.add(nn.Dense(10))
    net.initialize(init.Xavier())
    data = dx.data.Digits()
    net(data.train[0][:2])
    start = float(net[0].weight.data().sum() if order.startswith("dense") else "nan")
    dx.seed(seed)
    batch = next(iter(data.train_dataloader()))[1]
    dx.seed(seed)
    history = dx.fit(net, data, epochs=1, learning_rate=0.1, progress=False)
    return {"start": start, "batch": str(batch[:20].tolist()), **history.rows[-1], "seconds": 0}


def grid(log, **others):
    return [{"log": str(log), "rate": rate, **others} for rate in (0.0, 0.25, 0.5, 0.75)]


@pytest.fixture(name="log")
def _log(tmp_path):
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


@pytest.fixture(name="expected")
def _expected(tmp_path):
    """What a sweep over `grid` measures, without its log."""
    other = tmp_path / "other"
    other.mkdir()
    return results(sweep(draw, grid(other), SEEDS, jobs=1, progress=False))


def results(table):
    return table.drop(columns="log")


def executions(log):
    """Return how often each run was started."""
    return Counter(path.name.split()[0] for path in log.iterdir())


def stored(folder):
    """Return the runs that are stored, named as in `executions`."""
    contents = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    return [f"{content['configuration']['rate']},{content['seed']}" for content in contents]


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


# --- the table


def test_rows_stand_in_the_order_of_configurations_and_seeds(log):
    table = sweep(draw, grid(log)[::-1], [5, 1], jobs=1, progress=False)
    assert list(table.columns) == ["log", "rate", "seed", "epoch", "x", "y", "error"]
    assert table.rate.tolist() == [0.75] * 4 + [0.5] * 4 + [0.25] * 4 + [0.0] * 4
    assert table.seed.tolist() == [5, 5, 1, 1] * 4
    assert table.epoch.tolist() == [1, 2] * 8


def test_neither_processes_nor_order_change_the_result(log, expected):
    parallel = sweep(draw_in_two_processes, grid(log), SEEDS, jobs=2, progress=False)
    pandas.testing.assert_frame_equal(results(parallel), expected, check_exact=True)
    assert parallel.error.isna().all(), parallel.error.tolist()
    pids = {path.name.split()[1] for path in log.iterdir()}
    assert len(pids) == 2 and str(os.getpid()) not in pids
    backwards = sweep(draw, grid(log)[::-1], SEEDS[::-1], jobs=1, progress=False)
    backwards = results(backwards).sort_values(["rate", "seed", "epoch"], ignore_index=True)
    pandas.testing.assert_frame_equal(backwards, expected, check_exact=True)


def threads(seed, number):
    return {"threads": os.environ["OMP_NUM_THREADS"]}


def test_worker_processes_have_one_thread_each(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    numbers = [{"number": number} for number in range(2)]
    assert sweep(threads, numbers, [0], jobs=2, progress=False).threads.tolist() == ["1", "1"]


def test_seeds_are_paired_across_configurations():
    orders = ["dense-act", "dense-drop", "dense-act-drop"]
    table = sweep(train, [{"order": o} for o in orders], [0, 1], jobs=1, progress=False)
    assert table.error.isna().all(), table.error.tolist()
    for column in ("start", "batch"):
        assert (table.groupby("seed")[column].nunique() == 1).all()
        assert table[column].nunique() == 2
    assert table.running_loss.nunique() == len(table)


# --- stored runs


def test_killed_sweep_resumes_and_repeats_no_finished_run(tmp_path, log, expected):
    runs = tmp_path / "runs"
    code = (
        "from tests.evidence.test_sweep import SEEDS, draw_beside_a_kill, grid, sweep\n"
        f"sweep(draw_beside_a_kill, grid({str(log)!r}), SEEDS, folder={str(runs)!r}, jobs=1)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        wait_until(lambda: len(list(runs.glob("*.json"))) >= 3 or child.poll() is not None)
        assert child.poll() is None, "the sweep ended before it could be killed"
    finally:
        child.kill()
        assert child.wait() == -signal.SIGKILL
    (tmp_path / "killed").touch()
    finished = stored(runs)
    assert 3 <= len(finished) < 12
    again = sweep(draw_beside_a_kill, grid(log), SEEDS, folder=runs, jobs=2, progress=False)
    pandas.testing.assert_frame_equal(results(again), expected, check_exact=True)
    counts = executions(log)
    assert len(counts) == 12 and all(counts[run] == 1 for run in finished)
    assert counts.total() <= 12 + 1  # the one that was under way when the kill came
    sweep(draw_beside_a_kill, grid(log), SEEDS, folder=runs, jobs=2, progress=False)
    assert executions(log) == counts


def test_longer_sweep_repeats_nothing_of_the_shorter_one(tmp_path, log):
    for count in (1, 2, 4):
        table = sweep(draw, grid(log)[-count:], range(count), folder=tmp_path / "runs", jobs=1)
        assert len(table) == 2 * count**2
    assert set(executions(log).values()) == {1} and len(executions(log)) == 16


def test_file_of_a_run_is_there_in_full_or_not_at_all(tmp_path, log, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    runs = tmp_path / "runs"
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sweep(draw, grid(log), SEEDS, folder=runs, jobs=1, progress=False)
    assert list(runs.iterdir()) == []
    sweep(draw, grid(log), SEEDS, folder=runs, jobs=1, progress=False)
    assert len(list(runs.iterdir())) == 12


def test_damaged_file_of_a_run_is_made_anew(tmp_path, log, expected):
    for _ in range(2):
        table = sweep(draw, grid(log), SEEDS, folder=tmp_path / "runs", jobs=1, progress=False)
        pandas.testing.assert_frame_equal(results(table), expected, check_exact=True)
        damaged = next(
            file
            for file in (tmp_path / "runs").iterdir()
            if (run := json.loads(file.read_text()))["seed"] == 1
            and run["configuration"]["rate"] == 0.5
        )
        damaged.write_bytes(damaged.read_bytes()[:30])
    assert executions(log)["0.5,1"] == 2 and executions(log).total() == 13


def rewritten(change):
    """Return a function that changes the content of a stored run."""

    def rewrite(file):
        run = json.loads(file.read_text())
        change(run)
        file.write_text(json.dumps(run))

    return rewrite


def pipe(file):
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_text("[1, 2]"),
        lambda file: file.write_text("[" * 100_000),
        rewritten(lambda run: run.update(seed=run["seed"] + 1)),
        rewritten(lambda run: run["configuration"].update(rate=9.0)),
        rewritten(lambda run: run.update(rows=[])),
        rewritten(lambda run: run.update(rows=[[1]])),
        pipe,
    ],
    ids=["a list", "deep", "another seed", "another configuration", "no rows", "bad row", "pipe"],
)
def test_stored_run_that_is_not_this_run_is_made_anew(tmp_path, log, expected, spoil):
    runs = tmp_path / "runs"
    sweep(draw, grid(log), SEEDS, folder=runs, jobs=1, progress=False)
    spoil(sorted(runs.iterdir())[0])
    for path in log.iterdir():
        path.unlink()
    again = sweep(draw, grid(log), SEEDS, folder=runs, jobs=1, progress=False)
    pandas.testing.assert_frame_equal(results(again), expected, check_exact=True)
    assert executions(log).total() == 1


def test_run_of_a_configuration_in_long_chinese_text_is_stored(tmp_path):
    long = [{"what": "丢弃率" * 60}]
    for _ in range(2):
        table = sweep(named, long, [0], folder=tmp_path, jobs=1, progress=False)
        assert table.length[0] == 180
    assert len(list(tmp_path.glob("*.json"))) == 1


def named(seed, what):
    return {"length": len(what)}


def test_runs_of_a_named_experiment_survive_a_move_of_its_module(tmp_path, monkeypatch):
    source = "from {package} import x\ndef run(seed):\n    return {{'y': {value}}}\n"
    folder = tmp_path / "runs"
    for module, package, value in (("first", ".", 1), ("second", "..", 1), ("third", ".", 2)):
        made = types.ModuleType(module)
        made.__file__ = str(tmp_path / f"{module}.py")
        Path(made.__file__).write_text(source.format(package=package, value=value))
        code = f"def run(seed):\n    return {{'y': {value}}}\n"
        exec(compile("\n" + code, made.__file__, "exec"), vars(made))
        monkeypatch.setitem(sys.modules, module, made)
        sweep(made.run, [{}], [0], folder=folder, jobs=1, progress=False, name="mine")
    assert len(list(folder.iterdir())) == 2  # moved: the same; changed: another


def test_stored_run_counts_until_the_code_changes(tmp_path, monkeypatch):
    file = tmp_path / "changing_run.py"
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def measure(text):
        file.write_text(text)
        importlib.invalidate_caches()
        sys.modules.pop("changing_run", None)
        run = importlib.import_module("changing_run").run
        return sweep(run, [{"x": 1}], [0], folder=tmp_path / "r", jobs=1, progress=False).y[0]

    text = "STEP = 1\ncalls = []\ndef run(seed, x):\n    return {'y': x + STEP}\n"
    assert measure(text) == 2
    assert measure("# a remark\n" + text) == 2
    assert len(list((tmp_path / "r").iterdir())) == 1
    assert measure(text.replace("STEP = 1", "STEP = 10")) == 11


@pytest.mark.parametrize("package", ["mxnet", "numpy"])
def test_stored_run_counts_until_a_version_changes(tmp_path, log, monkeypatch, package):
    arguments = dict(folder=tmp_path / "runs", jobs=1, progress=False)
    for version in ("0.1", "0.2", "0.1"):
        monkeypatch.setattr(getattr(module, package), "__version__", version)
        sweep(draw, grid(log)[:1], [0], **arguments)
    assert executions(log)["0.0,0"] == 2


def test_the_same_configuration_in_another_order_is_there_twice(log):
    (configuration,) = grid(log)[:1]
    with pytest.raises(ValueError, match="each configuration may be there once"):
        sweep(draw, [configuration, dict(reversed(configuration.items()))], [0], jobs=1)


def test_all_cores_work_unless_a_number_is_given(log, monkeypatch):
    asked = []

    class Parallel(module.joblib.Parallel):
        def __init__(self, jobs, **options):
            asked.append(jobs)
            super().__init__(1, **options)

    monkeypatch.setattr(module.joblib, "Parallel", Parallel)
    monkeypatch.setattr(module.joblib, "cpu_count", lambda: 3)
    for jobs in (None, 2):
        sweep(draw, grid(log), [0], jobs=jobs, progress=False)
    assert asked == [3, 2]


# --- failures


@pytest.mark.parametrize("jobs", [1, 2])
def test_failed_run_is_reported_and_tried_again(tmp_path, log, expected, jobs):
    arguments = {"folder": tmp_path / "runs", "jobs": jobs, "progress": False}
    table = sweep(fail_at_a_half, grid(log), SEEDS, **arguments)
    failed = table[table.error.notna()]
    assert failed.rate.tolist() == [0.5] * 3 and failed.seed.tolist() == list(SEEDS)
    assert set(failed.error) == {"ArithmeticError: the loss is nan"}
    assert failed[["x", "y"]].isna().all(axis=None)
    assert len(table) == 3 * 3 * 2 + 3
    (log / "mended").touch()
    mended = sweep(fail_at_a_half, grid(log), SEEDS, **arguments)
    pandas.testing.assert_frame_equal(results(mended), expected, check_exact=True)
    (log / "mended").unlink()
    assert set(executions(log).values()) == {1}


def returns(seed, what):
    values = {"none": None, "empty": [], "array": {"x": numpy.zeros(2)}, "seed": {"seed": 1}}
    return values.get(what, {"x": numpy.float32(0.5), "n": numpy.int64(3), "ok": numpy.True_})


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("none", "expected a dict of names and numbers, got None"),
        ("empty", "run returned an empty list"),
        ("array", "'x' must be the name of a number, .* got ndarray"),
        ("seed", r"run may not return \['seed'\]"),
    ],
)
def test_result_that_fits_in_no_table_is_an_error_of_that_run(what, message):
    what = [{"what": what}, {"what": "good"}]
    table = sweep(returns, what, [0], jobs=1, progress=False)
    assert table.error.str.contains(message, na=False).tolist() == [True, False]
    assert (table.x[1], table.n[1], table.ok[1]) == (0.5, 3, True)


RATE = [{"log": "", "rate": 0.5}]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"configurations": []}, "there are no configurations"),
        ({"configurations": {"rate": 1}}, "must be a list of dicts, got one"),
        ({"configurations": [3]}, "expected a dict .* got 3"),
        ({"configurations": RATE * 2}, "may be there once, got twice .*0.5"),
        ({"configurations": [{"log": ""}]}, "draw cannot take .*: missing .* 'rate'"),
        ({"configurations": [{**RATE[0], "p": 1}]}, "draw cannot take .*'p'"),
        ({"configurations": [{**RATE[0], "seed": 1}]}, "are columns of the sweep, got .*'seed'"),
        ({"configurations": [{"log": "", "rate": [1]}]}, "'rate' must be .* got list"),
        ({"seeds": []}, "seeds must be different numbers"),
        ({"seeds": [1, 1]}, r"seeds must be different numbers .* got \[1, 1\]"),
        ({"seeds": [-1]}, "from 0 to 2147483647"),
        ({"seeds": [0.5]}, "whole numbers, such as .* got .0.5"),
        ({"seeds": [True]}, "whole numbers"),
        ({"seeds": 3}, "whole numbers, such as range.* got 3"),
        ({"jobs": 0}, "jobs must be a whole number from 1, got 0"),
        ({"scheduler": "tcp://127.0.0.1:9"}, "give one"),
        ({"run": lambda seed, rate: {}}, "run must be a function at the top of a module"),
    ],
)
def test_bad_arguments_are_refused_before_anything_runs(change, message):
    arguments = {"run": draw, "configurations": RATE, "seeds": [0], "jobs": 1} | change
    with pytest.raises((TypeError, ValueError), match=message):
        sweep(**arguments, progress=False)


def test_progress_shows_what_is_done_and_the_time_left(tmp_path, log, capfd, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "")
    for seeds in (range(1), range(3)):
        sweep(draw, grid(log), seeds, folder=tmp_path / "runs", jobs=1)
    last = capfd.readouterr().err.split("run/s]")
    assert any(" 4/12 [" in text for text in last) and "12/12 [" in last[-2]


# --- a Dask cluster


@pytest.fixture(name="cluster")
def _cluster(tmp_path):
    """A real scheduler and two real workers on loopback, of two threads each."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install -e .[dask]")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__LOGGING": "{}"}
    file = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(file), "--no-dashboard", "--host", "127.0.0.1"]
    commands = [["scheduler", "--port", "0", *common]]
    commands += [["worker", "--no-nanny", "--nthreads", "2", *common]] * 2
    processes = []
    with (tmp_path / "cluster.log").open("w") as output:
        for command in commands:
            start = [sys.executable, "-m", "dask", *command]
            process = subprocess.Popen(start, env=environment, cwd=tmp_path, stderr=output)
            processes.append(process)
        try:
            wait_until(lambda: file.exists() and file.read_text().endswith("}"))
            yield json.loads(file.read_text())["address"], processes[1:]
        finally:
            for process in processes:
                process.kill()
                process.wait()


def test_dask_sweep_survives_a_killed_worker(tmp_path, log, expected, cluster):
    scheduler, workers = cluster
    runs, at_kill = tmp_path / "runs", []

    def started_by(worker):
        return any(path.name.split()[1] == str(worker.pid) for path in log.iterdir())

    def kill():
        wait_until(lambda: len(list(runs.glob("*.json"))) >= 3 and all(map(started_by, workers)))
        at_kill.extend(stored(runs))
        workers[0].kill()
        workers[0].wait()
        (tmp_path / "killed").touch()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    arguments = {"folder": runs, "scheduler": scheduler, "progress": False}
    table = sweep(draw_beside_a_kill, grid(log), SEEDS, **arguments)
    assert table.error.isna().all(), table.error.tolist()
    killer.join()
    assert (workers[0].poll(), workers[1].poll()) == (-signal.SIGKILL, None)
    pandas.testing.assert_frame_equal(results(table), expected, check_exact=True)
    counts = executions(log)
    assert 3 <= len(at_kill) < 12, "the worker was not killed in mid-sweep"
    assert len(counts) == 12 and all(counts[run] == 1 for run in at_kill)
    assert counts.total() <= 12 + 3  # two threads and what they had not yet handed over
    sweep(draw_beside_a_kill, grid(log), SEEDS, **arguments)
    assert executions(log) == counts


def test_scheduler_that_does_not_answer_is_named(monkeypatch):
    pytest.importorskip("distributed", reason="Dask is not installed: pip install -e .[dask]")
    monkeypatch.setattr(module, "TIMEOUT", 0.3)
    with pytest.raises(ConnectionError, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        sweep(draw, RATE, [0], scheduler="tcp://127.0.0.1:9", progress=False)


def silent(connection):
    threading.Event().wait(5)


def web(connection):
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    threading.Event().wait(1)


@pytest.mark.parametrize("answer", [silent, web])
def test_server_that_is_no_dask_scheduler_is_named_in_time(monkeypatch, answer):
    pytest.importorskip("distributed", reason="Dask is not installed: pip install -e .[dask]")
    monkeypatch.setattr(module, "TIMEOUT", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ConnectionError, match=f"no Dask scheduler answers at {address}"):
            sweep(draw, RATE, [0], scheduler=address, progress=False)


def test_missing_dask_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"run `pip install 'd2l-extras\[dask\]'`"):
        sweep(draw, RATE, [0], scheduler="tcp://127.0.0.1:9", progress=False)


# --- experiments and records

TOLERANCES = {"start": 1e-3, "running_loss": 2e-3, "val_loss": 2e-3, "running_accuracy": 0.005,
              "val_accuracy": 0.005, "seconds": None}  # fmt: skip
ORDERS = [{"order": order} for order in ("dense-act", "dense-drop", "act-dense-drop")]
EXPERIMENT = Experiment("orders", train, ORDERS, range(2), TOLERANCES, "Three orders of layers.")


@pytest.fixture(name="recorded", scope="module")
def _recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    EXPERIMENT.record(folder, runs=folder / "runs", jobs=1, progress=False)
    return folder


def complete(provenance, experiment):
    """Return what is missing in a provenance, or is not what it must be."""
    wanted = {
        "name": experiment.name,
        "command": f"d2l-extras sweep {experiment.name}",
        "seeds": list(experiment.seeds),
        "runs": len(experiment.configurations) * len(experiment.seeds),
        "significant_digits": experiment.digits,
    }
    filled = ["description", "date", "processor", "columns", "tolerances", "sha256"]
    missing = [name for name, value in wanted.items() if provenance.get(name) != value]
    missing += [name for name in filled if not provenance.get(name) and name != "tolerances"]
    versions = provenance.get("versions", {})
    missing += [n for n in ("python", "mxnet", "numpy", "d2l_extras") if not versions.get(n)]
    if len(provenance.get("data", {}).get("sha256", "")) != 64:
        missing.append("data")
    return missing


def test_record_is_read_as_it_was_measured(recorded):
    table = records.read("orders", recorded)
    fresh = EXPERIMENT.sweep(jobs=1, progress=False).drop(columns="error")
    pandas.testing.assert_frame_equal(table, fresh, rtol=1e-5)
    assert records.names(recorded) == ["orders"]
    assert complete(table.attrs["provenance"], EXPERIMENT) == []
    assert table.running_loss.map(lambda x: len(f"{x:.12g}".replace(".", "")) <= 7).all()


def test_recording_again_gives_the_same_bytes(recorded, tmp_path):
    again = EXPERIMENT.record(tmp_path, runs=tmp_path / "runs", jobs=2, progress=False)
    assert again.read_bytes() == (recorded / "orders.csv").read_bytes()


def test_compressed_record_is_the_same_table_with_fewer_digits(recorded, tmp_path):
    shutil.copytree(recorded, tmp_path, dirs_exist_ok=True)  # a plain one of that name stands there
    short = dataclasses.replace(EXPERIMENT, digits=3, compress=True)
    path = short.record(tmp_path, runs=recorded / "runs", jobs=1, progress=False)
    assert path.name == "orders.csv.gz"
    assert records.names(tmp_path) == ["orders"]
    table, plain = records.read("orders", tmp_path), records.read("orders", recorded)
    assert table.running_loss.tolist() == [float(f"{x:.3g}") for x in plain.running_loss]
    assert complete(table.attrs["provenance"], short) == []
    assert short.deviations(table).empty
    first = path.read_bytes()
    assert short.record(tmp_path, runs=recorded / "runs", progress=False).read_bytes() == first
    for damaged in (first[:-20], b"no gzip", first.replace(first[30:40], b"0123456789")):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="is not what was recorded"):
            records.read("orders", tmp_path)
    EXPERIMENT.record(tmp_path, runs=recorded / "runs", progress=False)
    assert not path.exists()


def test_faithful_record_has_no_deviations(recorded):
    deviations = EXPERIMENT.deviations(records.read("orders", recorded), sample=6)
    assert deviations.empty, deviations.to_string()


@pytest.mark.parametrize(
    ("column", "falsify"),
    [
        ("val_loss", lambda x: x + 0.003),
        ("val_accuracy", lambda x: x - 0.006),
        ("batch", lambda x: x[::-1]),
        ("running_loss", lambda x: float("nan")),
    ],
)
def test_falsified_record_is_noticed(recorded, tmp_path, column, falsify):
    table = records.read("orders", recorded)
    table.loc[len(table) - 1, column] = falsify(table[column].iloc[-1])
    deviations = EXPERIMENT.deviations(table, sample=2)
    assert deviations[["order", "seed", "column"]].values.tolist() == [
        ["act-dense-drop", 1, column]
    ]


def test_record_altered_by_hand_is_refused(recorded, tmp_path):
    for path in recorded.glob("orders.*"):
        shutil.copy(path, tmp_path)
    path = tmp_path / "orders.csv"
    path.write_text(path.read_text().replace("dense-drop,1,", "dense-drop,1,9", 1))
    with pytest.raises(ValueError, match="is not what was recorded: run `d2l-extras sweep orders`"):
        records.read("orders", tmp_path)


def test_record_with_a_run_missing_or_too_many_is_refused(recorded):
    table = records.read("orders", recorded)
    with pytest.raises(ValueError, match="has no run {'order': 'dense-act'} with seed 0"):
        EXPERIMENT.deviations(table.iloc[1:])
    foreign = table.iloc[:1].assign(order="drop")
    with pytest.raises(ValueError, match="runs that the experiment has not"):
        EXPERIMENT.deviations(pandas.concat([table, foreign]))


def epochs(seed, rate, epochs=4):
    return [{"epoch": epoch, "loss": rate / epoch} for epoch in range(1, epochs + 1)]


def test_shorter_run_is_compared_with_the_first_rows_of_the_record(tmp_path):
    long = Experiment(
        "long", epochs, [{"rate": 1.0}], [0], {}, "Four epochs.", shorter={"epochs": 2}
    )
    long.record(tmp_path, runs=tmp_path / "runs", jobs=1, progress=False)
    table = records.read("long", tmp_path)
    assert len(table) == 4 and long.deviations(table).empty
    table.loc[1, "loss"] = 0.6
    assert long.deviations(table).column.tolist() == ["loss"]


def test_failed_run_prevents_the_record_but_not_the_other_runs(tmp_path, log):
    failing = Experiment("failing", fail_at_a_half, grid(log), SEEDS, {}, "One rate fails.")
    with pytest.raises(SweepError, match="3 of 12 runs failed.*'rate': 0.5.*the loss is nan"):
        failing.record(tmp_path / "records", runs=tmp_path / "runs", jobs=1, progress=False)
    assert not (tmp_path / "records").exists()
    assert len(stored(tmp_path / "runs")) == 9


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"columns": 3}', '{"columns": {}, "sha256": ""}']
)
def test_malformed_provenance_is_named_with_its_file_and_the_remedy(recorded, tmp_path, content):
    shutil.copy(recorded / "orders.csv", tmp_path)
    (tmp_path / "orders.json").write_text(content)
    with pytest.raises(
        ValueError, match="orders.json is no provenance .*`d2l-extras sweep orders`"
    ):
        records.read("orders", tmp_path)


def test_unknown_record_is_refused_with_the_available_ones(recorded):
    with pytest.raises(ValueError, match="no record 'nothing', only orders"):
        records.read("nothing", recorded)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Layer order"}, "small letters, digits and hyphens, got 'Layer order'"),
        ({"tolerances": {"x": -1}}, "the tolerance of x must be a number from 0, .* got -1"),
    ],
)
def test_bad_experiment_is_refused(change, message):
    fields = {"name": "orders", "tolerances": {}} | change
    with pytest.raises(ValueError, match=message):
        Experiment(run=train, configurations=ORDERS, seeds=[0], description="", **fields)


def test_every_record_belongs_to_an_experiment():
    assert set(records.names()) <= set(experiments)


@pytest.mark.parametrize("name", list(experiments))
def test_shipped_record_holds(name):
    experiment = experiments.get(name)
    if not getattr(experiment.data, "is_present", lambda: True)():
        pytest.skip(f"{experiment.data.__name__} is not on this machine")
    record = records.read(name)
    assert complete(record.attrs["provenance"], experiment) == []
    deviations = experiment.deviations(record)
    assert deviations.empty, deviations.to_string()


@pytest.fixture(name="registered")
def _registered(tmp_path, monkeypatch):
    """One more experiment, in a module of its own, and an empty cache."""
    (tmp_path / "two_dice.py").write_text(
        "import numpy\n"
        "from d2l_extras.evidence.experiment import Experiment\n"
        "def run(seed, sides):\n"
        "    return {'points': int(numpy.random.randint(1, sides + 1, size=2).sum())}\n"
        "experiment = Experiment('two-dice', run, [{'sides': 6}], range(3), {}, 'Two dice.')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    load = lambda: importlib.import_module("two_dice").experiment  # noqa: E731
    monkeypatch.setitem(experiments._places, "two-dice", load)
    monkeypatch.setenv("D2L_EXTRAS_CACHE", str(tmp_path / "cache"))
    yield
    sys.modules.pop("two_dice", None)


# --- the command: imported here, where no worker process needs it


def test_command_lists_and_records_experiments(registered, tmp_path, capsys):
    from d2l_extras import cli

    assert cli.main(["sweep"]) == 0
    assert "two-dice             Two dice.\n" in capsys.readouterr().out
    target = tmp_path / "records"
    assert cli.main(["sweep", "two-dice", "--jobs", "1", "--folder", str(target)]) == 0
    path = target / "two-dice.csv"
    assert capsys.readouterr().out == f"wrote {path} and two-dice.json\n"
    assert len(records.read("two-dice", target)) == 3
    assert len(list((tmp_path / "cache" / "sweeps" / "two-dice").iterdir())) == 3
    assert experiments.get("two-dice").deviations(records.read("two-dice", target)).empty


def test_command_says_what_is_wrong_in_one_line(registered, capsys, monkeypatch):
    from d2l_extras import cli

    assert cli.main(["sweep", "three-dice"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("d2l-extras: there is no experiment 'three-dice', only ")
    assert "two-dice" in error
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert cli.main(["sweep", "two-dice", "--scheduler", "tcp://127.0.0.1:9"]) == 1
    assert "needs Dask, which is not installed" in capsys.readouterr().err
