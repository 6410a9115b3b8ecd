"""The private folder of a run: made for it, gone with it, and cleared away later if the run was killed.

Knows names and process numbers. Must never know what lies in a folder.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..tools.writing import is_alive

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
    """A folder for the split's files, removed when the run ends, however it ends short of a kill."""
    clear_dead()
    folder = Path(tempfile.mkdtemp(prefix=f"heldout-{os.getpid()}-"))
    try:
        (folder / "opened").mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_dead() -> None:
    """Remove the folders of runs whose process is gone: they hold copies of the user's rows."""
    for folder in Path(tempfile.gettempdir()).glob("heldout-*-*"):
        match = _NAME.fullmatch(folder.name)
        if match and not is_alive(int(match[1])):
            shutil.rmtree(folder, ignore_errors=True)

