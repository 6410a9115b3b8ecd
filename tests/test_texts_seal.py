"""The seal of a corpus: a text sent again counts once, authors stay together, a few dozen documents are divided."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import heldout
from benchmarks.corpora import WORLDS, copies, document, drift, few, sent_again, verified
from heldout.tools.data.dataset import Dataset, open_dataset
from heldout.tools.data.near_copies import find_near_copies
from heldout.tools.data.rows import Rows
from heldout.tools.data.split import SealedSplit, seal
from heldout.tools.data.texts import is_corpus
from heldout.tools.explore.dependence import upper_share
from heldout.tools.text.near import near_duplicates


def sealed(source: object, folder: Path, **options: object) -> SealedSplit:
    folder.mkdir(parents=True, exist_ok=True)
    with open_dataset(source, name="t") as data:
        return seal(data, folder, **options)  # pyright: ignore[reportArgumentType]


def sides(split: SealedSplit) -> list[Rows]:
    return [split.explore(), *(split.read(split.sealed_file, f"vault_{v.number}") for v in split.plan.vaults)]


def documents(n: int, seed: int = 1, authors: int = 0) -> list[str]:
    """Documents of unrelated words; of `authors` in turn, each with some words of their own."""
    rng = np.random.default_rng(seed)
    own = [[f"{a}{b}{i}x" for a in "kv" for b in "ou"] for i in range(max(authors, 1))]
    out = []
    for i in range(n):
        words = document(rng, rng.normal(size=4)).split(" ")
        if authors:
            words += rng.choice(own[i % authors], 4).tolist()
        out.append(" ".join(words))
    return out


def test_of_a_text_sent_again_with_its_label_one_row_is_left(tmp_path: Path) -> None:
    frame = copies(np.random.default_rng(1))
    split = sealed(frame, tmp_path)
    assert 60 <= split.plan.near_copies <= 100
    assert split.plan.rows == len(frame) - split.plan.near_copies
    texts = np.concatenate([rows.texts["text"] for rows in sides(split)])
    assert len(texts) == split.plan.rows
    assert (near_duplicates(list(texts)) >= 0).sum() <= 0.02 * len(texts)


def test_which_row_is_left_does_not_depend_on_the_order_of_the_file(tmp_path: Path) -> None:
    frame = copies(np.random.default_rng(2))
    one, other = (
        [rows.texts["text"].tolist() for rows in sides(sealed(f, tmp_path / name))]
        for name, f in (("a", frame), ("b", frame.sample(frac=1, random_state=3)))
    )
    assert one == other


def test_rows_that_say_the_same_but_differ_otherwise_stay_on_one_side(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    base = documents(300)
    texts = [t if i % 3 else sent_again(rng, t) for i, t in enumerate(np.repeat(base, 2).tolist())]
    frame = pd.DataFrame({"side": rng.choice(["x", "y"], 600), "age": rng.integers(18, 90, 600), "text": texts})
    split = sealed(frame, tmp_path)
    assert split.plan.near_copies == 0
    assert split.plan.rows == 600 - split.plan.copies
    read = sides(split)
    group = near_duplicates([t for rows in read for t in rows.texts["text"]])
    side = np.repeat(np.arange(len(read)), [rows.n for rows in read])
    several = group >= 0
    assert several.sum() > 500
    pairs = pd.DataFrame({"group": group[several], "side": side[several]}).groupby("group")["side"].nunique()
    assert set(pairs) == {1}


def test_a_table_in_which_text_is_one_column_of_many_keeps_all_of_its_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    n, kinds = 500, documents(40, 5)
    numbers = {f"measured_{i}": rng.normal(1e6, 1e5, n).round(6) for i in range(30)}
    which = rng.integers(0, 40, n)
    frame = pd.DataFrame(numbers | {"kind": [f"k{w % 4}" for w in which], "note": [kinds[w][:60] for w in which]})
    with open_dataset(frame, texts=()) as data:
        assert next(c.type for c in data.columns if c.name == "note") in ("text", "category")
        assert not is_corpus(data)
    split = sealed(frame, tmp_path)
    assert split.plan.near_copies == 0
    assert split.plan.rows == n


def test_a_plan_without_near_copies_is_written_as_it_was_before(tmp_path: Path) -> None:
    plan = sealed({"a": list(range(300)), "b": ["x", "y"] * 150}, tmp_path).plan
    assert "near_copies" not in plan.as_json()
    assert type(plan).model_validate(plan.as_json()) == plan


@pytest.mark.parametrize("name", ["author", "speaker", "thread_id", "username"])
def test_documents_of_one_author_stay_together_where_they_use_the_same_words(name: str, tmp_path: Path) -> None:
    who = [f"p{i % 60:02d}z" for i in range(600)]
    frame = pd.DataFrame(
        {name: who, "side": np.random.default_rng(6).choice(["x", "y"], 600), "text": documents(600, 7, 60)}
    )
    split = sealed(frame, tmp_path)
    assert (split.plan.kind, split.plan.key, split.plan.units) == ("entity", name, 60)
    assert "resemble each other in the words they use" in split.plan.reason
    clusters = [set(rows.cluster.tolist()) for rows in sides(split) if rows.cluster is not None]
    assert len(clusters) == 2
    assert not clusters[0] & clusters[1]


def test_authors_whose_documents_are_like_any_are_no_units(tmp_path: Path) -> None:
    frame = pd.DataFrame({"author": [f"p{i % 60:02d}z" for i in range(600)], "text": documents(600, 8)})
    assert sealed(frame, tmp_path).plan.kind == "row"


@pytest.mark.parametrize(("name", "values"), [("airline", 6), ("president", 12), ("product", 45), ("author", 20)])
def test_a_column_to_be_asked_about_is_no_unit_however_alike_its_documents(
    name: str, values: int, tmp_path: Path
) -> None:
    who = [f"p{i % values:02d}z" for i in range(600)]
    frame = pd.DataFrame({name: who, "text": documents(600, 9, values)})
    split = sealed(frame, tmp_path)
    assert split.plan.kind == "row"
    assert name in split.columns


def test_a_declared_author_is_the_unit_and_sixty_of_them_are_divided(tmp_path: Path) -> None:
    frame = pd.DataFrame({"product": [f"p{i % 60:02d}z" for i in range(600)], "text": documents(600, 9)})
    split = sealed(frame, tmp_path, entity="product")
    assert (split.plan.kind, split.plan.units, len(split.plan.vaults)) == ("entity", 60, 1)
    assert split.plan.exploration_rows > 0


@pytest.mark.parametrize(("n", "explored"), [(39, None), (40, 0.4), (120, 0.4), (199, 0.4)])
def test_from_forty_documents_on_a_part_is_explored_and_one_vault_sealed(
    n: int, explored: float | None, tmp_path: Path
) -> None:
    split = sealed(few(np.random.default_rng(n), n), tmp_path)
    if explored is None:
        assert split.plan.kind == "none"
        assert split.plan.vaults == ()
        return
    assert len(split.plan.vaults) == 1
    assert split.plan.vaults[0].weight == 1.0
    assert abs(split.plan.exploration_rows / n - explored) < 0.2
    assert "a part is explored" in split.plan.reason


def test_a_small_table_with_a_column_of_text_keeps_its_closed_list(tmp_path: Path) -> None:
    rng = np.random.default_rng(10)
    numbers = {f"measured_{i}": rng.normal(1e6, 1e5, 120).round(6) for i in range(40)}
    frame = pd.DataFrame(numbers | {"note": [t[:70] for t in documents(120)]})
    assert sealed(frame, tmp_path).plan.kind == "none"


def test_documents_of_neighbouring_years_draw_a_warning(tmp_path: Path) -> None:
    assert "documents of neighbouring years may resemble each other" in (
        sealed(drift(np.random.default_rng(1)), tmp_path / "a").plan.warning or ""
    )
    assert sealed(copies(np.random.default_rng(1)), tmp_path / "b").plan.warning is None


def test_what_is_said_of_a_text_along_years_is_a_trend() -> None:
    rng = np.random.default_rng(2)
    texts = [document(rng, np.array([0.05 * i - 1.5, 0, 0, 0]) + 0.3 * rng.normal(size=4), 60) for i in range(60)]
    report = heldout.explain({"year": list(range(1900, 1960)), "text": texts}, name="speeches")
    own = [f for f in report.findings if "year" in f.claim]
    assert own
    assert {f.family for f in own} == {"trend"}
    assert any(f.outcome == "verified" for f in own)


def _any(world: str, runs: int) -> int:
    return sum(bool(verified(world, 700 + seed)) for seed in range(runs))


def test_documents_sent_again_with_their_labels_are_verified_in_at_most_one_corpus_of_twenty() -> None:
    assert upper_share(_any("copies", 40), 40) < 0.13


def test_of_sixty_documents_that_nothing_is_related_to_nothing_is_verified() -> None:
    assert upper_share(_any("few", 40), 40) < 0.13


@pytest.mark.slow
@pytest.mark.parametrize(
    "world", [w for w in WORLDS if "permuted" not in w and w not in ("copies, as rows", "drift, a label in runs")]
)
def test_in_two_hundred_corpora_anything_is_verified_in_at_most_one_of_twenty(world: str) -> None:
    assert upper_share(_any(world, 200), 200) <= 0.05


@pytest.mark.parametrize("file", ["inaugural.jsonl", "state_union.jsonl"])
def test_sentences_of_speeches_get_shorter_over_the_years(file: str, shared: Path) -> None:
    if not (shared / "text" / file).exists():
        pytest.skip("the real corpora are not here")
    report = heldout.explain(shared / "text" / file)
    found = {f.claim: f.outcome for f in report.findings}
    assert found["The number of words per sentence in `text` falls over `year`"] == "verified"


def _opened(data: Dataset) -> int:
    data.cursor().execute("CREATE OR REPLACE VIEW kept AS SELECT * FROM data")
    found = find_near_copies(data)
    return 0 if found is None else len(found.aside)


@pytest.mark.parametrize(
    ("file", "near"),
    [("airline_tweets.csv", 387), ("movie_reviews.parquet", 8), ("inaugural.jsonl", 0), ("names.csv", 0)],
)
def test_near_copies_in_real_corpora(file: str, near: int, shared: Path) -> None:
    if not (shared / "text" / file).exists():
        pytest.skip("the real corpora are not here")
    with open_dataset(shared / "text" / file) as data:
        assert _opened(data) == near
