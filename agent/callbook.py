"""The book of a run's model calls: what left the machine, and every answer, so that none is paid for twice.

Knows requests as text and replies as plain JSON. Must never know a key, a header or an address, nor what a request
says.

In the run's folder, `calls.jsonl` has one line a request: the sha256 of the canonical request, its bytes, the privacy
mode it was written under, tokens, whether the reply came from disk, and seconds. Replies lie in `replies/`, named by
that hash. A run that was cut asks the same questions in the same order and finds their answers there.
"""

import json
import os
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..tools.value import canonical_json, digest


class Request(NamedTuple):
    """What would be sent, as canonical JSON, with its name."""

    text: str
    hash: str
    bytes: int
    wide: int = 0
    """How many of the bytes are no ASCII."""


def request_of(body: object) -> Request:
    """The request that a body of plain JSON types makes: equal bodies have equal hashes."""
    text = canonical_json(body)
    size = len(text.encode("utf-8", "surrogatepass"))
    return Request(text, digest(text), size, size - sum(map(str.isascii, text)))


class CallBook:
    """Calls of one run.

    Args:
        folder: The run's folder; it is made when the first line is written. None keeps nothing, so nothing is replayed.
        privacy: What the requests were allowed to hold; written beside each.
        mode: `show` sends nothing: the first request is handed back as text.
    """

    def __init__(self, folder: str | Path | None, privacy: str, mode: Literal["send", "show"] = "send") -> None:
        self.folder = None if folder is None else Path(folder)
        self.privacy = privacy
        self.mode = mode

    def find(self, request: Request) -> dict[str, Any] | None:
        """The reply that this request got before; None where there is none, or a file that a kill left half written."""
        if self.folder is None:
            return None
        try:
            reply = json.loads(self._reply_file(request).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return reply if isinstance(reply, dict) else None

    def keep(self, request: Request, reply: dict[str, Any]) -> None:
        """Lay the reply down under the request's hash, whole or not at all."""
        if self.folder is None:
            return
        path = self._reply_file(request)
        _private(path.parent)
        half = path.with_suffix(f".{os.getpid()}.half")
        # Keys stay in their order: arguments of a tool go back to the provider as text, and are part of the next hash.
        half.write_text(json.dumps(reply), encoding="utf-8")
        half.replace(path)

    def note(
        self, request: Request, *, input_tokens: int | None, output_tokens: int | None, cached: bool, seconds: float
    ) -> None:
        """Write the line of one request that was sent, or answered from disk; tokens are None where none were told."""
        if self.folder is None:
            return
        _private(self.folder)
        line = {
            "hash": request.hash,
            "bytes": request.bytes,
            "mode": self.privacy,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cached": cached,
            "seconds": round(seconds, 3),
        }
        path = self.folder / "calls.jsonl"
        # A kill may have cut the last line: the next one must not be glued to it.
        lead = "\n" if path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size else ""
        with path.open("a", encoding="utf-8") as file:
            file.write(lead + json.dumps(line) + "\n")

    def lines(self) -> tuple[dict[str, Any], ...]:
        """Every line that was written whole, oldest first."""
        if self.folder is None or not (self.folder / "calls.jsonl").exists():
            return ()
        out = []
        for line in (self.folder / "calls.jsonl").read_text(encoding="utf-8").splitlines():
            try:
                out.append(json.loads(line))
            except ValueError:
                continue
        return tuple(out)

    def _reply_file(self, request: Request) -> Path:
        return (self.folder or Path()) / "replies" / f"{request.hash}.json"


def _private(folder: Path) -> None:
    """Make the folder, for its owner alone where the system knows owners: replies tell of the data."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
