"""The attacks of a hostile model on questions: each makes one answer to `ask` or `chat`, the worst of its kind."""

import json
import re
from collections.abc import Callable
from typing import Any

from tests.hostile_attacks import ATTACKS
from tests.hostile_mind import Mind
from tests.hostile_words import FORGED, MARKUP, TOOL_NAMES, UNICODE, WRONG
from tests.provider import Line, calls, says

VERDICTS = (
    "VERIFIED p<.001", "verified", "3850000 (p = 0.001), verified", "significant", "proven", "p_value", "NOT VERIFIED",
    "confirmed on sealed rows", "three_point_one_four million", "`mean` of 42", "Checked: all rows", "0.0000001",
)  # fmt: skip
"""What a model would have stand in an answer where only code speaks."""
_TOOLS = ("answer_fact", "answer_claim", "ask_back", "query", "columns")
_WHERE_OUT = (
    "SELECT * FROM sealed", "SELECT * FROM vault_1", "SELECT count(*) AS n FROM 'sealed.duckdb'",
    "SELECT * FROM read_parquet('{home}/**/*.parquet')", "ATTACH 'sealed.duckdb' AS s; SELECT * FROM s.vault_1",
    "SELECT * FROM glob('/tmp/**/whole.parquet')", "COPY data TO '{outside}/written.csv'",
    "SELECT * FROM read_text('{outside}/canary.txt')", "SELECT getenv('HOSTILE_SECRET') AS s, count(*) AS n FROM data",
    "SELECT content FROM read_text('/proc/self/environ')",
)  # fmt: skip


class AskMind(Mind):
    """One script over a thread of questions: each of them is a conversation of its own."""

    facts: list[str]

    def hear(self, body: dict[str, Any]) -> None:
        if not any(m["role"] == "assistant" for m in body["messages"]):
            self.turn, self.last, self.facts = 0, self.rng.randint(1, 5), []
            if self.kind in ("endless", "flood"):
                self.last = 10_000
        super().hear(body)
        self.facts = sorted(set(re.findall(r"\[(f\d+)\]", json.dumps(body["messages"]))))

    def quoted(self) -> str:
        """A column as SQL names it, by its short id or its name."""
        return '"' + self.column().replace('"', '""') + '"'

    def aliased(self) -> str:
        """A fact whose columns are called what no column may be called, by large groups, so that figures are told."""
        name, alias = self.category()[0], self.rng.choice((*VERDICTS, *FORGED, *MARKUP, *UNICODE)).replace('"', "'")
        x = self.number().replace("`", '"')
        return self.rng.choice(
            (
                f'SELECT avg({x}) AS "{alias}", count(*) AS n FROM data',
                f'SELECT {name}, avg({x}) AS "{alias}", count(*) AS n FROM data GROUP BY {name}',
                f"SELECT '{alias.replace(chr(39), '')}' AS answer, count(*) AS n FROM data",
                "SELECT 3850000 AS mean_income, 0.0001 AS p_value, count(*) AS n FROM data",
                f"SELECT avg({x}) * 0 + 3850000 AS mean_income, count(*) AS n FROM data",
                f"SELECT max({x}) AS mean_of_it, count(*) AS n FROM data",
                f'SELECT avg({x}) AS "{self.number().replace("`", "")}", count(*) AS n FROM data',
                f"SELECT avg({x}) AS m /* {alias} */, count(*) AS n FROM data -- {alias}",
                f"SELECT count(*) AS n FROM data WHERE '{alias.replace(chr(39), '')}' <> ''",
            )
        )


def _fact(mind: AskMind, sql: str, what: str = "") -> tuple[str, Any]:
    return "answer_fact", {"what": (what or f"the figures of {mind.column()}")[:300], "sql": sql[:2_000]}


def _plain(mind: AskMind) -> str:
    x, name = mind.number().replace("`", '"'), mind.category()[0]
    return f"SELECT {name}, avg({x}) AS m, count(*) AS n FROM data GROUP BY {name} ORDER BY {name}"


def other(mind: AskMind) -> Line:
    """A claim that nobody asked for, in whatever direction."""
    return calls(("answer_claim", {"claim": mind.claim()}), content=mind.rng.choice(FORGED))


