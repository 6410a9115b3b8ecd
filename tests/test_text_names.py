"""Names of themes: proposed from terms and documents, kept by the rule, tried blind on opened documents."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

pytest.importorskip("langchain_openai")

from heldout.agent.callbook import CallBook
from heldout.agent.model_settings import ModelSettings
from heldout.agent.text_names import A_THEME, LEAST_F1, NamedTexts, f1, named, stays, usable
from heldout.tools.text.evaluate import Aids
from heldout.tools.text.summary import Quote, TextSummary, Theme, Themes
from heldout.tools.value import digest
from tests.provider import KEY, fails, serving
from tests.reading import Reader, told

WORDS = {
    "t1": ("gate", "plane", "runway"), "t2": ("soup", "bread", "cheese"), "t3": ("goal", "match", "referee"),
}  # fmt: skip
RIGHT = {"gate": "air travel", "soup": "meals", "goal": "football"}


class ByWord:
    """A frozen model of themes: a document is in the theme whose words it holds."""

    def holds(self, prop: Any, texts: Sequence[str]) -> np.ndarray:
        return np.array([float(any(w in t for w in WORDS[prop.theme])) for t in texts])


AIDS = Aids({"m": ByWord()})


def documents(n: int = 90) -> list[str | None]:
    every = [w for words in WORDS.values() for w in words]
    out: list[str | None] = [f"Note {k}: the {every[k % 9]} again, write to jo@example.org." for k in range(n)]
    return [*out, None, *(f"Note {k}: nothing." for k in range(5))]


def summary() -> TextSummary:
    themes = tuple(
        Theme(id=t, terms=words, documents=30, share=0.3, typical=(Quote(document="0" * 12, text=f"seen {words[0]}"),))
        for t, words in WORDS.items()
    )
    part = Theme(id="t1a", parent="t1", terms=("gate",), documents=10, share=0.1)
    return TextSummary(column="note", documents=95, missing=1, themes=Themes(model="m", themes=(*themes, part)))


def of_words(text: str, told: list[str]) -> int:
    """Sorts rightly by whatever names the right subject."""
    for subject, word in RIGHT.items():
        words = next(w for w in WORDS.values() if w[0] == subject)
        if any(w in text for w in words):
            return next((at for at, t in enumerate(told, 1) if word in t or subject in t), 0)
    return 0


def by_names_alone(text: str, told: list[str]) -> int:
    return of_words(text, told) if any("meals" in t for t in told) else 0


def by_terms_alone(text: str, told: list[str]) -> int:
    return 0 if any("meals" in t for t in told) else of_words(text, told)


def tried(
    sort: Callable[[str, list[str]], int], privacy: Any = "sample", embedder: Any = None, calls: int = 12, **more: Any
) -> tuple[NamedTexts, Reader]:
    with serving(Reader(names=lambda terms: RIGHT[terms[0]], sort=sort)) as reader:
        for name, value in more.items():
            setattr(reader, name, value)
        settings = ModelSettings("openai:local", base_url=reader.url, timeout=20, privacy=privacy, max_calls=calls)
        own = {"note": documents()}
        found = named([summary()], own, AIDS, settings, CallBook(None, privacy), lambda _: None, embedder)
    return found, reader


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def names(found: NamedTexts) -> dict[str, str | None]:
    return {t.id: t.name for t in found.texts[0].themes.themes}


def test_a_name_that_tells_documents_apart_where_terms_do_not_is_kept() -> None:
    found, reader = tried(by_names_alone)
    assert names(found) == {"t1": "air travel", "t2": "meals", "t3": "football", "t1a": None}
    assert [kind for kind, _ in reader.seen] == ["name", "match", "match"]
    assert {p.name for p in found.prompts} == {"name_themes", "match_themes"}


@pytest.mark.parametrize(
    "sort", [by_terms_alone, of_words, lambda text, told: 0, lambda text, told: 99,
             lambda text, told: int(digest(text + told[0])[:6], 16) % 4],
    ids=["terms do", "both do alike", "none fits", "no such number", "a coin"],
)  # fmt: skip
def test_else_the_terms_stay(sort: Callable[[str, list[str]], int]) -> None:
    assert set(names(tried(sort)[0]).values()) == {None}


def test_the_sorting_is_blind_and_the_same_for_names_and_terms() -> None:
    _, reader = tried(by_names_alone)
    first, second = (told(b)[1] for b in reader.requests if told(b)[0] == "match")
    assert first["documents"] == second["documents"]
    assert len(first["documents"]) == 3 * A_THEME + 5
    assert first["descriptions"] != second["descriptions"]
    assert {d["text"] for d in first["descriptions"]} == set(RIGHT.values())
    texts = {t.replace("jo@example.org", "[email]"): t for t in documents() if t is not None}
    whole = [texts[d["text"]] for d in first["documents"]]
    assert whole == sorted(whole, key=digest)
    assert not any(t in str(reader.requests[1:]) for t in ("t1", "jo@example.org"))


def test_a_sorting_that_fails_keeps_no_name() -> None:
    count: list[str] = []

    def failing(kind: str, shown: list[str]) -> Any:
        count.append(kind)
        return fails(401) if count.count("match") == 2 else None

    assert set(names(tried(by_names_alone, hook=failing)[0]).values()) == {None}


def test_without_documents_terms_alone_are_told_and_a_name_is_tried_by_embeddings_or_not_at_all() -> None:
    found, reader = tried(by_names_alone, privacy="profile")
    assert reader.requests == []
    assert set(names(found).values()) == {None}

    class Concepts:
        id = "concepts"

        def embed(self, texts: Sequence[str]) -> np.ndarray:
            """Knows what names mean; of lists of terms it sees nothing."""
            out = np.full((len(texts), 3), 0.01, np.float32)
            for row, text in zip(out, texts, strict=True):
                for at, (subject, word) in enumerate(RIGHT.items()):
                    own = next(w for w in WORDS.values() if w[0] == subject)
                    row[at] += word in text or (text.startswith("Note") and any(w in text for w in own))
            return out

    found, reader = tried(by_names_alone, privacy="profile", embedder=Concepts())
    assert names(found)["t2"] == "meals"
    assert [kind for kind, _ in reader.seen] == ["name"]
    assert "seen gate" not in str(reader.requests)
    assert "Note" not in str(reader.requests)


def test_nothing_is_asked_where_the_budget_does_not_reach_to_the_end() -> None:
    found, reader = tried(by_names_alone, calls=2)
    assert reader.requests == []
    assert found.talks == ()


def test_names_that_are_no_names_or_given_twice_are_not_tried() -> None:
    assert usable(" Late flights. ") == "Late flights"
    for bad in ("", "x", "2 flights", "see https://a.example", "<b>late</b>", "one two three four five six", "`a` b"):
        assert usable(bad) == ""
    found, reader = tried(by_names_alone, names=lambda terms: "the same")
    assert reader.of("match") == []
    assert set(names(found).values()) == {None}


def test_the_rule_is_a_better_f1_and_half_at_least() -> None:
    from sklearn.metrics import f1_score

    truth, guess = ["a", "a", "a", "b", None, "b"], ["a", "a", "b", "b", "a", None]
    wanted = f1_score([t == "a" for t in truth], [g == "a" for g in guess])
    assert f1(truth, guess, "a") == pytest.approx(wanted)
    assert f1(truth, [None] * 6, "a") == 0.0
    assert stays(truth, truth, guess, "a")
    assert not stays(truth, guess, guess, "a")
    assert not stays(truth, ["b", "b", "a", "a", "a", "a"], [None] * 6, "a"), f"under {LEAST_F1} nothing stays"
