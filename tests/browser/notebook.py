"""What a person does with a notebook in JupyterLab: open, run, scroll, move a control, press."""

import ast

import nbformat
from playwright.sync_api import expect

LAB = ".widget-vbox:has(> img.widget-image)"

# What a lab shows: the picture, its text alternative, the words below it, the error if any.
READ = """box => {
    const image = box.querySelector(":scope > img.widget-image");
    const said = role => box.querySelector(`:scope > .widget-html [role=${role}]`)?.textContent;
    return {
        picture: image.src, alternative: image.title,
        words: said("status") ?? "", error: said("alert") ?? "",
    };
}"""

# The contrast of every piece of text in a lab with what lies behind it, by WCAG 2.2.
CONTRASTS = """box => {
    const parse = color => {
        const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number);
        return [r, g, b, a];
    };
    const over = ([r, g, b, a], back) => [r, g, b].map((c, i) => c * a + back[i] * (1 - a));
    const behind = node => {
        const layers = [];
        for (let at = node; at; at = at.parentElement) {
            layers.push(parse(getComputedStyle(at).backgroundColor));
            if (layers.at(-1)[3] === 1) break;
        }
        return layers.reverse().reduce((back, layer) => over(layer, back), [255, 255, 255]);
    };
    const luminance = color => color
        .map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const found = [];
    for (const node of box.querySelectorAll("*")) {
        const text = node.value || [...node.childNodes]
            .filter(child => child.nodeType === Node.TEXT_NODE)
            .map(child => child.data.replace("\\u200b", "").trim()).join("");
        if (!text || !node.checkVisibility() || node.disabled) continue;
        const back = behind(node);
        const front = over(parse(getComputedStyle(node).color), back);
        const [dark, light] = [luminance(front), luminance(back)].sort((a, b) => a - b);
        found.push([text, (light + 0.05) / (dark + 0.05)]);
    }
    return found;
}"""


def stored_labs(path):
    """Return the number of each cell that opens a lab, with the words stored below its picture."""
    found = {}
    for number, cell in enumerate(nbformat.read(path, 4).cells):
        for output in cell.get("outputs", []):
            if "d2l-extras-words" in output.get("data", {}).get("text/html", ""):
                found[number] = output.data["text/plain"]
    return found


