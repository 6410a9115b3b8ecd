"""Small tables, and what a family measures, refuses and draws on them: for tests of the edges of families."""

from typing import Any

import numpy as np

from heldout.tools.data.rows import Rows
from heldout.tools.verify.evidence import Evidence, Picture
from heldout.tools.verify.families import FAMILIES
from heldout.tools.verify.hypothesis import parse

SIDES = {"a": ["l"], "b": ["r"]}
START = np.datetime64("2020-01-01")
TIED = np.arange(200) // 5
"""Forty units of five rows each."""


def measured(family: str, rows: Rows, split: str = "held_out", **fields: Any) -> Evidence:
    h = parse({"family": family, "outcome": "y", "predictor": "x", "direction": "higher"} | fields)
    return FAMILIES[family].evaluate(h, rows, split=split, draws=99)


def refused(family: str, rows: Rows, **fields: Any) -> str | None:
    return measured(family, rows, **fields).untestable


def pictured(family: str, rows: Rows, **fields: Any) -> Picture:
    h = parse({"family": family, "outcome": "y", "predictor": "x", "direction": "higher"} | fields)
    return FAMILIES[family].picture(h, rows)


def noise(n: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=n)


def sided(n: int = 200, **more: np.ndarray) -> dict[str, np.ndarray]:
    """`x` is l and r in turn."""
    return {"x": np.resize(["l", "r"], n), "y": noise(n)} | more
