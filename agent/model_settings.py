"""Which model takes part in a run, what it may cost and be told, and what an embedder is.

Knows options alone. Must never know a table, a key or a model library.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from .privacy import Privacy

if TYPE_CHECKING:
    pass


class ModelSettings(NamedTuple):
    """Which model is asked, and what it may cost."""

    name: str
    """PROVIDER:NAME, such as `openai:gpt-4.1`."""
    base_url: str | None = None
    """Address of an OpenAI-compatible server; by default OPENAI_BASE_URL, else the provider's own."""
    max_calls: int = 12
    max_tokens: int = 60_000
    """Input tokens of all calls together."""
    timeout: float = 120
    """Seconds for one reply; a call with its retries may take twice that."""
    privacy: Privacy = "profile"
    sql: bool = True
    stream: bool = False
    """Have replies sent in pieces: for servers behind a gateway that cuts connections on which nothing moves."""
    documents: bool = False
    """Whether redacted documents may be sent outside `sample` too."""
    max_judged: int = 400
    """Documents of one side that a question is asked about at most; 0 asks none."""
    price: tuple[float, float] | None = None
    """Price of a million input and of a million output tokens; by default HELDOUT_MODEL_PRICE."""

    @property
    def reads(self) -> bool:
        """Whether texts of documents may be told."""
        return self.privacy == "sample" or (self.documents and self.privacy != "none")


class Modelling(NamedTuple):
    """A model's part in a run of `explain`."""

    settings: ModelSettings
    show: bool = False
    """Whether only to show the first request; nothing is sent then."""

    def request(self) -> dict[str, Any]:
        """What makes it another question: who drafts, and what may be told and called."""
        own = self.settings
        asked = {"model": own.name, "privacy": own.privacy, "sql": own.sql}
        return asked | ({"judged": own.max_judged, "documents": own.documents} if own.reads else {})
