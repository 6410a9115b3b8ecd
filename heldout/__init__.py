"""heldout explains a data set and verifies what it says on rows that nothing has looked at.

This module knows the public names and nothing else: each is loaded on first use, so that `import heldout`
costs a few milliseconds. It must never import a statistics, data or model library at load.
"""

from importlib import import_module as _import_module
from pathlib import Path as _Path
from typing import TYPE_CHECKING as _TYPE_CHECKING

from .version import __version__

_root = _Path(__file__).resolve().parent.parent
if (_root / "pyproject.toml").is_file() and (_root / "tools").is_dir():  # a source checkout, not a wheel
    __path__.append(str(_root))

_EXPORTS = {
    "Answer": "heldout.agent.answer",
    "DeliveryReview": "heldout.agent.review.reviewed",
    "Explanation": "heldout.agent.report.explanation",
    "HeldoutError": "heldout.tools.errors",
    "SelfTest": "heldout.agent.selftest",
    "ask": "heldout.agent.questions",
    "explain": "heldout.agent.pipeline",
    "learn": "heldout.agent.review.learn",
    "review": "heldout.agent.review.review",
    "selftest": "heldout.agent.selftest",
    "verify": "heldout.agent.ask",
}

__all__ = [
    "Answer", "DeliveryReview", "Explanation", "HeldoutError", "SelfTest", "__version__", "ask", "explain", "learn",
    "review", "selftest", "verify",
]  # fmt: skip

if _TYPE_CHECKING:
    from .agent.answer import Answer  # pyright: ignore[reportMissingImports]
    from .agent.ask import verify  # pyright: ignore[reportMissingImports]
    from .agent.pipeline import explain  # pyright: ignore[reportMissingImports]
    from .agent.questions import ask  # pyright: ignore[reportMissingImports]
    from .agent.report.explanation import Explanation  # pyright: ignore[reportMissingImports]
    from .agent.review.learn import learn  # pyright: ignore[reportMissingImports]
    from .agent.review.review import review  # pyright: ignore[reportMissingImports]
    from .agent.review.reviewed import DeliveryReview  # pyright: ignore[reportMissingImports]
    from .agent.selftest import SelfTest, selftest  # pyright: ignore[reportMissingImports]
    from .tools.errors import HeldoutError  # pyright: ignore[reportMissingImports]


def __getattr__(name: str) -> object:
    """The public object of that name, imported on first use."""
    if name not in _EXPORTS:
        raise AttributeError(f"module 'heldout' has no attribute {name!r}")
    value = getattr(_import_module(_EXPORTS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
