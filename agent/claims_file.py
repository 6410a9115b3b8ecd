"""Hypotheses as a person hands them over: sentences, typed dicts, values of the grammar, or a YAML file of these.

Knows shapes of input. Must never know a table, nor what a sentence means.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..tools.errors import HypothesisError, UsageError
from ..tools.value import Value

MOST_BYTES = 1_000_000
MOST = 50
"""Hypotheses of one batch."""
_CLAIM = ("claim", "hypothesis", "sentence")
_EXAMPLE = "- churn higher for contract=month-to-month"


class Stated(NamedTuple):
    """One hypothesis as it was stated."""

    claim: str | dict[str, Any]
    """A sentence, or the JSON of a typed claim."""
    name: str | None = None
    note: str | None = None
    place: str | None = None
    """Where it stands in its file, such as `claims.yml, entry 2`; None where it was handed over alone."""
    error: str | None = None
    """Why it is no hypothesis at all; `claim` then holds what stands there."""


def stated(hypotheses: object) -> tuple[Stated, ...]:
    """The hypotheses that a caller handed over, at least one.

    What has not the shape of a hypothesis is handed on with its error, so that it can be told together with what is
    wrong with the others once the table is known.

    Args:
        hypotheses: A sentence, a typed dict, a value of the grammar, a path to a YAML file, or several of these.

    Raises:
        HypothesisError: if there are none, or more than fifty.
        UsageError: if a file cannot be read.
    """
    single = isinstance(hypotheses, (str, Path, Mapping, Value))
    several: Iterable[object] = (hypotheses,) if single else _iterable(hypotheses)
    found: list[Stated] = []
    for item in several:
        found += from_file(item) if isinstance(item, Path) else [_tried(item, None)]
    if not found:
        raise HypothesisError('No hypothesis was stated. State one such as "wage higher for sex=male".')
    if len(found) > MOST:
        raise HypothesisError(
            f"{len(found)} hypotheses are too many for one batch: at most {MOST} share its error budget. Keep those "
            "that matter most."
        )
    return tuple(found)


def _iterable(hypotheses: object) -> Iterable[object]:
    if isinstance(hypotheses, Iterable):
        return hypotheses
    raise HypothesisError(f"Hypotheses are sentences, dicts or a path. Got {type(hypotheses).__name__} instead.")


def _tried(item: object, place: str | None) -> Stated:
    """One entry, with its error where it is none."""
    try:
        return _one(item)._replace(place=place)
    except HypothesisError as err:
        return Stated(str(item), place=place, error=str(err))


def _one(item: object) -> Stated:
    if isinstance(item, str):
        return Stated(item.strip())
    if isinstance(item, Value):
        return Stated(item.as_json())
    if isinstance(item, Mapping):
        return _mapping({str(k): v for k, v in item.items()})
    raise HypothesisError(
        f"A hypothesis is a sentence or a dict of the grammar. Got {type(item).__name__} {str(item)[:40]!r} instead. "
        f"Write one such as '{_EXAMPLE[2:]}'."
    )


def _mapping(data: dict[str, Any]) -> Stated:
    """A typed claim, or a sentence under `claim`; either with `name` and `note`."""
    name, note = data.pop("name", None), data.pop("note", None)
    named = next((key for key in _CLAIM if key in data), None)
    if named is not None and "family" not in data:
        extra = sorted(set(data) - {named})
        if extra:
            raise HypothesisError(
                f"Unknown field {extra[0]!r} beside {named!r}: only `name` and `note` may stand there. Rename it or "
                "leave it out."
            )
        inner = _one(data[named])
        return Stated(inner.claim, _text(name) or inner.name, _text(note) or inner.note)
    if "family" not in data and len(data) == 1:
        [(key, value)] = data.items()
        if isinstance(value, str):  # YAML reads `income ranks city: A > B` as a mapping
            return Stated(f"{key}: {value}", _text(name), _text(note))
    if "family" not in data:
        raise HypothesisError(
            f"A typed hypothesis needs its `family`, or a sentence under `claim`. Got the fields {sorted(data)[:6]}. "
            f"Write it as a sentence, such as '{_EXAMPLE[2:]}'."
        )
    return Stated(data, _text(name), _text(note))


def _text(value: object) -> str | None:
    return None if value is None else str(value)[:500]


def from_file(path: Path) -> list[Stated]:
    """The hypotheses in a YAML (or JSON) file: a list, or a list under `hypotheses`; a plain text has one a line.

    Every scalar is read as text, so that a level `no` stays the level `no`.

    Raises:
        UsageError: if the file cannot be read.
        HypothesisError: if it is no YAML, or does not hold hypotheses.
    """
    import yaml

    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(
                f"'{path}' is larger than {MOST_BYTES:,} bytes: it is no list of hypotheses. "
                f"Write one a line, such as '{_EXAMPLE}'."
            )
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "it is not UTF-8 text"
        raise UsageError(f"'{path}' cannot be read: {reason or err}. Check its path, and save it as UTF-8.") from err
    try:
        data = yaml.load(text, Loader=_loader())
    except (yaml.YAMLError, RecursionError, ValueError) as err:
        mark = getattr(err, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(err, "problem", None) or type(err).__name__
        raise HypothesisError(
            f"'{path}' is no YAML{where}: {problem}. Write one hypothesis a line, such as '{_EXAMPLE}', and put "
            "sentences that begin with a quote or hold `: ` in double quotes."
        ) from err
    if isinstance(data, str):  # one sentence a line, which YAML would join
        data = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    return _listed(data, path)


def _listed(data: object, path: Path) -> list[Stated]:
    if isinstance(data, dict) and "hypotheses" in data:
        data = data["hypotheses"]
    if isinstance(data, dict):
        data = [data]
    if not isinstance(data, list) or not data:
        raise HypothesisError(f"'{path}' holds no list of hypotheses. Write one a line, such as '{_EXAMPLE}'.")
    return [_tried(item, f"'{path.name}', entry {at}") for at, item in enumerate(data, 1)]


def _loader() -> type:
    """A loader that builds plain text, lists and mappings only, without aliases."""
    import yaml

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.MarkedYAMLError(problem="aliases are not read", problem_mark=self.peek_event().start_mark)
            return super().compose_node(parent, index)

    Loader.yaml_implicit_resolvers = {
        first: [pair for pair in pairs if pair[0] == "tag:yaml.org,2002:null"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader
