"""The program that computes a report's figures again, as text to lay beside the report.

Knows where its parts lie in the package and lays them together as one file. Must never run or import them: the
program stands on its own, with a road of its own to every figure.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from typing import NamedTuple

_RELATIVE = re.compile(r"\bfrom[\s\\]*\.")
LAST = "program"
"""The part that is run: it stands last, and its docstring is the program's."""


class PartError(ValueError):
    """The parts cannot be laid together as one program; only who changes a part can meet this."""


class _Import(NamedTuple):
    """One name that a part takes from outside the program."""

    start: str
    """`import`, or `from module import`."""
    what: str
    local: str


class _Part(NamedTuple):
    """One file of the program, taken apart."""

    doc: str
    needs: frozenset[str]
    """The parts it imports from."""
    imports: frozenset[_Import]
    """Everything from outside."""
    names: tuple[str, ...]
    """What it defines at its top."""
    body: str


@cache
def reproduce_text() -> str:
    """The source of `reproduce.py`: the same text whenever the parts are the same."""
    folder = files(__package__ or "").joinpath("reproduction")
    return assembled({f.name[:-3]: f.read_text(encoding="utf-8") for f in folder.iterdir() if f.name.endswith(".py")})


def assembled(sources: Mapping[str, str]) -> str:
    """One program made of parts: each after those that it imports from, `program` last.

    Args:
        sources: Python source by name of the part; `__init__` holds no part and is passed over.

    Raises:
        PartError: if a name is given twice, the parts import each other in a circle, or one imports in a way that
            does not survive in a single file.
    """
    parts = {name: _taken_apart(name, sources[name]) for name in sorted(sources) if name != "__init__"}
    order = _order(parts)
    _check_names(parts)
    pieces = [f'"""{parts[LAST].doc}\n"""\n\n{_imports(parts.values())}']
    pieces += [_headed(parts[name].doc.splitlines()[0].rstrip("."), parts[name].body) for name in order[:-1]]
    return "\n\n\n".join([*pieces, _headed("The program", parts[LAST].body)]) + "\n"


def _headed(title: str, body: str) -> str:
    gap = "\n\n\n" if body.startswith(("def ", "class ", "@")) else "\n\n"
    return f"# --- {title}{gap}{body}"


def _imports(parts: Iterable[_Part]) -> str:
    """One block of imports for all parts: the standard library, then the rest; plain imports before the others."""
    each = sorted({one for part in parts for one in part.imports})
    lines = [f"import {one.what}" for one in each if one.start == "import"]
    for start in sorted({one.start for one in each} - {"import"}):
        lines.append(f"{start} {', '.join(one.what for one in each if one.start == start)}")
    standard = [line for line in lines if line.split()[1].split(".")[0] in sys.stdlib_module_names]
    blocks = (standard, [line for line in lines if line not in standard])
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _taken_apart(name: str, source: str) -> _Part:
    tree = ast.parse(source)
    doc = ast.get_docstring(tree)
    if doc is None:
        raise PartError(f"The part {name!r} has no docstring.")
    needs, imports, gone = set(), set(), set(_lines(tree.body[0]))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            needs.add(_own_part(name, node))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imports |= _from_outside(node)
        else:
            continue
        gone |= _lines(node)
    _check_inner_imports(name, source, tree)
    kept = [line for at, line in enumerate(source.splitlines(), 1) if at not in gone]
    names = tuple(n for node in tree.body for n in _defined(node))
    return _Part(doc, frozenset(needs), frozenset(imports), names, "\n".join(kept).strip("\n"))


def _lines(node: ast.stmt) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _own_part(name: str, node: ast.ImportFrom) -> str:
    """The sibling that a relative import names; what it imports keeps its name in a single file."""
    if node.level > 1 or node.module is None or any(a.asname or a.name == "*" for a in node.names):
        raise PartError(f"The part {name!r} may import only as `from .part import name`; see line {node.lineno}.")
    return node.module


def _from_outside(node: ast.Import | ast.ImportFrom) -> set[_Import]:
    start = f"from {node.module} import" if isinstance(node, ast.ImportFrom) else "import"
    return {_Import(start, ast.unparse(a), a.asname or a.name.split(".")[0]) for a in node.names}


def _check_inner_imports(name: str, source: str, tree: ast.Module) -> None:
    own = {id(node) for node in tree.body if isinstance(node, ast.ImportFrom) and node.level}
    if len(_RELATIVE.findall(source)) == len(own):
        return  # looking at every node takes as long as drawing the page
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and id(node) not in own:
            raise PartError(f"The part {name!r} imports a sibling inside a block, in line {node.lineno}.")


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and _is_stored(n))


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _order(parts: Mapping[str, _Part]) -> list[str]:
    """The parts so that each stands after those it needs, by name where that leaves a choice."""
    for name, part in parts.items():
        unknown = sorted(part.needs - set(parts))
        if unknown or LAST in part.needs:
            raise PartError(f"The part {name!r} imports {(unknown or [LAST])[0]!r}, which it cannot.")
    graph = {name: set(part.needs) for name, part in parts.items()}
    graph[LAST] = set(parts) - {LAST}
    sorter, order = TopologicalSorter(graph), []
    try:
        sorter.prepare()
    except CycleError as err:
        raise PartError(f"Parts import each other in a circle: {' -> '.join(err.args[1])}.") from err
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        order.append(ready.pop(0))
        sorter.done(order[-1])
    return order


def _check_names(parts: Mapping[str, _Part]) -> None:
    """Every name means one thing in the whole program."""
    owner: dict[str, str] = {}
    for part in parts.values():
        for one in part.imports:
            line = f"{one.start} {one.what}"
            if owner.setdefault(one.local, line) != line:
                raise PartError(f"{one.local!r} is imported as `{owner[one.local]}` and as `{line}`.")
    for name, part in parts.items():
        for defined in part.names:
            if owner.setdefault(defined, name) != name:
                raise PartError(f"{defined!r} stands in {owner[defined]!r} and in {name!r}: rename one.")
