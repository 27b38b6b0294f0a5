"""An experiment: a sweep that is recorded, and a check that its record still holds."""

import datetime
import gzip
import hashlib
import json
import math
import os
import platform
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy
import pandas

from ..files import write_atomically
from ..nets.data import Digits, cache_folder
from . import records
from .sweep import sweep


class SweepError(RuntimeError):
    """Runs of an experiment failed, so that it cannot be recorded."""


@dataclass(frozen=True)
class Experiment:
    """A sweep with a name, whose results are recorded once and checked ever after.

    Attributes
    ----------
    name : str
        As in `d2l-extras sweep name`: small letters, digits and hyphens.
    run : function
        Called as `run(seed, **configuration)`: see `d2l_extras.evidence.sweep`.
    configurations : sequence of dict
        The keyword arguments of `run`.
    seeds : sequence of int
        Every configuration is run with every one of them.
    tolerances : dict
        For each measured column how far a run done again may be from its record: an absolute
        number, or None for what no two runs share, such as seconds. The columns that are not
        named must come out equal.
    description : str
        One sentence on what is measured.
    data : callable
        Makes the data set that is used; its checksum goes into the record.
    shorter : dict
        Arguments of `run` that cut a run done again short, such as `{"epochs": 2}`: then only
        the first rows of the record are compared.
    digits : int
        Significant digits of a recorded number.
    compress : bool
        Write the table as `name.csv.gz`: for those of several hundred kilobytes.

    Examples
    --------
    >>> import tempfile
    >>> from d2l_extras import records
    >>> from d2l_extras.evidence.sweep import _throw
    >>> dice = Experiment(
    ...     "dice", _throw, [{"sides": 6}], seeds=range(3), tolerances={}, description="Throws."
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = dice.record(folder, runs=folder, jobs=1, progress=False)
    ...     table = records.read("dice", folder)
    >>> table.points.tolist(), table.attrs["provenance"]["runs"]
    ([5, 6, 1], 3)
    >>> table.loc[0, "points"] = 2
    >>> dice.deviations(table)
       sides  seed  row  column  recorded  measured
    0      6     0    0  points         2         5
    """

    name: str
    run: Callable
    configurations: Sequence
    seeds: Sequence
    tolerances: dict
    description: str
    data: Callable = Digits
    shorter: dict = field(default_factory=dict)
    digits: int = 6
    compress: bool = False

    def __post_init__(self):
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.name):
            raise ValueError(f"a name has small letters, digits and hyphens, got {self.name!r}")
        for column, tolerance in self.tolerances.items():
            if tolerance is not None and not 0 <= tolerance < math.inf:
                raise ValueError(
                    f"the tolerance of {column} must be a number from 0, or None for a column "
                    f"that is not compared, got {tolerance!r}"
                )

    def sweep(self, **options):
        """Run all of it; the options are those of `d2l_extras.evidence.sweep`: folder, jobs, ..."""
        return sweep(self.run, self.configurations, self.seeds, name=self.name, **options)

    def record(self, folder=records.FOLDER, *, runs=None, **options):
        """Run all of it and write a table and `name.json`, its provenance, into a folder.

        Parameters
        ----------
        folder : path
            Where the record goes: the package's own folder if left out.
        runs : path, optional
            Where finished runs are kept, so that an interrupted recording goes on from there; a
            folder in the user's cache if left out.
        **options
            jobs, scheduler and progress, as in `d2l_extras.evidence.sweep`.

        Returns
        -------
        pathlib.Path
            The table: `name.csv` or, compressed, `name.csv.gz`.

        Raises
        ------
        SweepError
            If a run failed: then nothing is recorded, but the finished runs are kept.
        """
        table = self.sweep(folder=runs or self.runs_folder(), **options)
        failed = table[table.error.notna()]
        if len(failed):
            configuration = failed.iloc[0].drop("error").dropna().to_dict()
            raise SweepError(
                f"{len(failed)} of {len(self.configurations) * len(self.seeds)} runs failed, so "
                f"nothing was recorded. The first: {configuration}: {failed.iloc[0].error}"
            )
        table = _rounded(table.drop(columns="error"), self._measured(table), self.digits)
        content = table.to_csv(index=False)
        provenance = json.dumps(self._provenance(table, content), indent=2, ensure_ascii=False)
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / f"{self.name}.json", provenance + "\n")
        plain, compressed = records.paths(self.name, folder)
        path, other = (compressed, plain) if self.compress else (plain, compressed)
        other.unlink(missing_ok=True)
        content = gzip.compress(content.encode(), mtime=0) if self.compress else content
        return write_atomically(path, content)

    def runs_folder(self):
        """Return the folder in the user's cache that `record` keeps finished runs in."""
        return cache_folder() / "sweeps" / self.name

    def deviations(self, record=None, *, sample=2):
        """Do some of the runs again; return where they differ from the record, if anywhere.

        Parameters
        ----------
        record : pandas.DataFrame, optional
            As `records.read` returns it; the one that ships if left out.
        sample : int
            How many of the runs, spread evenly over the configurations and seeds.

        Returns
        -------
        pandas.DataFrame
            One row for each number outside its tolerance: configuration, seed, which row of the
            run, column, recorded and measured value. Empty where the record holds.

        Raises
        ------
        ValueError
            If the record is not one of these configurations and seeds.
        """
        record = records.read(self.name) if record is None else record
        planned = [(c, s) for c in self.configurations for s in self.seeds]
        recorded = [_rows_of(record, *pair) for pair in planned]
        if sum(map(len, recorded)) != len(record):
            raise ValueError(f"the record of {self.name} has runs that the experiment has not")
        differences = []
        for number in sorted(set(numpy.linspace(0, len(planned) - 1, sample).astype(int))):
            configuration, seed = planned[number]
            arguments = {**configuration, **self.shorter}
            again = sweep(self.run, [arguments], [seed], jobs=1, progress=False)
            differences += [
                {**configuration, "seed": seed, **difference}
                for difference in self._differences(recorded[number], again)
            ]
        return pandas.DataFrame(differences)

    def _measured(self, table):
        """Return the names of the columns that hold results."""
        given = {"seed", "error"}.union(self.shorter, *self.configurations)
        return [name for name in table.columns if name not in given]

    def _differences(self, before, after):
        """Yield each number of one run that differs from its record."""
        if after.error.notna().any():
            yield {"row": 0, "column": "error", "recorded": None, "measured": after.error.iloc[0]}
            return
        if len(after) > len(before) or len(after) < len(before) and not self.shorter:
            yield {"row": 0, "column": "rows", "recorded": len(before), "measured": len(after)}
            return
        columns = self._measured(after)
        after = _rounded(after, columns, self.digits)
        for column in dict.fromkeys(columns + self._measured(before)):
            tolerance = self.tolerances.get(column, 0)
            for row in range(len(after)) if tolerance is not None else ():
                recorded, measured = (
                    table[column].iloc[row] if column in table else None
                    for table in (before, after)
                )
                if not _agree(recorded, measured, tolerance):
                    yield {"row": row, "column": column, "recorded": recorded, "measured": measured}

    def _provenance(self, table, content):
        """Return what one must know to trust the record, or to make it anew."""
        packages = ("mxnet", "numpy", "d2l_extras")
        now = datetime.datetime.now(datetime.UTC)
        return {
            "name": self.name,
            "description": self.description,
            "command": f"d2l-extras sweep {self.name}",
            "date": now.isoformat(timespec="seconds"),
            "versions": {
                "python": platform.python_version(),
                **{package: version(package) for package in packages},
            },
            "processor": _processor(),
            "data": {"name": self.data.__name__, "sha256": _checksum(self.data())},
            "seeds": [int(seed) for seed in self.seeds],
            "runs": len(self.configurations) * len(self.seeds),
            "significant_digits": self.digits,
            "tolerances": self.tolerances,
            "columns": {name: str(kind) for name, kind in table.dtypes.items()},
            "sha256": hashlib.sha256(content.encode()).hexdigest(),
        }


