"""Recorded results of experiments: `records.read("dropout")`, with where they come from."""

import gzip
import hashlib
import io
import json
import zlib
from pathlib import Path

import pandas

FOLDER = Path(__file__).resolve().parent.parent / "records"


def names(folder=FOLDER):
    """Return the names of the records in a folder (those that ship, if left out), sorted."""
    return sorted(path.name.partition(".")[0] for path in Path(folder).glob("*.csv*"))


def paths(name, folder=FOLDER):
    """Return where the table of a record may be: as plain text, or compressed."""
    return [Path(folder) / f"{name}{ending}" for ending in (".csv", ".csv.gz")]


def read(name, folder=FOLDER):
    """Return a record as a table, its provenance in `.attrs["provenance"]`.

    Parameters
    ----------
    name : str
        Of the experiment: `names()` lists them.
    folder : path
        Where the record is; the package's own folder if left out.

    Returns
    -------
    pandas.DataFrame
        One row for each run, or several where a run has several (epochs).

    Raises
    ------
    ValueError
        If there is no such record (says which there are), or if it was altered by hand.

    Examples
    --------
    >>> read("no-such-thing")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: there is no record 'no-such-thing', only ...
    """
    if name not in names(folder):
        available = ", ".join(names(folder)) or "none at all"
        raise ValueError(f"there is no record {name!r}, only {available}")
    path = next(p for p in paths(name, folder) if p.exists())
    source = Path(folder) / f"{name}.json"
    try:
        provenance = json.loads(source.read_text(encoding="utf-8"))
        kinds = {c: str if k in ("object", "str") else k for c, k in provenance["columns"].items()}
        recorded, command = provenance["sha256"], provenance["command"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = f"{type(error).__name__}: {error}"
        again = f"run `d2l-extras sweep {name}` to record it anew"
        raise ValueError(f"{source} is no provenance of a record ({problem}): {again}") from None
    try:
        content = path.read_bytes() if path.suffix == ".csv" else gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error):
        content = b""
    if hashlib.sha256(content).hexdigest() != recorded:
        raise ValueError(f"{path} is not what was recorded: run `{command}`")
    exact = {"float_precision": "round_trip"} if int(pandas.__version__.split(".")[0]) < 3 else {}
    table = pandas.read_csv(
        io.BytesIO(content), dtype=kinds, keep_default_na=False, na_values=[""], **exact
    )
    table.attrs["provenance"] = provenance
    return table
