"""Slides in a real browser, with the network off: all of them fit, and all mathematics is drawn."""

import pytest

from d2l_extras.publishing import copies, slides

CHAPTERS = {path.stem: path for path in copies.chapters()}
LOOK = """() => {
  const slide = Reveal.getCurrentSlide();
  const shown = [...slide.querySelectorAll("*")].filter(
    (part) => part.offsetWidth && !part.closest("aside, .katex"));
  const boxes = shown.map((part) => part.getBoundingClientRect());
  return {
    right: Math.max(0, ...boxes.map((box) => box.right)),
    bottom: Math.max(0, ...boxes.map((box) => box.bottom)),
    small: Math.min(1, ...[...slide.children].map((part) => +part.style.zoom || 1)),
    dollars: slide.querySelectorAll(".katex-error").length,
    last: Reveal.isLastSlide(),
  };
}"""


@pytest.mark.parametrize("path", CHAPTERS.values(), ids=CHAPTERS)
def test_no_slide_is_cut_off_and_nothing_comes_from_the_network(path, browser, tmp_path):
    deck = tmp_path / "slides.html"
    count = slides.write(path, deck)
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: trouble.append(request.url))
    page.goto(deck.as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    seen = [page.evaluate(LOOK)]
    while not seen[-1]["last"]:
        page.evaluate("Reveal.next()")
        seen.append(page.evaluate(LOOK))
    context.close()
    asked = [text for text in trouble if not text.startswith(("data:", deck.as_uri()))]
    assert (len(seen), asked) == (count, [])
    for number, slide in enumerate(seen, start=1):
        assert slide["right"] <= 1280 and slide["bottom"] <= 720, (number, slide)
        assert slide["small"] >= 0.7, (number, slide)
        assert slide["dollars"] == 0, (number, slide)
