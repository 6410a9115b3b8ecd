"""What of a table may reach a language model: four modes, and how a name or a cell is written down for it.

Knows the modes, and characters. Must never know a question, a model or a sealed row. Redaction is best effort, by
patterns alone: what must not leave is kept back by the mode, not by the patterns.
"""

import json
import re
import unicodedata
from typing import Literal, get_args

from ..tools.errors import UsageError

Privacy = Literal["none", "schema", "profile", "sample"]
"""none: no model is asked. schema: names and types. profile: aggregates of ten rows or more, no rare label, no end of a
range. sample: redacted values as well."""

PRIVACIES: tuple[Privacy, ...] = get_args(Privacy)
LEAST = 10
"""Rows (units, where rows belong to units) that an aggregate needs to be told outside `sample`."""
LONGEST = 64
"""Characters of a name or a cell."""
HIDDEN_LEVEL = "(not shown)"
"""Stands for labels that may not be told."""

_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that print nothing, which carry hidden text as well as controls do."""
_SELECTORS = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF), (0x180B, 0x180F))
_PATTERNS = (
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("link", re.compile(r"\b(?:https?|ftp)://\S+", re.IGNORECASE)),
    ("secret", re.compile(r"\b(?:sk|pk|ghp|gho|xox[abp]|AKIA|eyJ)[-_A-Za-z0-9]{12,}")),
    ("address", re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")),
    ("number", re.compile(r"(?<![\w.])\+?\d(?:[ ()/-]?\d){8,}(?![\w.])")),
)
# Two words with capitals side by side are mostly a name; that a place goes with them costs little.
_OF_DOCUMENTS = (
    ("number", re.compile(r"(?<![\w.])\(?\+?\d{2,4}\)?[ ./-]\d{3,4}[ ./-]\d{3,4}(?!\w)")),
    ("user", re.compile(r"(?<!\w)@\w{2,}")),
    ("name", re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir|Madam)\.?\s+[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)*")),
    ("name", re.compile(r"(?<=\bmy name is )[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)*")),
    ("name", re.compile(r"(?<=\bI am )[A-Z][\w'’-]+\s+[A-Z][\w'’-]+")),
    ("name", re.compile(r"\b[A-Z][a-z]+\s+(?:[A-Z]\.\s+)?[A-Z][a-z]+\b")),
)


def checked_privacy(mode: str) -> Privacy:
    """The mode of that name.

    Raises:
        UsageError: if there is none.
    """
    for known in PRIVACIES:
        if mode == known:
            return known
    raise UsageError(f"The privacy mode is one of {', '.join(PRIVACIES)}. Got {mode!r} instead.")


def visible(text: str) -> str:
    """The text on one line without characters that a reader does not see: controls, zero width, bidirectional marks."""
    flat = re.sub(r"\s+", " ", text)
    if not (flat.isascii() and flat.isprintable()):
        flat = "".join(c for c in flat if not _is_hidden(c))
    return flat.strip()


def _is_hidden(character: str) -> bool:
    if unicodedata.category(character) in _INVISIBLE or character in _BLANK:
        return True
    return any(low <= ord(character) <= high for low, high in _SELECTORS)


def cleaned(value: object, longest: int = LONGEST) -> str:
    """A name or a cell as it may be shown: visible characters only, at most 64 of them, the last … where it was cut."""
    text = visible(str(value)[: 16 * longest])
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def quote(value: object) -> str:
    """A name or a cell as a JSON string for a prompt: cleaned, and unable to close the block that it stands in."""
    text = json.dumps(cleaned(value), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def redacted(value: object, longest: int = LONGEST) -> str:
    """A cell for `sample`: cleaned, with what looks like an address, a link, a key or a long number taken out.

    Patterns find what looks like such a thing and miss what does not: nothing is promised. Of documents, which are
    longer than cells, user names and what reads like a person's name go too.

    Args:
        value: The cell.
        longest: Characters that may be told; more than those of a cell make it a document.
    """
    return cleaned(_without_patterns(visible(str(value)[: 16 * longest]), document=longest > LONGEST), longest)


def redacted_document(text: str, longest: int) -> str:
    """A document for a model that may read some: on one line, redacted as a cell is, at most so many characters.

    What was cut ends in `…`. As with cells, nothing is promised: patterns miss what does not look like one.
    """
    kept = _without_patterns(visible(text[: 4 * longest]), document=True)
    whole = len(kept) <= longest and len(text) <= 4 * longest
    return kept if whole else kept[: longest - 1].rstrip() + "…"


def _without_patterns(text: str, *, document: bool) -> str:
    for name, pattern in (*_PATTERNS, *(_OF_DOCUMENTS if document else ())):
        text = pattern.sub(f"[{name}]", text)
    return text
