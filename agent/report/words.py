"""How the report words what it shows: names, figures, p-values, effects, badges, and the line on what was done.

Knows the result as values. Must never know HTML, Markdown or a terminal, compute a statistic, or say what causes
what.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from ...tools.value import Effect, counted
from ...tools.verify.families.wording import decimals, fixed, interval, number, with_unit
from .result import Finding, Result

OUTCOMES = ("verified", "refuted", "inconclusive", "untestable")
FAMILIES = {
    "group_difference": "difference between groups",
    "rate_difference": "difference between rates",
    "mean_difference": "difference between means",
    "quantile_difference": "difference between quantiles",
    "occurrence_difference": "difference in how often a value occurs",
    "rate_ratio": "ratio of rates",
    "monotone_association": "rising or falling relation",
    "categorical_association": "relation between labels",
    "trend": "trend over time",
    "seasonality": "season",
    "change_point": "change at a time",
    "shift": "shift between snapshots",
    "subgroup": "rows inside a rule against the rest",
    "segment": "a segment of rows against the rest",
    "ranking": "order of levels",
    "invariant": "rule of the data",
    "adjusted_association": "relation with columns held fixed",
    "shape": "shape of a relation",
    "interaction": "effect that differs between groups",
}
TITLES = {
    "verified": "Also verified",
    "refuted": "Looked at and not supported",
    "inconclusive": "Could not be decided",
    "untestable": "Not testable",
}
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_JOINERS = "\u200c\u200d"
"""Zero-width joiners that scripts and emoji need; every other invisible character is replaced."""


# Names and sentences


def clean(text: str) -> str:
    """`text` on one line: white space runs become a space, invisible and control characters a visible `�`."""
    return visible(re.sub(r"\s+", " ", text).strip())


def visible(text: str) -> str:
    """`text` with every invisible or control character as a visible `�`, its length kept."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("�" if c not in _JOINERS and unicodedata.category(c) in _HIDDEN else c for c in text)


def parts(text: str) -> Iterator[tuple[bool, str]]:
    """`text` cut at backticks into (is a name, text); an unpaired backtick stays part of the text."""
    pieces = clean(text).split("`")
    if len(pieces) % 2 == 0:
        pieces[-2:] = ["`".join(pieces[-2:])]
    for at, piece in enumerate(pieces):
        if piece:
            yield at % 2 == 1, piece


def plain(text: str) -> str:
    """`text` on one line without the backticks around names."""
    return "".join(piece for _, piece in parts(text))


def headed(sentence: str) -> tuple[str, str]:
    """A finding's sentence as its claim and its figures, cut at the first `: ` outside a name."""
    at = next((m.start() for m in re.finditer(": ", sentence) if sentence[: m.start()].count("`") % 2 == 0), -1)
    if at < 0:
        return sentence, ""
    figures = sentence[at + 2 :]
    return sentence[:at] + ".", figures[:1].upper() + figures[1:]


many = counted
"""A count with its noun: `1 row`, `1,234 rows`."""


# Figures


def p_text(p: float | None) -> str:
    """A p-value as AMA prints it: `P<.001`, `P=.004`, `P=.03`, `P>.99`; `P not computed` where there is none.

    A third digit is kept where two would round across .05.
    """
    if p is None:
        return "P not computed"
    if p < 0.001:
        return "P<.001"
    if p > 0.99:
        return "P>.99"
    close = (p < 0.05) != (round(p, 2) < 0.05)
    return f"P={p:.{3 if p < 0.0095 or close else 2}f}".replace("=0.", "=.")


def figure(value: float | None) -> str:
    """A number with at most four significant digits; a dash where there is none."""
    if value is None:
        return "–"
    text = number(value, 4)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def effect_text(effect: Effect | None, *, outcome: str | None = None) -> str:
    """`mean difference 1,370 g (95 % interval 1,290 to 1,450)`; `not measured` without an effect.

    Args:
        effect: The effect, on any scale.
        outcome: The outcome's name, which is no unit when it stands in place of one.
    """
    if effect is None:
        return "not measured"
    return " ".join(x for x in (effect.name, value_text(effect, outcome=outcome), _around(effect, outcome)) if x)


def value_text(effect: Effect, *, outcome: str | None = None) -> str:
    """The effect's value with its unit, with as many decimals as its interval."""
    return with_unit(fixed(effect.value, _places(effect)), _unit(effect, outcome))


