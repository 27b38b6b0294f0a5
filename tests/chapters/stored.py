"""What each lab shows as it opens and with one control at an end: stored, to be compared.

A change that is meant is stored with `python -m tests.chapters.stored [lab ...]`; look at the
pictures (`shown/<lab>.webp`, one frame a state) and at the words beside them before you commit.
"""

import io
import json
import sys
from pathlib import Path

from PIL import Image, ImageSequence

from d2l_extras import labs
from d2l_extras.kit.palette import opened, png, small

FOLDER = Path(__file__).parent / "shown"


def states(lab):
    """Return the opening state of a lab, and those with one control at an end."""
    ends = [{c.name: value} for c in lab.controls.values() for value in c.ends]
    found = []
    for move in [{}, *ends]:
        state = {**lab.defaults(), **move}
        if state not in found:
            found.append(state)
    return found


def load(name):
    """Return the stored words and pictures of a lab, one of each for a state."""
    words = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    frames = ImageSequence.Iterator(Image.open(FOLDER / f"{name}.webp"))
    return words, [png(frame.convert("RGB")) for frame in frames]


def store(name):
    """Store what a lab shows now."""
    lab = getattr(labs, name)
    view = lab.session()
    words, frames = [], []
    for number, state in enumerate(states(lab)):
        view.set(**state)
        words.append(view.text)
        picture = opened(small(view.png))
        # equal frames would be stored as one
        picture.putpixel((0, 0), (255, 255, 255 - number % 2))
        frames.append(picture)
    buffer = io.BytesIO()
    options = dict(lossless=True, quality=100, method=4, minimize_size=True)
    frames[0].save(buffer, format="webp", save_all=True, append_images=frames[1:], **options)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.webp").write_bytes(buffer.getvalue())
    text = json.dumps(words, indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or labs:
        store(chosen)
