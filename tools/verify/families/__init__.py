"""The families of hypotheses by name: the one list that every caller looks a family up in.

Knows which families there are. Must never know what any of them computes.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import get_args

from ..hypothesis import FamilyName
from .base import Family

FAMILIES: dict[str, Family] = {
    name: import_module(f"{__name__}.{name}").FAMILY
    for name in get_args(FamilyName)
    if find_spec(f"{__name__}.{name}") is not None
}
