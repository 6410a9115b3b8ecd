"""The public names: few, sorted, importable, and nothing else."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

import heldout

ROOT = Path(__file__).resolve().parents[1]


def test_the_public_names_are_sorted_and_complete() -> None:
    assert heldout.__all__ == sorted(heldout.__all__)
    assert set(heldout.__all__) == {*heldout._EXPORTS, "__version__"}
    assert dir(heldout) == heldout.__all__


@pytest.mark.parametrize("name", heldout.__all__)
def test_every_public_name_can_be_imported_and_says_what_it_is(name: str) -> None:
    value = getattr(heldout, name)
    assert isinstance(value, str) or inspect.getdoc(value)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError) as err:
        heldout.explian  # noqa: B018
    assert str(err.value) == "module 'heldout' has no attribute 'explian'"


def test_a_star_import_brings_the_public_names_and_no_more() -> None:
    space: dict[str, object] = {}
    exec("from heldout import *", space)
    assert set(space) - {"__builtins__"} == set(heldout.__all__)


def test_the_public_names_are_the_objects_that_the_modules_hold() -> None:
    for name, module in heldout._EXPORTS.items():
        assert getattr(heldout, name) is getattr(importlib.import_module(module), name)


def test_the_version_is_the_one_of_the_package() -> None:
    stated = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert stated is not None
    assert heldout.__version__ == stated[1]


@pytest.mark.parametrize("function", ["explain", "selftest", "verify"])
def test_every_public_parameter_is_described(function: str) -> None:
    public = getattr(heldout, function)
    text = inspect.getdoc(public) or ""
    for name in inspect.signature(public).parameters:
        assert re.search(rf"^\s+{name}: \S", text, re.MULTILINE), name
