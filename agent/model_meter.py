"""What a conversation may cost and how long it may take: calls, input tokens, seconds, and who says so.

Knows counts, sizes and the clock. Must never know what is said, nor let the clock into a result.
"""

import contextvars
import threading
import time as clock
from collections.abc import Callable
from typing import Any

from .model_faults import ModelFault

BYTES_A_TOKEN = 3.0
"""Before the first answer a token is taken to be three bytes: JSON with numbers has some 3.2 a token, prose 4."""
_MARGIN = 1.1
"""After an answer the count that was told is trusted with a tenth to spare."""
_LEAST_RATE = 1 / 6
"""Tokens a byte below which no count is believed for the next request."""
FIRST_WAIT = 0.5
"""Seconds before the second attempt; twice that before the third."""


class Meter:
    """The account of one conversation.

    Args:
        max_calls: Answers that may be asked for, replayed ones included.
        max_tokens: Input tokens that all requests together may have.
        timeout: Seconds that one reply may take; a call with all its attempts may take twice that.
        say: Called with one line an answer.
    """

    def __init__(self, max_calls: int, max_tokens: int, timeout: float, say: Callable[[str], None]) -> None:
        self.max_calls, self.max_tokens, self.timeout, self.say = max_calls, max_tokens, timeout, say
        self.calls = self.input_tokens = self.output_tokens = self.cached = 0
        self._rate, self._wide = 1 / BYTES_A_TOKEN, 0
        self._asking, self._since, self._tried, self._until = "", 0.0, 0, 0.0

    def estimate(self, size: int, wide: int = 0) -> int:
        """Input tokens that a request of so many bytes is likely to have, rather too many than too few.

        Args:
            size: Bytes of the request.
            wide: How many of them are no ASCII. Those that came since the last answer count as a token each, which no
                tokenizer exceeds: the rate of what was counted before says nothing about another script.
        """
        new = max(0, wide - self._wide)
        return int((size - new) * self._rate) + new + 1

    def check(self, size: int, wide: int = 0) -> None:
        """Let a request of so many bytes pass, `wide` of them no ASCII.

        Raises:
            ModelFault: if it would be one too many, or too long for what is left.
        """
        if self.calls >= self.max_calls:
            raise self.too_many_calls()
        likely = self.input_tokens + self.estimate(size, wide)
        if likely > self.max_tokens:
            raise ModelFault(
                "tokens",
                f"Stopped after {_counted(self.calls)}: the next would make it about {likely:,} input tokens, more "
                f"than the {self.max_tokens:,} allowed (`--max-tokens`).",
            )

    def too_many_calls(self) -> ModelFault:
        """The fault of a conversation that goes on for too long."""
        return ModelFault("calls", f"Stopped after {_counted(self.calls)}, as many as are allowed (`--max-calls`).")

    def count(
        self, size: int, input_tokens: int | None, output_tokens: int | None, seconds: float, *, cached: bool,
        wide: int = 0,
    ) -> None:  # fmt: skip
        """Enter one answer. Tokens that the provider did not tell are estimated; progress is said."""
        told = self.estimate(size, wide) if input_tokens is None else input_tokens
        self._wide = wide
        if input_tokens:
            self._rate = min(1.0, max(_LEAST_RATE, _MARGIN * input_tokens / max(size, 1)))
        self.calls += 1
        self.cached += cached
        self.input_tokens += told
        self.output_tokens += output_tokens or 0
        took = "from disk" if cached else f"{seconds:.1f} s"
        self.say(
            f"Model call {self.calls} of at most {self.max_calls}: {told:,} tokens in, {output_tokens or 0:,} out, "
            f"{took}; {self.input_tokens:,} of {self.max_tokens:,} used"
        )

    def attempt(self, request: str) -> float:
        """Begin an attempt at a request, named by its hash; wait as long as the provider asked for.

        Returns:
            Seconds that this attempt may take.
        """
        now = clock.monotonic()
        if request != self._asking:
            self._asking, self._since, self._tried, self._until = request, now, 0, 0.0
        if self._until > now:
            clock.sleep(self._until - now)
        self._tried += 1
        return max(0.1, min(self.timeout, self._left()))

    def again(self, fault: ModelFault) -> bool:
        """Whether another attempt at the same request may help and there is time for it."""
        if self._tried > fault.attempts or self._left() <= 0 or (fault.wait or 0.0) >= self._left():
            return False
        self._until = clock.monotonic() + (fault.wait or 0.0)
        self.say(f"{str(fault).partition(':')[0]}; trying again")
        return True

    def _left(self) -> float:
        return 2 * self.timeout - (clock.monotonic() - self._since)


def _counted(calls: int) -> str:
    return f"{calls} model call{'' if calls == 1 else 's'}"


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """What `work` returns, if it does in so many seconds.

    A client's own time-out starts again with every byte, so that a server which drips could hold a run for ever. The
    work is left alone in its thread, which ends with the process.

    Raises:
        TimeoutError: if it does not.
    """
    done: list[Any] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as err:  # handed over to the thread that waits
            failed.append(err)

    # LangChain finds its callbacks in the context, which a thread does not inherit.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError
    return done[0]
