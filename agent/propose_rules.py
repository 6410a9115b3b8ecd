"""Claims on rules of two or three conditions, where they add clearly to what each condition says alone.

Knows the outlook on exploration rows. Must never know a sealed row, a verdict or a language model.
"""

from collections.abc import Iterator, Sequence

from ..tools.data.schema import Column
from ..tools.explore.selectors import Term
from ..tools.explore.subgroups import RuleLead, Target, find_rules
from ..tools.verify.hypothesis import Condition, Hypothesis, Subgroup
from .outlook import Outlook
from .roles import outcome_reading

MOST = 12
_OUTCOMES = 5
_TARGETS = 7
_BACKWARDS = 0.5
_COLUMNS = 30
_EVENTS = 3
_NEGATIONS = frozenset(("no", "n", "false", "0", "none", "never"))


def propose_rules(outlook: Outlook) -> Iterator[Hypothesis]:
    """Rules for the columns that read most like outcomes, the strongest first."""
    columns = outlook.columns()
    targets = [t for column in outcomes(outlook, columns)[:_OUTCOMES] for t in targets_of(column)][:_TARGETS]
    names = _looked_at(outlook, columns, {t.outcome for t in targets})
    rules = [r for r in find_rules(outlook.rows, targets, names, outlook.barred) if _admitted(outlook, r)]
    for rule in rules[:MOST]:
        terms, event, higher = conditions(rule.terms, outlook), rule.event, rule.higher
        levels = outlook.rows.column(rule.outcome).levels
        if event is not None and not higher and len(levels) == 2 and levels[0].lower() not in _NEGATIONS:
            event, higher = levels[0], True  # said of what happens inside, not of what does not
        yield Subgroup(
            outcome=rule.outcome,
            event=event,
            predictor=terms[0].column,
            rule=terms,
            direction="higher" if higher else "lower",
        )


def outcomes(outlook: Outlook, columns: Sequence[Column]) -> list[Column]:
    """The columns that may be outcomes, those that read most like one first; only the one asked for, if any."""
    last = max(len(outlook.order) - 1, 1)
    kept = [c for c in columns if c.type != "datetime" and outlook.focus.outcome in (None, c.name)]
    return sorted(kept, key=lambda c: (-outcome_reading(c, outlook.order[c.name] / last), outlook.order[c.name]))


def targets_of(column: Column) -> list[Target]:
    """A number by its values, a label by its levels: the second of two, the most frequent of more."""
    if column.type == "number":
        return [Target(column.name)]
    levels = column.levels[1:2] if len(column.levels) == 2 else column.levels[:_EVENTS]
    return [Target(column.name, level) for level in levels]


def conditions(terms: Sequence[Term], outlook: Outlook) -> tuple[Condition, ...]:
    """The conditions in the order of the table's columns."""
    ordered = sorted(terms, key=lambda t: (outlook.order[t.column], t.op))
    return tuple(Condition(column=t.column, op=t.op, value=t.value) for t in ordered)


def _looked_at(outlook: Outlook, columns: Sequence[Column], wanted: set[str]) -> list[str]:
    """At most thirty columns for conditions: those that the strongest leads tie to an outcome, then the others."""
    usable = [c.name for c in columns if c.type != "datetime"]
    strong = [n for x in outlook.leads for n in (x.a, x.b) if wanted & {x.a, x.b}]
    ranked = dict.fromkeys(n for n in (*strong, *usable) if n in set(usable))
    chosen = set(list(ranked)[:_COLUMNS])
    return [n for n in usable if n in chosen]


def _admitted(outlook: Outlook, rule: RuleLead) -> bool:
    """Whether a rule is in focus, and no condition reads clearly more like an outcome than its outcome does.

    `smoker` is yes where `charges` are high says backwards what claims on `charges` say.
    """
    names = tuple(t.column for t in rule.terms)
    last = max(len(outlook.order) - 1, 1)
    asked, *given = (
        outcome_reading(outlook.rows.column(name), outlook.order[name] / last) for name in (rule.outcome, *names)
    )
    forward = outlook.focus.outcome is not None or max(given) <= asked + _BACKWARDS
    return forward and outlook.admits(rule.outcome, *names)
