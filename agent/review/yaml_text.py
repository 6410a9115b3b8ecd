"""Plain values as YAML that a person reads: quoted only where another reader would take them for something else.

Knows how YAML is spelled. Must never know what a value is about. A flow (`{a: 1}`) stands in one line where it fits;
what does not fit is written one part a line, so that a change of one part changes one line.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDTH = 110
_JOINERS = "\u200c\u200d"
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"}
"""Words that some reader of YAML takes for a truth value, nothing, or a number."""
_PLAIN = re.compile(r"[^\W\d][\w .()/+%&;*^=<>·×–-]*\Z")
"""Begins with a letter and holds nothing that YAML gives a meaning to, in a flow or in a line."""
_SENTENCE = re.compile(r"[^\W\d][^\n\t#]*\Z")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_MOST_KEY = 100
"""Characters of a key that is written without its mark `?`."""


def number(value: float) -> str:
    """The shortest text that reads back as the same number, whole ones without a point, here and in YAML 1.1."""
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return str(int(value))
    text = repr(float(value))
    head, exponent, tail = text.partition("e")
    return f"{head}.0e{tail}" if exponent and "." not in head else text


def scalar(value: Any, *, line: bool = False) -> str:
    """One value; `line`: it stands alone to the end of its line, where commas and brackets mean nothing."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number(value)
    text = str(value)
    if text.casefold() not in _WORDS and text == text.strip() and _bare(text, line):
        return text
    if ('"' in text or "\\" in text) and not any(_hidden(c) for c in text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _bare(text: str, line: bool) -> bool:
    if _PLAIN.match(text):
        return not any(_hidden(c) for c in text)
    sentence = line and _SENTENCE.match(text) and ": " not in text and not text.endswith(":")
    return bool(sentence) and not any(_hidden(c) for c in text)


def _hidden(c: str) -> bool:
    if c.isascii():
        return not c.isprintable()
    return c not in _JOINERS and unicodedata.category(c) in _HIDDEN


def _escaped(c: str) -> str:
    """A character that is not seen, or that a terminal would obey, is spelled out."""
    if c in _ESCAPES:
        return _ESCAPES[c]
    if not _hidden(c):
        return c
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def flow(value: Any) -> str:
    """A value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    return scalar(value)


def _key(key: Any) -> str:
    text = scalar(str(key))
    return text if len(text) <= _MOST_KEY else f"? {text} "


def entry(key: str, value: Any, indent: int) -> Iterator[str]:
    """The lines of `key: value` in a mapping that is indented by `indent` blanks."""
    pad = " " * indent
    head = f"{pad}{_key(key)}:" if len(key) <= _MOST_KEY else f"{pad}{_key(key).rstrip()}\n{pad}:"
    if not isinstance(value, (Mapping, list, tuple)):
        yield f"{head} {scalar(value, line=True)}"
    elif not value or len(flow(value)) + len(head) < WIDTH:
        yield f"{head} {flow(value)}"
    elif isinstance(value, Mapping):
        yield head
        for k, v in value.items():
            yield from entry(str(k), v, indent + 2)
    else:
        yield head
        for item in value:
            yield from listed(item, indent + 2)


def listed(value: Any, indent: int) -> Iterator[str]:
    """The lines of `- value` in a list that is indented by `indent` blanks."""
    pad = " " * indent
    if not isinstance(value, (Mapping, list, tuple)):
        yield f"{pad}- {scalar(value, line=True)}"
    elif isinstance(value, Sequence) or not value or len(flow(value)) + indent < WIDTH:
        yield f"{pad}- {flow(value)}"
    else:
        yield from block(value, indent)


def block(value: Mapping[str, Any], indent: int) -> Iterator[str]:
    """The lines of a mapping as one part of a list, its first field behind the dash."""
    lines = [line for k, v in value.items() for line in entry(str(k), v, indent + 2)]
    yield " " * indent + "- " + lines[0][indent + 2 :]
    yield from lines[1:]
