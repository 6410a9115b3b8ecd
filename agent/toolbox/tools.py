"""The tools by name: the one list that every protocol offers."""

from .bench import Bench
from .spec import ToolSpec

TOOLS: tuple[ToolSpec, ...] = ()


def offered(bench: Bench) -> tuple[ToolSpec, ...]:
    """The tools that a model may call on this bench."""
    return () if bench.privacy == "none" else TOOLS
