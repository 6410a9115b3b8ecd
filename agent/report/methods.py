"""How the findings were reached and what they cannot say, as paragraphs that may be pasted into a paper.

Knows the result's policy, split and counts. Must never know a page or a terminal, and must claim nothing that the
result does not hold. Follows the SAMPL guidelines: tests, intervals, multiplicity, sizes, software with version.
"""

from collections.abc import Iterator

from ...tools.verify.families.wording import number
from .joined import data_words
from .modelled import model_method
from .result import Finding, Result
from .words import FAMILIES, explored_rows, figure, many, opened_rows, stated, undivided

_SCALES = {
    "group_difference": "P(A>B) {} away from .5",
    "rate_difference": "a risk difference of {}",
    "mean_difference": "a difference of means of {} standard deviations",
    "quantile_difference": "a difference of quantiles of {} standard deviations",
    "occurrence_difference": "a risk difference of {}",
    "rate_ratio": "a log rate ratio of {}",
    "monotone_association": "Spearman's rho of {}",
    "categorical_association": "Cramér's V of {}",
    "trend": "Spearman's rho with time of {}",
    "seasonality": "P(A>B) between phases {} away from 1/2",
    "change_point": "P(A>B) around a change {} away from 1/2",
    "shift": "a distance of distributions of {}",
    "adjusted_association": "a partial correlation of {}",
    "shape": "a correlation of {} in every part",
    "interaction": "a difference of effects of {} standard deviations",
}


def methods(result: Result) -> tuple[tuple[str, str], ...]:
    """(title, paragraph) of every part of the methods, in the order of the work."""
    parts = [("Data", _data(result)), ("Division of the rows", _split(result))]
    if result.findings:
        parts += [
            ("Search and commitment", _search(result)),
            ("Language model", model_method(result)),
            ("Tests", _tests(result)),
            ("Intervals and effect sizes", _intervals(result)),
            ("Error control", _control(result)),
            ("Verdicts", _verdicts(result)),
        ]
        if any(f.adjustment.tag != "not run" for f in result.findings):
            parts.append(("With other columns held fixed", _adjusted(result)))
    return (*parts, ("Software", f"heldout {result.tool.version}."))


def limits(result: Result) -> tuple[str, ...]:
    """What a reader must not take from the report."""
    source = "one table" if result.tables is None else "these tables"
    texts = [
        "Findings are associations, not causes: nothing here says what would happen if a column were changed, and "
        "no claim was adjusted for the other columns."
        if all(f.adjustment.tag == "not run" for f in result.findings)
        else "Findings are associations, not causes: nothing here says what would happen if a column were changed. "
        "What holds with the other columns held fixed may still hang on one that is not in the table.",
        f"All rows come from {source}: nothing here guards against faults of measurement or selection, nor against a "
        "change of the world since.",
        "Only columns marked as analysed were looked at, one pair at a time; what was not looked at was not judged.",
    ]
    if result.findings:
        texts.append("Rows in which a column of a claim is missing were left out of that claim; their count is given.")
    if stated(result):
        texts.append(
            "The hypotheses were stated by the user. The control of errors holds if they were made without looking at "
            "the rows they were tested on: what was read off them elsewhere is not undone by the seal."
        )
    elif result.split.kind == "none" and result.findings:
        texts.append(
            "The table was too small to divide: the verdicts rest on the same rows as the descriptions, and the "
            "control of errors rests on a list of hypotheses that was complete before any value was compared."
        )
    if result.split.kind == "row" and result.findings:
        texts.append(
            "Each row was taken to stand for itself. If rows belong together (repeated visits, members of a "
            "household), name the column that says so with `--entity` or `--time`."
        )
    return tuple(texts)


