"""Themes are found where they are, by every draw alike, and nowhere else; what is frozen decides without refitting."""

import sys
from pathlib import Path

import numpy as np
import pytest

from heldout.tools.errors import HypothesisError
from heldout.tools.explore.clustering import adjusted_rand
from heldout.tools.explore.text_themes import FoundThemes, find_themes
from heldout.tools.text.evaluate import Aids
from heldout.tools.text.folding import stem
from heldout.tools.text.properties import InTheme
from heldout.tools.text.reasons import explain, ranked, reasons
from heldout.tools.text.themes import Themed, ThemeModel, ThemeWeights
from heldout.tools.text.words import words_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from themes import Plan, planted, roots

PLAN = Plan(documents=600, themes=4, length=60.0)
LATE = "the plane was late and we sat waiting at the gate for the delayed crew of the plane".split()
BAGS = "they lost my bag and the luggage claim desk knew nothing about the lost suitcase".split()
FOOD = "the dinner menu had cold soup and the waiter forgot the bread and the dessert".split()


@pytest.fixture(scope="module")
def docs():
    return planted(PLAN, 1)


@pytest.fixture(scope="module")
def found(docs) -> FoundThemes:
    return find_themes("text", docs.texts)


def complaints(n: int = 240, copies: bool = False) -> list[str]:
    rng = np.random.default_rng(4)
    out = []
    for i in range(n):
        words = (LATE, BAGS, FOOD)[i % 3]
        said = [words[at] for at in rng.permutation(len(words))[:10]]
        extra = ["#trip", f"x{rng.integers(9)}y"] if rng.random() < 0.5 else ["again"]
        out.append(" ".join([*said, *extra]))
    return out * 2 if copies else out


def test_planted_themes_are_recovered(docs, found):
    assert isinstance(found.model, Themed)
    assert adjusted_rand(docs.themes, roots(found.model, docs.texts)) >= 0.8
    assert found.summary.agreement is not None
    assert found.summary.agreement >= 0.6


def test_two_draws_agree(docs, found):
    other = find_themes("text", planted(PLAN, 2).texts)
    assert isinstance(other.model, Themed)
    assert adjusted_rand(roots(found.model, docs.texts), roots(other.model, docs.texts)) >= 0.8


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("length", [15.0, 60.0])
def test_words_dealt_out_at_random_have_no_themes(seed, length):
    out = find_themes("text", planted(PLAN._replace(length=length), seed, noise=True).texts)
    assert out == FoundThemes(out.summary)
    assert out.summary.reason == "no stable themes"
    assert not out.summary.themes


def test_shares_are_those_planted_and_documents_of_none_stay_out(docs, found):
    shares = sorted(t.share for t in found.summary.themes if t.parent is None)
    wanted = sorted(float((docs.themes == t).mean()) for t in range(PLAN.themes))
    assert shares == pytest.approx(wanted, abs=0.06)
    assert found.summary.unassigned == pytest.approx(float((docs.themes == -1).mean()), abs=0.08)


def test_the_order_of_rows_changes_nothing(docs, found):
    again = find_themes("text", [docs.texts[at] for at in np.random.default_rng(0).permutation(len(docs.texts))])
    assert again.summary.canonical() == found.summary.canonical()
    assert [p.canonical() for p in again.map] == [p.canonical() for p in found.map]
    assert again.model.id == found.model.id == found.summary.model


def test_copies_count_in_shares_and_move_no_theme():
    once, twice = find_themes("text", complaints()), find_themes("text", [*complaints(copies=True), None])
    assert once.model.id == twice.model.id
    assert [2 * t.documents for t in once.summary.themes] == [t.documents for t in twice.summary.themes]


def test_themes_are_named_by_words_that_tell_them_apart():
    out = find_themes("text", complaints())
    called = [" ".join(t.terms) for t in out.summary.themes if t.parent is None]
    assert len(called) == 3
    assert all(any(word in name for name in called) for word in ("plane", "bag", "soup"))
    for theme in out.summary.themes:
        stems = [stem(w) for term in theme.terms for w in term.split()]
        assert len(stems) == len(set(stems))
        assert not {"the", "and", "was", "had"} & set(" ".join(theme.terms).split())


def test_a_user_name_makes_no_theme():
    texts = [
        f"{'@skyair' if i % 2 else '@fastjet'} {'skyair' if i % 2 else 'fastjet'} {t}"
        for i, t in enumerate(complaints())
    ]
    out = find_themes("text", texts)
    assert isinstance(out.model, Themed)
    assert not {"@skyair", "@fastjet", "skyair", "fastjet"} & set(out.model.model.forms)
    who = np.array([i % 2 for i in range(len(texts))])
    assert abs(adjusted_rand(who, roots(out.model, texts))) < 0.1


