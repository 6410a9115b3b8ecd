"""Recall of the checked truths on texts in ../shared/data/gold.jsonl, and whether their opposites are ever verified.

    python benchmarks/gold_text.py            # every corpus: without a focus, asked for its column, stated
    python benchmarks/gold_text.py --write    # the same, and the tables go into docs/evidence.md

What counts as a hit was fixed before anything was measured:

1. A finding counts only if it is verified.
2. Its other column is the truth's (`label`; the year; for `neg` of the tweets `airline_sentiment`, of which it is the
   level negative; for pairs the label that names the winner).
3. Its property means the same: the measure that `PROPERTIES` names for the truth, or a list of terms (mentioned, or by
   rate) of which at least a third is in the truth's own word list, as written in gold.jsonl, and which holds at least
   a third of that list; a beginning (`cancel*`) and an inflection count as the word. Words of praise, for which
   gold.jsonl gives no list, are `thank great good love awesome amazing best appreciate`, or the measure of opinion,
   which counts them.
4. Its direction is the truth's: the positive class stands on one side of the contrast alone, and that side has more (or
   less) of the property; along the years it rises; of a pair the text with more of it wins more (or less) often.
5. The planted rule of shirts and shoes is found where for at least four of the six colours a shirt of that colour is
   verified to be mentioned more often with shoes of it.
6. Truths without a text (G196, and the admission tables) are judged by `gold.py` as the other tables are.

The opposite of each truth is stated as well and must not come out verified; for question marks in headlines the
opposite is what the literature says.
"""

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import gold

import heldout
from heldout.agent.report.result import Finding
from heldout.tools.errors import HeldoutError
from heldout.tools.explore.text_merge import stem_of

DATA = gold.DATA
PRAISE = "thank great good love awesome amazing best appreciate"


class Truth(NamedTuple):
    """What a truth means in the grammar of properties."""

    forms: tuple[str, ...] = ()
    words: str = ""
    stated: str = ""
    """The truth as a sentence."""


_FIRST = '"Headline 1 has more clicks than Headline 2."'
_WHICH = "which of headline_1 and headline_2 has more"
PROPERTIES = {
    "G156": Truth(
        ("first person singular",), "", "first person singular of review_sentence higher for label=deceptive"
    ),
    "G157": Truth(
        (), "bathroom floor street location small walls",
        "review_sentence mentions bathroom*, floor*, street*, location*, small*, wall* less often for label=deceptive",
    ),
    "G158": Truth((), "chicago", "review_sentence mentions chicago* more often for label=deceptive"),
    "G159": Truth(
        (), "husband family vacation business",
        "review_sentence mentions husband, family, vacation*, business more often for label=deceptive",
    ),
    "G170": Truth(("question marks",), "", f"label={_FIRST} less often for {_WHICH} question marks=first"),
    "G171": Truth(("words",), "", f"label={_FIRST} more often for {_WHICH} words=first"),
    "G172": Truth(("digits",), "", f"label={_FIRST} more often for {_WHICH} digits=first"),
    "G189": Truth(("digits",), "", "digits of text higher for label=spam"),
    "G190": Truth(("first person singular",), "", "first person singular of text lower for label=spam"),
    "G191": Truth((), "prize win claim cash", "text mentions prize*, win*, claim*, cash more often for label=spam"),
    "G192": Truth(
        (), "bad worst stupid boring waste", "text mentions bad, worst, stupid, boring, waste less often for label=pos"
    ),
    "G193": Truth(("characters", "words"), "", "characters of text higher for label=pos"),
    "G194": Truth(
        (), "wait delay cancel luggage",
        "text mentions wait*, delay*, cancel*, luggage more often for airline_sentiment=negative",
    ),
    "G195": Truth(
        ("opinion",), PRAISE,
        "text mentions thank*, great, good, love, awesome, amazing, best less often for airline_sentiment=negative",
    ),
    "G200": Truth((), "a e i y", "name ends in a, e, i, y more often for label=female"),
    "G201": Truth((), "america american", "rate of america* in text rises over year"),
    "G202": Truth((), "america american", "rate of america* in text rises over year"),
    "G203": Truth(("words per sentence",), "", "words per sentence of text falls over year"),
    "G204": Truth((), "terror", "text mentions terror* rises over year"),
    "G227": Truth((), "", 'appearance mentions "blue shirt" more often for label=blue'),
}  # fmt: skip
COLUMNS = {"neg": "airline_sentiment", "label (winner)": "label"}
POSITIVE = {"neg": "negative"}
COLOURS = ("black", "blue", "red", "orange", "green", "white")
TEXT = {"text/names.csv": ("name",)}
_TURNED = {
    "higher": "lower", "lower": "higher", "more often": "less often", "less often": "more often", "rises": "falls",
    "falls": "rises",
}  # fmt: skip


