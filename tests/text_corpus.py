"""A corpus with planted properties of every kind, for tests: support tickets with a reply each, and what reads them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heldout.tools.data.rows import Rows
from heldout.tools.explore.texts import Texts
from heldout.tools.text.evaluate import Aids, with_properties
from heldout.tools.text.properties import (
    CloseTo,
    Ending,
    InTheme,
    Judged,
    Measure,
    Mentions,
    Rate,
    TextProperty,
)
from heldout.tools.text.quotes import explain
from heldout.tools.text.summary import Point, TextSummary, Theme, Themes
from heldout.tools.text.words import words_of
from heldout.tools.value import Value

SECRET = ("walrus", "bassoon", "tundra", "quartz", "heron", "cobalt", "marzipan", "gazebo", "lichen", "pumice")
"""Words of documents that no term names: none may stand in a report without quotes."""
_FILL = (*SECRET, "again", "today", "we", "waited", "there", "my", "order", "please", "team", "since")
_ABOUT = {
    "late": ("The parcel is late", "delivery was delayed", "still waiting for a delayed parcel"),
    "money": ("refund my invoice", "the invoice shows a wrong charge", "charge back the refund"),
    "login": ("password reset fails", "cannot login to the account", "the account password is locked"),
}


class Weights(Value):
    """A frozen model of themes in its plain form."""

    terms: tuple[str, ...]
    forms: dict[str, int]
    themes: tuple[dict[str, Any], ...]

    def holds(self, prop: Any, texts: Sequence[str]) -> NDArray[np.float64]:
        """As the product's themes read it: by matrices, not word by word."""
        table = np.zeros((len(texts), len(self.terms)))
        for row, text in zip(table, texts, strict=True):
            for word in words_of(text):
                if word in self.forms:
                    row[self.forms[word]] += 1
        heights = np.where(table > 0, 1 + np.log(np.maximum(table, 1)), 0.0)
        weights = np.array([t["weights"] for t in self.themes]).T / 1000
        scores = (heights @ weights) / np.maximum(np.linalg.norm(heights, axis=1), 1e-9)[:, None]
        at = next((i for i, t in enumerate(self.themes) if t["id"] == prop.theme), None)
        if at is None:
            return np.zeros(len(texts))
        alike = [i for i, t in enumerate(self.themes) if t["parent"] == self.themes[at]["parent"]]
        first = np.array(alike)[scores[:, alike].argmax(axis=1)] == at
        return (first & (scores[:, at] >= self.themes[at]["threshold"] / 1000) & (scores[:, at] > 0)).astype(float)


class Blind:
    """Stands for a model without a plain form: an embedding, or a language model that judges."""

    def __init__(self, word: str) -> None:
        self.word = word

    def holds(self, prop: Any, texts: Sequence[str]) -> NDArray[np.float64]:
        del prop
        return np.array([float(self.word in t.lower()) for t in texts])


_TERMS = ("parcel", "late", "delayed", "delivery", "invoice", "refund", "charge", "password", "account", "login")


def _theme(name: str, weights: dict[str, int]) -> dict[str, Any]:
    own = [weights.get(term, 0) for term in _TERMS]
    return {"id": name, "parent": None, "weights": own, "threshold": 300}


MODEL = Weights(
    terms=_TERMS,
    forms={term: at for at, term in enumerate(_TERMS)} | {"parcels": 0, "refunds": 5},
    themes=(
        _theme("t1", {"parcel": 613, "late": 507, "delayed": 491, "delivery": 377}),
        _theme("t2", {"invoice": 571, "refund": 613, "charge": 449}),
        _theme("t3", {"password": 701, "account": 399, "login": 587}),
    ),
)
WORDS_OF = {"t1": ("parcel", "late", "delayed"), "t2": ("invoice", "refund"), "t3": ("password", "login", "account")}
AIDS = Aids({MODEL.content_id(): MODEL, "embedder": Blind("refund"), "judge": Blind("login")})
_OF_TICKETS = {
    "mentions of lateness": Mentions(terms=("late", "delay*", "still waiting")),
    "refunds in 100 words": Rate(terms=("refund", "charge back", "no")),
    "words of ticket": Measure(of="words"),
    "opinion of ticket": Measure(of="opinion"),
    "reading grade of ticket": Measure(of="reading grade"),
    "ends in a bang": Ending(of=("now", "w")),
    "about delivery": InTheme(theme="t1", model=MODEL.content_id()),
    "about money": InTheme(theme="t2", model=MODEL.content_id()),
    "close to a refund": CloseTo(concept="refund", threshold=0.5, embedder="embedder"),
    "asks to log in": Judged(question="Does it ask to log in?", model="judge", prompt="0" * 64),
}
PROPERTIES = (
    *(TextProperty(name=name, column="ticket", property=p) for name, p in _OF_TICKETS.items()),
    TextProperty(name="longer", column="ticket", property=Measure(of="words"), against="reply"),
    TextProperty(name="which is sorry", column="ticket", property=Mentions(terms=("sorry",)), against="reply"),
)


