"""The ground of every record that leaves a room: frozen, canonical as JSON, named by its content.

Knows how a value becomes canonical text and an id. Must never know what any value is about.
"""

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen record with one canonical JSON text; unknown fields and non-finite numbers are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="null")

    def as_json(self) -> dict[str, Any]:
        """The record as plain JSON types (tuples become lists)."""
        return self.model_dump(mode="json")

    def canonical(self) -> str:
        """The record as JSON text with sorted keys and no spaces: equal records have equal text."""
        return canonical_json(self.as_json())

    def content_id(self) -> str:
        """The first 12 hexadecimal digits of the sha256 of the canonical text."""
        return digest(self.canonical())[:12]


def canonical_json(value: object) -> str:
    """`value` as JSON text with sorted keys, no spaces and no non-finite number."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def digest(text: str) -> str:
    """The sha256 of `text` in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def counted(n: int, one: str, more: str | None = None) -> str:
    """A count with its noun: `1 row`, `1,234 rows`."""
    return f"{n:,} {one if n == 1 else more or one + 's'}"


class Effect(Value):
    """An estimate with its interval, on a named scale."""

    name: str
    """The scale in the field's words, such as `P(A>B)` or `mean difference`."""
    value: float
    low: float | None = None
    high: float | None = None
    level: float | None = None
    """Confidence level of the interval, such as 0.95."""
    unit: str | None = None
    """The data's own unit where there is one: a column name, `points`, `per year`."""
