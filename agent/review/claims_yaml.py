"""`claims.yml`: learned claims as a file that a person reads, edits and keeps in git.

Knows how the file is laid out. Must never know a delivery, a verdict, or the environment: nothing in it is expanded.

Columns stand first, one line each; then findings, invariants, and distributions, one line each. Numbers that decide
(bounds, cuts, tolerances, bin edges) are written whole; measured ones (effects, means) to six digits, and to four of
their own spread, so that no verdict hangs on what was left out.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from ...tools.errors import UsageError
from ...tools.review.learned import Baseline, LearnedClaim, LearnedClaims
from ...tools.review.sketch import ColumnSketch
from ...tools.value import Value, counted
from .claims_faults import Mistake, checked, told
from .yaml_nodes import Node, YamlFault, compose
from .yaml_text import block, entry, flow

MOST_BYTES = 10_000_000
_TAGS = ("rule", "family")
"""They say which fields follow, so they stand first."""
_ALWAYS = (*_TAGS, "kind", "severity", "schema_version")
"""Fields that are written though they have their default."""
_ORDER = (
    "id", "says", "kind", "severity", "suppressed", "owner", "tolerance", "state", "finding", "baseline", "invariant",
    "distribution", "origin",
)  # fmt: skip
_HEADS = {
    "finding": "Findings: verified on rows that nothing had looked at; measured again in every delivery.",
    "invariant": "Invariants: counted exactly on every row of a delivery.",
    "distribution": "Distributions: how each column looked; one line each, nothing to edit but severity and tolerance.",
}
_HEADER = """\
# What heldout learned from {source}: {rows}.
# Check a delivery with: heldout review DELIVERY --claims claims.yml
#
# This file is yours: keep it in git. Of each claim you may change
#   says        in your own words; it decides nothing
#   severity    error, warn, info: what it counts as when it is broken
#   owner       whom to ask
#   tolerance   invariant: share of rows that may break it; finding: change of its effect that is too small to matter;
#               distribution: distance, 0 to 1, that is too small to matter
#   state       active, retired: a retired claim is not checked
# and the rule itself. Silence a claim for a while with `heldout suppress`, accept new data with `heldout rebaseline`.
"""


class ClaimsFile(Value):
    """A claims file as it was read, with the places that reports point at."""

    claims: LearnedClaims
    column_lines: dict[str, int] = Field(default_factory=dict)
    """Line of the file on which a learned column begins, from 1."""


# Writing


def write_claims(claims: LearnedClaims) -> str:
    """The text of `claims.yml`: the same claims give the same text, and one claim's change changes its lines alone."""
    lines = [_HEADER.format(source=_comment(claims.source), rows=counted(claims.rows, "row")).rstrip("\n")]
    head = {k: v for k, v in plain(claims).items() if k not in ("columns", "claims")}
    lines += [line for key, value in head.items() for line in entry(key, value, 0)]
    lines += ["", "columns:"] if claims.columns else ["", "columns: []"]
    lines += [f"  - {flow(plain(column))}" for column in claims.columns]
    lines += ["", "claims:"] if claims.claims else ["", "claims: []"]
    for kind, title in _HEADS.items():
        own = [claim for claim in claims.claims if claim.kind == kind]
        if own:
            lines += ["", f"  # {title}"]
        for at, claim in enumerate(own):
            lines += [*([""] if at and kind != "distribution" else []), *claim_lines(claim)]
    return "\n".join(lines) + "\n"


def claim_lines(claim: LearnedClaim) -> Iterator[str]:
    """The lines of one claim in the list of claims."""
    fields = plain(rounded(claim))
    ordered = {name: fields[name] for name in _ORDER if name in fields}
    if claim.kind == "distribution":
        yield f"  - {flow(ordered)}"
    else:
        yield from block(ordered, 2)


