"""What texts offer to speak of: few properties, each for a reason, learnt of exploration documents alone."""

import numpy as np
import pytest

import heldout
from heldout.tools.data.rows import Rows
from heldout.tools.explore.text_pairs import find_pairs
from heldout.tools.explore.text_sides import Restating, is_split, sides_of
from heldout.tools.explore.texts import MOST, read_texts
from heldout.tools.text.words import words_of
from tests.text_corpus import corpus


def _spam(n=600, seed=4):
    rng = np.random.default_rng(seed)
    filler = [f"w{k}x" for k in range(80)]
    label, texts = [], []
    for at in range(n):
        spam = at % 3 == 0
        words = [str(w) for w in rng.choice(filler, 20 if spam else 10)]
        if spam and rng.random() < 0.6:
            words += ["claim", "your", "prize", "call", "0800 1234"]
        if not spam and rng.random() < 0.6:
            words += ["i", "am", "coming", "home"]
        label.append("spam" if spam else "ham")
        texts.append(" ".join(words))
    return label, texts


def _computed(rows):
    return {name: c.computed for name, c in read_texts(rows).rows.columns.items() if c.computed is not None}


def test_a_labelled_text_offers_measures_and_terms_that_differ_and_no_more_than_forty():
    label, texts = _spam()
    made = _computed(Rows.of({"label": label}, texts={"text": texts}))
    assert {"words of text", "digits of text", "first person singular of text"} <= set(made)
    terms = {t for p in made.values() if p.property.kind == "mentions" for t in p.property.terms}
    assert any("prize" in t for t in terms)
    assert len(made) <= MOST


def test_of_measures_that_move_together_one_is_offered():
    label, texts = _spam()
    made = _computed(Rows.of({"label": label}, texts={"text": texts}))
    assert "characters of text" not in made


def test_nothing_is_offered_beside_a_label_that_is_dealt_at_random():
    _, texts = _spam()
    random = np.random.default_rng(1).choice(["a", "b"], len(texts)).tolist()
    assert len(_computed(Rows.of({"label": random}, texts={"text": texts}))) <= 3


def test_nothing_is_learnt_from_a_split_into_training_and_test():
    label, texts = _spam()
    rows = Rows.of({"split": ["train" if x == "spam" else "test" for x in label]}, texts={"text": texts})
    assert is_split(rows.column("split"))
    assert not sides_of(rows)
    assert {p.property.kind for p in _computed(rows).values()} <= {"theme"}, "themes are of the texts alone"


def test_a_label_of_ordinary_levels_is_no_split():
    rows = Rows.of({"stage": ["train", "plane"] * 30, "kind": ["test", "quiz"] * 30})
    assert not any(is_split(rows.column(name)) for name in ("stage", "kind"))


def test_a_label_that_divides_the_rows_as_another_does_is_passed_by():
    label, texts = _spam()
    rows = Rows.of({"label": label, "again": [x.upper() for x in label]}, texts={"text": texts})
    assert {s.column for s in sides_of(rows)} == {"label"}


def test_handles_and_the_names_of_levels_are_restated_and_complaints_are_not():
    airline = ["United", "JetBlue"] * 60
    documents = [words_of(f"@{a.lower()} my bag is lost {a.lower()}s") for a in airline]
    rows = Rows.of({"airline": airline})
    united = sides_of(rows)[0]
    restates = Restating(documents)
    assert all(restates(word, united) for word in ("jetblue", "jet", "jetblue's", "united"))
    assert not any(restates(word, united) for word in ("bag", "lost"))


def test_words_in_a_column_of_names_offer_their_endings():
    rng = np.random.default_rng(3)
    female = [f"{'bcdfgl'[int(k)]}ar{'aei'[int(j)]}" for k, j in rng.integers(0, 3, (200, 2))]
    male = [f"{'bcdfgl'[int(k)]}o{'dnr'[int(j)]}" for k, j in rng.integers(0, 3, (200, 2))]
    label = ["female"] * 200 + ["male"] * 200
    made = _computed(Rows.of({"label": label}, texts={"name": [*female, *male]}))
    assert {"name ends in a, e, i", "name ends in d, n, r"} <= set(made)
    assert not [p for p in made.values() if p.property.kind == "mentions"]


