"""A summary below the tables of pytest-benchmark: who is how many times as fast as whom."""

RESULTS = {}  # group -> {who: (speed, the speed in words)}
EXPECTED = {
    "first cell of a chapter, in a new kernel": 2,
    "training, softmax regression": 14,
    "training, mlp": 6,
    "training, conv net": 1.1,
    "slider change to new PNG, in the kernel": 5,
    "key press to new picture, in JupyterLab": 3,
}


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("ours beside theirs, medians of this run")
    for group, results in RESULTS.items():
        if len(results) < 2:
            [(who, (_, words))] = results.items()
            terminalreporter.write_line(f"{group}: {who} {words}")
            continue
        (ours, our_words), (theirs, their_words) = results.values()
        names = " against ".join(
            f"{who} {words}" for who, words in zip(results, (our_words, their_words), strict=True)
        )
        terminalreporter.write_line(
            f"{group}: {names}: {ours / theirs:.1f} times as fast (expected {EXPECTED[group]})"
        )
