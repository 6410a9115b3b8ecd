"""A corpus of letters with a planted difference, and a model on this machine that reads documents by its script."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.provider import Line, Provider, calls, says

QUESTION = "Does the writer ask for the money back?"
_PLEASED = ("thank you for the quick parcel", "all arrived well and on time", "a fine lamp, my aunt loves it")
_ASKS = ("please return what I paid", "I want my money back", "kindly refund the price to my account")
_FILL = ("the box was blue", "it rained that day", "my neighbour took it in", "the label was hand written",
         "we have a dog", "the stairs are narrow", "it was a gift", "the mill is near the station")  # fmt: skip
PLAIN = "Answer every document."


def letters(
    seed: int = 1, n: int = 900, shares: tuple[float, float] = (0.55, 0.25), beside: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Letters to two shops, of which one is asked for money back more often; `beside`: sentences that some add."""
    rng = np.random.default_rng(seed)
    shop = rng.choice(["north", "south"], n)
    asks = rng.random(n) < np.where(shop == "north", *shares)
    out = []
    for k, ask in enumerate(asks):
        parts = [str(rng.choice(_FILL)), str(rng.choice(_ASKS if ask else _PLEASED)), str(rng.choice(_FILL))]
        if beside and rng.random() < 0.2:
            parts.append(str(rng.choice(list(beside))))
        out.append(f"Letter {k}. " + ". ".join(parts) + ".")
    stars = np.clip(np.round(rng.normal(np.where(asks, 2.2, 3.6), 1.0)), 1, 5)
    return pd.DataFrame({"shop": shop, "stars": stars, "weight": rng.normal(5, 1, n).round(2), "letter": out})


def asks(text: str) -> str:
    """The honest answer to the question."""
    return "yes" if re.search(r"return what I paid|money back|refund", text) else "no"


def difference(**fields: Any) -> dict[str, Any]:
    return {"contrast": 1, "more": "north", "terms": [], "measure": "", "question": "", "why": "seen", **fields}


class Reader(Provider):
    """Plays the model that reads: each kind of request is told by its prompt's own words.

    Args:
        judge: The answer to a document's text; a mapping is sent as the whole reply, a line as it stands.
        differences: What it says of samples.
        names: A name for a list of terms.
        sort: The number of the description that fits a text, from all descriptions.
    """

    def __init__(
        self, judge: Callable[[str], Any] = asks, differences: tuple[dict[str, Any], ...] = (),
        names: Callable[[list[str]], str] | None = None, sort: Callable[[str, list[str]], int] | None = None,
        **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(**more)
        self.judge, self.differences = judge, differences or (difference(question=QUESTION),)
        self.names, self.sort = names or (lambda terms: terms[0]), sort or (lambda text, told: 0)
        self.seen: list[tuple[str, list[str]]] = []
        """Each request: its kind and the documents it held."""
        self.hook: Callable[[str, list[str]], Line | None] = lambda kind, documents: None

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Line:
        with self._lock:
            self.requests.append(body)
            refused = self._refused(body, headers)
            if refused is not None:
                return refused
            kind, blocks = told(body)
            documents = _documents(blocks)
            self.seen.append((kind, documents))
            line = self.hook(kind, documents)
            return line if line is not None else self._played(kind, blocks, documents)

    def _played(self, kind: str, blocks: dict[str, Any], documents: list[str]) -> Line:
        if kind == "judge":
            answers = [{"document": at, "answer": self.judge(text)} for at, text in enumerate(documents, 1)]
            return says(json.dumps({"answers": answers}))
        if kind == "read":
            return says(json.dumps({"differences": [_placed(d, blocks["contrasts"]) for d in self.differences]}))
        if kind == "name":
            given = [{"theme": t["theme"], "name": self.names(t["terms"])} for t in blocks["themes"]]
            return says(json.dumps({"names": given}))
        if kind == "match":
            told = [d["text"] for d in blocks["descriptions"]]
            found = [{"document": at, "description": self.sort(text, told)} for at, text in enumerate(documents, 1)]
            return says(json.dumps({"answers": found}))
        if kind == "explore" and not blocks.get("again"):
            return calls(("open_question", {"question": "Who keeps the letters?"}))
        return says("done" if kind == "explore" else "Nothing to add.")

    def of(self, kind: str) -> list[list[str]]:
        """The documents of each request of a kind."""
        return [documents for one, documents in self.seen if one == kind]


def _placed(difference: dict[str, Any], contrasts: list[dict[str, Any]]) -> dict[str, Any]:
    """A difference that names a label instead of a side, with the side that has it."""
    label = difference["more"]
    if label in ("a", "b") or difference["contrast"] > len(contrasts):
        return difference
    return difference | {"more": "a" if contrasts[difference["contrast"] - 1]["a"].endswith(f"= {label}") else "b"}


_KINDS = {
    "one yes/no question": "judge", "read samples of two groups": "read", "name groups of documents": "name",
    "sort documents by": "match", "explore a table": "explore", "word the opening": "summary",
}  # fmt: skip


def told(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What kind of request it is, and its blocks of data."""
    text = "\n".join(str(m["content"]) for m in body["messages"] if m["role"] in ("system", "developer", "user"))
    kind = next((name for words, name in _KINDS.items() if words in text), "other")
    blocks = re.findall(r'<data name="(\w+)">\n(.*?)\n</data>', text, re.DOTALL)
    again = any(m["role"] == "tool" for m in body["messages"])
    return kind, {name: json.loads(value) for name, value in blocks} | ({"again": True} if again else {})


def _documents(blocks: dict[str, Any]) -> list[str]:
    if "documents" in blocks:
        return [d["text"] for d in blocks["documents"]]
    return [t for c in blocks.get("contrasts", ()) for t in (*c["documents_a"], *c["documents_b"])]


def opened(home: Path) -> bool:
    """Whether a ledger says that a vault is being opened."""
    return any('"kind":"open"' in f.read_text().replace(" ", "") for f in (home / "ledgers").glob("*.jsonl"))
