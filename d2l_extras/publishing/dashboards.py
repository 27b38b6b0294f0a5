"""Each lab alone on a page, for class: `d2l-extras dashboards` serves them with Voila.

A link carries the state: `.../softmax.ipynb?temperature=2.0` opens the lab there, and the link
below each lab is that of its present state.
"""

import html
import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import ipywidgets as widgets
import nbformat
from IPython.display import display

from ..chapters import labs

LARGE = """<style>
.widget-image { width: 100% !important; height: calc(100vh - 21em) !important; min-height: 20em;
                object-position: left top; }
.widget-vbox { max-width: 100% !important; }
</style>"""


def state(lab, query):
    """Return the state that a link's query names.

    Parameters
    ----------
    lab : Lab
    query : str
        What stands behind the question mark: "temperature=2.0&size=3". Controls that it does not
        name stay as they are when the lab opens; `token` is for the server.

    Raises
    ------
    TypeError, ValueError
        For an unknown control or a value out of its range.

    Examples
    --------
    >>> state(labs.dropout, "p=0.3")["p"]
    0.3
    """
    named = dict(parse_qsl(query, keep_blank_values=True))
    named.pop("token", None)
    return lab.check({name: _value(lab.controls.get(name), text) for name, text in named.items()})


def _value(control, text):
    """Return the text, or the number or truth value it stands for."""
    if text in getattr(control, "options", ()):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def link(values):
    """Return the query that opens a lab with these values.

    Examples
    --------
    >>> link({"p": 0.3, "twice": True})
    '?p=0.3&twice=true'
    """
    words = {n: v if isinstance(v, str) else json.dumps(v) for n, v in values.items()}
    return "?" + urlencode(words)


def show(name):
    """Display a lab in the state that the page's address names; say so where that is wrong."""
    lab, problem = getattr(labs, name), ""
    try:
        view = lab(**state(lab, os.environ.get("QUERY_STRING", "")))
    except (TypeError, ValueError) as error:
        view = lab()
        said = f"This link names no state of the lab, which is shown as it opens: {error}"
        problem = f'<div role="alert">{html.escape(said)}</div>'
    below = widgets.HTML()

    def refresh(_=None):
        below.value = f'<a href="{html.escape(link(view.values))}">Link to this state</a>'

    for widget in view.widgets.values():
        widget.observe(refresh, "value")
    refresh()
    display(widgets.VBox([widgets.HTML(LARGE + problem), view.widget, below]))


def write(folder):
    """Write a notebook for each lab into a folder."""
    for name in labs:
        source = f"from d2l_extras.publishing import dashboards\n\ndashboards.show({name!r})"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        notebook.metadata.kernelspec = {"display_name": "Python 3", "name": "python3"}
        nbformat.write(notebook, Path(folder) / f"{name}.ipynb")


def serve(options=()):
    """Replace this process by Voila, which serves the labs to this machine, with a token.

    Parameters
    ----------
    options : sequence of str
        Handed on to Voila: "--no-browser", "--port=8866".

    Raises
    ------
    ImportError
        If Voila is not installed.
    """
    if importlib.util.find_spec("voila") is None:
        raise ImportError("dashboards need Voila: run `pip install 'd2l-extras[dashboards]'`")
    folder = tempfile.mkdtemp(prefix="d2l-extras-labs-")
    write(folder)
    server = [sys.executable, "-m", "voila", folder, "--token", "--Voila.ip=localhost"]
    os.execv(sys.executable, [*server, *options])
