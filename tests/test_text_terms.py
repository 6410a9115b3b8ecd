"""Terms that tell documents apart: counted once a document, drawn together by the prior, merged into short lists."""

import math

import numpy as np
import pytest

from heldout.tools.explore.text_merge import Neighbours, families_of, nearness, spelt, stem_of
from heldout.tools.explore.text_ranks import midranks
from heldout.tools.explore.text_rates import Rates, rated
from heldout.tools.explore.text_terms import Corpus, Sides, log_odds, predicates_of
from heldout.tools.text.measures import measured, measured_all
from heldout.tools.text.naming import FORMS
from heldout.tools.text.presence import presence
from heldout.tools.text.words import words_of


def _one(a, b, size_a=200, size_b=200):
    return float(log_odds(np.array([float(a)]), np.array([float(b)]), size_a, size_b)[0])


def test_log_odds_are_those_of_the_published_formula_on_documents():
    # Monroe, Colaresi and Quinn (2008), equations 16 and 22, with documents for counts; worked out by hand.
    prior = 20.0  # 5 % of 400 documents
    own = prior * 50 / 400
    odds_a = (40 + own) / (200 + prior - 40 - own)
    odds_b = (10 + own) / (200 + prior - 10 - own)
    variance = sum(1 / x for x in (40 + own, 10 + own, 200 + prior - 40 - own, 200 + prior - 10 - own))
    assert _one(40, 10) == pytest.approx((math.log(odds_a) - math.log(odds_b)) / math.sqrt(variance), rel=1e-12)


def test_log_odds_turn_round_with_the_sides():
    assert _one(40, 10) == pytest.approx(-_one(10, 40))


def test_the_prior_draws_a_rare_term_that_stands_on_one_side_alone_under_a_frequent_one():
    assert _one(4, 0) < _one(80, 30)


@pytest.mark.parametrize(("a", "b"), [(200, 200), (0, 0), (200, 0), (0, 200)])
def test_log_odds_stay_finite_where_all_or_no_documents_hold_a_term(a, b):
    assert math.isfinite(_one(a, b))


def test_a_term_counts_once_a_document():
    found = presence([words_of("late late late"), words_of("late"), words_of("fine day"), words_of("fine day")], 2)
    held = dict(zip(found.terms, found.counts(np.ones(4, bool)).tolist(), strict=True))
    assert held["late"] == 2


def test_phrases_are_counted_and_begin_and_end_with_telling_words():
    found = presence([words_of("customer service of the year")] * 3, 2)
    assert "customer service" in found.terms
    assert not {"service of the", "of"} & set(found.terms)
    assert found.holds([found.terms.index("customer service")]).all()


def test_a_phrase_never_runs_from_one_document_into_the_next():
    found = presence([words_of("alpha beta"), words_of("gamma delta")] * 3, 2)
    assert "beta gamma" not in found.terms


def test_links_names_of_users_and_numbers_are_no_terms():
    found = presence([words_of("@united 1234 http://a.b luggage")] * 3, 2)
    assert found.terms == ("luggage",)


@pytest.mark.parametrize(
    ("words", "same"),
    [
        (("delay", "delays", "delayed", "delaying"), True), (("cancel", "cancelled", "cancellation", "cancels"), True),
        (("prize", "prizes"), True), (("win", "winning"), True), (("plan", "plane"), False), (("late", "later"), False),
        (("america", "american", "americans"), True), (("terror", "terrorist", "terrorism"), True),
        (("car", "care"), False), (("plane", "planned"), False), (("hope", "hoping"), True), (("new", "news"), False),
    ],
)  # fmt: skip
def test_inflections_are_one_family_and_look_alikes_are_not(words, same):
    families = families_of(dict.fromkeys(words, 5))
    assert (len(set(families.values())) == 1) is same


def test_a_family_is_spelt_by_its_beginning_only_where_few_other_words_begin_so():
    pure = {"delay": 9, "delays": 4, "delayed": 8}
    assert spelt(("delay", "delayed", "delays"), pure) == ("delay*",)
    assert spelt(("bag", "bags"), {"bag": 9, "bags": 4, "baggage": 30}) == ("bag", "bags")
    # A beginning of three letters is no word that anyone reads: sav* would stand for save and saving.
    assert spelt(("save", "saving"), {"save": 9, "saving": 5}) == ("save", "saving")


def test_a_stem_drops_endings_and_keeps_short_words():
    assert [stem_of(w) for w in ("bus", "glass", "this", "news")] == ["bus", "glass", "this", "news"]


def _lines():
    rng = np.random.default_rng(5)
    filler = [f"w{k}x" for k in range(60)]
    out, side = [], []
    for at in range(600):
        bad = at % 2 == 0
        words = [str(w) for w in rng.choice(filler, 6)]
        if bad and rng.random() < 0.5:
            words += ["my", "flight", "was", str(rng.choice(["delayed", "delays", "late"])), "again"]
        if not bad and rng.random() < 0.4:
            words += ["many", "thanks"]
        words += ["delta"] if bad else ["jetblue"]
        out.append(" ".join(words))
        side.append(bad)
    return out, np.array(side)