def corpus(rows: int = 1600, seed: int = 4, extra: Sequence[str] = ()) -> pd.DataFrame:
    """Tickets whose subject goes with the team, the urgency and the month; `extra` stands at the end of some."""
    rng = np.random.default_rng(seed)
    team = rng.choice(["north", "south", "west"], rows)
    liked = {"north": (0.7, 0.2, 0.1), "south": (0.2, 0.6, 0.2), "west": (0.2, 0.2, 0.6)}
    subject = [str(rng.choice(list(_ABOUT), p=liked[t])) for t in team]
    urgent = np.where(rng.random(rows) < np.where(np.array(subject) == "late", 0.7, 0.2), "yes", "no")
    tickets: list[str | None] = []
    for at, about in enumerate(subject):
        fill = " ".join(rng.choice(_FILL, rng.integers(3, 30 if urgent[at] == "yes" else 14)))
        end = "NOW" if urgent[at] == "yes" and rng.random() < 0.6 else "ticket"
        more = f" {extra[at % len(extra)]}" if extra and at % 7 == 0 else ""
        tickets.append(f"{rng.choice(_ABOUT[about])}. {fill}, no. {at}: {end}{more}")
    replies = [
        f"{'Sorry' if rng.random() < (0.8 if u == 'yes' else 0.2) else 'Hello'}, we look into no. {at}. "
        + " ".join(rng.choice(_FILL, rng.integers(2, 12)))
        for at, u in enumerate(urgent)
    ]
    tickets[3] = None
    return pd.DataFrame({
        "team": team, "urgent": urgent, "score": np.round(rng.normal(size=rows) + (urgent == "yes"), 2),
        "ticket": tickets, "reply": replies,
    })  # fmt: skip


def read(rows: Rows, _: object = None) -> Texts:
    """The texts read as the product reads them, with one property of every kind."""
    own = [t for t in rows.texts["ticket"] if t is not None]
    quotes = [explain(None, t) for t in own[:60]]
    ids = ("t1", "t2", "t3")
    themes = tuple(
        Theme(
            id=name, terms=WORDS_OF[name], documents=len(own) // 3, share=1 / 3, agreement=0.9 - 0.1 * at,
            typical=tuple(quotes[3 * at : 3 * at + 2]), phrases=(" ".join(quotes[at].text.split()[:3]),),
        )
        for at, name in enumerate(ids)
    )  # fmt: skip
    parts = (Theme(id="t1.1", parent="t1", terms=("delayed",), documents=40, share=0.05, typical=(quotes[9],)),)
    points = tuple(
        Point(x=float(at % 8), y=float(at // 8), theme=[*ids, None][at % 4], quote=quote)
        for at, quote in enumerate(quotes)
    )
    told = TextSummary(
        column="ticket", documents=len(own), missing=rows.n - len(own), words=(9.0, 14.0, 21.0),
        languages=(("en", 0.97),), near_duplicates=2, boilerplate=(quotes[0].text[-20:],), terms=("parcel", "invoice"),
        themes=Themes(model=MODEL.content_id(), themes=themes + parts, agreement=0.83, unassigned=0.11), map=points,
    )  # fmt: skip
    return Texts(with_properties(rows, PROPERTIES, AIDS), AIDS, (told,))
