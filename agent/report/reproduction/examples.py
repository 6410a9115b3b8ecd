"""The examples beside a claim chosen again: the first documents by digest, not those that fit best.

Knows the held-out rows with their documents. Must never look at what a document says.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .base import Found
from .ledger import sha
from .table import Table, population

MOST = {True: 3, False: 2}


def example_faults(report: Found, table: Table) -> Iterator[str]:
    """Findings whose examples are not those that the rule takes, or whose quotes are not in their documents."""
    for finding in report["findings"]:
        told, own = finding.get("examples", []), None
        for p in finding["hypothesis"].get("texts", ()):
            if told and p["name"] == told[0]["property"] and p["column"] in table.texts:
                own = chosen(finding["id"], finding["hypothesis"], p, table)
        if own is None:
            continue
        if [(e["holds"], e["quote"]["document"]) for e in told] != [(holds, sha(text)[:12]) for holds, text in own]:
            yield f"{finding['id']}: its examples are not the first documents by digest"
        elif not all(is_from(e["quote"]["text"], text) for e, (_, text) in zip(told, own, strict=True)):
            yield f"{finding['id']}: an example does not say what its document says"


def is_from(quote: str, text: str) -> bool:
    """Whether a quote is a piece of a document, white space aside."""
    return quote.removeprefix("…").removesuffix("…") in " ".join(text.split())


def chosen(claim: str, h: Found, p: Found, table: Table) -> list[tuple[bool, str]]:
    """Up to three documents that have the property and two that have it not, each text once, by both digests."""
    count = len(table.number(p["name"]))
    rows = population(h, table._replace(columns=table.columns | {"": np.arange(count)})).columns[""]
    beside = [name for name in (h["outcome"], h["predictor"]) if name != p["name"]]
    rows = rows[table.known(beside[0])[rows]] if beside else rows
    out: list[tuple[bool, str]] = []
    for holds, most in MOST.items():
        found = {sha(t): t for at in rows.tolist() if (t := document(p, table, at, holds)) is not None}
        out += [(holds, found[key]) for key in sorted(found, key=lambda key: sha(f"{claim} {key}"))[:most]]
    return out


def document(p: Found, table: Table, at: int, holds: bool) -> Any:
    """The row's document if it has the property, or has it not; of a pair the one of the two that this is true of."""
    x, other = table.number(p["name"])[at], p.get("against")
    if p["property"]["kind"] == "rate":
        hit = x > 0 if holds else (x < 0 if other else x == 0)
        return table.texts[p["column"]][at] if hit else None
    if other is None:
        return table.texts[p["column"]][at] if x == holds else None
    return None if np.isnan(x) else table.texts[p["column"] if (x == 0) == holds else other][at]
