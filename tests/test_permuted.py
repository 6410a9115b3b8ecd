"""In tables whose columns were shuffled one by one nothing may be verified but by chance; the whole is benchmarked."""

import sys
from pathlib import Path

import pytest
from scipy.stats import binom

import heldout

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
from nulls import NASTY, REAL, permuted, source

from heldout.tools.explore.dependence import dependent_share


def _verified(name: str, seed: int, folder: Path) -> bool:
    table = source(name)
    assert table is not None
    report = heldout.explain(permuted(table, seed), name=name, ledger=folder / f"{seed}.jsonl", threads=1)
    return bool(report.verified)


@pytest.mark.parametrize("name", ["affairs", *NASTY])
def test_shuffled_columns_are_hardly_ever_found_related(name, tmp_path):
    runs = 5
    hits = sum(_verified(name, seed, tmp_path) for seed in range(runs))
    assert hits <= binom.ppf(0.9999, runs, 0.05)


def test_the_shuffle_removes_every_pairwise_dependence():
    hits = tried = 0
    for name in ("affairs", *NASTY):
        table = source(name)
        assert table is not None
        for seed in range(8):
            dependent, pairs = dependent_share(permuted(table, 100 + seed))
            hits, tried = hits + dependent, tried + pairs
    assert binom.ppf(1e-4, tried, 0.05) <= hits <= binom.ppf(1 - 1e-4, tried, 0.05) * 1.05


def test_the_check_of_the_shuffle_sees_dependence_where_there_is_some():
    table = source("affairs")
    assert table is not None
    hits, tried = dependent_share(table)
    assert hits > 0.6 * tried


@pytest.mark.slow
@pytest.mark.parametrize("name", [*REAL, *NASTY])
def test_forty_shuffles_of_every_table_hold_the_promise(name, tmp_path):
    if source(name) is None:
        pytest.skip(f"{name} lies in the shared data, which are absent")
    hits = sum(_verified(name, 1_000 + seed, tmp_path) for seed in range(40))
    assert hits <= binom.ppf(0.999, 40, 0.05)
