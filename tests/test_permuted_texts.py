"""Where the other columns were permuted no property of a text goes with them, and none may be verified but by chance.

A dozen runs on made documents; the 200 on real corpora are `benchmarks/permuted_texts.py`.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

import heldout

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
import text_nulls
from permuted_texts import NULLS, done, drafted_jobs, hit, one, stated_jobs
from text_literature import CLAIMS, against_the_data
from text_nulls import across, null, present, sample


def test_a_dozen_corpora_with_permuted_columns_hardly_ever_verify_anything_on_a_text():
    runs = [one((world, "made", seed, None)) for world in ("together", "apart", "copies") for seed in range(4)]
    assert not [r["error"] for r in runs if r["error"]]
    assert sum(map(hit, runs)) <= binom.ppf(0.9999, len(runs), 0.05)


@pytest.fixture(scope="module")
def as_they_are():
    return one(("real", "made", 0, None))


def test_the_same_documents_as_they_are_verify_claims_on_the_text(as_they_are):
    assert as_they_are["verified"] >= 2


def test_what_was_drafted_on_real_columns_is_not_verified_on_permuted_ones(as_they_are):
    runs = [one(job) for job in stated_jobs([as_they_are], ["made"], 4, 0)]
    assert all(r["about"] >= 3 and not r["error"] for r in runs)
    assert sum(map(hit, runs)) <= binom.ppf(0.9999, len(runs), 0.05)


def test_a_word_that_leaks_the_label_is_found():
    assert one(("planted", "made", 0, None))["leaked"]


def test_a_run_that_fails_counts_as_a_hit(monkeypatch):
    monkeypatch.setitem(text_nulls.CORPORA, "broken", text_nulls.MADE)
    monkeypatch.setattr("permuted_texts.null", lambda *_: sample("made", 0)[["text"]].iloc[:0])
    assert hit(one(("together", "broken", 0, None)))


def test_columns_dealt_out_together_keep_their_rows_and_the_documents_theirs():
    before, after = sample("made", 3), null("made", "together", 3)
    assert (after["text"] == before["text"]).all()
    rest = ["label", "place", "score"]
    assert sorted(map(tuple, after[rest].to_numpy())) == sorted(map(tuple, before[rest].to_numpy()))
    assert not (after["score"] == before["score"]).all()


def test_columns_dealt_out_apart_keep_their_values_and_lose_each_other():
    before, after = sample("made", 3), null("made", "apart", 3)
    assert all(sorted(after[c]) == sorted(before[c]) for c in before.columns)
    agree = [np.mean((f["label"] == "red") == (f["place"] == "north")) for f in (before, after)]
    assert agree[0] > 0.8
    assert agree[1] < 0.62


def test_a_quarter_of_the_documents_are_sent_again_with_the_label_of_the_first():
    frame = null("made", "copies", 3)
    again = frame["text"].str.startswith("RT @")
    assert again.mean() == 0.25
    label = frame[~again].set_index("score")["label"]
    assert (frame[again]["label"].to_numpy() == label[frame[again]["score"]].to_numpy()).all()


def test_a_claim_between_other_columns_does_not_count_and_one_on_a_text_does(tmp_path):
    stated = ["label=red more often for place=north", "opinion of text higher for label=red",
              "words of text increases with characters of text"]  # fmt: skip
    report = heldout.verify(sample("made", 0), stated, ledger=tmp_path / "l")
    assert [f.hypothesis["family"] for f in across(report.findings)] == ["group_difference"]


def test_runs_that_were_done_are_not_done_again(tmp_path, monkeypatch):
    keep = tmp_path / "runs.jsonl"
    jobs = [("together", "made", 7, None)]
    first = done(iter(jobs), keep, 1)
    monkeypatch.setattr("permuted_texts.one", None)
    assert done(iter(jobs), keep, 1) == first
    assert len(keep.read_text().splitlines()) == 1


def test_the_benchmark_runs_two_hundred_on_four_corpora_and_more():
    jobs = [j for j in drafted_jobs(["airline_tweets", "sms_spam", "deceptive_reviews", "headline_pairs"], 27, 1)]
    assert sum(world in NULLS for world, *_ in jobs) >= 200
    assert len(set(map(str, jobs))) == len(jobs)


@pytest.mark.skipif("headline_pairs" not in present(), reason="the shared data are absent")
def test_what_the_literature_says_of_questions_in_headlines_is_not_verified():
    told = one(("literature", "headline_pairs", 1, [claim for claim, _ in CLAIMS["headline_pairs"]]))
    for (claim, _), outcome in zip(CLAIMS["headline_pairs"], told["outcomes"], strict=True):
        if against_the_data("headline_pairs", claim)[0]:
            assert outcome in ("refuted", "inconclusive")


@pytest.mark.slow
@pytest.mark.parametrize("name", list(text_nulls.CORPORA))
def test_forty_permutations_of_every_corpus_hold_the_promise(name):
    if name not in present():
        pytest.skip(f"{name} lies in the shared data, which are absent")
    runs = [one((world, name, 1_000 + seed, None)) for seed in range(10) for world in ("together", "apart", "copies")]
    real = [one(("real", name, 1_000, None))]
    runs += [one(job) for job in stated_jobs(real, [name], 10, 1_000)]
    assert sum(map(hit, runs)) <= binom.ppf(0.999, len(runs), 0.05)