def interval_text(effect: Effect, *, outcome: str | None = None) -> str:
    """`95 % interval 1,290 to 1,450`, or empty text where the effect has none."""
    if effect.low is None or effect.high is None:
        return ""
    places = _places(effect)
    unit = None if effect.unit == "points" else _unit(effect, outcome)
    return interval(effect.low, effect.high, places, level=effect.level or 0.95, unit=unit)


def _around(effect: Effect, outcome: str | None) -> str:
    text = interval_text(effect, outcome=outcome)
    return f"({text})" if text else ""


def _unit(effect: Effect, outcome: str | None) -> str | None:
    return None if effect.unit in (None, outcome) else clean(effect.unit or "")


def _places(effect: Effect) -> int:
    """Decimals of an effect: two of a unitless coefficient, else those that tell the interval's ends apart."""
    if effect.unit is None:
        return 2 if abs(effect.value) >= 0.1 else 3
    ends = [abs(v) for v in (effect.low, effect.high) if v is not None]
    width = effect.high - effect.low if effect.low is not None and effect.high is not None else 0.0
    return max(decimals(effect.value, *ends), decimals(width, digits=2) if width else 0)


# Verdicts


def badge(finding: Finding) -> str:
    """The verdict in words; of a verified effect also what the other columns do to it, or its size."""
    if finding.outcome != "verified":
        return finding.outcome.capitalize()
    if finding.adjustment.tag in ("attenuated", "reversed") and finding.adjustment.phrase:
        return f"Verified, but {finding.adjustment.phrase.split()[0]}"  # shrinks, vanishes, reverses
    return {"material": "Verified", "negligible": "Verified, but negligible"}.get(
        finding.size or "", "Verified, may be small"
    )


def tone(finding: Finding) -> str:
    """The badge's colour: that of the outcome, but green only for what is verified without a `but`."""
    return "qualified" if badge(finding).startswith("Verified, but") else finding.outcome


ADJUSTED_STYLES = {"robust": "green", "attenuated": "yellow", "reversed": "bold red", "not run": ""}


def caveats(warnings: Sequence[str]) -> list[str]:
    """The warnings that a reader must weigh: what the test allowed for already is none."""
    return [text for text in warnings if not text.endswith("allowed for.")]


def adjusted_phrase(finding: Finding) -> str:
    """`Holds with the other columns held fixed.`, or what it does instead; empty where that was not looked at."""
    phrase = finding.adjustment.phrase if finding.outcome == "verified" else ""
    return f"{phrase[:1].upper()}{phrase[1:]}." if phrase else ""


def adjusted_line(finding: Finding) -> str:
    """The sentence on the other columns of a verified finding."""
    ran = finding.adjustment.tag != "not run"  # why it was not run stands with the evidence
    return finding.adjustment.sentence if finding.outcome == "verified" and ran else ""


def explored_line(finding: Finding) -> str:
    """`Mean difference: explored 1,402 → held out 1,365`, in the data's units where both sides have them.

    Empty text where one of the two was not measured.
    """
    seen, held = finding.exploration, finding.held_out
    if seen is None:
        return ""
    for before, after in ((seen.in_units, held.in_units), (seen.effect, held.effect)):
        if before is not None and after is not None:
            outcome = str(finding.hypothesis.get("outcome", ""))
            one, two = (value_text(e, outcome=outcome) for e in (before, after))
            return f"{clean(after.name[:1].upper() + after.name[1:])}: explored {one} → held out {two}"
    return ""


def undecided_line(finding: Finding) -> str:
    """What an undecided claim would have needed: the effect these rows could show, and the rows for less."""
    if finding.detectable is None:
        return ""
    text = f"With {many(finding.held_out.n, 'row')}, power is 80 % for {_scale(finding, round(finding.detectable, 3))}"
    needed = finding.rows_needed
    if needed is not None and needed > finding.held_out.n:
        rows = f"about {many(needed, 'row')}{_in_units(finding, needed)}"
        text += f"; the smallest effect of interest ({_scale(finding, finding.smallest_effect)}) takes {rows}"
    return text + "."


def _in_units(finding: Finding, needed: int) -> str:
    """The units in which the rows needed must lie: more rows of the same stores would decide nothing."""
    clusters, rows, unit = finding.held_out.clusters, finding.held_out.n, finding.hypothesis.get("unit")
    if not clusters or not rows:
        return ""
    name = f"values of `{unit['column']}`" if unit else "units that are independent of each other"
    return f" in {-(-needed * clusters // rows):,} {name}"


