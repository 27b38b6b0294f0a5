"""One Chromium and one JupyterLab, on a copy of the chapters, for each worker."""

import re
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright
from xdist.scheduler import LoadScopeScheduling

from .notebook import Notebook
from .server import ARTIFACTS, BROWSERS, FLAGS, PATIENCE, Server, chromium


class ByChapter(LoadScopeScheduling):
    """Several workers share the tests: each takes a whole chapter, with its kernel, or one test."""

    def _split_scope(self, nodeid):
        chapter = re.search(r"\[(\d\d)-", nodeid)
        return chapter[1] if chapter else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return ByChapter(config, log)


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # once, not in every worker
        shutil.rmtree(ARTIFACTS, ignore_errors=True)
        ARTIFACTS.mkdir(parents=True)


@pytest.fixture(scope="session", name="browser")
def _browser():
    if chromium() is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is on the PATH")
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session", name="server")
def _server(browser, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("course"))
    yield server
    server.close()


@pytest.fixture(scope="session", name="new_page")
def _new_page(browser):
    """A function that returns a page with no memory of the others."""

    def new_page():
        context = browser.new_context(viewport={"width": 1400, "height": 1400})
        context.set_default_timeout(PATIENCE * 1000)
        return context.new_page()

    return new_page


@pytest.fixture(name="open_notebook")
def _open_notebook(request, new_page, server):
    """A function that opens a notebook of the server in a page of its own."""
    opened = []

    def open_notebook(name, **options):
        opened.append(Notebook(new_page(), server))
        return opened[-1].open(name, **options)

    yield open_notebook
    for number, notebook in enumerate(opened):
        keep_page_of_failed_test(request.node, notebook, number)
        notebook.close()


def keep_page_of_failed_test(test, notebook, number=0):
    if getattr(test, "failed", False):
        name = "".join(c if c.isalnum() else "-" for c in test.name)
        notebook.page.screenshot(path=ARTIFACTS / f"failed-{name}-{number}.png")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.failed = getattr(item, "failed", False) or report.failed
    return report
