"""Time and memory of a chapter are its kernel's own, and the README's table is within limits."""

import re
from pathlib import Path

import nbformat
import pytest

from d2l_extras import cli
from d2l_extras.publishing import copies
from d2l_extras.publishing import cost as measure

ROOT = Path(__file__).resolve().parent.parent.parent


def notebook(folder, *cells):
    path = folder / "09-cells.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_the_peak_counts_memory_that_was_given_back(tmp_path):
    small = measure.measure(notebook(tmp_path, "1 + 1"))
    large = measure.measure(notebook(tmp_path, "x = b'x' * 300 * 2**20; del x", "1 + 1"))
    assert 300 < large.memory - small.memory + 20 < 360
    assert 0 < small.seconds < 60


def test_measuring_changes_no_notebook(tmp_path):
    path = notebook(tmp_path, "1 + 1")
    before = path.read_bytes()
    measure.measure(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("seconds, memory, excessive", [
    (59, 1000, False), (61, 500, True), (10, 1025, True),
])  # fmt: skip
def test_a_chapter_over_a_limit_is_told(monkeypatch, capsys, seconds, memory, excessive):
    cost = measure.Cost("01-softmax", seconds, memory)
    monkeypatch.setattr(measure, "measure", lambda path: cost)
    assert cli.main(["measure", "01"]) == excessive
    assert f"01-softmax: {seconds} s, {memory} MiB" in capsys.readouterr().out


def test_the_table_replaces_the_one_between_the_marks(monkeypatch, tmp_path):
    monkeypatch.setattr(measure, "measure", lambda path: measure.Cost(path.stem, 12.4, 345.6))
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{measure.START}\nold\n{measure.END}\nafter\n")
    assert cli.main(["measure", "01", "--write", str(readme)]) == 0
    text = readme.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n")
    assert "| 01-softmax | 12 s | 346 MiB |" in text and "old" not in text


def test_a_file_without_the_marks_is_refused():
    with pytest.raises(ValueError, match="lacks the marks"):
        measure.replaced("text", "table")


def test_the_readme_shows_every_chapter_within_the_limits():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = text[text.index(measure.START) : text.index(measure.END)]
    rows = re.findall(r"\| (\S+) \| (\d+) s \| (\d+) MiB \|", shown)
    assert [name for name, _, _ in rows] == [path.stem for path in copies.chapters()]
    for name, seconds, memory in rows:
        assert not measure.Cost(name, int(seconds), int(memory)).excessive
