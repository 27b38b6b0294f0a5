"""Colors and small matplotlib habits that all labs share.

The palette is Okabe and Ito's (2008), which stays distinct under the common color blindnesses;
no lab says anything by color alone: each color comes with a label, a marker or a line style.
"""

BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
PINK, SKY, YELLOW, GRAY = "#CC79A7", "#56B4E9", "#E69F00", "#666666"


def banner(axes):
    """Return a hidden red note in the middle of `axes`, to be shown when something is broken."""
    return axes.text(
        0.5, 0.5, "", transform=axes.transAxes, ha="center", va="center", visible=False,
        animated=True, zorder=10, color="white", fontsize=11,
        bbox=dict(facecolor="#b00020", edgecolor="none", boxstyle="round,pad=0.5"),
    )  # fmt: skip


def set_banner(note, message):
    """Show `message` in a banner, or hide the banner if the message is empty."""
    note.set_text(message)
    note.set_visible(bool(message))
