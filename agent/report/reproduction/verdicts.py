"""A finding's evidence, and over the batch its verdict.

Knows the committed claims and rule. Must never take a figure from the report.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from .base import ALONG_TIME, POWER, RECOMPUTE, SIGNS, Found, scale_of
from .clusters import is_constant
from .figures import z_reach
from .labels import asked, carried, shrunk
from .ledger import canonical, sha
from .table import Table, population
from .threads import thread_control
from .units import by_unit, refused, tried

STRUCTURAL = "Follows from how the table is built"
FIELDS = ("statistic", "df", "n", "missing", "clusters", "p_permutation", "p_robust", "effect", "in_units", "groups")


def evidence(finding: Found, table: Table, level: float) -> Found:
    """What the rows say about one finding, its interval at a level."""
    h, nothing = finding["hypothesis"], {name: None for name in (*FIELDS, "p_value", "error")}
    nothing |= {"n": 0, "missing": 0, "n_per_group": [], "groups": [], "untestable": True}
    known = table.known(h["predictor"])
    if finding["reason"].startswith(STRUCTURAL):
        return nothing
    drifts = table.serial and table.cluster is not None and h["family"] not in ALONG_TIME
    if drifts and is_constant(table.columns[h["predictor"]][known], table.pick(known).cluster):
        return nothing
    own = by_unit(h, table)
    if refused(h, own):
        return nothing
    found = RECOMPUTE[h["family"]](h, population(h, own), level, int(sha(canonical(h))[:8], 16))
    if "untestable" not in found:
        p = max(p for p in (found["p_permutation"], found["p_robust"]) if p is not None)
        found["p_value"] = min(1.0, tried(h) * p)
        found["theta"] = (SIGNS[h["direction"]] or 1) * (found["effect"]["value"] - found["null"])
        found["untestable"] = False
        if asked(h):
            factor = shrunk(h, found, finding["held_out"].get("labels", []))
            if factor is None:
                return nothing
            found = carried(h, found, factor)
            found["theta"] /= 1.0 if SIGNS[h["direction"]] and found["theta"] <= 0 else factor
    return nothing | found


def locked_p(found: Found, h: Found) -> float:
    """The p that counts: 1 where untestable, or where the effect points against the committed direction."""
    if found["untestable"] or (SIGNS[h["direction"]] and found["theta"] <= 0):
        return 1.0
    return found["p_value"]


class Control(NamedTuple):
    """What error control makes of a batch; the levels are one for all, or one a claim in a thread."""

    adjusted: Any
    rejected: Any
    level: Any
    following: Any


def control(p: Any, rule: Found, weight: float, earlier: int) -> Control:
    """Session-LOND, or Holm where any false finding is to be avoided."""
    k, q, order = len(p), rule["alpha"], np.argsort(p, kind="stable")
    adjusted = np.empty(k)
    if rule["control"] == "fwer":
        adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * (k - np.arange(k)) / weight))
        rejected = adjusted <= q
        return Control(adjusted, rejected, q * weight / k, min(q * weight / max(k - rejected.sum(), 1), 1.0))
    factor = np.maximum(1.0, k / (weight * (earlier + np.arange(1, k + 1))))
    adjusted[order] = np.minimum(1, np.minimum.accumulate((p[order] * factor)[::-1])[::-1])
    rejected = adjusted <= q
    found = earlier + int(rejected.sum())
    return Control(
        adjusted, rejected, min(q, q * weight / k * found), min(q, q * weight / k * min(found + 1, earlier + k))
    )


def judged(p: Any, below: Any, found: list[Found], hypotheses: list[Found], commit: Found) -> tuple[Control, set[int]]:
    """Error control with a level a claim, and which claims are refuted: together in a batch, one by one in a thread."""
    rule, k = commit["rule"], len(p)
    tested = [at for at, e in enumerate(found) if not e["untestable"]]
    if "claims" in commit:
        adjusted, rejected, level, own = thread_control([sha(canonical(h))[:12] for h in hypotheses], p, commit)
        refuted = {at for at in tested if not rejected[at] and below[at] <= rule["refute_q"] * own[at]}
        return Control(adjusted, rejected, level, level), refuted
    errors = control(p, rule, commit["weight"], commit["earlier"])
    held = np.array([1.0 if errors.rejected[at] else below[at] for at in tested])
    refuted = set(np.array(tested)[stats.false_discovery_control(held) <= rule["refute_q"]]) if tested else set()
    return errors._replace(level=np.full(k, errors.level), following=np.full(k, errors.following)), refuted


def verdicts(findings: list[Found], table: Table, commit: Found) -> list[Found]:
    """Every number of every finding, computed from the rows and the commitment alone."""
    rule, hypotheses = commit["rule"], [f["hypothesis"] for f in findings]
    found = [evidence(f, table, 0.95) for f in findings]
    p = np.array([locked_p(e, h) for e, h in zip(found, hypotheses, strict=True)])
    below = [p_below(e, h, rule) for e, h in zip(found, hypotheses, strict=True)]
    errors, refuted = judged(p, np.array(below), found, hypotheses, commit)
    out = []
    for at, (finding, one) in enumerate(zip(findings, found, strict=True)):
        delta = rule["smallest_effects"].get(scale_of(finding["hypothesis"]), 0.0)
        own: Found = {"smallest_effect": delta, "size": None, "detectable": None, "rows_needed": None}
        level, following = float(errors.level[at]), float(errors.following[at])
        own |= {"threshold": following, "p_adjusted": None if one["untestable"] else float(errors.adjusted[at])}
        if one["untestable"]:
            own["outcome"] = "untestable"
        elif errors.rejected[at]:
            wider = evidence(finding, table, 1 - level / tried(finding["hypothesis"]))
            one |= {"effect": wider["effect"], "in_units": wider["in_units"]}
            own |= {"outcome": "verified", "threshold": level, "size": size(one, delta)}
        elif at in refuted:
            own["outcome"] = "refuted"
        else:
            own |= {"outcome": "inconclusive"} | power(one, delta, following)
        out.append(one | own | {"id": sha(canonical(finding["hypothesis"]))[:12]})
    return out


def p_below(found: Found, h: Found, rule: Found) -> float:
    """One-sided p of an effect at least as large as the smallest of interest; both sides without a direction."""
    if found["untestable"] or not found["error"]:
        return 1.0
    delta, theta = rule["smallest_effects"].get(scale_of(h), 0.0), found["theta"]
    reached = theta if SIGNS[h["direction"]] else abs(theta)
    return float(stats.norm.cdf((reached - delta) / found["error"]))


def size(found: Found, delta: float) -> str:
    """Where the interval lies against the smallest effect of interest."""
    near, far = (found["effect"][end] - found["null"] for end in ("low", "high"))
    if found["effect"]["value"] < found["null"]:
        near, far = -far, -near
    return "material" if near > delta else "negligible" if far < delta else "uncertain"


def power(found: Found, delta: float, level: float) -> Found:
    """The effect found with power .80 at this size, and the rows that would find the smallest effect."""
    if not found["error"] or not delta or not 0 < level < 1:
        return {}
    reach = (z_reach(1 - level) + POWER) * found["error"]
    return {"detectable": reach, "rows_needed": int(np.ceil(found["n"] * (reach / delta) ** 2))}