class Notebook:
    """One notebook in one page of the browser.

    It is handled as a person does, by menus and keys. JupyterLab's own objects, which the server
    exposes as `jupyterapp`, are only asked: is it done, what are the outputs?
    """

    def __init__(self, page, server):
        self.page, self.server = page, server
        self.messages = []
        page.on("console", lambda m: m.type == "error" and self.messages.append(m.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))

    def open(self, name, kernel=True):
        self.page.goto(self.server.url(f"lab/tree/{name}") + "&reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.ask("await panel.context.ready")
        if kernel:
            self.wait_for("panel.sessionContext.session?.kernel?.status === 'idle'", 60)
        return self

    def reload(self):
        self.page.reload()
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.ask("await panel.context.ready")

    def restart_kernel(self):
        self.menu("Kernel", "Restart Kernel…")
        self.page.get_by_role("dialog").get_by_text("Restart", exact=True).click()
        self.wait_for("panel.sessionContext.session?.kernel?.status === 'restarting'")
        self.wait_for("panel.sessionContext.session?.kernel?.status === 'idle'", 60)

    def save(self):
        self.page.keyboard.press("Control+s")
        self.wait_for("!panel.context.model.dirty")

    def close(self):
        """Shut the kernels down and close the page with all its tabs."""
        self.ask("await jupyterapp.serviceManager.sessions.shutdownAll()")
        self.page.context.close()

    # --- JupyterLab

    def ask(self, code, argument=None):
        """Return what JavaScript says about the open notebook, `panel`."""
        return self.page.evaluate(
            f"async argument => {{ const panel = jupyterapp.shell.currentWidget; {code} }}",
            argument,
        )

    def wait_for(self, condition, seconds=20):
        panel = "const panel = jupyterapp.shell.currentWidget;"
        self.page.wait_for_function(
            f"() => {{ {panel} return {condition} }}", timeout=seconds * 1e3
        )

    def menu(self, *names):
        for name in names:
            self.page.locator(".lm-MenuBar-itemLabel, .lm-Menu-itemLabel").get_by_text(
                name, exact=True
            ).click()

    def run_all(self, seconds=180):
        """Run → Run All Cells, until the last cell is done."""
        self.ask("""
            window.ran = false;
            const watch = (_, command) => {
                if (command.id !== "notebook:run-all-cells") return;
                jupyterapp.commands.commandExecuted.disconnect(watch);
                command.result.then(() => { window.ran = true; });
            };
            jupyterapp.commands.commandExecuted.connect(watch);
        """)
        self.menu("Run", "Run All Cells")
        self.wait_for(
            "window.ran && panel.sessionContext.session?.kernel?.status === 'idle'", seconds
        )
        return self

    def run_in_kernel(self, expression):
        """Return the value of a Python expression in the notebook's kernel."""
        answer = self.ask(
            """
            const kernel = panel.sessionContext.session.kernel;
            const content = { code: "", user_expressions: { value: argument } };
            return (await kernel.requestExecute(content).done).content.user_expressions.value;
            """,
            expression,
        )
        assert answer["status"] == "ok", answer
        return ast.literal_eval(answer["data"]["text/plain"])

    def use_theme(self, name):
        self.ask(
            "await jupyterapp.commands.execute('apputils:change-theme', {theme: argument})", name
        )
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)

    # --- cells

    def cell(self, number):
        return self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{number}']")

    def run_cell(self, number):
        """Click into a cell, press Shift+Enter, wait until it is done."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        self.wait_for(
            f"panel.model.cells.get({number}).executionState === 'idle'"
            f" && panel.model.cells.get({number}).executionCount"
        )

    def write_and_run(self, number, source):
        """Replace what stands in a cell, as by typing, and run it."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        self.run_cell(number)

    def pictures_shown(self, number):
        """Return how many pictures the output of a cell shows, fully loaded."""
        return (
            self.cell(number)
            .locator(".jp-OutputArea img")
            .evaluate_all(
                "images => images.filter(image => image.complete && image.naturalWidth).length"
            )
        )

    def stored_labs_not_shown(self, path):
        """Return the cells of `path` whose stored picture and words the page does not show."""
        texts = self.scroll_through()
        return [
            number
            for number, words in stored_labs(path).items()
            if words not in texts[number] or self.pictures_shown(number) != 1
        ]

    def outputs(self):
        """Return the outputs of all cells, as the notebook holds them, one list for each cell."""
        return self.ask("return panel.model.toJSON().cells.map(cell => cell.outputs ?? [])")

    def scroll_through(self):
        """Bring every cell into view; return the text of each cell's output as it is shown."""
        return self.ask("""
            const frame = () => new Promise(requestAnimationFrame);
            const texts = [];
            for (const [number, cell] of panel.content.widgets.entries()) {
                await panel.content.scrollToItem(number);
                await frame();
                texts.push(cell.node.querySelector(".jp-OutputArea")?.textContent ?? "");
            }
            return texts;
        """)

    @property
    def labs(self):
        boxes = self.page.locator(f".jp-OutputArea {LAB}")
        return [Lab(self, boxes.nth(number)) for number in range(boxes.count())]


