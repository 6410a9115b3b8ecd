"""Files that are whole or absent.

Knows paths, bytes and process numbers. Must never know what a file holds.
"""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

_PART = re.compile(r"\.(?P<name>.+)\.(?P<process>\d+)-[0-9a-f]{12}")


def write_whole(path: Path, content: bytes) -> Path:
    """`path`, written beside itself under a name of its own, then put in its place in one step.

    What writers of this file left beside it when they were killed is removed: nobody is left to finish it.

    Raises:
        OSError: if it cannot be written; nothing is left behind.
    """
    return write_together({path: content})[0]


def write_together(contents: Mapping[Path, bytes]) -> tuple[Path, ...]:
    """The files, in their order, as `write_whole` writes one: none takes its place before all of them are on the disk.

    So a disk that fills up leaves what was there before, whole, and no part of a report.

    Raises:
        OSError: if one cannot be written; nothing is left behind.
    """
    parts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            for left in _left_by_dead(path):
                left.unlink(missing_ok=True)
            part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(6)}")
            parts[part] = path
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for part, path in parts.items():
            os.replace(part, path)
    except BaseException:
        for part in parts:
            part.unlink(missing_ok=True)
        raise
    return tuple(contents)


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