def _rows_of(record, configuration, seed):
    """Return the rows of a record that belong to one run."""
    fitting = record.seed == seed
    for name, value in configuration.items():
        column = record[name] if name in record else pandas.Series(index=record.index)
        fitting &= column.isna() if value is None else column == value
    if not fitting.any():
        raise ValueError(f"the record has no run {configuration} with seed {seed}")
    return record[fitting]


def _rounded(table, columns, digits):
    """Return a copy whose floating-point columns, of those named, have so many digits."""
    table = table.copy()
    for name in columns:
        if table[name].dtype.kind == "f":
            table[name] = [float(f"{value:.{digits}g}") for value in table[name]]
    return table


def _agree(recorded, measured, tolerance):
    if pandas.isna(recorded) or pandas.isna(measured):
        return bool(pandas.isna(recorded) and pandas.isna(measured))
    if not tolerance or isinstance(recorded, str) or isinstance(measured, str):
        return bool(recorded == measured)
    return recorded == measured or abs(recorded - measured) <= tolerance  # equal: infinite too


def _checksum(data):
    """Return the SHA-256 of all samples and labels of a data set."""
    digest = hashlib.sha256()
    for part in ("train", "val", "test"):
        for array in getattr(data, part) or ():
            digest.update(f"{part} {array.dtype} {array.shape}".encode())
            digest.update(array.asnumpy().tobytes())
    return digest.hexdigest()


def _processor():
    """Return the name of this machine's processor, and how many cores it has."""
    information = Path("/proc/cpuinfo")
    text = information.read_text(encoding="utf-8") if information.exists() else ""
    found = re.search(r"model name\s*:\s*(.+)", text)
    name = found[1] if found else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"
