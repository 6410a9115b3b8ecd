"""Prompts as data: files beside this one with a name, a version and a hash, and slots that only JSON can fill.

Knows how a prompt is laid out and filled. Must never know a model, a table, or what a prompt is for.

A prompt opens with `key: value` lines between two `---`, then the fixed part; after the line `=== user ===` comes the
part with the slots `{{input}}`. The fixed part is sent first and is the same in every call, so that a provider can keep
it; data come last.
"""

import hashlib
import json
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

_PARTS = "\n=== user ===\n"
_SLOT = re.compile(r"\{\{(\w+)\}\}")
_TAG = re.compile(r"<(?=\s*[/A-Za-z!?])")
"""What could be read as the beginning or end of a block."""
_HIDDEN = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
"""Categories of characters that do not print: controls, formats, marks of direction, halves of pairs."""


class Prompt(NamedTuple):
    """One prompt of a given version."""

    name: str
    version: str
    text: str
    """The fixed part and the part with slots, as the file has them."""
    sha256: str
    """Of the whole file, front matter included."""
    inputs: tuple[str, ...] = ()
    reply: str = "text"
    """What is to come back, in a word: `text`, `json` or `tools`."""

    @property
    def system(self) -> str:
        """The fixed part: the same bytes in every call."""
        return self.text.partition(_PARTS)[0].strip()

    def user(self, **inputs: object) -> str:
        """The second part with its slots filled: every value as JSON that cannot leave its place.

        Args:
            inputs: Plain JSON types, one for each declared input.

        Raises:
            ValueError: if an input is missing, was not declared, or is no JSON.
        """
        if set(inputs) != set(self.inputs):
            raise ValueError(f"Prompt {self.name} takes {list(self.inputs)}, got {sorted(inputs)}.")
        # One pass: what a value contains is never taken for a slot.
        return _SLOT.sub(lambda slot: quoted(inputs[slot[1]]), self.text.partition(_PARTS)[2]).strip()


def quoted(value: object) -> str:
    """`value` as one line of JSON without a character that could end a block or hide in the text.

    Raises:
        ValueError: if it is no JSON, or holds a number that is not finite.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except TypeError as err:
        raise ValueError(f"A prompt takes plain JSON types: {err}.") from err
    # All of these can only stand inside JSON strings, where the escape means the same character; `<=` stays readable.
    text = "".join(_escaped(c) if unicodedata.category(c) in _HIDDEN else c for c in text)
    return _TAG.sub(lambda _: _escaped("<"), text)


def _escaped(character: str) -> str:
    pair = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{pair[at : at + 2].hex()}" for at in range(0, len(pair), 2))


@cache
def load(name: str) -> Prompt:
    """The prompt of that name.

    Raises:
        ValueError: if there is none, its front matter is off, or its slots are not its declared inputs.
    """
    known = {path.stem: path for path in Path(__file__).parent.glob("*.md")}
    if name not in known:
        raise ValueError(f"There is no prompt '{name}'.")
    return parsed(known[name].read_text(encoding="utf-8"), name)


def parsed(whole: str, name: str) -> Prompt:
    """The prompt that a file's text holds.

    Raises:
        ValueError: as `load`.
    """
    opening, _, rest = whole.partition("---\n")
    head, ended, text = rest.partition("\n---\n")
    fields = dict(re.findall(r"^(\w+):[ \t]*(.*?)[ \t]*$", head, re.MULTILINE))
    if opening or not ended or set(fields) != {"name", "version", "inputs", "reply"} or fields["name"] != name:
        raise ValueError(f"Prompt {name} must open with its name, version, inputs and reply between two lines `---`.")
    inputs = tuple(part.strip() for part in fields["inputs"].split(",") if part.strip())
    system, _, user = text.partition(_PARTS)
    if _SLOT.search(system) or sorted(set(_SLOT.findall(user))) != sorted(inputs):
        raise ValueError(f"Prompt {name} must use its inputs {list(inputs)} after `=== user ===`, and no other.")
    return Prompt(
        name, fields["version"], text, hashlib.sha256(whole.encode()).hexdigest(), inputs, fields["reply"]
    )  # fmt: skip
