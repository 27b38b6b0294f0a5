"""The tests, in the order of the package; processes that they start import parts of them, too."""

import d2l_extras  # noqa: F401  (before MXNet: see d2l_extras.compat)