def _data(result: Result) -> str:
    data = result.dataset
    used = sum(c.role == "analysed" for c in data.columns)
    text = (
        f"The table {data.name} holds {many(data.rows, 'row')} and {many(len(data.columns), 'column')}, of which "
        f"{used:,} {'was' if used == 1 else 'were'} analysed (fingerprint {data.fingerprint[:16]})."
    )
    text += data_words(result)
    if data.duplicates:
        text += f" {many(data.duplicates, 'row repeats', 'rows repeat')} an earlier row exactly."
    return text


def _split(result: Result) -> str:
    split = result.split
    if split.kind == "none":
        return split.reason
    unit = {"row": "rows", "entity": f"values of `{split.key}`", "time": "blocks of time"}[split.kind]
    sealed = sum(v.rows for v in split.vaults if v.state == "sealed")
    text = (
        f"Before any analysis, {split.units:,} {unit} were divided by a rule fixed in advance into "
        f"{many(split.exploration_rows, 'exploration row')} and {many(split.held_out_rows, 'held-out row')} in "
        f"{many(len(split.vaults), 'sealed portion')}. {split.reason}"
    )
    still = f" {many(sealed, 'held-out row')} are still sealed after this report." if sealed else ""
    return text + _between(result) + still


def _between(result: Result) -> str:
    """The rows of a series that neither side has, where nothing else was set aside."""
    split = result.split
    left = result.dataset.rows - split.exploration_rows - split.held_out_rows
    if split.kind != "time" or left <= 0 or result.dataset.duplicates or split.known is not None:
        return ""
    belong = "belongs" if left == 1 else "belong"
    return f" {many(left, 'row')} between the two {belong} to neither, since neighbours would tell of each other."


def _search(result: Result) -> str:
    counts = result.counts
    if stated(result):
        return _stated(result)
    if result.split.kind == "none":
        return (
            f"{many(counts.committed, 'hypothesis', 'hypotheses')} were listed from column names and types alone and "
            "recorded in an append-only ledger before any value of one column was compared with another."
        )
    return (
        f"All {many(counts.pairs, 'pair')} of columns were scanned on {explored_rows(result):,} exploration rows; "
        f"{counts.leads:,} moved together. {many(counts.drafted, 'hypothesis was', 'hypotheses were')} drafted, "
        f"{counts.deduplicated:,} dropped because another said the same, and {counts.committed:,} committed: columns, "
        "levels, cut points, direction and test were recorded in an append-only ledger before the "
        f"{opened_rows(result):,} held-out rows were read. Every committed hypothesis is reported, whatever became "
        "of it."
    )


def _stated(result: Result) -> str:
    counts = result.counts
    rows = undivided(result) if result.split.kind == "none" else f"the {opened_rows(result):,} held-out rows"
    return (
        f"{many(len(result.asked), 'hypothesis was', 'hypotheses were')} stated by the user; {counts.deduplicated:,} "
        f"said the same as another, and {counts.committed:,} committed: columns, levels, cut points, direction and "
        f"test were recorded in an append-only ledger before {rows} were read. Constants that the words left open were "
        "read off exploration rows. Every committed hypothesis is reported, whatever became of it."
    )


def _tests(result: Result) -> str:
    kinds = "; ".join(_kinds(result))
    return (
        f"By form of hypothesis: {kinds}. All tests are two-sided. Two tests were run on each hypothesis, one by "
        "permutation or exact and one robust to unequal spread, and the larger p-value counts. Where a direction was "
        "committed and the held-out effect points the other way, p is taken as 1."
    )


def _kinds(result: Result) -> Iterator[str]:
    for family, title in FAMILIES.items():
        tests = sorted({f.held_out.test for f in result.findings if f.family == family})
        if tests:
            yield f"{title}: {' or '.join(tests)}"


