"""What is wrong with a claims file, all of it at once: the line, the value, and what to write instead.

Knows the fields of a learned claim and the tree of a file. Must never know a delivery or a verdict.
"""

import difflib
import types
import typing
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from ...tools.review.learned import (
    CLAIMS_VERSION,
    Format,
    InRange,
    LearnedClaim,
    LearnedClaims,
    RowCount,
    Schema,
)
from .yaml_nodes import Node

_MOST_TOLD = 20
_MOST_SHOWN = 40
"""Characters of a value in a message."""
Loc = tuple[int | str, ...]


class Mistake(NamedTuple):
    """One thing that is wrong."""

    line: int
    text: str
    """One or two sentences with the value and the way out."""


def told(mistakes: Sequence[Mistake], name: str) -> str:
    """The message with all of them, in the order of their lines."""
    ordered = sorted(set(mistakes))
    shown = [f"'{name}', line {m.line}: {m.text}" for m in ordered[:_MOST_TOLD]]
    more = len(ordered) - len(shown)
    return "\n".join([*shown, *([f"And {more} more."] if more > 0 else [])])


def checked(tree: Node) -> tuple[LearnedClaims | None, list[Mistake]]:
    """The claims of a tree, and what is wrong with it; None only where something is."""
    version = tree.get("schema_version")
    if version is not None and version.data() != CLAIMS_VERSION:
        why = (
            f"`schema_version` is {_shown(version)}, and this heldout reads {CLAIMS_VERSION}. Install the version that"
        )
        return None, [Mistake(version.line, f"{why} wrote the file, or learn the claims anew.")]
    mistakes: list[Mistake] = []
    listed = tree.get("claims")
    nodes = listed.items if listed is not None and listed.kind == "list" else []
    claims = [_valid(LearnedClaim, node, mistakes) for node in nodes]
    whole = _valid(LearnedClaims, tree, mistakes, without="claims" if nodes else "")
    found = [c.model_copy(update={"line": n.line}) for c, n in zip(claims, nodes, strict=True) if c is not None]
    mistakes += _twice(found)
    names = _names(tree.get("columns"))
    for claim, node in zip(claims, nodes, strict=True):
        if claim is not None:
            mistakes += _senseless(claim, node)
            mistakes += _nameless(claim, node, names)
    if whole is None or mistakes:
        return None, mistakes
    return whole.model_copy(update={"claims": tuple(found)}), []


def _names(columns: Node | None) -> tuple[str, ...]:
    """The names under `columns`, also where something else there is wrong."""
    named = (item.get("name") for item in (columns.items if columns is not None else ()))
    return tuple(node.text for node in named if node is not None)


# Shape: what pydantic finds, said in our words


def _valid(model: type, node: Node, mistakes: list[Mistake], without: str = "") -> Any:
    """The value that a node stands for; a number is taken as a word where a word is wanted."""
    data = node.data()
    if without and isinstance(data, dict):
        data[without] = []
    while True:
        try:
            return model.model_validate(data)
        except ValidationError as err:
            errors = err.errors(include_url=False)
        if not _as_words(data, node, errors):
            mistakes += [_mistake(model, node, error) for error in errors]
            return None


def _as_words(data: Any, node: Node, errors: Sequence[Any]) -> bool:
    """Put the text of unquoted numbers and truth values where words are wanted; whether anything was put."""
    done = False
    for error in errors:
        found, keys = _found(node, error["loc"])
        if error["type"] != "string_type" or found.kind != "scalar" or not found.plain or found.data() is None:
            continue
        holder = data
        for key in keys[:-1]:
            holder = holder[key]
        if keys and holder[keys[-1]] != found.text:
            holder[keys[-1]], done = found.text, True
    return done


def _found(node: Node, loc: Loc) -> tuple[Node, Loc]:
    """The innermost part of the tree on the way to a place, and the keys that lead to it (tags of unions left out)."""
    keys: list[int | str] = []
    for part in loc:
        inner = node.get(part)
        if inner is not None:
            node = inner
            keys.append(part)
    return node, tuple(keys)


