"""Everything a model may call: tools over exploration rows, each defined once with its words and its arguments.

Knows the bench that the tools work on. Must never know a sealed row, a verdict, a model or a network library: whoever
calls a tool gets figures with ids, and leaves nothing behind but proposals and open questions.
"""

from .bench import Bench, Proposal
from .facts import Fact
from .spec import ToolSpec, call, told
from .tools import TOOLS, offered

__all__ = ["TOOLS", "Bench", "Fact", "Proposal", "ToolSpec", "call", "offered", "told"]
