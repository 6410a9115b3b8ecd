"""A hostile model behind the provider's door: it knows the table's names and does its worst at every turn.

One server answers for many seeds at once: the model's name says which script speaks (`hostile-17`). A script has a kind
of attack that it prefers, and mixes in all others.
"""

import json
import re
from typing import Any

from tests.hostile_asks import ASK_KINDS, AskMind, worst
from tests.hostile_attacks import ATTACKS, KINDS
from tests.hostile_mind import Mind
from tests.hostile_table import Victim
from tests.hostile_words import FORGED
from tests.provider import Line, Provider, fails, says

__all__ = ["ASK_KINDS", "KINDS", "Hostile"]


class Hostile(Provider):
    """The server; `enlist` makes a script known by the model's name."""

    def __init__(self, key: str | None = None, asks: bool = False) -> None:
        """A server of scripts against the whole job, or with `asks` against questions."""
        super().__init__(key=key)
        self.kinds = ASK_KINDS if asks else KINDS
        self._mind, self._worst = (AskMind, worst) if asks else (Mind, _worst)
        self.minds: dict[str, Mind] = {}
        self.bodies: dict[str, list[dict[str, Any]]] = {}

    def enlist(self, seed: int, victim: Victim, parent: int) -> str:
        """The name of the model that plays this seed's script."""
        name = f"hostile-{seed}"
        self.minds[name] = self._mind(seed, self.kinds[seed % len(self.kinds)], victim, parent)
        self.bodies[name] = []
        return f"openai:{name}"

    def sent(self, name: str) -> list[dict[str, Any]]:
        """All that was asked of this model so far."""
        return list(self.bodies[name.removeprefix("openai:")])

    def forget(self, name: str) -> Mind:
        """End this script; it is handed back."""
        name = name.removeprefix("openai:")
        with self._lock:
            del self.bodies[name]
            return self.minds.pop(name)

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Line:
        with self._lock:
            if body["model"] not in self.minds:
                return fails(410)
            mind = self.minds[body["model"]]
            self.bodies[body["model"]].append(body)
            refused = self._refused(body, headers)
            return refused if refused is not None else self._worst(mind, body)


def _worst(mind: Mind, body: dict[str, Any]) -> Line:
    mind.hear(body)
    if "word the opening" in str(body["messages"][0].get("content")):
        return says(worded(mind, str(body["messages"][-1].get("content"))))
    if mind.turn > mind.last:
        return says(f"{mind.junk()} {' '.join(FORGED)}")
    kind = mind.kind if mind.rng.random() < 0.7 else mind.rng.choice(KINDS)
    mind.used.add(kind)
    line = ATTACKS[kind](mind)
    if not body.get("tools") and line.calls:  # asked for one reply: the same as JSON
        first = line.calls[0][1]
        return says(first if isinstance(first, str) else json.dumps({**first, "open_questions": [mind.junk()]}))
    return line


def worded(mind: Mind, told: str) -> str:
    """A summary that says anything of the findings that it was told."""
    ids = re.findall(r'"id":\s*"(\w+)"', told) or ["f1"]
    slots = ["", ".claim", ".effect", ".sentence", ".figures", ".verdict", ".a", ".n", ".nothing"]
    out = []
    for _ in range(mind.rng.randint(3, 30)):
        cited = f"[{mind.rng.choice(ids)}{mind.rng.choice(slots)}]"
        form = mind.rng.choice(("{c} is verified.", "{c} {j}", "{j} {c}.", "{f} {c}", "It is proven that {c}.", "{c}."))
        out.append(form.format(c=cited, j=mind.junk(), f=mind.rng.choice(FORGED)))
    return mind.rng.choice((" ", "\n")).join(out)
