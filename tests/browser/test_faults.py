"""What goes wrong in a browser: interrupts, restarts, two runs at once, two tabs."""

from playwright.sync_api import expect

TRAIN = "dx.labs.digits_training(epochs=20)"
FAILING = """\
def own(x):
    if x.max() > 50:
        raise ValueError("too large for me")
    return npx.softmax(x)

dx.labs.softmax(softmax=own)"""


def start(lab):
    """Press Run and wait until the training is seen to move."""
    lab.press(lab.button("Run"), "Space")
    expect(lab.button("Stop")).to_be_enabled()
    lab.wait_until("/[1-9]\\d* updates/.test(now.words) && !now.words.startsWith('Untrained')")


def test_interrupted_run_says_so_in_one_sentence_and_can_run_again(open_notebook, server):
    notebook = open_notebook(server.write("interrupt.ipynb", TRAIN)).run_all()
    (lab,) = notebook.labs
    start(lab)

    notebook.menu("Kernel", "Interrupt Kernel")

    expect(lab.button("Run")).to_be_enabled()
    assert lab.read()["error"] == (
        "✗ Interrupted (KeyboardInterrupt): move a control, or press Run to start again."
    )
    start(lab)
    assert not lab.read()["error"]
    lab.press(lab.button("Stop"), "Space")
    expect(lab.button("Run")).to_be_enabled()


def test_all_cells_run_again_after_a_restart_of_the_kernel(open_notebook, server):
    notebook = open_notebook(server.write("restart.ipynb", TRAIN)).run_all()
    start(notebook.labs[0])

    notebook.restart_kernel()
    notebook.run_all()

    (lab,) = notebook.labs
    start(lab)
    lab.press(lab.button("Stop"), "Space")
    expect(lab.button("Run")).to_be_enabled()
    for outputs in notebook.outputs():
        assert all(output["output_type"] != "error" for output in outputs)


def test_two_labs_train_at_once_and_both_end_with_their_own_picture(open_notebook, server):
    long, short = "epochs=6", "epochs=4, network='multilayer perceptron'"
    sources = [f"dx.labs.digits_training({state})" for state in (long, short)]
    notebook = open_notebook(server.write("two-labs.ipynb", *sources)).run_all()
    for lab in notebook.labs:
        lab.press(lab.button("Run"), "Space")
    for lab in notebook.labs:
        expect(lab.button("Stop")).to_be_enabled()
    for lab in notebook.labs:
        expect(lab.button("Run")).to_be_enabled(timeout=60_000)
        lab.settle()
    one, other = (lab.read() for lab in notebook.labs)
    assert one["words"].startswith("softmax regression, batch size 64")
    assert other["words"].startswith("multilayer perceptron, batch size 64")
    assert "6.00 epochs, 114 updates" in one["words"]
    assert "4.00 epochs, 76 updates" in other["words"]
    assert not one["error"] and not other["error"]


def test_slider_dragged_during_a_training_steers_it(open_notebook, server):
    notebook = open_notebook(server.write("drag.ipynb", TRAIN)).run_all()
    (lab,) = notebook.labs
    start(lab)
    rate = next(control for control in lab.controls() if "learning rate" in repr(control))

    lab.drag(rate.handle, 40)

    lab.wait_until("!now.words.includes('learning rate 0.1:') && now.words.includes(' updates')")
    expect(lab.button("Stop")).to_be_enabled()
    lab.press(lab.button("Stop"), "Space")
    expect(lab.button("Run")).to_be_enabled()
    assert not lab.read()["error"]


def test_notebook_in_two_tabs_shows_its_labs_in_both(open_notebook, server):
    name = server.write("two-tabs.ipynb", "dx.labs.softmax()")
    first = open_notebook(name).run_all()
    first.save()
    second = open_notebook(name)
    expect(second.page.locator("img.widget-image")).to_have_count(1)
    for one, other in ((first, second), (second, first)):
        (lab,), (mirror,) = one.labs, other.labs
        before = lab.read()
        lab.press(lab.controls()[0].handle, "ArrowRight")
        now = lab.wait_for_answer(before)
        mirror.wait_for_words(now["words"])
        assert mirror.picture_bytes() == lab.picture_bytes()


def test_error_of_a_lab_is_shown_in_one_sentence_and_goes_away(open_notebook, server):
    notebook = open_notebook(server.write("failing.ipynb", FAILING)).run_all()
    (lab,) = notebook.labs
    slider = lab.controls()[0].handle
    lab.press(slider, "End")
    lab.wait_until("now.words.includes('failed: ValueError in line 3 of own')")
    for theme in "JupyterLab Dark", "JupyterLab Light":
        notebook.use_theme(theme)
        assert not lab.hard_to_read()
    lab.press(slider, "Home")
    lab.wait_until("!now.error && !now.words.includes('failed')")
