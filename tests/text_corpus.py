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
from heldout.tools.text.quotes import quote_of
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


class Additive(Value):
    """A frozen model of themes in its plain form: weights of terms, the highest sum wins."""

    weights: dict[str, dict[str, float]]
    least: float = 0.5

    def holds(self, prop: Any, texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array([float(self._theme(words_of(t)) == prop.theme) for t in texts])

    def _theme(self, words: list[str]) -> str | None:
        sums = {t: sum(own.get(w, 0.0) for w in words) for t, own in self.weights.items()}
        best = max(sums.values())
        first = [t for t in sums if sums[t] == best]
        return first[0] if len(first) == 1 and best >= self.least else None


class Blind:
    """Stands for a model without a plain form: an embedding, or a language model that judges."""

    def __init__(self, word: str) -> None:
        self.word = word

    def holds(self, prop: Any, texts: Sequence[str]) -> NDArray[np.float64]:
        del prop
        return np.array([float(self.word in t.lower()) for t in texts])


MODEL = Additive(
    weights={
        "t1": {"parcel": 1.0, "late": 1.0, "delayed": 1.0, "delivery": 0.75},
        "t2": {"invoice": 1.0, "refund": 1.0, "charge": 1.0},
        "t3": {"password": 1.0, "account": 1.0, "login": 1.25},
    }
)
AIDS = Aids({MODEL.content_id(): MODEL, "embedder": Blind("refund"), "judge": Blind("login")})
_OF_TICKETS = {
    "mentions of lateness": Mentions(terms=("late", "delay*", "still waiting")),
    "refunds in 100 words": Rate(terms=("refund", "charge back")),
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


def read(rows: Rows) -> Texts:
    """The texts read as the product reads them, with one property of every kind."""
    own = [t for t in rows.texts["ticket"] if t is not None]
    quotes = [quote_of(t) for t in own[:60]]
    ids = ("t1", "t2", "t3")
    themes = tuple(
        Theme(
            id=name, terms=tuple(MODEL.weights[name]), documents=len(own) // 3, share=1 / 3, agreement=0.9 - 0.1 * at,
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
