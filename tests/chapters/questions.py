"""What the tests of the chapters' questions share."""


def only(**statements):
    """Return the letter of the one statement that is true."""
    (letter,) = [letter for letter, true in statements.items() if true]
    return letter
