"""The tools by name: the one list that every protocol offers.

Knows which tools there are and which a privacy mode allows. Must never know what any of them computes.
"""

from . import tools_columns, tools_compare, tools_courses, tools_leads, tools_propose, tools_query
from .bench import Bench
from .spec import ToolSpec

TOOLS: tuple[ToolSpec, ...] = (
    tools_columns.TOOL,
    tools_leads.TOOL,
    tools_compare.COMPARE,
    tools_compare.RELATE,
    tools_courses.TREND,
    tools_courses.SEGMENTS,
    tools_query.TOOL,
    tools_propose.PROPOSE,
    tools_propose.OPEN_QUESTION,
)
WITHOUT_FIGURES = frozenset({"columns", "propose", "open_question"})
"""Tools that tell no figure where the mode is `schema`."""


def offered(bench: Bench) -> tuple[ToolSpec, ...]:
    """The tools that a model may call on this bench: none in `none`, no figures in `schema`, SQL with a jail."""
    if bench.privacy == "none":
        return ()
    if bench.privacy == "schema":
        return tuple(t for t in TOOLS if t.name in WITHOUT_FIGURES)
    return tuple(t for t in TOOLS if t.name != "query" or bench.jail is not None)