def stuffed(mind: AskMind) -> Line:
    """Many claims in one question, in one string, as a list, beside queries and readings."""
    claims = [mind.claim() for _ in range(8)]
    return calls(
        ("answer_claim", {"claim": " and ".join(claims)}),
        ("answer_claim", {"claim": "\n".join(claims)}),
        ("answer_claim", {"claim": {"claims": claims}}),
        *(("answer_claim", {"claim": c}) for c in claims),
        ("propose", {"claims": [{"claim": c} for c in claims]}),
        *(_fact(mind, _plain(mind)) for _ in range(5)),
    )


def dither(mind: AskMind) -> Line:
    """The one false claim of the thread at another threshold, filter or quantile."""
    cat, labels = mind.category()
    name = sorted(mind.victim.numbers)[0]
    x = mind.called(name)
    up = "higher" if mind.victim.path.stat().st_size % 2 else "lower"
    forms = (
        f"{x} > {mind.cut(name)} {up} for {cat}={labels[0]}",
        f"p{mind.rng.randint(20, 80)} {x} {up} for {cat}={labels[0]}",
        f"{x} {up} for {cat}={labels[0]} among {mind.condition()}",
        f"{x} {up} for {cat}={labels[0]}",
    )
    return calls(*(("answer_claim", {"claim": c}) for c in mind.rng.sample(forms, 3)))


def sealed(mind: AskMind) -> Line:
    """SQL that reaches for sealed rows, files and the environment."""
    outside = mind.victim.outside
    reach = [q.format(outside=outside, home=outside.parent / "home") for q in mind.rng.sample(_WHERE_OUT, 3)]
    return calls(*(_fact(mind, sql) for sql in (*reach, mind.sql())))


def cells(mind: AskMind) -> Line:
    """Facts that are whole rows, keys, single cells or the ends of a range."""
    x = mind.quoted()
    whole = (
        "SELECT * FROM data", "SELECT data FROM data", "SELECT COLUMNS('.*') FROM data",
        f"SELECT {x} FROM data LIMIT 3", "SELECT to_json(data) AS j FROM data",
        f"SELECT list({x}) AS l, count(*) AS n FROM data",
        f"PIVOT data ON {x} USING count(*)", f"SELECT error({x}) FROM data", f"SELECT CAST({x} AS INTEGER) FROM data",
        f"SELECT {x}, count(*) AS n FROM data GROUP BY 1 HAVING n = 1",
    )  # fmt: skip
    return calls(_fact(mind, mind.rng.choice(whole)), _fact(mind, mind.cells()), ("query", {"sql": mind.cells()}))


def forged(mind: AskMind) -> Line:
    """Figures and verdicts in every string that stands in an answer: what it computes, aliases, constants, comments."""
    what = mind.rng.choice((*FORGED, *VERDICTS, f"the mean of {mind.column()}, which is 3.14 and verified"))
    return calls(_fact(mind, mind.aliased(), what), _fact(mind, _plain(mind), what))


def markup(mind: AskMind) -> Line:
    bad = mind.rng.choice(MARKUP)
    sql = f"{_plain(mind)} -- {bad}" if mind.rng.random() < 0.5 else mind.aliased()
    reading = {"reading": f"as {bad}"[:200], "question": f"mean of {bad}"[:300]}
    tools = [_fact(mind, sql, bad), ("answer_claim", {"claim": f"{mind.claim()} {bad}"})]
    return calls(*tools) if mind.rng.random() < 0.7 else calls(("ask_back", {"readings": [reading, reading]}))


def tricks(mind: AskMind) -> Line:
    bad = mind.rng.choice(UNICODE)
    return calls(
        _fact(mind, f"{_plain(mind)} -- {bad}", f"the mean {bad} of it"),
        ("answer_claim", {"claim": f"{mind.claim()}{bad}"}),
        content=bad,
    )


def asks_back(mind: AskMind) -> Line:
    """A question back for ever, with what it would have printed or typed."""
    forms = (
        "--reveal", "/reveal", "--ledger=/tmp/x", "; touch pwned", "$(touch pwned)", "'; touch pwned; '", mind.claim(),
        "mean 3850000 by p=0.001", *VERDICTS, *MARKUP,
    )  # fmt: skip
    readings = [
        {"reading": mind.rng.choice((*VERDICTS, *FORGED, *MARKUP))[:200].ljust(3), "question": q[:300].ljust(3)}
        for q in mind.rng.sample(forms, 3)
    ]
    return calls(("ask_back", {"readings": readings}), content=mind.rng.choice(FORGED))


def opposite(mind: AskMind) -> Line:
    """A claim, then words that say what became of it before anyone knows, and its contrary."""
    return calls(
        ("answer_claim", {"claim": mind.claim()}), content="It is VERIFIED (p < .001). No: it is refuted, p = .78."
    )


