"""What went wrong with a model, in one line: told by status and class, never by the provider's own words.

Knows exceptions of any client library by their shape alone. Must never import one, and must never repeat what a
provider said: its text may hold the key that was refused, or the data that were sent.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from ..tools.errors import HeldoutError

FaultKind = Literal[
    "key", "quota", "busy", "server", "time", "unreachable", "request", "too_long", "no_model", "tools", "format",
    "temperature", "truncated", "unparsable", "refused", "calls", "tokens", "steps",
]  # fmt: skip
_TRANSIENT = ("busy", "server", "time", "unreachable")
_BROKEN = ("truncated", "unparsable")
_CODE = re.compile(r"[a-z][a-z_]{2,40}")
_CONNECTIONS = ("Connect", "Protocol", "ReadError", "WriteError", "NetworkError")

_SAYS = {
    "key": "The provider refused the key{where}: set the provider's key, such as OPENAI_API_KEY, to a valid one.",
    "quota": "The provider says that the account's quota is used up{where}: top it up, or use another model.",
    "busy": "The provider was too busy to answer{where}: try again later; answered calls are not paid for twice.",
    "server": "The provider failed{where}: try again later; answered calls are not paid for twice.",
    "time": "The model did not answer in time{where}: give it longer with `--timeout`, or use a faster model.",
    "unreachable": "The provider could not be reached, or cut the reply off{where}: check the network and "
    "OPENAI_BASE_URL.",
    "request": "The provider refused the request{where}: use another model.",
    "too_long": "The request is longer than the model can read{where}: lower `--max-tokens`, or use a model that reads "
    "more.",
    "no_model": "The provider does not have this model{where}: check its name and OPENAI_BASE_URL.",
    "tools": "The model, or its server, cannot call tools{where}: use a model that can, or switch tool calling on in "
    "the server.",
    "format": "The provider cannot hold a reply to a schema{where}: use another model.",
    "temperature": "The provider refused the temperature{where}: use another model.",
    "truncated": "The model's reply was cut off at its longest length{where}: use a model that may write more.",
    "unparsable": "The model's reply could not be read{where}: use another model.",
    "refused": "The model declined to answer{where}: use another model, or ask otherwise.",
}


class ModelFault(HeldoutError):
    """A model did not answer; the text is one line that names the status and the way out."""

    def __init__(self, kind: FaultKind, text: str, wait: float | None = None) -> None:
        super().__init__(text)
        self.kind: FaultKind = kind
        self.wait = wait
        """Seconds that the provider asked to be left alone for."""

    @property
    def attempts(self) -> int:
        """How many more attempts may help."""
        return 2 if self.kind in _TRANSIENT else 1 if self.kind in _BROKEN else 0


class _Shape(NamedTuple):
    status: int | None
    code: str
    words: str
    classes: tuple[str, ...]


def fault(kind: FaultKind, where: str = "") -> ModelFault:
    """The fault of that kind; `where` is put in brackets."""
    return ModelFault(kind, _SAYS[kind].format(where=f" ({where})" if where else ""))


def fault_of(err: Exception) -> ModelFault:
    """The fault that a client library's exception stands for."""
    shape = _shape(err)
    kind = _by_status(shape) or _by_class(shape.classes)
    where = ", ".join(x for x in (f"status {shape.status}" if _failed(shape.status) else "", shape.code) if x)
    found = fault(kind, where or next(iter(shape.classes)))
    found.wait = _retry_after(err)
    return found


def _shape(err: Exception) -> _Shape:
    status, code, words = None, "", ""
    for one in _chain(err):
        response = getattr(one, "response", None)
        status = status or _number(getattr(one, "status_code", None)) or _number(getattr(response, "status_code", None))
        code = code or _code(one)
        words += f" {one}"
    classes = tuple(c.__name__ for one in _chain(err) for c in type(one).__mro__[:-3])
    return _Shape(status, code, words[:4_000].lower(), classes or (type(err).__name__,))


def _chain(err: BaseException | None) -> Iterator[BaseException]:
    seen = 0
    while err is not None and seen < 6:
        yield err
        err, seen = err.__cause__, seen + 1


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _code(err: BaseException) -> str:
    """The provider's own name of the error, where it is a plain word: `model_not_found`."""
    for name in ("code", "type"):
        code = getattr(err, name, None)
        if isinstance(code, str) and _CODE.fullmatch(code) and not code.endswith("error"):
            return code
    return ""


def _failed(status: int | None) -> bool:
    return status is not None and status >= 400


def _by_status(shape: _Shape) -> FaultKind | None:
    status = shape.status
    if status is None or status < 400:
        return None
    if status in (401, 403):
        return "key"
    if status == 402 or (status == 429 and "quota" in shape.code):
        return "quota"
    if status in (408, 504):
        return "time"
    if status in (409, 425, 429):
        return "busy"
    return _by_words(shape, status) or ("server" if status >= 500 else "request")


def _by_words(shape: _Shape, status: int) -> FaultKind | None:
    """What a refused request was refused for; of a failing server only a plain word that it cannot do this."""
    words = shape.words
    unable = re.search(r"not support|unsupported|requires?\b|must be|unknown|invalid|unrecognized", words)
    if status >= 500 and (status == 503 or not re.search(r"not support|unsupported|requires?\b", words)):
        return None
    if "context_length" in shape.code or re.search(r"context (length|window|size)|too long|too many tokens", words):
        return "too_long"
    if status == 404 and ("model" in shape.code or re.search(r"model\b.*(not exist|not found|no such)", words)):
        return "no_model"
    if re.search(r"response_format|json_schema|structured output|guided|grammar", words):
        return "format"
    if re.search(r"\btools?\b|tool_choice|function.call", words) and unable:
        return "tools"
    return "temperature" if "temperature" in words else None


def _by_class(classes: tuple[str, ...]) -> FaultKind:
    if any("Timeout" in c for c in classes):
        return "time"
    if any(word in c for c in classes for word in _CONNECTIONS):
        return "unreachable"
    if any("LengthFinish" in c for c in classes):
        return "truncated"
    if any("Refusal" in c or "ContentFilter" in c for c in classes):
        return "refused"
    return "unparsable"


def _retry_after(err: BaseException) -> float | None:
    headers = getattr(getattr(err, "response", None), "headers", None)
    try:
        return max(0.0, float(headers.get("retry-after"))) if headers is not None else None
    except (AttributeError, TypeError, ValueError):
        return None
