"""Replies of a model as plain JSON: from the book or the provider, checked, without keys, and read as a shape.

Knows messages of LangChain by their attributes alone. Must never import a model library, nor know what a reply is for.
"""

import json
import os
import re
import time as clock
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, ValidationError

from ..tools.errors import HeldoutError
from .callbook import CallBook, Request
from .model_faults import ModelFault, fault, fault_of
from .model_meter import Meter, within

LONGEST = 400_000
"""Characters of a reply that comes in pieces, after which it is given up."""


class Shown(Exception):
    """A request was made to be shown."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request = request


def answer(
    inner: Any, messages: Any, stop: Any, options: Mapping[str, Any], request: Request, book: CallBook, meter: Meter
) -> dict[str, Any]:
    """The reply from disk, or from the provider: its message as plain JSON, with `usage`."""
    meter.check(request.bytes, request.wide)
    if book.mode == "show":
        raise Shown(request)
    kept, start = book.find(request), clock.monotonic()
    cached = kept is not None
    tokens: tuple[int | None, int | None] = (None, None)
    seconds = meter.attempt(request.hash) if not cached else 0.0
    try:
        if kept is None:
            kept = _sent(inner, messages, stop, options, seconds)
            tokens = tuple(kept["usage"])
            _check_whole(kept, messages)
            book.keep(request, kept)
        tokens = tuple(kept["usage"])
    finally:
        took = clock.monotonic() - start
        book.note(request, input_tokens=tokens[0], output_tokens=tokens[1], cached=cached, seconds=took)
    meter.count(request.bytes, *tokens, took, cached=cached, wide=request.wide)
    return kept


def _sent(inner: Any, messages: Any, stop: Any, options: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """The provider's reply as plain JSON.

    Raises:
        ModelFault: for whatever goes wrong there: every client library has exceptions of its own.
    """
    try:
        message = within(seconds, lambda: _received(inner, messages, stop, options, seconds))
        usage = message.usage_metadata or {}
        told, extra = message.response_metadata, message.additional_kwargs
        kept = {
            "content": message.content,
            "tool_calls": _named([_only(c, "name", "args", "id") for c in message.tool_calls], len(messages)),
            "invalid_tool_calls": [_only(c, "name", "args", "id", "error") for c in message.invalid_tool_calls],
            "additional_kwargs": _only(extra, *(extra.keys() - {"parsed", "tool_calls"})),
            "response_metadata": {"finish_reason": told.get("finish_reason") or told.get("stop_reason")},
            "usage": [usage.get("input_tokens"), usage.get("output_tokens")],
        }  # fmt: skip
        text = json.dumps(kept, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace").decode()
        return json.loads(keyless(text))
    except ModelFault as err:
        found = err
    except Exception as err:
        found = fault("time", f"{seconds:.3g} s") if isinstance(err, TimeoutError) else fault_of(err)
    # Outside the handler, so that no traceback drags the provider's words along.
    raise found


def _received(inner: Any, messages: Any, stop: Any, options: Mapping[str, Any], seconds: float) -> Any:
    """The provider's message, put together from its pieces where it comes in such.

    LangChain completes arguments of a tool that end in the middle, so that `{"column": "inc` would name a column:
    pieces that are no JSON together are refused here.
    """
    if not getattr(inner, "streaming", False):
        return inner.invoke(messages, stop=stop, **options)
    pieces, until, size = [], clock.monotonic() + seconds, 0
    for piece in inner.stream(messages, stop=stop, **options):
        pieces.append(piece)
        size += len(piece.content) + sum(len(c["args"] or "") for c in piece.tool_call_chunks)
        # Nobody waits any more, but the thread would go on: at the end of the process it must not be found at work.
        if clock.monotonic() > until:
            raise TimeoutError
        if size > LONGEST:
            raise fault("truncated")
    # All at once: one by one every piece is read again with each that follows.
    message = pieces[0] + pieces[1:]
    for piece in message.tool_call_chunks:
        json.loads(piece["args"] or "{}")
    return message


def _named(calls: list[dict[str, Any]], turn: int) -> list[dict[str, Any]]:
    """The calls of tools, each with an id of its own: some servers give none, or the same to all."""
    seen: set[str] = set()
    for at, one in enumerate(calls):
        if not isinstance(one["id"], str) or not one["id"] or one["id"] in seen:
            one["id"] = f"call_{turn}_{at}"
        seen.add(one["id"])
    return calls


def _only(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: fields[name] for name in names}


def _check_whole(kept: Mapping[str, Any], messages: Sequence[Any]) -> None:
    """Refuse a reply that was cut or says nothing.

    Raises:
        ModelFault: which is worth one more attempt.
    """
    why = kept["response_metadata"]["finish_reason"]
    if why in ("length", "max_tokens"):
        raise fault("truncated")
    if why == "content_filter" or kept["additional_kwargs"].get("refusal"):
        raise fault("refused")
    if kept["invalid_tool_calls"]:
        raise fault("unparsable", "arguments of a tool that are no JSON")
    # After tool calls some models end without a word: what they had to say lies on the bench.
    if not kept["content"] and not kept["tool_calls"] and messages[-1].type != "tool":
        raise fault("unparsable", "it was empty")


def parsed(text: str, reply: type[BaseModel]) -> BaseModel | None:
    """The first JSON object in a text that fits the shape; None where there is none."""
    decoder = json.JSONDecoder()
    for start in re.finditer(r"\{", text[:200_000]):
        with suppress(ValueError, ValidationError, RecursionError):
            return reply.model_validate(decoder.raw_decode(text, start.start())[0])
    return None


def keyless(text: str) -> str:
    """The text without any key of the environment: a provider may echo the one it was sent."""
    for name, key in os.environ.items():
        if name.endswith("_API_KEY") and len(key) >= 8:
            text = text.replace(key, "[key]")
    return text


def tool_error(err: Exception, _: Any) -> str:
    """What the model is told of a tool that broke; the text of a foreign exception may hold cells."""
    return json.dumps({"error": str(err)[:300] if isinstance(err, HeldoutError) else type(err).__name__})
