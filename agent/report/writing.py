"""Files that are whole or absent.

Knows paths and bytes. Must never know what a file holds.
"""

import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: bytes) -> Path:
    """`path`, written beside itself under a name of its own, then put in its place in one step.

    Raises:
        OSError: if it cannot be written; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path
