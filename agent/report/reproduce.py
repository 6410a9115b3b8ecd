"""The program that computes a report's figures again, as text to lay beside the report.

Knows where the program's source lies in the package. Must never run or import it: it stands on its own.
"""

from importlib.resources import files


def reproduce_text() -> str:
    """The source of `reproduce.py`, unchanged."""
    return files(__package__ or "").joinpath("reproduce_script.py").read_text(encoding="utf-8")
