"""What the README shows works as shown."""

import re
from pathlib import Path

from tests.chapters import test_labs

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()


def test_lab_of_the_readme_passes_the_sweeps_of_every_lab():
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    names = {"__name__": "readme"}
    exec(code, names)
    assert names["lab"](side=1.5).text == "The area is 2.25."
    for check in (
        test_labs.test_lab_answers_in_every_state_whatever_it_showed_before,
        test_labs.test_every_control_of_the_lab_changes_what_it_shows,
    ):
        check(names["lab"])


def test_targets_and_files_that_the_readme_names_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:`|^)make ([a-z]+)", README, re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for path in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / path).exists(), path


def test_binder_badge_opens_the_first_chapter_in_jupyterlab():
    (url,) = re.findall(r"\((https://mybinder.org/v2/gh/\S+)\)", README)
    path = url.partition("?urlpath=lab/tree/")[2]
    assert path == "notebooks/01-softmax.ipynb"
    assert (ROOT / path).exists()
