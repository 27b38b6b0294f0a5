"""Settings that all tests share."""

from hypothesis import settings

# The same inputs in every run, and no clock: a slow machine is not a failure.
settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")