class Lab:
    """One lab in a notebook."""

    def __init__(self, notebook, box):
        self.notebook, self.page, self.box = notebook, notebook.page, box
        self.title = box.locator("strong").first.text_content()

    def __repr__(self):
        return self.title

    def controls(self):
        """Return every slider, choice and check box of the lab."""
        found = {
            Slider: "[role=slider]",
            Toggle: ".widget-gridbox > .widget-toggle-buttons button",
            Checkbox: "input[type=checkbox]",
            Step: ".widget-gridbox .widget-button",
        }
        return [kind(one) for kind, path in found.items() for one in self.box.locator(path).all()]

    def helpers(self):
        """Return the buttons that choose what another button of a control of several parts does."""
        return self.box.locator(".widget-vbox .widget-toggle-buttons button").all()

    def button(self, name):
        return self.box.get_by_role("button", name=name, exact=True)

    def show(self):
        self.box.scroll_into_view_if_needed()

    def read(self):
        """Return what the lab shows: picture, alternative, words and error."""
        return self.box.evaluate(READ)

    def wait_until(self, condition, argument=None, seconds=20):
        """Wait until a JavaScript condition on what the lab shows, `now`, holds; return that."""
        return self.page.wait_for_function(
            f"""([box, argument]) => {{
                const now = ({READ})(box);
                return ({condition}) && now;
            }}""",
            arg=[self.box.element_handle(), argument],
            timeout=seconds * 1000,
        ).json_value()

    def press(self, control, key):
        """Press a key on a control, as one does without a mouse."""
        control.focus()
        self.page.keyboard.press(key)

    def answer(self, control, key):
        """Press a key on a control; return what changed of "picture" and "words"."""
        before = self.read()
        self.press(control, key)
        self.settle()
        if self.read() == before:  # nothing, or nothing yet
            self.settle()
        now = self.read()
        assert not now["error"], (self, control, key, now["error"])
        return {what for what in ("picture", "words") if now[what] != before[what]}

    def wait_for_answer(self, before, seconds=20):
        """Wait until picture and words are other ones than before and belong together."""
        return self.wait_until(
            """now.error || (now.picture !== argument.picture && now.words !== argument.words
                             && now.alternative === now.words)""",
            before,
            seconds,
        )

    def wait_for_words(self, words):
        return self.wait_until("now.words === argument && now.alternative === argument", words)

    def drag(self, handle, distance):
        """Drag a slider with the mouse by some pixels, in many small moves."""
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + distance, y, steps=20)
        self.page.mouse.up()

    def settle(self):
        """Wait until kernel and browser have said all they had to say to each other.

        What the kernel sends before its answer to a question is here when the answer is. Three
        questions: controls come to the kernel by a way of their own, in another thread.
        """
        for _ in range(3):
            self.notebook.run_in_kernel("0")
        self.wait_until("now.error || now.alternative === now.words")

    def hard_to_read(self):
        """Return the texts whose contrast is below 4.5, the least that WCAG allows."""
        contrasts = self.box.evaluate(CONTRASTS)
        assert contrasts
        return [(text, round(ratio, 2)) for text, ratio in contrasts if ratio < 4.5]

    def picture_bytes(self):
        """Return the picture as a hash: two pictures are the same if theirs are."""
        return self.box.evaluate("""async box => {
            const source = box.querySelector("img.widget-image").src;
            const bytes = await (await fetch(source)).arrayBuffer();
            return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].join(" ");
        }""")

    def reset(self, opened=None):
        """Press Reset, and wait for the words it has to bring; return words and picture."""
        self.press(self.button("Reset"), "Space")
        self.settle()
        if opened is not None:
            self.wait_for_words(opened[0])
        return self.read()["words"], self.picture_bytes()

    @property
    def call_shown(self):
        return self.box.get_by_role("textbox", name="state", exact=True)

    def copied_call(self):
        self.press(self.button("Copy state"), "Space")
        expect(self.call_shown).to_be_visible()
        return self.call_shown.input_value()

    def focusable(self):
        """Return everything in the lab that the Tab key reaches."""
        every = self.box.locator("[role=slider], button:enabled, input, [contenteditable=true]")
        return [each for each in every.all() if each.is_visible()]

    def looks_different_with_focus(self, control):
        """Say whether a control looks another way once it has the focus by keyboard."""
        self.page.keyboard.press("Shift")  # from now on the browser takes us for keyboard users
        return control.evaluate("""control => {
            const look = () => {
                const style = getComputedStyle(control);
                return [style.outline, style.boxShadow, style.border, style.backgroundColor].join();
            };
            control.blur();
            const before = look();
            control.focus();
            return look() !== before;
        }""")

    def corner_of_picture(self):
        """Return red, green, blue and opacity of the first pixel of the picture."""
        return self.box.evaluate("""box => {
            const canvas = document.createElement("canvas").getContext("2d");
            canvas.drawImage(box.querySelector("img.widget-image"), 0, 0);
            return [...canvas.getImageData(0, 0, 1, 1).data];
        }""")


class Slider:
    """A slider of a lab; its moves are the keys that bring it to both ends."""

    def __init__(self, handle):
        self.handle = handle

    def __repr__(self):
        return self.handle.get_attribute("aria-label")

    def moves(self):
        for key, end in ("End", "max"), ("Home", "min"), ("End", "max"):
            limit = self.handle.get_attribute(f"aria-value{end}")
            if self.handle.get_attribute("aria-valuenow") != limit:  # else it cannot move
                yield key
                expect(self.handle).to_have_attribute("aria-valuenow", limit)


class Toggle:
    """One of the buttons of a choice."""

    def __init__(self, handle):
        self.handle = handle

    def __repr__(self):
        return self.handle.text_content()

    def moves(self):
        if self.handle.get_attribute("aria-pressed") == "false":
            yield "Space"
            expect(self.handle).to_have_attribute("aria-pressed", "true")


class Step(Toggle):
    """A button that moves a control on by one step, where there is one."""

    def moves(self):
        if self.handle.is_enabled():
            yield "Space"


class Checkbox(Toggle):
    """A check box of a lab."""

    def __repr__(self):
        return self.handle.locator("xpath=..").text_content()

    def moves(self):
        for _ in range(2):
            yield "Space"