def test_typical_documents_are_no_near_copies_and_their_marks_are_words(found):
    for theme in found.summary.themes:
        assert theme.typical
        sets = [set(words_of(q.text)) for q in theme.typical]
        assert all(len(a & b) < 0.6 * len(a | b) for i, a in enumerate(sets) for b in sets[:i])
        for quote in theme.typical:
            assert len(quote.text) <= 300
            assert quote.marks
            for start, end in quote.marks:
                assert quote.text[start:end] == quote.text[start:end].strip() != ""
            assert all(a[1] < b[0] for a, b in zip(quote.marks, quote.marks[1:], strict=False))


def test_the_map_keeps_themes_apart(found):
    xy = np.array([(p.x, p.y) for p in found.map])
    theme = np.array([p.theme or "" for p in found.map])
    ids = sorted(set(theme) - {""})
    centres = np.array([xy[theme == i].mean(axis=0) for i in ids])
    nearest = np.array(ids)[((xy[:, None] - centres) ** 2).sum(-1).argmin(axis=1)]
    inside = theme != ""
    assert (nearest[inside] == theme[inside]).mean() > 0.9
    assert np.abs(xy).max() <= 1


def test_few_documents_have_no_themes_and_say_why():
    assert find_themes("text", ["a late plane", None] * 40).summary.reason == "fewer than 30 different documents"


def test_empty_and_wordless_documents_break_nothing():
    assert find_themes("text", ["", "!!!", "the and of"] * 3 + [f"{n}" for n in range(60)]).summary.reason


def test_the_frozen_model_is_plain_json_that_decides_alike(docs, found):
    model = ThemeModel.model_validate_json(found.model.model.canonical())
    assert model.id == found.summary.model
    weights = {t.id: t for t in model.themes if t.parent is None}
    for text in docs.texts[:60]:
        times: dict[int, int] = {}
        for word in words_of(text):
            if word in model.forms:
                times[model.forms[word]] = times.get(model.forms[word], 0) + 1
        damped = {at: 1 + np.log(n) for at, n in times.items()}
        length = np.sqrt(sum(v * v for v in damped.values()))
        scores = {i: sum(t.weights[at] * v for at, v in damped.items()) / length for i, t in weights.items()}
        best = max(scores, key=lambda i: scores[i])
        for theme in weights:
            held = found.model.holds(InTheme(theme=theme, model=model.id), [text])[0]
            assert held == float(theme == best and scores[best] >= weights[best].threshold)


def test_a_model_refuses_a_theme_of_another(found):
    with pytest.raises(HypothesisError):
        found.model.holds(InTheme(theme="1", model="another"), ["a"])
    with pytest.raises(HypothesisError):
        found.model.holds(InTheme(theme="99", model=found.model.id), ["a"])


def test_a_document_of_no_known_word_belongs_to_no_theme(found):
    for p in found.properties:
        assert found.model.holds(p.property, ["", "zzz qqq"]).tolist() == [0.0, 0.0]


def test_parts_lie_inside_their_theme():
    weights = {"1": (1000, 0, 0, 0), "2": (0, 1000, 0, 0), "1.1": (500, 0, 900, 0), "1.2": (500, 0, 0, 900)}
    themes = tuple(
        ThemeWeights(id=i, parent="1" if "." in i else None, weights=w, threshold=100) for i, w in weights.items()
    )
    themed = Themed(ThemeModel(terms=("a", "b", "c", "d"), forms={"a": 0, "b": 1, "c": 2, "d": 3}, themes=themes))
    reading = themed.read([["a", "c"], ["a", "a", "d"], ["b", "c"], ["c"]])
    assert reading.members.astype(int).tolist() == [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_leaving_a_word_out_has_the_effect_that_the_formula_says(docs, found):
    aids = Aids({found.model.id: found.model})
    for p in found.properties[:3]:
        held = found.model.holds(p.property, docs.texts[:80])
        for text in [t for t, h in zip(docs.texts[:80], held, strict=True) if h][:3]:
            exact = {w: f for w, f in reasons(p, text, aids).items()}
            told = ranked(found.model.falls(p.property.theme, words_of(text)))
            shared = set(exact) & set(told)
            assert shared
            assert {w: exact[w] for w in shared} == pytest.approx({w: told[w] for w in shared})
            assert explain(p, text, aids).marks


def test_a_theme_is_not_named_by_two_words_of_one_root_nor_by_a_pair_that_its_word_mostly_stands_without():
    def terms(at: int) -> list[str]:
        odd = "cancelled flightled" if at % 5 < 2 else "cancelled again flighted"
        return [odd, *("refund hotel stranded", "tomorrow rebooked hotel")[at % 2].split()]

    rng = np.random.default_rng(9)
    other = [" ".join([*rng.choice(BAGS, 9), f"q{k % 7}z"]) for k in range(150)]
    own = [" ".join([*terms(k), *rng.choice(FOOD, 3), f"n{k}"]) for k in range(150)]
    themes = find_themes("text", own + other).summary.themes
    said = [[t for t in theme.terms if "flight" in t] for theme in themes]
    assert any(said)
    assert all(len(own) <= 1 for own in said)
    assert not [own for own in said if "cancelled flightled" in own]
