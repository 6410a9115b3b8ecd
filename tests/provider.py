"""A model's provider on this machine: it speaks /v1/chat/completions as real ones do, and each test writes its lines.

It is strict where they are: a key is asked for, every tool call must be answered before the next turn, a schema that is
called strict must be, and `usage` comes with a stream only where it was asked for. Standard library alone.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

KEY = "sk-test-0123456789abcdefghij"


class Line(NamedTuple):
    """One answer of the script."""

    content: str | None = None
    calls: tuple[tuple[str, Any], ...] = ()
    """Tools to call, with arguments as a mapping, or as text that is sent as it stands."""
    status: int = 200
    error: dict[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    finish: str | None = None
    hang: float = 0
    """Seconds of silence before the answer."""
    cut: bool = False
    """The connection ends in the middle of the answer."""
    drip: bool = False
    """A blank every tenth of a second, and no end."""
    raw: str | None = None
    """A body that is sent as it stands."""
    type: str = "text/html"
    """What such a body is said to be."""
    usage: bool = True


def says(text: str, **more: Any) -> Line:
    return Line(content=text, **more)


def calls(*wanted: tuple[str, Any], **more: Any) -> Line:
    return Line(calls=wanted, **more)


def fails(status: int, message: str = "no", code: str | None = None, **headers: str) -> Line:
    error = {"message": message, "type": "error", "param": None, "code": code}
    return Line(status=status, error=error, headers=tuple((k.replace("_", "-"), v) for k, v in headers.items()))


class Provider:
    """The server with its script, and all that it was sent."""

    def __init__(self, *script: Line, key: str | None = None, tools: bool = True, schemas: bool = True) -> None:
        self.script = list(script)
        self.key, self.tools, self.schemas = key, tools, schemas
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.closing = threading.Event()
        self.url = ""
        self._lock = threading.Lock()

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Line:
        """The next line, unless the request itself is refused."""
        with self._lock:
            self.requests.append(body)
            self.headers.append(headers)
            refused = self._refused(body, headers)
            if refused is not None:
                return refused
            return self.script.pop(0) if self.script else fails(400, "the script has ended", "script_ended")

    def vector(self, text: str) -> list[float]:
        """The embedding of a text, where a script answers with `says("")`."""
        return [float(len(text)), float(text.count("e")), 1.0]

    def _refused(self, body: dict[str, Any], headers: dict[str, str]) -> Line | None:
        sent = headers.get("authorization", "")
        if self.key is not None and sent != f"Bearer {self.key}":
            return fails(401, f"Incorrect API key provided: {sent[7:]}.", "invalid_api_key")
        if body.get("tools") == []:
            return fails(400, "[] is too short - 'tools'", "invalid_request_error")
        if body.get("tools") and not self.tools:
            return fails(400, f"registry.example/library/{body['model']} does not support tools", "api_error")
        if body.get("response_format") and not self.schemas:
            return fails(400, "This response_format type is unavailable now", "invalid_request_error")
        wrong = _wrong_turns(body["messages"]) or _not_strict(body)
        return fails(400, wrong, "invalid_request_error") if wrong else None


def _wrong_turns(messages: list[dict[str, Any]]) -> str | None:
    open_calls: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
            open_calls.remove(message["tool_call_id"])
        elif open_calls:
            return f"tool_call_ids did not have response messages: {open_calls}"
        if message["role"] not in ("system", "developer", "user", "assistant", "tool"):
            return f"Invalid value: '{message['role']}'"
        open_calls += [c["id"] for c in message.get("tool_calls") or []]
    return f"tool_call_ids did not have response messages: {open_calls}" if open_calls else None


def _not_strict(body: dict[str, Any]) -> str | None:
    form = body.get("response_format") or {}
    schemas = [form["json_schema"]["schema"]] if form.get("json_schema", {}).get("strict") else []
    schemas += [t["function"]["parameters"] for t in body.get("tools") or [] if t["function"].get("strict")]
    for schema in schemas:
        for part in _objects(schema):
            required = sorted(part.get("required", [])) == sorted(part.get("properties", {}))
            if not required or part.get("additionalProperties") is not False:
                return "Invalid schema: 'additionalProperties' must be false and every property required"
    return None


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from _objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _objects(part)


def _message(line: Line, turn: int) -> tuple[dict[str, Any], str]:
    message: dict[str, Any] = {"role": "assistant", "content": line.content, "refusal": None}
    if line.calls:
        message["tool_calls"] = [
            {
                "id": f"call_{turn}_{at}",
                "type": "function",
                "function": {"name": name, "arguments": args if isinstance(args, str) else json.dumps(args)},
            }
            for at, (name, args) in enumerate(line.calls)
        ]
    return message, line.finish or ("tool_calls" if line.calls else "stop")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, *_: Any) -> None:
        return None

    def do_POST(self) -> None:
        provider = self.server.provider
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/v1/embeddings":
            return self._embeddings(provider, body)
        if self.path != "/v1/chat/completions":
            return self._send(fails(404, f"Unknown request URL: {self.path}"), b"")
        line = provider.answer(body, {k.lower(): v for k, v in self.headers.items()})
        if line.hang and provider.closing.wait(line.hang):
            return None
        if line.drip:
            return self._drip()
        if line.status != 200:
            return self._send(line, json.dumps({"error": line.error}).encode())
        if line.raw is not None:
            return self._send(line, line.raw.encode())
        message, finish = _message(line, len(provider.requests))
        size = len(json.dumps(body))
        usage = {"prompt_tokens": size // 4, "completion_tokens": len(json.dumps(message)) // 4}
        usage["total_tokens"] = sum(usage.values())
        head = {"id": "chatcmpl-1", "created": 1, "model": body["model"]}
        if body.get("stream"):
            return self._stream(line, body, head, message, finish, usage)
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        reply = {**head, "object": "chat.completion", "choices": [choice]} | ({"usage": usage} if line.usage else {})
        return self._send(line, json.dumps(reply).encode())

    def _embeddings(self, provider: Provider, body: dict[str, Any]) -> None:
        line = provider.answer({**body, "messages": []}, {k.lower(): v for k, v in self.headers.items()})
        if line.status != 200:
            return self._send(line, json.dumps({"error": line.error}).encode())
        if line.raw is not None:
            return self._send(line, line.raw.encode())
        vectors = [provider.vector(text) for text in body["input"]]
        data = [{"object": "embedding", "index": at, "embedding": v} for at, v in enumerate(vectors)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        reply = {"object": "list", "data": data[::-1], "model": body["model"], "usage": usage}
        return self._send(line, json.dumps(reply).encode())

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "100000")
        self.end_headers()
        while not self.server.provider.closing.wait(0.1):
            self.wfile.write(b" ")

    def _send(self, line: Line, data: bytes) -> None:
        self.send_response(line.status)
        self.send_header("content-type", line.type if line.raw else "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in line.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if line.cut else data)
        self.close_connection = line.cut

    def _stream(
        self, line: Line, body: dict[str, Any], head: dict[str, Any], message: dict[str, Any], finish: str, usage: Any
    ) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        head = {**head, "object": "chat.completion.chunk"}
        for delta in _deltas(message):
            self._event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            if line.cut:
                self.close_connection = True
                return
        self._event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        if line.usage and (body.get("stream_options") or {}).get("include_usage"):
            self._event({**head, "choices": [], "usage": usage})
        self._event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, event: Any) -> None:
        data = f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()


def _deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The message in pieces; arguments are cut in the middle, as providers do."""
    yield {"role": "assistant", "content": ""}
    text = message["content"] or ""
    for at in range(0, len(text), 7):
        yield {"content": text[at : at + 7]}
    for at, call in enumerate(message.get("tool_calls") or []):
        arguments = call["function"]["arguments"]
        name = {"name": call["function"]["name"], "arguments": ""}
        yield {"tool_calls": [{"index": at, "id": call["id"], "type": "function", "function": name}]}
        for cut in range(0, len(arguments), 9):
            yield {"tool_calls": [{"index": at, "function": {"arguments": arguments[cut : cut + 9]}}]}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    provider: Provider

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is no error."""


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """The provider at an address of its own; `provider.url` is what OPENAI_BASE_URL would be."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.provider = provider
    provider.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
