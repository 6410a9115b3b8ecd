"""The private folder of a run: made for it, gone with it, and cleared away later if the run was killed.

Knows names and process numbers. Must never know what lies in a folder.
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..tools.errors import DataError, UsageError
from ..tools.writing import is_alive

_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EROFS, errno.EFBIG)
_NAME = re.compile(r"heldout-(\d+)-\w+")


def user_folder(name: str) -> Path:
    """The folder of that name among the user's data (`HELDOUT_HOME` names another place); it may not exist yet."""
    home = os.environ.get("HELDOUT_HOME")
    if home:
        return Path(home) / name
    from platformdirs import user_data_path

    return user_data_path("heldout", appauthor=False) / name


def cache_folder(name: str) -> Path:
    """The folder of that name among what may be thrown away and made again; it may not exist yet."""
    home = os.environ.get("HELDOUT_HOME")
    if home:
        return Path(home) / "cache" / name
    from platformdirs import user_cache_path

    return user_cache_path("heldout", appauthor=False) / name


@contextmanager
def run_folder() -> Iterator[Path]:
    """A folder for the split's files, removed when the run ends, however it ends short of a kill.

    Raises:
        UsageError: if the temporary folder has no room left, or may not be written.
    """
    clear_dead()
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"heldout-{os.getpid()}-"))
        (folder / "opened").mkdir()
        yield folder
    except Exception as err:
        reason = _no_room(err)
        if reason is None:
            raise
        raise UsageError(
            f"The temporary folder '{tempfile.gettempdir()}' cannot be written ({reason}). Make room there, or name "
            "another with the environment variable `TMPDIR`, and run again: what the ledger holds stands."
        ) from err
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _no_room(err: Exception) -> str | None:
    """Why a file of the run could not be written, if that is what happened: the system says it, or the engine does."""
    if isinstance(err, DataError) and isinstance(err.__cause__, Exception):
        return _no_room(err.__cause__)  # a file that could not be copied was taken for one that cannot be read
    if isinstance(err, OSError):
        elsewhere = err.filename is not None and not str(err.filename).startswith(tempfile.gettempdir())
        return err.strerror if err.errno in _ROOM and not elsewhere else None
    told = str(err) if type(err).__module__.partition(".")[0] in ("duckdb", "_duckdb") else ""
    return next((text for text in map(os.strerror, _ROOM) if text in told), None)


def clear_dead() -> None:
    """Remove the folders of runs whose process is gone: they hold copies of the user's rows."""
    for folder in Path(tempfile.gettempdir()).glob("heldout-*-*"):
        match = _NAME.fullmatch(folder.name)
        if match and not is_alive(int(match[1])):
            shutil.rmtree(folder, ignore_errors=True)