def smallest_text(finding: Finding) -> str:
    """The smallest effect of interest on the family's scale."""
    return _scale(finding, finding.smallest_effect)


def _scale(finding: Finding, value: float) -> str:
    """`Spearman's rho 0.1`: a distance from no effect, on the scale of the finding's effect."""
    effect = finding.held_out.effect
    name = clean(effect.name) if effect else "an effect of"
    return f"{name} {figure(value)} away from .5" if name == "P(A>B)" else f"{name} {figure(value)}"


# The run


def verdicts_line(result: Result) -> str:
    """`7 verified, 2 refuted, 3 inconclusive, 1 untestable`."""
    return ", ".join(f"{getattr(result.counts, name):,} {name}" for name in OUTCOMES)


def explored_rows(result: Result) -> int:
    """Rows that the search saw: the exploration part and the portions opened by earlier batches."""
    return result.split.exploration_rows + sum(v.rows for v in result.split.vaults if v.explored)


def opened_rows(result: Result) -> int:
    """Rows of the portion that this report's batch was checked on."""
    return sum(v.rows for v in result.split.vaults if v.state == "opened")


def stated(result: Result) -> bool:
    """Whether the batch holds the user's own hypotheses, not those that the leads or a list suggested."""
    return any(asked.state == "tested" for asked in result.asked)


def done_line(result: Result) -> str:
    """One sentence on what was done, for the top of every report."""
    rows, tested = many(result.dataset.rows, "row"), many(result.counts.committed, "hypothesis", "hypotheses")
    if not result.counts.committed:
        return f"{rows}: explored {explored_rows(result):,}; nothing was tested."
    if result.split.kind == "none":
        if result.split.key and result.split.units < result.dataset.rows:
            rows = f"{result.split.units:,} units in {rows}"
        if stated(result):
            return f"{rows}, too few to split: {tested} stated by you, tested on {undivided(result)}."
        return (
            f"{rows}, too few to split: {tested} listed by name and type before any value was compared, "
            f"then tested on {undivided(result)}."
        )
    return (
        f"{rows}: explored {explored_rows(result):,}, then checked {tested} on {opened_rows(result):,} rows "
        "that the search never saw."
    )


def undivided(result: Result) -> str:
    """The rows that the one list of a small table is tested on: all of them, but for those seen under another name."""
    if result.split.known is None:
        return "all rows"
    return f"the {many(result.split.held_out_rows, 'row')} that nothing had looked at"


def budget_line(result: Result) -> str:
    """How many more questions the sealed rows can answer; empty where none was asked."""
    vaults = result.split.vaults
    if not vaults or not result.counts.committed:
        return ""
    if result.split.kind == "none":
        if stated(result):
            return "All rows were used for your list: another question needs new rows."
        return "The whole closed family is tested: other questions about this table are answered from these verdicts."
    left = sum(v.state == "sealed" for v in vaults)
    if left:
        are = "is" if left == 1 else "are"
        return f"{left} of {len(vaults)} portions of sealed rows {are} left for other questions."
    return "No sealed rows are left: this question can be asked again, another one needs new rows."


def how_line(result: Result) -> str:
    """How the findings came about, and what they are not."""
    if stated(result):
        rows = undivided(result) if result.split.kind == "none" else "rows that heldout had not looked at"
        return f"Stated by you, written down, then tested on {rows}. Associations, not causes."
    if result.split.kind == "none":
        return f"Listed before any value was compared, then tested on {undivided(result)}. Associations, not causes."
    return "Seen on exploration rows, written down, then tested on held-out rows. Associations, not causes."


def segments_line(result: Result) -> str:
    """What segments are, and how surely they are there."""
    agreement = f"{result.segments[0]['agreement']:.2f}" if result.segments else ""
    return (
        "Groups of exploration rows that lie together, found again by refits on half of the rows (adjusted Rand index "
        f"{agreement}). They describe; only findings are verified."
    )


def top_line(result: Result) -> str:
    """What the reader must know before the findings: why there are none, or nothing at all."""
    if result.message:
        return result.message
    if result.counts.verified:
        return ""
    if not result.counts.committed:
        return "No hypothesis was tested."
    where = "" if result.split.kind == "none" else " on rows that the search never saw"
    if result.counts.committed == 1:
        return f"The hypothesis was not verified{where}. That is a result, too: it is told below."
    return (
        f"Nothing was verified: none of {many(result.counts.committed, 'hypothesis', 'hypotheses')} held up{where}. "
        "That is a result, and what was looked at is listed below."
    )
