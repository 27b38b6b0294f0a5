"""Each lab alone on its page: it opens in the state of its link, and its controls answer there."""

import re
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from d2l_extras import labs

from .notebook import LAB, Lab, Slider
from .server import ARTIFACTS, PATIENCE, ROOT, START, free_port

pytest.importorskip("voila", reason="no Voila: `make test-browser` installs it")


@pytest.fixture(scope="module", name="voila")
def _voila(browser, tmp_path_factory):
    """The address of a running Voila, with its token: as `make dashboards` starts it."""
    log = tmp_path_factory.mktemp("voila") / "log"
    options = "--no-browser", f"--port={free_port()}"
    command = [sys.executable, "-m", "d2l_extras_doctor", "dashboards", *options]
    with log.open("w") as file:
        server = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + START
        while not (found := re.search(r"(http://\S+/)\?token=(\w+)", log.read_text())):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield found.groups()
    finally:
        server.terminate()
        server.wait(PATIENCE)


@pytest.fixture(name="open_lab")
def _open_lab(voila, new_page):
    """A function that opens the page of a lab."""
    address, token = voila
    pages = []

    def open_lab(name, query=""):
        page = new_page()
        pages.append(page)
        page.goto(f"{address}voila/render/{name}.ipynb?token={token}{query}", timeout=60_000)
        box = page.locator(LAB)
        expect(box).to_have_count(1, timeout=60_000)
        return Lab(SimpleNamespace(page=page), box)

    yield open_lab
    for page in pages:
        page.context.close()


def link(lab):
    return lab.page.get_by_role("link", name="Link to this state")


@pytest.mark.parametrize("name", labs)
def test_every_lab_answers_on_its_page_and_its_link_follows(open_lab, name):
    lab = open_lab(name)
    lab.page.screenshot(path=ARTIFACTS / f"dashboard-{name}.png")
    assert lab.read()["words"] == getattr(labs, name)().text
    assert not lab.hard_to_read()
    for control in (control for control in lab.controls() if isinstance(control, Slider)):
        for key, end in ("Home", "min"), ("End", "max"):
            if control.handle.get_attribute("aria-valuenow") == control.handle.get_attribute(
                f"aria-value{end}"
            ):
                continue
            before, address = lab.read(), link(lab).get_attribute("href")
            lab.press(control.handle, key)
            expect(link(lab)).not_to_have_attribute("href", address)
            lab.wait_until("now.alternative === now.words")
            assert not lab.read()["error"], (control, key)
            assert before["picture"]


def test_a_link_opens_the_lab_in_its_state(open_lab):
    lab = open_lab("dropout", "&p=0.3")
    assert lab.read()["words"] == labs.dropout(p=0.3).text
    lab.press(lab.controls()[0].handle, "End")
    expect(link(lab)).to_have_attribute("href", re.compile("p=0.9"))
    link(lab).click()
    expect(lab.page.locator(LAB)).to_have_count(1, timeout=60_000)
    there = Lab(SimpleNamespace(page=lab.page), lab.page.locator(LAB))
    there.wait_for_words(labs.dropout(p=0.9).text)


def test_a_wrong_link_is_said_and_the_lab_opens_all_the_same(open_lab):
    lab = open_lab("dropout", "&p=7")
    expect(lab.page.get_by_role("alert").first).to_contain_text("p must be from 0.0 to 0.9, got 7")
    assert lab.read()["words"] == labs.dropout().text


def test_without_the_token_nothing_is_served(voila, new_page):
    address, _ = voila
    page = new_page()
    page.goto(f"{address}voila/render/dropout.ipynb")
    expect(page.locator("#password_input")).to_be_visible()
    expect(page.locator(LAB)).to_have_count(0)
    page.context.close()