def _mistake(model: type, node: Node, error: Any) -> Mistake:
    loc, kind = error["loc"], error["type"]
    found, keys = _found(node, loc)
    name = ".".join(str(k) for k in keys) or "the entry"
    if kind == "extra_forbidden":
        key = node_key(node, keys)
        return Mistake(key.line if key else found.line, _unknown(str(loc[-1]), _fields(model, loc[:-1])))
    if kind == "missing":
        return Mistake(
            found.line, f"`{loc[-1]}` is missing{f' in `{name}`' if keys else ''}. Add it as `{loc[-1]}: …`."
        )
    if kind in ("union_tag_invalid", "literal_error"):
        return Mistake(*_none_of(found, name, error))
    if kind == "union_tag_not_found":
        tag = str(error["ctx"]["discriminator"]).strip("'")
        return Mistake(found.line, f"`{name}` does not say its `{tag}`. Write it as its first field.")
    if kind == "value_error":
        return Mistake(found.line, f"{error['msg'].removeprefix('Value error, ').rstrip('.')}. Change that field.")
    return Mistake(found.line, f"`{name}` is {_shown(found)}. {_wanted(error)}")


def node_key(node: Node, keys: Loc) -> Node | None:
    """The node of the last key on a way, None for a part of a list."""
    for key in keys[:-1]:
        node = node.get(key) or node
    found = node.entries.get(str(keys[-1])) if keys else None
    return None if found is None else found[0]


def _unknown(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, 1, 0.5)
    way = f"Did you mean `{close[0]}`?" if close else f"Known here: {', '.join(known)}." if known else "Leave it out."
    return f"`{name[:_MOST_SHOWN]}` is no field here. {way}"


def _none_of(node: Node, name: str, error: Any) -> tuple[int, str]:
    context = error["ctx"]
    known = [
        t.strip("' ") for t in (context.get("expected_tags") or context["expected"].replace(" or ", ", ")).split(",")
    ]
    if "discriminator" in context:
        tag = context["discriminator"].strip("'")
        node, name = node.get(tag) or node, f"{name}.{tag}"
    close = difflib.get_close_matches(node.text, known, 1, 0.5)
    meant = f" Did you mean {close[0]}?" if close else ""
    return node.line, f"`{name}` is {_shown(node)}, and may be {', '.join(known)}.{meant}"


def _wanted(error: Any) -> str:
    kind = error["type"]
    if kind == "string_type":
        return "A word is wanted: put it in quotes where it means nothing else."
    for start, words in (("int", "A whole number"), ("float", "A number"), ("finite", "A number"), ("tuple", "A list"),
                         ("dict", "A mapping"), ("model", "A mapping"), ("bool", "`true` or `false`")):  # fmt: skip
        if kind.startswith(start):
            return f"{words} is wanted here."
    text = str(error["msg"])
    return f"{text[:1].upper()}{text[1:]}."


def _shown(node: Node) -> str:
    if node.kind != "scalar":
        return f"a {node.kind}"
    return repr(node.text[:_MOST_SHOWN]) if node.text or not node.plain else "empty"


def _fields(model: Any, loc: Loc) -> tuple[str, ...]:
    """The fields that may stand at a place: the annotations are followed as the error's place names them."""
    at: Any = model
    for part in loc:
        models = list(_models(at))
        tagged = [m for m in models if any(part in _tags(f.annotation) for f in m.model_fields.values())]
        held = [m.model_fields[part].annotation for m in models if isinstance(part, str) and part in m.model_fields]
        at = held[0] if held else tagged[0] if tagged else at
    known = next(_models(at), None)
    return () if known is None else tuple(n for n, f in known.model_fields.items() if not f.exclude)


def _tags(annotation: Any) -> tuple[Any, ...]:
    return typing.get_args(annotation) if typing.get_origin(annotation) is typing.Literal else ()


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that an annotation names."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for inner in typing.get_args(annotation):
        yield from _models(inner)


