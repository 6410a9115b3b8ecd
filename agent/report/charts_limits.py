"""Drawing without limits on the lengths of texts where no text could exceed one.

Knows a specification and the drawing made of it. Must never know a row, a finding or a verdict.

A text with a limit is measured several times more than one without, and measuring texts is most of what a chart
costs. So charts are drawn without limits first; where a text of that drawing might be longer than its limit, it is
drawn again with them. Either way the drawing is the one that the limits give.
"""

import re
from html import unescape
from typing import Any

_AXIS_LIMIT, _LEGEND_LIMIT = 180.0, 160.0
"""Of labels for which a specification names none."""
_GROUPS = re.compile(
    r'aria-label="([XY])-axis|'
    r'<g class="mark-text role-(axis-label|legend-label|title-text|title-subtitle)"[^>]*>(.*?)</g>'
)
"""Where an axis begins, and groups of texts that have limits."""
_TEXT = re.compile(r'<text\b[^>]*\bfont-size="([\d.]+)px"[^>]*>([^<]*)</text>')
_BOLD = 1.26
"""No letter is wider in bold by more."""
_WIDTHS = {
    "'": 0.191, "ijl": 0.222, "|": 0.26, " !,./:;I[\\]ft": 0.278, "()-`r": 0.333, "{}": 0.334, '"': 0.355, "*": 0.389,
    "^": 0.469, "Jcksvxyz": 0.5, "#$0123456789?L_abdeghnopqu–": 0.556, "+<=>~−": 0.584, "FTZ": 0.611,
    "&ABEKPSVXY": 0.667, "CDHNRUw": 0.722, "GOQ": 0.778, "Mm": 0.833, "%": 0.889, "W": 0.944,
}  # fmt: skip
"""Widths in ems of Helvetica, and so of Arial and Liberation Sans; any other character may be wider."""
_WIDEST = 1.1
_WIDTH = {c: width for letters, width in _WIDTHS.items() for c in letters}


def without_limits(spec: Any) -> Any:
    """A copy of a specification in which labels and titles may be of any length."""
    if isinstance(spec, list):
        return [without_limits(part) for part in spec]
    if not isinstance(spec, dict):
        return spec
    out: dict[str, Any] = {}
    out |= {key: 0 if key == "labelLimit" else without_limits(value) for key, value in spec.items() if key != "data"}
    if "data" in spec:  # the largest part, in which no limit stands
        out["data"] = spec["data"]
    if "config" in spec:
        for part, limit in (("axis", "labelLimit"), ("legend", "labelLimit"), ("title", "limit")):
            out["config"][part] = out["config"].get(part, {}) | {limit: 0}
    return out


def within_limits(drawing: str, spec: dict[str, Any]) -> bool:
    """Whether no text of a drawing without limits could be longer than the specification allows.

    Args:
        drawing: SVG.
        spec: The specification with its limits.
    """
    config = spec.get("config", {})
    title = float(config.get("title", {}).get("limit") or float("inf"))
    limits = {
        "X": min([_AXIS_LIMIT, *_axis_limits(spec, "x")]), "Y": min([_AXIS_LIMIT, *_axis_limits(spec, "y")]),
        "legend-label": float(config.get("legend", {}).get("labelLimit", _LEGEND_LIMIT)),
        "title-text": title, "title-subtitle": title,
    }  # fmt: skip
    limits["axis-label"] = min(limits["X"], limits["Y"])
    for axis, role, group in _GROUPS.findall(drawing):
        if axis:
            limits["axis-label"] = limits[axis]
        elif not _fits(group, limits[role]):
            return False
    return True


def _fits(group: str, limit: float) -> bool:
    texts = _TEXT.findall(group)
    if len(texts) != group.count("</text>"):
        return False
    bold = _BOLD if "font-weight" in group else 1.0
    return all(bold * float(size) * width(unescape(text)) <= limit for size, text in texts)


def width(text: str) -> float:
    """A length in ems that a text does not exceed."""
    return sum(_WIDTH.get(c, _WIDEST) for c in text)


def _axis_limits(spec: Any, channel: str) -> list[float]:
    """The limits of all axes of one channel of a specification."""
    if isinstance(spec, list):
        return [limit for part in spec for limit in _axis_limits(part, channel)]
    if not isinstance(spec, dict):
        return []
    own = spec.get(channel)
    axis = own.get("axis") if isinstance(own, dict) else None
    found = [float(axis["labelLimit"])] if axis and axis.get("labelLimit") else []
    return found + [x for key, part in spec.items() if key != "data" for x in _axis_limits(part, channel)]
