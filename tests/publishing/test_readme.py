"""What README and CONTRIBUTING show works as shown."""

import re
import subprocess
import sys
from pathlib import Path

from tests.chapters import test_labs

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def test_lab_that_contributing_shows_passes_the_sweeps_of_every_lab():
    (code,) = re.findall(r"```python\n(.*?)```", CONTRIBUTING, re.S)
    names = {"__name__": "contributing"}
    exec(code, names)
    assert names["lab"](side=1.5).text == "The area is 2.25."
    for check in (
        test_labs.test_lab_answers_in_every_state_whatever_it_showed_before,
        test_labs.test_every_control_of_the_lab_changes_what_it_shows,
    ):
        check(names["lab"])


def test_targets_and_files_that_the_readme_names_exist():
    makefile = (ROOT / "Makefile").read_text()
    for text in README, CONTRIBUTING:
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.M):
            assert re.search(rf"^{target}:", makefile, re.M), target
        for path in re.findall(r"\]\((?!http)([^)]+)\)", text):
            assert (ROOT / path).exists(), path


def test_script_that_the_readme_shows_runs(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    run = subprocess.run([sys.executable, "-c", code + "print(mx.nd.ones(2).sum().asscalar())"],
                         cwd=tmp_path, capture_output=True, text=True)  # fmt: skip
    assert (run.returncode, run.stdout) == (0, "2.0\n"), run.stderr


def test_binder_badge_opens_the_first_chapter_in_jupyterlab():
    (url,) = re.findall(r"\((https://mybinder.org/v2/gh/\S+)\)", README)
    path = url.partition("?urlpath=lab/tree/")[2]
    assert path == "notebooks/01-softmax.ipynb"
    assert (ROOT / path).exists()
