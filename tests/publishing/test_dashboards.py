"""A link carries the state of a lab, a wrong link says so, and each lab has its page."""

import nbformat
import pytest

from d2l_extras import cli, labs
from d2l_extras.publishing import dashboards

LABS = {name: getattr(labs, name) for name in labs}


@pytest.mark.parametrize("lab", LABS.values(), ids=LABS)
def test_a_link_opens_the_lab_in_the_state_it_was_taken_from(lab):
    for values in lab.states():
        query = dashboards.link(values).removeprefix("?")
        assert dashboards.state(lab, query) == lab.check(values)


def test_controls_that_a_link_does_not_name_stay_as_they_open():
    assert dashboards.state(labs.dropout, "p=0.3") == {"p": 0.3}
    assert dashboards.state(labs.dropout, "") == {}


def test_the_token_of_the_server_is_no_control():
    assert dashboards.state(labs.dropout, "token=abc&p=0.3") == {"p": 0.3}


def shown(monkeypatch, query):
    displayed = []
    monkeypatch.setenv("QUERY_STRING", query)
    monkeypatch.setattr(dashboards, "display", displayed.append)
    dashboards.show("dropout")
    head, lab, below = displayed[0].children
    return head.value, lab, below


@pytest.mark.parametrize("query, said", [
    ("p=2", "p must be from 0.0 to 0.9"), ("q=1", "has no control q"), ("p=%3Cb%3E", "&lt;b&gt;"),
])  # fmt: skip
def test_a_wrong_link_is_said_and_the_lab_opens_all_the_same(monkeypatch, query, said):
    head, lab, _ = shown(monkeypatch, query)
    assert "This link names no state of the lab" in head and said in head
    assert lab.children


def test_the_link_below_a_lab_follows_its_controls(monkeypatch):
    head, lab, below = shown(monkeypatch, "p=0.3")
    assert "alert" not in head
    assert "p=0.3" in below.value
    grid = lab.children[1].children[-1]
    slider = next(w for w in grid.children if getattr(w, "value", None) == 0.3)
    slider.value = 0.6
    assert "p=0.6" in below.value


def test_every_lab_has_its_page_whose_code_shows_it(tmp_path, monkeypatch):
    displayed = []
    monkeypatch.delenv("QUERY_STRING", raising=False)
    monkeypatch.setattr(dashboards, "display", displayed.append)
    dashboards.write(tmp_path)
    assert sorted(path.stem for path in tmp_path.glob("*.ipynb")) == sorted(LABS)
    for name, lab in LABS.items():
        page = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4)
        exec(page.cells[0].source, {})
        assert lab.title in displayed.pop().children[1].children[0].value


def test_voila_listens_to_this_machine_and_asks_for_a_token(monkeypatch):
    called = []
    monkeypatch.setattr(dashboards.importlib.util, "find_spec", lambda name: True)
    monkeypatch.setattr(dashboards.os, "execv", lambda path, words: called.append(words))
    cli.main(["dashboards", "--no-browser"])
    assert called[0][-3:] == ["--token", "--Voila.ip=localhost", "--no-browser"]


def test_without_voila_the_remedy_is_named(monkeypatch, capsys):
    monkeypatch.setattr(dashboards.importlib.util, "find_spec", lambda name: None)
    assert cli.main(["dashboards"]) == 1
    assert "pip install 'd2l-extras[dashboards]'" in capsys.readouterr().err