# Sense: what has the right shape and cannot be meant


def _twice(claims: Sequence[LearnedClaim]) -> Iterator[Mistake]:
    first: dict[str, int] = {}
    for claim in claims:
        if claim.id in first:
            why = (
                f"the id `{claim.id[:_MOST_SHOWN]}` stands in line {first[claim.id]} already. Give each claim its own."
            )
            yield Mistake(claim.line, why)
        first.setdefault(claim.id, claim.line)


def _turned(rule: InRange | RowCount) -> bool:
    """Whether the lower bound lies above the upper one."""
    low, high = (rule.lower, rule.upper) if isinstance(rule, InRange) else (rule.low, rule.high)
    return low is not None and high is not None and low > high


def _senseless(claim: LearnedClaim, node: Node) -> Iterator[Mistake]:
    rule, share = claim.invariant, claim.tolerance
    if share is not None and (share < 0 or (claim.kind != "finding" and share > 1)):
        what = "a change of at least 0" if claim.kind == "finding" else "a share from 0 to 1"
        yield _at(node, ("tolerance",), f"`tolerance` is {share:g}. Write {what}.")
    if isinstance(rule, InRange | RowCount) and _turned(rule):
        yield _at(node, ("invariant", "low"), f"`low` is {rule.low} and `high` is {rule.high}. Exchange them.")
    if isinstance(rule, Format) and (why := _unmatched(rule.pattern)):
        yield _at(node, ("invariant", "pattern"), f"`pattern` is no regular expression (RE2): {why}. Change it.")
    base = claim.baseline
    if base is not None and (base.standard_error <= 0 or base.rows < 1 or (base.between or 0) < 0):
        text = (
            "`baseline` needs `standard_error` above 0, `rows` of at least 1 and `between` of at least 0. Restore it."
        )
        yield _at(node, ("baseline",), text)
    if claim.suppressed is not None and not is_day(claim.suppressed.expires):
        text = f"`expires` is {claim.suppressed.expires[:_MOST_SHOWN]!r}. Write a day such as 2026-12-31."
        yield _at(node, ("suppressed", "expires"), text)


def _nameless(claim: LearnedClaim, node: Node, columns: tuple[str, ...]) -> Iterator[Mistake]:
    """Columns that a claim reads and the file does not know."""
    for name in reads(claim):
        if name not in columns:
            close = difflib.get_close_matches(name, columns, 1, 0.5)
            way = f"Did you mean `{close[0]}`?" if close else "Name one of `columns`."
            yield _at(node, (claim.kind,), f"there is no column `{name[:_MOST_SHOWN]}` under `columns`. {way}")


def reads(claim: LearnedClaim) -> tuple[str, ...]:
    """The columns that a claim reads, each once."""
    if claim.finding is not None:
        made = {text.name: (text.column, text.against) for text in claim.finding.texts}
        sources = [name for column in claim.finding.columns for name in made.get(column, (column,)) if name]
        return tuple(dict.fromkeys(sources))
    if claim.distribution is not None:
        return (claim.distribution.name,)
    rule = claim.invariant
    if rule is None or isinstance(rule, Schema | RowCount):
        return ()
    names: list[str] = []
    for field in ("columns", "column", "by", "start", "end", "total", "parts"):
        value = getattr(rule, field, ())
        names += [value] if isinstance(value, str) else value
    return tuple(dict.fromkeys(names))


def is_day(text: str) -> bool:
    """Whether a text is an ISO day, `2026-12-31`."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _unmatched(pattern: str) -> str:
    """Why a pattern cannot be used; empty where it can."""
    import duckdb

    with duckdb.connect() as con:
        try:
            con.execute("SELECT regexp_full_match('', $1)", [pattern]).fetchall()
        except duckdb.Error as err:
            return str(err).splitlines()[0].partition("Error: ")[2][:80].rstrip(".") or "it cannot be read"
    return ""


def _at(node: Node, keys: Loc, text: str) -> Mistake:
    return Mistake(_found(node, keys)[0].line, text)