FIRST, SECOND = "Headline 1 has more clicks than Headline 2.", "Headline 2 has more clicks than Headline 1."


def _pairs(n=800, swap=False, seed=6):
    """The winner has more words and never asks; who stands first is dealt by a coin."""
    rng = np.random.default_rng(seed)
    one, two, label = [], [], []
    for _ in range(n):
        words = [f"w{k}x" for k in rng.integers(0, 90, 12)]
        long, short = " ".join([*words, "finally", "here"]), " ".join(words[:9])
        winner, loser = (long, short) if rng.random() < 0.65 else (short, long)
        loser += "?" if rng.random() < 0.3 else ""
        first = (rng.random() < 0.5) != swap
        one.append(winner if first else loser)
        two.append(loser if first else winner)
        label.append(FIRST if first else SECOND)
    return Rows.of({"label": label}, texts={"headline_1": one, "headline_2": two})


def test_a_pair_is_two_like_texts_and_a_label_that_names_one_of_them():
    [pair] = find_pairs(_pairs())
    assert (pair.one, pair.two, pair.label, pair.first) == ("headline_1", "headline_2", "label", FIRST)


@pytest.mark.parametrize("levels", [("first", "second"), ("a", "b"), ("text_a", "text_b")])
def test_a_label_may_name_the_winner_in_other_words(levels):
    rows = Rows.of({"won": [*levels] * 30}, texts={"text_a": ["x y"] * 60, "text_b": ["y z"] * 60})
    [pair] = find_pairs(rows)
    assert pair.first == levels[0]


def test_two_texts_that_are_not_alike_or_a_label_that_names_neither_are_no_pair():
    texts = {"title": ["x"] * 60, "body": ["y"] * 60}
    assert not find_pairs(Rows.of({"won": ["first", "second"] * 30}, texts=texts))
    texts = {"text_1": ["x"] * 60, "text_2": ["y"] * 60}
    assert not find_pairs(Rows.of({"mood": ["good", "bad"] * 30}, texts=texts))


def test_of_a_pair_it_is_offered_which_has_more_and_never_what_one_of_them_holds():
    made = _computed(_pairs())
    assert "which of headline_1 and headline_2 has more words" in made
    assert "which of headline_1 and headline_2 has more question marks" in made
    assert all(p.against == "headline_2" for p in made.values())


def test_what_is_offered_of_a_pair_does_not_depend_on_which_text_stands_first():
    assert set(_computed(_pairs())) == set(_computed(_pairs(swap=True)))


def test_the_properties_of_a_text_do_not_depend_on_the_order_of_rows():
    label, texts = _spam()
    order = np.random.default_rng(9).permutation(len(texts))
    one = _computed(Rows.of({"label": label}, texts={"text": texts}))
    two = _computed(Rows.of({"label": [label[k] for k in order]}, texts={"text": [texts[k] for k in order]}))
    assert sorted(one) == sorted(two)


def test_a_table_without_texts_is_handed_back_as_it_is():
    rows = Rows.of({"a": [1.0, 2.0]})
    assert read_texts(rows).rows is rows


def test_leads_for_reading_hold_no_two_properties_of_one_text(tmp_path, monkeypatch):
    monkeypatch.setenv("HELDOUT_HOME", str(tmp_path))
    leads = heldout.explain(corpus(400), explore_only=True).result.leads
    sides = [[{t for t in ("ticket", "reply") if t in name} for name in (x["a"], x["b"])] for x in leads]
    assert any(one != two and (one or two) for one, two in sides)
    assert not [pair for pair in sides if pair[0] & pair[1]]
