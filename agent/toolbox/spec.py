"""What a tool is: a name, the docstring that a model reads, typed arguments, and a function of the bench.

Knows how a tool is declared, called and answered. Must never know what any tool looks at. A call never raises for what
the caller got wrong: the answer then says what, and what could have been said instead.
"""

import difflib
import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError

from ...tools.errors import HeldoutError
from ..privacy import visible
from .bench import Bench

MOST_CHARACTERS = 6_000
"""Length of one result as JSON text."""
_LONGEST_ERROR = 600
Result = dict[str, Any]


class Arguments(BaseModel):
    """What a tool is called with; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=2_000)


class ToolSpec(NamedTuple):
    """One tool, defined once for every protocol that offers it."""

    name: str
    description: str
    """The docstring, for the model."""
    arguments: type[BaseModel]
    run: Callable[[Bench, Any], Result]
    """Answers with figures, or with `error`; raises nothing for what the caller got wrong."""


A = TypeVar("A", bound=Arguments)


def tool(run: Callable[[Bench, A], Result]) -> ToolSpec:
    """The tool that a function of a bench and its arguments is; its name and its words are those of the function."""

    def guarded(bench: Bench, arguments: A) -> Result:
        try:
            return run(bench, arguments)
        except HeldoutError as err:
            return {"error": bench.masked(str(err))[:_LONGEST_ERROR]}

    return ToolSpec(run.__name__, inspect.getdoc(run) or "", get_type_hints(run)["arguments"], guarded)


def call(spec: ToolSpec, bench: Bench, arguments: Mapping[str, Any]) -> Result:
    """The answer of a tool to arguments as a model sent them, whatever they are."""
    try:
        checked = spec.arguments.model_validate(dict(arguments))
    except ValidationError as err:
        return {"error": refused(spec, err)}
    return spec.run(bench, checked)


def refused(spec: ToolSpec, err: ValidationError) -> str:
    """What is wrong with arguments, in one or two sentences: the field, what was expected, and the nearest name."""
    known, told = list(spec.arguments.model_fields), []
    for problem in err.errors(include_url=False, include_context=False)[:3]:
        where = ".".join(visible(str(p))[:40] for p in problem["loc"]) or "arguments"
        if problem["type"] == "extra_forbidden":
            near = difflib.get_close_matches(where, known, 1, 0.5)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            told.append(f"`{spec.name}` has no argument `{where}`; it has {', '.join(known)}.{hint}")
        else:
            told.append(f"`{where}`: {problem['msg']}.")
    return " ".join(told)[:_LONGEST_ERROR]


def told(result: Mapping[str, Any]) -> str:
    """A result as compact JSON of at most 6,000 characters; what does not fit is left off and `cut` says so.

    Entries are taken off the end of the longest list, so that what stays is whole. The order of keys is that of the
    tool: it is the same for the same call.
    """
    kept = json.loads(json.dumps(result, ensure_ascii=False, allow_nan=False))
    text = _json(kept)
    while len(text) > MOST_CHARACTERS:
        kept["cut"] = True
        longest = max(_lists(kept), key=lambda items: len(_json(items)), default=[])
        if not longest:
            return _json({"error": "The result is too long to show: ask for less.", "cut": True})
        over = len(text) - MOST_CHARACTERS
        drop, size = 0, 0
        while drop < len(longest) and size < over:
            drop += 1
            size += len(_json(longest[-drop])) + 1
        del longest[-drop:]
        text = _json(kept)
    return text


def _lists(value: Any) -> list[list[Any]]:
    """The lists in a result that still hold something, at any depth under keys."""
    if isinstance(value, list):
        return [value] if value else []
    if isinstance(value, dict):
        return [found for inner in value.values() for found in _lists(inner)]
    return []


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
