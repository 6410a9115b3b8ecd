"""One message on a change of state: what it says, what it must not say, and how it is sent."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from heldout.agent.review.report.message import payload
from heldout.agent.review.webhook import address_of, send
from heldout.tools.errors import UsageError
from tests import review_samples as made

SECRET = "services/T000/B000/geheim"


def told(message: dict[str, Any] | None) -> str:
    assert message is not None
    return "\n".join(block["text"]["text"] for block in message["blocks"])


def unchanged() -> Any:
    review = made.errors()
    checks = tuple(c.model_copy(update={"changed": False}) for c in review.checks)
    return review.model_copy(update={"checks": checks})


# When


def test_nothing_is_sent_where_nothing_changed() -> None:
    assert payload(made.clean()) is None
    assert payload(made.skipped()) is None
    assert payload(unchanged(), known=("fault-unit_change-weight",)) is None


def test_a_new_fault_a_changed_claim_and_a_claim_that_holds_again_are_each_a_change() -> None:
    assert "the unit changed" in told(payload(unchanged()))
    assert "`dist-0002` on watch" in told(payload(made.warnings()))
    again = [c.model_copy(update={"changed": c.id == "inv-0002"}) for c in made.holding()]
    assert "*Holds again*\n• `inv-0002` holds" in told(payload(made.review(again), known=["inv-0002"]))
    assert "`fault-truncated-x` is over" in told(payload(made.clean(), known=("fault-truncated-x",)))


def test_a_change_between_undecided_and_holds_is_no_news() -> None:
    back = [c.model_copy(update={"changed": True}) for c in made.holding()]
    assert payload(made.review(back)) is None
    lost = [made.finding(7, "undecidable", "`a` rises with `b`.", "Only 12 rows.", level="info", changed=True),
            made.invariant(8, "undecidable", "`x` is there.", "There is no column `x`.", changed=True)]  # fmt: skip
    assert payload(made.review([*made.holding(), *lost])) is None


def test_a_broken_claim_that_could_not_be_decided_is_not_taken_for_mended() -> None:
    small = made.finding(7, "undecidable", "`a` rises with `b`.", "Only 12 rows.", level="info", changed=True)
    text = told(payload(made.review([*made.holding(), small]), known=["fin-0007"]))
    assert "*Not decided this time*\n• `fin-0007`" in text
    assert "Holds again" not in text


def test_a_delivery_that_could_not_be_judged_is_always_told() -> None:
    text = told(payload(made.unreadable()))
    assert "Not decided: a delivery of orders.csv" in text
    assert "which is no pass; exit code 3" in text


def test_what_is_suppressed_or_explained_is_no_news() -> None:
    text = told(payload(made.errors()))
    assert "inv-000c" not in text
    assert "inv-000b" not in text
    assert "explains 1 broken claim" in text


def test_what_is_as_before_is_counted_in_one_line() -> None:
    text = told(payload(unchanged()))
    assert "4 alarms as in the delivery before." in text
    assert "inv-0009" not in text


# What


def test_the_message_says_both_figures_and_where_to_look() -> None:
    text = told(payload(made.errors(), link="https://ci.example/17"))
    assert "🔴 Errors: orders-0303.csv" in text
    assert "Fault in `weight`: the unit changed. 1,240 of 5,000 rows" in text
    assert (
        "`inv-0009` broken: 12 of 5,000 rows have a negative price, none may. (data/claims.yml:101, owner dana)" in text
    )
    assert "`fin-0002` broken: P(A&gt;B) 0.66 when learned, 0.52 now, it is weaker" in text
    assert text.endswith("https://ci.example/17")


def test_the_message_holds_no_value_of_a_cell_and_no_label() -> None:
    review = made.errors()
    canary = "KANARIE"
    fault = made.UNIT.fault.model_copy(update={"labels": (canary,), "text": canary, "advice": canary})
    story = tuple(c.model_copy(update={"segment": {"x": canary}, "text": canary}) for c in review.changes)
    unread = tuple(u.model_copy(update={"examples": (canary,), "text": canary}) for u in review.unread)

    def marked(check: Any) -> Any:
        more: dict[str, Any] = {"says": canary, "accept": canary}
        if check.violations:
            more["violations"] = check.violations.model_copy(update={"examples": (canary,)})
        if check.held:
            more["held"] = check.held.model_copy(update={"sentence": canary, "text": canary})
        if check.shifted:
            more["shifted"] = check.shifted.model_copy(update={"before": canary, "after": canary, "text": canary})
        return check.model_copy(update=more if check.violations else more | {"text": canary})

    review = review.model_copy(
        update={
            "checks": tuple(marked(c) for c in review.checks), "changes": story, "unread": unread, "message": canary,
            "faults": (made.UNIT.model_copy(update={"fault": fault}),),
        }
    )  # fmt: skip
    message = payload(review)
    assert message is not None
    assert canary in json.dumps(review.as_json())
    assert canary not in json.dumps(message)


def test_no_name_in_the_message_calls_a_channel_or_is_a_link_and_slack_takes_its_length() -> None:
    message = payload(made.hostile("<!channel> <http://evil|x> & " * 40))
    text = json.dumps(message, ensure_ascii=False)
    assert "<" not in text
    assert "&lt;!channel&gt;" in text
    assert message is not None
    for block, most in zip(message["blocks"], (150, 3000), strict=True):
        assert 0 < len(block["text"]["text"]) <= most


# Sending


class Receiver:
    """A server on this machine that keeps what it is sent and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.status, self.location = 200, ""
        own = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                own.got.append((self.path, json.loads(body)))
                self.send_response(own.status)
                if own.location:
                    self.send_header("Location", own.location)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *args: object) -> None:
                del args

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/{SECRET}"
        threading.Thread(target=lambda: self.server.serve_forever(poll_interval=0.01), daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made_one = Receiver()
    yield made_one
    made_one.server.shutdown()
    made_one.server.server_close()


def test_the_message_arrives_as_json(receiver: Receiver) -> None:
    message = payload(made.warnings())
    assert message is not None
    assert send(message, "${HOOK}", environ={"HOOK": receiver.url}) is None
    assert receiver.got == [(f"/{SECRET}", message)]


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_a_refusal_or_a_redirect_is_told_without_the_address(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.location = status, receiver.url + "/else" if status < 400 else ""
    said = send({"text": "x"}, "${HOOK}", environ={"HOOK": receiver.url})
    assert said == f"The webhook of ${{HOOK}} answered {status}; the message was not delivered."
    assert len(receiver.got) == 1, "a redirect is not followed"


def test_nobody_at_the_address_is_told_without_it(receiver: Receiver) -> None:
    receiver.server.server_close()
    said = send({"text": "x"}, "${HOOK}", environ={"HOOK": receiver.url})
    assert said is not None
    assert said.startswith("The webhook of ${HOOK} could not be reached (")
    assert "geheim" not in said
    assert "127.0.0.1" not in said


@pytest.mark.parametrize(
    "value",
    [
        f"http://hooks.example/{SECRET}", f"ftp://127.0.0.1/{SECRET}", f"file:///{SECRET}", SECRET, f"https:///{SECRET}",
        f"https://hooks.example:geheim/{SECRET}", f"https://hooks.example/geheim\n{SECRET}", "http://localhost.evil/geheim",
        "http://localhost@evil/geheim", " ",
    ],
)  # fmt: skip
def test_an_address_that_is_neither_https_nor_of_this_machine_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(UsageError, match="HOOK") as caught:
        address_of("${HOOK}", {"HOOK": value})
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert address_of("${HOOK}", {"HOOK": f"https://hooks.example/{SECRET}"}).startswith("https://")
    assert address_of("${HOOK}", {"HOOK": "http://[::1]:8080/x"}) == "http://[::1]:8080/x"


@pytest.mark.parametrize("reference", ["https://hooks.example/geheim", "HOOK", "$HOOK", "${HOOK}/geheim", "${}", ""])
def test_only_a_reference_to_the_environment_names_an_address(reference: str) -> None:
    with pytest.raises(UsageError, match="takes a reference to the environment") as caught:
        address_of(reference, {"HOOK": "https://hooks.example/x"})
    assert "geheim" not in str(caught.value)


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(UsageError, match="'HOOK' that `--webhook` names is not set"):
        send({}, "${HOOK}", environ={})
