"""The certificate in small: where nothing is related hardly anything is verified, whoever drafts; and it can fail."""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
import drafters
from certified_worlds import World, ar1, copied, panel
from certify import certified, page
from drafters import COMMITTED, MAKES, WAYS, Drafted, Table, anything, claims_of, drafted, speaking
from nulls import nasty, permuted
from text_nulls import null

from heldout.agent.sealing import How
from heldout.tools.data.dataset import open_dataset
from heldout.tools.data.rows import Rows
from heldout.tools.data.split import seal

SMALL = {
    "heavy tails": (lambda seed: permuted(nasty("heavy tails"), seed), How(name="t")),
    "panel": (lambda seed: panel(seed, 220, 3), How(name="t", entity="customer_id")),
    "series": (lambda seed: ar1(seed, 600), How(name="t", time="day")),
    "copies": (lambda seed: copied(permuted(nasty("ties", 500), seed), seed), How(name="t")),
}


def _related(seed: int, n: int = 400) -> pd.DataFrame:
    """Everything goes with everything."""
    rng = np.random.default_rng(seed)
    core = rng.normal(size=n)
    out = {f"x{at}": (core + 0.5 * rng.normal(size=n)).round(3) for at in range(4)}
    out["kind"] = np.array(["low", "mid", "high"])[np.digitize(core, [-0.5, 0.5])]
    out["flag"] = np.where(core + 0.5 * rng.normal(size=n) > 0, "yes", "no")
    return pd.DataFrame(out)


@pytest.fixture(autouse=True)
def _a_small_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafters, "POOL", 80)


def test_where_nothing_is_related_hardly_anything_is_verified_whoever_drafts(tmp_path: Path) -> None:
    hits = 0
    for (world, (make, how)), way in product(SMALL.items(), WAYS):
        folder = tmp_path / f"{way} {world}"
        folder.mkdir()
        got = drafted(make(700), way, 7, folder, how=how)
        assert way == "rule" or got.committed == COMMITTED[way] * got.batches
        hits += bool(got.verified)
    assert hits <= binom.ppf(0.999, 12, 0.05)


@pytest.mark.parametrize("way", WAYS)
def test_where_everything_is_related_each_drafter_gets_something_verified(way: str, tmp_path: Path) -> None:
    got = drafted(_related(1), way, 1, tmp_path)
    assert len(got.verified) > 3
    assert min(got.p_values) < 1e-4


@pytest.mark.parametrize("way", ["random", "hostile"])
def test_a_drafter_opens_every_vault_once(way: str, tmp_path: Path) -> None:
    got = drafted(permuted(nasty("ties", 2_000), 3), way, 3, tmp_path)
    assert got.batches == 3
    assert (tmp_path / "l.jsonl").read_text().count('"kind":"open"') == 3


def test_the_same_seed_drafts_the_same_claims(tmp_path: Path) -> None:
    def run(name: str) -> Drafted:
        folder = tmp_path / name
        folder.mkdir()
        return drafted(permuted(nasty("ties", 400), 3), "hostile", 5, folder)

    assert run("a") == run("b")


def test_chance_draws_claims_of_every_family(tmp_path: Path) -> None:
    frame = nasty("ties").assign(day=pd.date_range("2024-01-01", periods=1_200))
    with open_dataset(frame, name="t") as data:
        rows = seal(data, tmp_path).explore()
    drawn = claims_of(Table(rows), np.random.default_rng(2), 400, anything)
    assert {h.family for h in drawn} == set(MAKES)
    assert len({h.content_id() for h in drawn}) == 400
    assert 0.1 < np.mean([bool(h.where) for h in drawn]) < 0.3


def test_of_texts_chance_speaks_of_their_form_and_words(tmp_path: Path) -> None:
    frame = null("made", "apart", 3)
    with open_dataset(frame, name="t", texts=("text",)) as data:
        rows = seal(data, tmp_path).explore()
    made = [c.name for c in speaking(rows, np.random.default_rng(1)).columns.values() if c.computed is not None]
    assert "words of text" in made
    assert any(name.startswith("text mentions") for name in made)
    assert speaking(Rows.of({"x": np.arange(3.0)}), np.random.default_rng(1)).columns.keys() == {"x"}


def _told(verified: list[str], related: tuple[int, int], error: str = "") -> dict[str, object]:
    return {
        "suite": "permuted", "world": "w", "way": "rule", "seed": 1, "error": error, "verified": verified,
        "related": related, "p": [10, 1, 0, 0],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("runs", "fine"),
    [
        ([_told([], (5, 100))] * 100, True),
        ([_told([], (5, 100))] * 95 + [_told(["{}"], (5, 100))] * 5, False),
        ([_told([], (12, 100))] * 100, False),
        ([_told([], (5, 100))] * 999 + [_told(["failed"], (5, 100), "boom")], False),
    ],
    ids=["kept", "too many verified", "the generator leaves columns related", "a run failed"],
)
def test_the_certificate_is_refused_where_it_must_be(runs: list[dict[str, object]], fine: bool) -> None:
    world = World("permuted", "w", lambda seed: pd.DataFrame())
    text, kept = page(runs, [world])
    assert kept is fine
    assert ("NOT CERTIFIED" in text) == (not certified(runs, [world])[1])
