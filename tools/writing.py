"""Files that are whole or absent.

Knows paths, bytes and process numbers. Must never know what a file holds.
"""

import os
import re
import secrets
from pathlib import Path

_PART = re.compile(r"\.(?P<name>.+)\.(?P<process>\d+)-[0-9a-f]{12}")


def write_whole(path: Path, content: bytes) -> Path:
    """`path`, written beside itself under a name of its own, then put in its place in one step.

    What writers of this file left beside it when they were killed is removed: nobody is left to finish it.

    Raises:
        OSError: if it cannot be written; nothing is left behind.
    """
    for left in _left_by_dead(path):
        left.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(6)}")
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


def is_alive(process: int) -> bool:
    """Whether a process of this number runs; True where the system cannot be asked without harm."""
    if os.name != "posix":
        return True  # signal 0 would end a process elsewhere
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _left_by_dead(path: Path) -> list[Path]:
    """The unfinished copies of `path` whose writers are gone."""
    out = []
    for name in os.listdir(path.parent):
        match = _PART.fullmatch(name)
        if match and match["name"] == path.name and not is_alive(int(match["process"])):
            out.append(path.with_name(name))
    return out
