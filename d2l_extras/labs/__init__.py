"""The labs of the course, one module each: `labs.softmax(temperature=2.0)` opens one."""

from .softmax import lab as softmax

__all__ = ["softmax"]
