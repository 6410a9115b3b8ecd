"""Changes of single values in a claims file, in place: comments, order and layout of the rest stay as they were.

Knows the text of a file and the tree over it. Must never know why a value changes. A changed text is read again before
it is written, and must say what was meant; it reaches the file whole or not at all.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...tools.errors import UsageError
from ...tools.review.learned import LearnedClaim, LearnedClaims
from .claims_yaml import ClaimsFile, parse, plain, rounded, text_of, tree_of
from .yaml_nodes import Node
from .yaml_text import flow, scalar

_AFTER = {"suppressed": ("severity", "kind", "id"), "state": ("severity", "kind", "id")}
"""Where a new field of a claim is put: after the first of these that it has."""
_BOM = "\ufeff"


class Edit(NamedTuple):
    """A stretch of the text and what takes its place."""

    start: int
    end: int
    text: str


class ClaimsText:
    """A claims file that is open for changes."""

    def __init__(self, path: Path) -> None:
        raw = text_of(path)
        self.path = path
        self.file: ClaimsFile = parse(raw, str(path))
        self._bom = _BOM if raw.startswith(_BOM) else ""
        self._text = raw.removeprefix(_BOM)
        listed = tree_of(raw, str(path)).get("claims")
        self._entries = listed.items if listed is not None else []
        self._changed: dict[str, LearnedClaim] = {}
        self._edits: list[Edit] = []

    @property
    def claims(self) -> LearnedClaims:
        """The claims as the file holds them."""
        return self.file.claims

    def change(self, wanted: str, **values: Any) -> None:
        """Give a claim other values of `says`, `suppressed`, `baseline`, `distribution`, `invariant` or `state`.

        Args:
            wanted: Id of a claim that is there.
            values: New values by field.
        """
        at = next(i for i, c in enumerate(self.claims.claims) if c.id == wanted)
        claim = rounded(self._changed.get(wanted, self.claims.claims[at]).model_copy(update=values))
        self._changed[wanted] = claim
        node = self._entries[at]
        for name in values:
            self._edits += _set(self._text, node, name, plain(getattr(claim, name)), _AFTER.get(name, ()))

    def changed_text(self) -> str:
        """The text with every change.

        Raises:
            UsageError: if the file is laid out in a way that cannot be changed in place.
        """
        text = _applied(self._text, self._edits)
        try:
            got = parse(text, str(self.path)).claims
        except UsageError as err:
            raise self._not_in_place() from err
        meant = [self._changed.get(c.id, c) for c in self.claims.claims]
        if [c.as_json() for c in got.claims] != [c.as_json() for c in meant]:
            raise self._not_in_place()
        return self._bom + text

    def save(self) -> None:
        """Write the changes, whole or not at all.

        Raises:
            UsageError: if the file cannot be changed in place or written, or was changed since it was opened.
        """
        text = self.changed_text()
        if text_of(self.path) != self._bom + self._text:
            raise UsageError(f"'{self.path}' was changed while it was looked at. Run the command again.")
        _replace(self.path.resolve(), text)

    def _not_in_place(self) -> UsageError:
        ids = ", ".join(f"`{wanted}`" for wanted in self._changed)
        return UsageError(
            f"'{self.path}' is laid out so that {ids} cannot be changed in place; nothing was written. Lay the "
            "entry out as `heldout learn` does, one field a line."
        )


def _set(text: str, node: Node, name: str, value: Any, after: Sequence[str]) -> Iterable[Edit]:
    """The edits that give a mapping a field: its value exchanged where it has one, a new field where not."""
    found = node.get(name)
    if found is None:
        return [_inserted(text, node, name, value, after)]
    if name in ("suppressed", "baseline") and found.kind == "mapping":
        default = {"between": None, "deliveries": 0}  # a field that is left out must not keep its old value
        values = {**{k: v for k, v in default.items() if k in found.entries}, **value}
        return [edit for k, v in values.items() for edit in _set(text, found, k, v, tuple(found.entries)[::-1])]
    end = found.start + len(text[found.start : found.end].rstrip())
    new = scalar(value, line=not node.flow) if not isinstance(value, (Mapping, list)) else flow(value)
    return [Edit(found.start, end, f" {new}" if found.start and text[found.start - 1] == ":" else new)]


def _inserted(text: str, node: Node, name: str, value: Any, after: Sequence[str]) -> Edit:
    anchor = next(node.entries[key] for key in (*after, *tuple(node.entries)[::-1]) if key in node.entries)
    end = anchor[1].start + len(text[anchor[1].start : anchor[1].end].rstrip())
    if node.flow:
        return Edit(end, end, f", {name}: {flow(value)}")
    pad = " " * (node.start - text.rfind("\n", 0, node.start) - 1)
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop - (text[stop - 1] == "\r")
    newline = "\r\n" if "\r\n" in text else "\n"
    return Edit(stop, stop, f"{newline}{pad}{name}: {flow(value)}")


def _applied(text: str, edits: Sequence[Edit]) -> str:
    parts, at = [], 0
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


def _replace(path: Path, text: str) -> None:
    """A whole file beside it first, then one step: a run that is stopped leaves the old file."""
    part = ""
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with open(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, path.stat().st_mode & 0o777)
        os.replace(part, path)
    except OSError as err:
        if part:
            Path(part).unlink(missing_ok=True)
        raise UsageError(
            f"'{path}' cannot be written ({err.strerror}). Check that you may write in its folder."
        ) from err
