"""A YAML text as a tree in which every part knows where it stands, so that one value can be changed in place.

Knows the syntax of YAML and positions in a text. Must never know what the text is about. Aliases, tags and a second
document are refused: a file that people review in git says what it says where it stands.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal

from ...tools.errors import UsageError

MOST_DEEP = 20
"""Mappings and lists inside each other."""
_INT = re.compile(r"[-+]?[0-9]{1,300}\Z")
_FLOAT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_NULL = ("", "~", "null", "Null", "NULL")


class YamlFault(UsageError):
    """A text that is no YAML as it is read here; `line` says where, from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line, self.why = line, why


class Node:
    """A scalar, a list or a mapping, and its place in the text.

    `start` and `end` are positions in the text; those of a list or mapping in lines of its own run from its first to
    its last part, without the comments after it.
    """

    def __init__(self, kind: Literal["scalar", "list", "mapping"], start: int, line: int) -> None:
        self.kind = kind
        self.start = self.end = start
        self.line = line
        """From 1."""
        self.text = ""
        """Of a scalar, as it was written without its quotes."""
        self.plain = False
        """Whether a scalar stands without quotes."""
        self.flow = False
        """Whether it is one of `[a, b]` or `{a: b}`."""
        self.items: list[Node] = []
        self.entries: dict[str, tuple[Node, Node]] = {}
        """Of a mapping: key and value by the key's text."""

    def get(self, key: str | int) -> "Node | None":
        """The value under a key, or the part at a position; None where there is none."""
        if self.kind == "mapping":
            found = self.entries.get(str(key))
            return None if found is None else found[1]
        if self.kind == "list" and isinstance(key, int) and key < len(self.items):
            return self.items[key]
        return None

    def data(self) -> Any:
        """What it holds as plain Python: of unquoted scalars only numbers and `null` are no texts."""
        if self.kind == "mapping":
            return {key: value.data() for key, (_, value) in self.entries.items()}
        if self.kind == "list":
            return [item.data() for item in self.items]
        return _scalar(self.text) if self.plain else self.text


def _scalar(text: str) -> Any:
    if text in _NULL:
        return None
    if _INT.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text


def compose(text: str) -> Node:
    """The tree of a YAML text.

    Raises:
        YamlFault: if it is none, or holds aliases, tags, a key twice, or several documents.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _tree(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        if mark is not None and text[mark.index : mark.index + 1] == "\t":
            raise YamlFault(mark.line + 1, "lines are indented by blanks, not by tabs") from err
        began = err.context_mark.line + 1 if err.context_mark is not None else None
        raise YamlFault(mark.line + 1 if mark else 1, _why(err.problem or "it is no YAML", began)) from err
    except yaml.YAMLError as err:
        position = getattr(err, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        raise YamlFault(line, "it holds a character that YAML does not allow") from err


def _why(problem: str, began: int | None) -> str:
    if "mapping values are not allowed" in problem:
        return "a value with `: ` in it must stand in quotes, or the line is not indented as its neighbours"
    where = "" if began is None else f" in what begins in line {began}"
    return f"{problem}{where}; check quotes, brackets and indents, or restore the file"


def _tree(events: Iterator[Any]) -> Node:
    """Without recursion, so that no text is too deep for it."""
    root: Node | None = None
    open_: list[Node] = []
    keys: list[Node | None] = []
    for event in events:
        name = type(event).__name__
        if name == "DocumentStartEvent" and root is not None:
            raise YamlFault(event.start_mark.line + 1, "a second document begins here; one file holds one")
        if name.endswith("EndEvent") and name[:3] in ("Map", "Seq"):
            _closed(open_.pop(), event)
            keys.pop()
            continue
        node = _node(name, event)
        if node is None:
            continue
        if open_:
            _added(open_[-1], keys, node)
        elif root is None:
            root = node
        if node.kind != "scalar":
            open_.append(node)
            keys.append(None)
            if len(open_) > MOST_DEEP:
                raise YamlFault(node.line, f"more than {MOST_DEEP} lists and mappings stand inside each other")
    if root is None:
        raise YamlFault(1, "it is empty")
    return root


def _node(name: str, event: Any) -> Node | None:
    if name == "AliasEvent":
        raise YamlFault(event.start_mark.line + 1, "aliases are not read; write the value out")
    if name not in ("ScalarEvent", "MappingStartEvent", "SequenceStartEvent"):
        return None
    if event.tag is not None or event.anchor is not None:
        raise YamlFault(event.start_mark.line + 1, "tags and anchors are not read; write the plain value")
    kind = {"S": "scalar", "M": "mapping"}[name[0]] if name != "SequenceStartEvent" else "list"
    node = Node(kind, event.start_mark.index, event.start_mark.line + 1)  # type: ignore[arg-type]
    node.end = event.end_mark.index
    if kind == "scalar":
        node.text, node.plain = event.value, not event.style
    else:
        node.flow = bool(event.flow_style)
    return node


def _added(parent: Node, keys: list[Node | None], node: Node) -> None:
    """Put a part where it belongs in the list or mapping that is open."""
    if parent.kind == "list":
        parent.items.append(node)
        return
    key = keys[-1]
    if key is not None:
        parent.entries[key.text] = (key, node)
        keys[-1] = None
        return
    if node.kind != "scalar":
        raise YamlFault(node.line, "a list or mapping stands where a name belongs")
    if node.text in parent.entries:
        first = parent.entries[node.text][0].line
        raise YamlFault(node.line, f"`{node.text[:40]}` stands here a second time, after line {first}; keep one")
    keys[-1] = node


def _closed(node: Node, event: Any) -> None:
    """A flow ends at its bracket; what stands in lines ends where its last part does."""
    if node.flow:
        node.end = event.end_mark.index
        return
    last = node.items[-1:] or [value for _, value in list(node.entries.values())[-1:]]
    node.end = max([node.end, *(n.end for n in last)])