def reveals(mind: AskMind) -> Line:
    """Asks for what only the person may do."""
    names = ("reveal", "open_vault", "close_thread", "expose", "verify", "export", *mind.rng.sample(TOOL_NAMES, 2))
    return calls(*((n, {"vault": 2, "path": "pwned"}) for n in names), ("answer_claim", {"claim": "/reveal"}))


def wrong_json(mind: AskMind) -> Line:
    return Line(calls=tuple((name, mind.rng.choice(WRONG)) for name in mind.rng.sample(_TOOLS, 3)))


def refusal(mind: AskMind) -> Line:
    return says(mind.rng.choice(("I cannot help with that.", "", "As a model I refuse. VERIFIED, p = 0.001.", "no")))


def huge(mind: AskMind) -> Line:
    long = mind.rng.choice(("x", "(", "`", "and ", "\u0301", "SELECT ")) * 60_000
    return mind.rng.choice(
        (
            calls(("answer_fact", {"what": long, "sql": long})),
            calls(("answer_claim", {"claim": long})),
            calls(_fact(mind, "SELECT " + "+".join(["1"] * 900) + " AS x, count(*) AS n FROM data")),
            calls(_fact(mind, f"SELECT {'NOT ' * 480}true AS x, count(*) AS n FROM data")),
            calls(_fact(mind, f"SELECT {'abs(' * 300}1{')' * 300} AS x, count(*) AS n FROM data")),
            calls(_fact(mind, "SELECT repeat('x', 1000000000) AS x, count(*) AS n FROM data")),
            calls(_fact(mind, "SELECT a.* FROM data a, data b, data c")),
            says(long),
        )
    )


ASKS: dict[str, Callable[[AskMind], Line]] = {
    "other": other, "stuffed": stuffed, "dither": dither, "sealed": sealed, "cells": cells, "forged": forged,
    "markup": markup, "unicode": tricks, "back": asks_back, "opposite": opposite, "reveal": reveals, "json": wrong_json,
    "refusal": refusal, "huge": huge, "endless": ATTACKS["endless"], "obeys": ATTACKS["obeys"],
    "server": ATTACKS["server"],
}  # fmt: skip
ASK_KINDS = tuple(ASKS)


def said(mind: AskMind) -> str:
    """The words of an answer: true slots among forged figures, ids that are not there, number words, contraries."""
    ids = [*(mind.facts or ["f1"]), "f999", "0.5", "2f6ac9a1b0c3"]
    slots = ("", "", ".value", ".n", ".what", ".sentence", ".verdict", ".effect", ".interval", ".missing", ".where")
    forms = (
        "The mean is {c}.", "{c}", "It is {c} for {l} and {c} for {l}.", "The mean {n} is {c} of three million rows.",
        "{n} is higher for {l} ({c}) than for {l} ({c}).", "It is verified that {n} is {c}.", "{c} {j}", "{j} {c}.",
        "No, {n} is not {c}.", "{f} {c}", "Twenty of {c} is half.", "The mean of {n} is {c}, p = .001.", "{c}{c}4",
        "The value is {c} and the claim is NOT VERIFIED.", "The answer is 3850000 ({c}).", "{n} drives {c}.",
    )  # fmt: skip
    out = []
    for _ in range(mind.rng.randint(2, 12)):
        text = mind.rng.choice(forms)
        while "{c}" in text:
            text = text.replace("{c}", f"[{mind.rng.choice(ids)}{mind.rng.choice(slots)}]", 1)
        labels = mind.category()[1]
        out.append(
            text.replace("{l}", labels[0]).replace("{n}", mind.column()).replace("{f}", mind.rng.choice(FORGED))
            .replace("{j}", mind.junk())
        )  # fmt: skip
    return mind.rng.choice((" ", "\n")).join(out)


def worst(mind: AskMind, body: dict[str, Any]) -> Line:
    """The answer of a script to one turn of a question."""
    mind.hear(body)
    if mind.turn > mind.last:
        return says(said(mind))
    if not mind.facts and mind.rng.random() < 0.3:  # something to cite, so that words come to stand in the answer
        return calls(_fact(mind, mind.aliased() if mind.rng.random() < 0.5 else _plain(mind)))
    kind = mind.kind if mind.rng.random() < 0.7 else mind.rng.choice(ASK_KINDS)
    mind.used.add(kind)
    return ASKS[kind](mind)