def truths() -> list[dict]:
    lines = (DATA / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    every = [json.loads(line) for line in lines]
    return [
        g for g in every
        if g.get("typed") and g.get("file") and (g.get("is_text") or g["file"].startswith(("text/", "hypobench/")))
    ]  # fmt: skip


def other_column(truth: dict) -> str:
    """The table's column that the truth relates its text to."""
    typed = truth["typed"]
    name = typed["predictor"] if typed["relation"] == "text_trend" else typed["outcome"]
    return COLUMNS.get(name, str(name))


def is_hit(truth: dict, findings: list[Finding]) -> bool:
    """Whether verified findings state the truth, as the docstring says."""
    if truth["id"] not in PROPERTIES:
        return any(gold.is_found(as_table(truth["typed"]), f) for f in findings)
    if truth["id"] == "G227":
        return sum(any(shirt(colour, f.hypothesis) for f in findings) for colour in COLOURS) >= 4
    return any(states(truth, f) for f in findings)


def as_table(typed: dict) -> dict:
    """A truth without a text as `gold.py` reads it."""
    column, _, level = typed["outcome"].partition("=")
    return {**typed, "outcome": f"share {column}={level}"} if level else typed


def shirt(colour: str, h: dict) -> bool:
    """Whether a shirt of that colour is mentioned more often with such shoes, or they with it, which is the same."""
    mentioned = [p["property"].get("terms", []) for p in h.get("texts", ())]
    if h["family"] != "rate_difference" or mentioned != [[f"{colour} shirt"]] or h["direction"] != "higher":
        return False
    level, held = (h["event"], h["levels"]["a"][0]) if h["levels"]["a"] == ["yes"] else (h["levels"]["a"][0], "yes")
    return held == "yes" and level in (colour, f"the color of shoes is {colour}")


def states(truth: dict, finding: Finding) -> bool:
    h, typed = finding.hypothesis, truth["typed"]
    other = other_column(truth)
    means = {p["name"] for p in h.get("texts", ()) if same_property(PROPERTIES[truth["id"]], p["property"])}
    if {h["outcome"], h["predictor"]} - means != {other} or not means:
        return False
    way = {"text_trend": _along, "text_pair_preference": _pair}.get(typed["relation"], _group)
    more = way(h, finding, typed, other)
    return more is not None and more == (typed["direction"] == "+")


def same_property(wanted: Truth, prop: dict) -> bool:
    if prop["kind"] == "measure":
        return prop["of"] in wanted.forms
    terms = prop.get("terms") or (prop.get("of") if prop["kind"] == "ending" else None)
    return bool(terms) and bool(wanted.words) and shares(terms, wanted.words.split())


def shares(terms: list[str], words: list[str]) -> bool:
    """Whether at least a third of the terms are among the words, and at least a third of the words among the terms."""
    told = [t for t in terms if any(_is(t, w) for w in words)]
    covered = [w for w in words if any(_is(t, w) for t in terms)]
    return 3 * len(told) >= len(terms) and 3 * len(covered) >= len(words)


def _is(term: str, word: str) -> bool:
    if term.endswith("*"):
        return word.startswith(term[:-1]) or stem_of(word) == stem_of(term[:-1])
    return term == word or stem_of(term) == stem_of(word)


def _up(finding: Finding) -> bool | None:
    effect = finding.held_out.effect
    return None if effect is None else effect.value > (0.5 if effect.name == "P(A>B)" else 0.0)


def _along(h: dict, finding: Finding, typed: dict, other: str) -> bool | None:
    along = h["family"] in ("trend", "monotone_association") and h["predictor"] == other
    return _up(finding) if along else None


def _group(h: dict, finding: Finding, typed: dict, other: str) -> bool | None:
    """Whether the positive class has more of the property; None where the finding does not say."""
    positive, up = POSITIVE.get(typed["outcome"], typed["positive_class"]), _up(finding)
    levels = h.get("levels")
    if levels is None or up is None or h["family"] not in (
        "group_difference", "rate_difference", "occurrence_difference", "mean_difference",
    ):  # fmt: skip
        return None
    if h["predictor"] == other:
        return up == (positive in levels["a"]) if levels["a"] == [positive] or positive not in levels["a"] else None
    held = levels["a"] == ["yes"]
    return up == held if h.get("event") == positive else None if h.get("event") is None else up != held


def _pair(h: dict, finding: Finding, typed: dict, other: str) -> bool | None:
    """Whether the text with more of the property wins more often."""
    if h["family"] != "rate_difference" or h["outcome"] != other or h["levels"]["a"] not in (["first"], ["second"]):
        return None
    names_first = h["event"].startswith("Headline 1")
    up = _up(finding)
    return None if up is None else up == (names_first == (h["levels"]["a"] == ["first"]))


def turned(sentence: str) -> str:
    """The opposite of a stated truth."""
    pattern = re.compile("|".join(rf"\b{w}\b" for w in sorted(_TURNED, key=len, reverse=True)))
    return pattern.sub(lambda m: _TURNED[m[0]], sentence, count=1)


def report(file: str, run: Callable[[Path, dict], heldout.Explanation]) -> heldout.Explanation | str:
    with tempfile.TemporaryDirectory() as folder:
        options = {"ledger": Path(folder) / "ledger.jsonl", **({"text": TEXT[file]} if file in TEXT else {})}
        try:
            return run(DATA / file, options)
        except HeldoutError as err:
            return f"{type(err).__name__}: {err}"


def in_file(file: str, name: str) -> str:
    """The column as its file calls it: `admission` is `admission_base` in one file, `admission_depth_2` in another."""
    if not file.endswith(".csv"):
        return name
    header = (DATA / file).read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].strip().split(",")
    return name if name in header else next((c for c in header if c.startswith(name)), name)


