"""Settings that all tests share."""

import os

from hypothesis import settings

os.environ["D2L_EXTRAS_PROGRESS"] = "off"  # whoever runs the tests keeps their own

# The same inputs in every run, and no clock: a slow machine is not a failure.
settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")