def test_planted_terms_are_found_as_one_short_list_and_the_name_of_the_side_is_not():
    texts, bad = _lines()
    corpus = Corpus(texts)
    names = {"delta", "jetblue"}
    found = predicates_of(corpus, Sides(bad, ~bad, lambda w: w in names), 5, 0.03)
    lists = [p.terms for p in found]
    assert any({"delay*", "late"} <= set(terms) for terms in lists), lists
    assert not names & {t for terms in lists for t in terms}
    other = predicates_of(corpus, Sides(~bad, bad, lambda w: w in names), 5, 0.03)
    assert any("thanks" in p.terms for p in other)
    assert all(p.share_a > p.share_b for p in (*found, *other))


def test_nothing_is_found_where_sides_are_dealt_at_random():
    texts, _ = _lines()
    random = np.random.default_rng(8).random(len(texts)) < 0.5
    found = predicates_of(Corpus(texts), Sides(random, ~random, lambda w: False), 5, 0.03)
    assert len(found) <= 1


def test_terms_do_not_depend_on_the_order_of_documents():
    texts, bad = _lines()
    order = np.random.default_rng(3).permutation(len(texts))
    one = predicates_of(Corpus(texts), Sides(bad, ~bad, lambda w: False), 5, 0.03)
    two = predicates_of(Corpus([texts[k] for k in order]), Sides(bad[order], ~bad[order], lambda w: False), 5, 0.03)
    assert one == two


def test_words_in_the_same_places_are_near_and_others_are_not():
    texts = ["my husband and i came", "my wife and i came", "a red door stood open", "a red gate stood open"] * 5
    documents = [words_of(t) for t in texts]
    neighbours = Neighbours(documents, {"husband": 5, "wife": 5, "door": 5})
    alike = nearness(neighbours, [("husband",), ("wife",), ("door",)])
    assert alike[0, 1] > 0.9 > 0.2 > alike[0, 2]
    assert np.allclose(alike, alike.T)


def test_a_phrase_across_a_comma_is_no_phrase():
    hats = ["black", "blue", "red", "white"] * 30
    texts = [f"{hat} hat, {'blue' if at < 60 else 'red'} shirt" for at, hat in enumerate(hats)]
    blue = np.arange(120) < 60
    found = predicates_of(Corpus(texts), Sides(blue, ~blue, lambda w: w == "blue"), 3, 0.03)
    assert [p.terms for p in found] == [("blue shirt",)]


def test_a_rate_that_rises_along_a_number_is_found_with_its_inflections():
    rng = np.random.default_rng(2)
    texts = []
    for year in range(60):
        words = [str(w) for w in rng.choice([f"w{k}x" for k in range(40)], 400)]
        words += [str(w) for w in rng.choice(["america", "american", "americans"], year)]
        texts.append(" ".join(words))
    corpus = Corpus(texts)
    rates = Rates(corpus)
    found = rated(rates, corpus, np.arange(60, dtype=float), [False] * len(rates.families), 3)
    assert found[0].terms == ("america*",)
    falling = rated(rates, corpus, -np.arange(60, dtype=float), [False] * len(rates.families), 3)
    assert all(f.terms != ("america*",) for f in falling)


def test_midranks_are_those_of_scipy():
    from scipy.stats import rankdata

    x = np.random.default_rng(1).integers(0, 9, 50).astype(float)
    assert midranks(x).tolist() == rankdata(x).tolist()
    x[3] = np.nan
    assert np.isnan(midranks(x)[3])
    assert midranks(x)[~np.isnan(x)].tolist() == rankdata(x[~np.isnan(x)]).tolist()


def test_measures_at_once_are_those_one_by_one():
    texts = ["I WOULD not thank you, http://a.b 123 é", "", "great awful great", "Ünïcode ÄB 1²", "we @them #us?!"]
    words = [words_of(t) for t in texts]
    every = measured_all(FORMS, texts, words)
    for form in FORMS:
        alone = [measured(form, t, w) for t, w in zip(texts, words, strict=True)]
        assert np.array_equal(every[form], alone, equal_nan=True), form


def test_a_phrase_of_a_script_without_spaces_stands_for_its_characters():
    rng = np.random.default_rng(3)
    hot = np.arange(400) % 2 == 0
    filler = ["我们周末入住", "带孩子来旅游", "晚上十点才到", "酒店靠近车站"]
    texts = [f"{rng.choice(filler)}，{'天气不好' if a else '明天再来'}。" for a in hot]
    found = predicates_of(Corpus(texts), Sides(hot, ~hot, lambda _: False), 8, 0.05)
    assert found
    assert all(" " in t for p in found for t in p.terms)