def explained(truth: dict, focused: bool) -> heldout.Explanation | str:
    other = in_file(truth["file"], other_column(truth).split("=")[0])
    trend = truth["typed"]["relation"] == "text_trend"
    focus = {} if not focused else {"about": (other,)} if trend else {"outcome": other}
    return report(truth["file"], lambda path, options: heldout.explain(path, **focus, **options))


def answered(truth: dict, sentence: str) -> str:
    """What becomes of a sentence: verified, refuted, inconclusive, untestable, or the error."""
    found = report(truth["file"], lambda path, options: heldout.verify(path, [sentence], **options))
    return found if isinstance(found, str) else str(found.result.asked[0].outcome)


def measured() -> tuple[str, str]:
    """Both tables: recall, and what became of the opposites."""
    seen: dict[tuple, heldout.Explanation | str] = {}
    lines = ["| truth | unaided | asked for its column | stated |", "| --- | --- | --- | --- |"]
    opposite = ["| opposite of | as stated | outcome |", "| --- | --- | --- |"]
    counts = [0, 0, 0]
    for truth in truths():
        cells = []
        for at, focused in enumerate((False, True)):
            key = truth["file"], other_column(truth).split("=")[0] if focused else None
            if key not in seen:
                seen[key] = explained(truth, focused)
            whole = seen[key]
            hit = not isinstance(whole, str) and is_hit(truth, list(whole.verified))
            counts[at] += hit
            cells.append("found" if hit else whole if isinstance(whole, str) else "missed")
        stated = PROPERTIES[truth["id"]].stated if truth["id"] in PROPERTIES else ""
        outcome = answered(truth, stated) if stated else ""
        counts[2] += outcome == "verified"
        lines.append(f"| {truth['id']} {truth['gold'].replace('|', '/')} | {' | '.join(cells)} | {outcome} |")
        if stated:
            opposite.append(f"| {truth['id']} | {turned(stated)} | {answered(truth, turned(stated))} |")
    n, said = len(lines) - 2, len(opposite) - 2
    lines.append(
        f"\nUnaided {counts[0]} of {n} ({counts[0] / n:.0%}), asked for the column {counts[1]} of {n} "
        f"({counts[1] / n:.0%}), stated {counts[2]} of {said} verified ({counts[2] / said:.0%})."
    )
    wrong = sum(line.endswith("| verified |") for line in opposite)
    opposite.append(f"\nOf {said} opposites {wrong} came out verified.")
    return "\n".join(lines), "\n".join(opposite)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/evidence.md")
    options = parser.parse_args()
    if not (DATA / "gold.jsonl").is_file():
        print("No gold.jsonl beside the checkout: nothing to measure.")
        return 0
    recall, opposites = measured()
    print(recall, opposites, sep="\n\n")
    if options.write:
        from pages import write_section

        write_section("gold text", f"{recall}\n\n{opposites}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