def _intervals(result: Result) -> str:
    effects = [f.held_out.effect for f in result.findings if f.outcome == "verified"]
    levels = sorted({e.level for e in effects if e is not None and e.level is not None})
    text = "Effects are stated in the units of the data and on a common scale, with confidence intervals of 95 %"
    if any(level > 0.951 for level in levels):
        shown = f"{number(100 * levels[-1])} %"
        text += (
            f"; those of verified hypotheses are wider ({shown}), at one minus the p-value that verification took, "
            "so that picking them out does not make their intervals too short"
        )
    if any(f.family == "group_difference" for f in result.findings):
        text += (
            ". P(A>B) is the chance that a row of the first group has the higher value than one of the second, ties "
            "counted half; .5 means no difference"
        )
    return text + "."


def _control(result: Result) -> str:
    policy = result.policy
    level = f"{figure(100 * policy.alpha)} %"
    what = (
        f"The expected share of false findings among the verified ones (false discovery rate) is held at {level}"
        if policy.control == "fdr"
        else f"The chance of any false finding among the verified ones (family-wise error rate) is held at {level}"
    )
    weights = [v.weight for v in result.split.vaults if v.state == "opened"]
    share = f", this batch spending {figure(100 * sum(weights))} % of the error budget" if weights else ""
    asked = (
        " They were asked one after another, each at a level of its own; until the thread was closed, no more was "
        "shown of each than whether it was verified."
        if _in_thread(result)
        else ""
    )
    tested = many(result.counts.committed, "committed hypothesis", "committed hypotheses")
    return (
        f"{what} by {policy.method} over all {tested}{share}; hypotheses that could not be tested count with p = 1. "
        "Adjusted p-values are the smallest error level at which a hypothesis would still be verified."
        f"{asked}"
    )


def _in_thread(result: Result) -> bool:
    """Whether the hypotheses were asked one after another in a thread."""
    return result.policy.method.startswith("transcript")


def _scale(finding: Finding) -> str:
    """The family on whose scale a finding's effect stands."""
    if finding.family in ("subgroup", "segment", "ranking"):
        return "group_difference" if finding.hypothesis.get("event") is None else "rate_difference"
    return {"occurrence_difference": "rate_difference"}.get(finding.family, finding.family)


def _adjusted(result: Result) -> str:
    ran = [f.adjustment for f in result.findings if f.adjustment.tag != "not run"]
    count = {tag: sum(a.tag == tag for a in ran) for tag in ("robust", "attenuated", "reversed")}
    marked = {name: ", ".join(f"`{c}`" for c in names) for name, names in result.marks.items() if names}
    told = {"causes": "always held fixed as causes", "consequences": "never as consequences", "later": "never as later"}
    marks = "; ".join(f"{columns} {told[name]}" for name, columns in marked.items())
    return (
        f"{many(len(ran), 'verified hypothesis was', 'verified hypotheses were')} checked for surviving with the most "
        "telling other columns held fixed, chosen on rows that were open before: by least squares with bins, by a "
        "double lasso and by cross-fitted boosted trees, on at most "
        f"{many(max(a.rows for a in ran), 'row')}. Robust, {count['robust']:,}: all three keep the sign with p < .05; "
        f"reversed, {count['reversed']:,}: at least two turn it; attenuated, {count['attenuated']:,}: neither. "
        + (f"By the user's marks: {marks}. " if marks else "")
        + "The check spends no error budget and changes no verdict, and cannot tell a cause from a consequence."
    )


def _verdicts(result: Result) -> str:
    present = {_scale(f) for f in result.findings}
    smallest = "; ".join(
        f"{FAMILIES[family]}: {_SCALES[family].format(figure(value))}"
        for family, value in sorted(result.policy.smallest_effects.items())
        if family in present
    )
    refuted = f"false discovery rate {figure(100 * result.policy.refute_q)} %"
    if _in_thread(result):
        refuted = f"chance of any false refutation {figure(100 * result.policy.refute_q)} %"
    return (
        "Verified: error control rejects that there is no effect in the committed direction. Refuted: it does not, "
        f"and the effect is shown to be under the smallest effect of interest ({refuted}). Inconclusive: "
        "neither. Untestable: too few rows or no variation. "
        f"Smallest effects of interest: {smallest}."
    )
