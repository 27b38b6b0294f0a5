"""Writing files so that a half-written one never stands under its final name."""

import os
import tempfile
from pathlib import Path


def write_atomically(path, content):
    """Write bytes or text beside `path`, then rename: readers see the old file or the new one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_atomically(Path(folder) / "note.txt", "done")
    ...     path.read_text(), len(os.listdir(folder))
    ('done', 1)
    """
    path = Path(path)
    content = content.encode("utf-8") if isinstance(content, str) else content
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    return path