def plain(value: Any) -> Any:
    """A value as plain mappings and lists, without what has its default."""
    if isinstance(value, Value):
        names = sorted(type(value).model_fields, key=lambda name: name not in _TAGS)
        return {name: plain(getattr(value, name)) for name in names if _written(value, name)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def _written(value: Value, name: str) -> bool:
    field = type(value).model_fields[name]
    if field.exclude or field.is_required() or name in _ALWAYS:
        return not field.exclude
    return getattr(value, name) != field.get_default(call_default_factory=True)


def rounded(claim: LearnedClaim) -> LearnedClaim:
    """A claim as the file holds it: measured figures to the digits that count."""
    changed: dict[str, Any] = {}
    if claim.baseline is not None:
        changed["baseline"] = _rounded_baseline(claim.baseline)
    if claim.distribution is not None:
        changed["distribution"] = _rounded_sketch(claim.distribution)
    return claim.model_copy(update=changed)


def _rounded_baseline(baseline: Baseline) -> Baseline:
    spread = baseline.standard_error
    between = None if baseline.between is None else near(baseline.between)
    return baseline.model_copy(
        update={"effect": near(baseline.effect, spread), "standard_error": near(spread), "between": between}
    )


def _rounded_sketch(sketch: ColumnSketch) -> ColumnSketch:
    mean = None if sketch.mean is None else near(sketch.mean, sketch.sd)
    return sketch.model_copy(update={"mean": mean, "sd": None if sketch.sd is None else near(sketch.sd)})


def near(value: float, spread: float | None = None) -> float:
    """`value` to six digits of itself, and to four of its spread where those are finer."""
    decimals = [digits - math.floor(math.log10(abs(x))) for x, digits in ((value, 5), (spread, 3)) if x]
    return round(value, max(decimals)) if decimals else value


def _comment(text: str) -> str:
    """A name that cannot end its line of comment, cut at 80 characters."""
    return "".join(c if c.isprintable() else "�" for c in text[:80])


# Reading


def read_claims(path: Path) -> LearnedClaims:
    """The claims of a file, each with the line on which it begins.

    Raises:
        UsageError: if the file cannot be read, is larger than 10 MB, or holds a mistake; every mistake is told at once
            with its line, its value and the way out.
    """
    return read_file(path).claims


def read_file(path: Path) -> ClaimsFile:
    """The claims of a file, and the lines of its columns.

    Raises:
        UsageError: as `read_claims`.
    """
    return parse(text_of(path), str(path))


def text_of(path: Path) -> str:
    """The text of a claims file, its line ends as they are.

    Raises:
        UsageError: if it cannot be read, is too large, or is no UTF-8 text.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(
                f"'{path}' is larger than {MOST_BYTES:,} bytes: it is no claims file. Name the file that "
                "`heldout learn` wrote."
            )
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "it is not UTF-8 text"
        raise UsageError(
            f"'{path}' cannot be read: {reason or err}. Name the file that `heldout learn` wrote, and save it as UTF-8."
        ) from err


def parse(text: str, name: str) -> ClaimsFile:
    """The claims of a text; `name` is what messages call it.

    Raises:
        UsageError: as `read_claims`.
    """
    tree = tree_of(text, name)
    claims, mistakes = checked(tree)
    if claims is None or mistakes:
        raise UsageError(told(mistakes, name))
    columns = tree.get("columns")
    lines = {c.name: n.line for c, n in zip(claims.columns, columns.items if columns else (), strict=True)}
    return ClaimsFile(claims=claims, column_lines=lines)


def tree_of(text: str, name: str) -> Node:
    """The tree of a claims file, in positions of `text` without its byte order mark.

    Raises:
        UsageError: if it is no YAML, or no mapping.
    """
    try:
        tree = compose(text.removeprefix("\ufeff"))
    except YamlFault as err:
        raise UsageError(told([Mistake(err.line, f"{err.why}.")], name)) from err
    if tree.kind != "mapping":
        raise UsageError(told([Mistake(tree.line, "this is no claims file. Name what `heldout learn` wrote.")], name))
    return tree
