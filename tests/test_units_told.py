"""Figures of a column with a unit say of what they are, in sentences and on the axes of charts."""

import json
from pathlib import Path

import numpy as np
import pytest

import heldout


@pytest.fixture(scope="module")
def rides(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Rides whose fare goes by how long they took."""
    rng = np.random.default_rng(2)
    start = np.datetime64("2024-01-01T00:00:00") + rng.permutation(600_000)[:900].astype("timedelta64[s]")
    minutes = rng.integers(4, 60, 900)
    fares = 3 + minutes + rng.normal(0, 15, 900)
    rows = (
        f"{a},{a + np.timedelta64(int(m), 'm')},{fare:.2f}" for a, m, fare in zip(start, minutes, fares, strict=True)
    )
    folder = tmp_path_factory.mktemp("rides")
    path = Path(folder / "rides.csv")
    path.write_text("pickup,dropoff,fare\n" + "\n".join(rows) + "\n")
    report = heldout.explain(path, outcome="fare", ledger=folder / "ledgers")
    return json.loads(report.to_json())


def test_both_ends_of_a_duration_are_told_in_its_unit(rides: dict) -> None:
    said = [f["sentence"] for f in rides["findings"] if "rises with `dropoff - pickup`" in f["sentence"]]
    assert said
    assert all("minutes or more" in text and "minutes or less" in text for text in said)


def test_the_axis_of_a_duration_names_its_unit(rides: dict) -> None:
    charts = [json.dumps(f["chart"]) for f in rides["findings"] if f["chart"] and "dropoff - pickup" in f["sentence"]]
    assert charts
    assert all("dropoff - pickup (minutes)" in spec for spec in charts)
