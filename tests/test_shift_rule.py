"""Small runs of the measurements of shifts: weeks of nothing, weeks of harmless variation, halves of a real table."""

import pytest

from benchmarks.random_halves import TABLES, one
from benchmarks.shift_rule import CALIBRATION, Moved, seen, year


def test_weeks_in_which_nothing_happens_are_silent() -> None:
    alarms = year(1, 500, (0.0, 0.0), weeks=CALIBRATION + 10)
    assert alarms["ours"] <= 1
    assert alarms["broken"] == 0
    assert alarms["distance"] > 10, "a distance alone speaks of chance"


def test_harmless_variation_is_learned_from_the_first_four_deliveries() -> None:
    alarms = year(2, 2_000, (0.1, 0.1), weeks=CALIBRATION + 8)
    assert alarms["BH"] > 40, "the variation is there"
    assert alarms["ours"] <= 3
    assert alarms["broken"] == 0


def test_a_shift_is_seen_at_once_where_it_is_large_and_mostly_where_it_is_middling() -> None:
    assert all(seen(1, 500, (0.0, 0.0), Moved(mean=1.0), 5))
    assert sum(seen(2, 5_000, (0.0, 0.0), Moved(mean=0.3), 5)) >= 4
    assert all(seen(3, 5_000, (0.0, 0.0), Moved(share=0.2), 5))


@pytest.mark.parametrize("name", ["titanic", "insurance"])
def test_two_halves_of_a_real_table_have_no_story(name: str) -> None:
    if not TABLES[name].exists():
        pytest.skip("shared data are not here")
    _, _, said = one((name, 1))
    assert [rule for rule, _ in said if rule != "shift undecidable"] == []
