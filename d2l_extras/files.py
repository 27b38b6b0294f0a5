"""Writing files so that a half-written one never stands under its final name."""

import contextlib
import os
import secrets
import stat
from pathlib import Path


def write_atomically(path: str | os.PathLike, content: str | bytes) -> Path:
    """Write bytes or text beside `path`, then rename: readers see the old file or the new one.

    A file that is there keeps its permissions, a link goes on pointing at what is written.

    Parameters
    ----------
    path : str or path-like
        Its folder must be there.
    content : str or bytes
        Text is written as UTF-8.

    Returns
    -------
    pathlib.Path
        The path as it was given.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_atomically(Path(folder) / "note.txt", "done")
    ...     path.read_text(), len(os.listdir(folder))
    ('done', 1)
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    content = content.encode("utf-8") if isinstance(content, str) else content
    # a short name of its own: that of a long file with more at its end would be too long
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)  # less the umask
    try:
        with os.fdopen(handle, "wb") as file:
            with contextlib.suppress(FileNotFoundError):
                os.chmod(beside, stat.S_IMODE(target.stat().st_mode))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException:
        os.unlink(beside)
        raise
    return path
