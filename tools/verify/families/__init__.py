"""The families of hypotheses by name: every file of this folder that holds a `FAMILY` is one.

Knows which families there are. Must never know what any of them computes.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import cast

from ..hypothesis import FamilyName
from .base import Family


def _found() -> dict[FamilyName, Family]:
    """The families of this folder by name, in the order of their files."""
    modules = [import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)]
    families = [cast(Family, m.FAMILY) for m in modules if hasattr(m, "FAMILY")]
    return {family.name: family for family in families}


FAMILIES: dict[FamilyName, Family] = _found()
