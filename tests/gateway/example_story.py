"""The story whose requests and answers are the examples of the OpenAPI document.

`python -m tests.gateway.example_story` lives it on a gateway of its own and writes them down anew; `test_examples.py`
lives it again and finds the same.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from sandbox_gateway.openapi_examples import FILE, Recorded
from sandbox_gateway.test_cards import CARDS
from tests.gateway.client import Account, Json
from tests.stack import Databases, running_gateway, stop_everything

_ARGUMENT = re.compile(r"<(\w+)>")
_ID = re.compile(r"\b([a-z]+)_[0-9a-v]{26}\b")
_LINK = re.compile(r"http://[\w.:]+/challenge/\w+")
_SHOWN_LINK = "http://127.0.0.1:8001/challenge/5g1vq0c3lka2o8f7m9p4r6t1h3j5n7s9e2d4b6u8i0ac2e4g6k8mo0"
_SHOWN_OF_A_LIST = 3
# What differs from one gateway, machine or moment to the next.
_VOLATILE = {
    "authorization_code",
    "due_at",
    "duration_ms",
    "error",
    "fingerprint",
    "headers",
    "next_attempt_at",
    "next_cursor",
    "offset_ms",
    "opened_at",
    "publishable_key",
    "received_at",
    "rows",
    "secret",
    "size",
}


class Story:
    """Asks, and writes down what was asked and answered."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.recorded: Recorded = {"requests": {}, "events": {}}

    def tell(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        at: dict[str, str] | None = None,
        name: str = "example",
        summary: str = "",
    ) -> Json:
        arguments = at or {}
        filled = _ARGUMENT.sub(lambda found: arguments[found[1]], path)
        answer = self.account.ask(method, filled, body, headers={"X-Request-Id": "req_of_this_example"})
        content = answer.json() if answer.content else None
        self.recorded["requests"].setdefault(f"{method} {path}", []).append(
            {
                "name": name,
                "summary": summary or name.replace("_", " "),
                "path": filled,
                "arguments": arguments,
                "request": _without_numbers(body),
                "status": answer.status_code,
                "answer": _without_numbers(_short(content)),
            }
        )
        return content if isinstance(content, dict) else {}

    def pay(self, card: str, amount: int = 1999, **options: Any) -> Json:
        """A payment that is no example of its own."""
        return self.account.pay(card, amount, "USD", **options)

    def live(self) -> Recorded:
        self._set_up()
        payment = self._pay_and_capture()
        self._refund(payment)
        self._dispute()
        self._settle()
        self._go_wrong()
        self._hear()
        self._come_back()
        return self.recorded

    def _set_up(self) -> None:
        self.tell("PATCH", "/_sandbox/settings", {"seed": "examples", "require_idempotency_keys": False}, name="seed")
        self.tell("POST", "/_sandbox/clock", {"mode": "frozen", "to": "2026-11-23T09:30:00Z"}, name="freeze")
        for path in ("/_sandbox/settings", "/v1/account", "/_sandbox/cards", "/_sandbox/clock"):
            self.tell("GET", path)
        endpoints = "/v1/webhook_endpoints"
        one = f"{endpoints}/<endpoint_id>"
        made = self.tell("POST", endpoints, {"url": "http://127.0.0.1:9/webhooks"})
        here = {"endpoint_id": str(made["id"])}
        self.tell("GET", endpoints)
        self.tell("GET", one, at=here)
        self.tell("PATCH", one, {"events": ["payment.captured", "refund.succeeded"]}, at=here)
        self.tell("POST", f"{one}/rotate_secret", at=here)
        self.tell("POST", f"{one}/test", at=here)
        # Nobody listens there, so whatever waits for it would be tried again and again through all that follows.
        self.account.call("POST", "/_sandbox/drain", {"timeout": 20})
        self.tell("DELETE", one, at=here)

    def _pay_and_capture(self) -> Json:
        card = {"number": CARDS["visa_success"].number, "exp_month": 12, "exp_year": 2029, "cvc": "123"}
        taken = self.tell("POST", "/v1/tokens", {"card": card, "amount": 1999, "currency": "USD"})
        self.tell("GET", "/v1/tokens/<token_id>", at={"token_id": str(taken["id"])})
        named = {"test_card": "visa_challenge", "amount": 4999, "currency": "EUR"}
        token = self.tell("POST", "/_sandbox/tokens", named)
        held = self.tell(
            "POST",
            "/v1/payments",
            {"token": taken["id"], "amount": 1999, "currency": "USD", "reference": "order-1001"},
            name="hold",
            summary="Hold the money now, capture it later",
        )
        challenge = {"token": token["id"], "amount": 4999, "currency": "EUR", "capture": True}
        self.tell(
            "POST",
            "/v1/payments",
            challenge | {"return_url": "http://localhost:8000/back"},
            name="challenge",
            summary="The issuer asks for a 3-D Secure challenge",
        )
        declined = self.account.token("visa_insufficient_funds", 2500, "USD")
        self.tell(
            "POST",
            "/v1/payments",
            {"token": declined, "amount": 2500, "currency": "USD"},
            name="declined",
            summary="The issuer says no",
        )
        here = {"payment_id": str(held["id"])}
        self.tell("GET", "/v1/payments")
        self.tell("GET", "/v1/payments/<payment_id>", at=here)
        self.tell("POST", "/v1/payments/<payment_id>/capture", {"amount": 1500, "final": True}, name="a_part", at=here)
        self.tell("POST", "/v1/payments/<payment_id>/void", name="too_late", at=here)
        self.tell(
            "POST",
            "/v1/payments/<payment_id>/void",
            name="release",
            at={"payment_id": str(self.pay("visa_success")["id"])},
        )
        unanswered = str(self.pay("visa_processing_approved")["id"])
        moves = self.tell("GET", "/_sandbox/payments/<object_id>/next", at={"object_id": str(unanswered)})
        first = {"action": moves["data"][0]["action"]}
        self.tell("POST", "/_sandbox/payments/<object_id>/next", first, at={"object_id": str(unanswered)})
        return held

    def _refund(self, payment: Json) -> None:
        refunds = "/v1/payments/<payment_id>/refunds"
        here = {"payment_id": str(payment["id"])}
        made = self.tell("POST", refunds, {"amount": 500, "note": "one of three came back"}, name="a_part", at=here)
        self.tell("POST", refunds, {"amount": 5000}, name="too_much", at=here)
        self.tell("GET", refunds, at=here)
        self.tell("GET", "/v1/refunds/<refund_id>", at={"refund_id": str(made["id"])})
        paid = self.pay("visa_refund_pending", capture=True)
        pending = self.account.act(paid["id"], "refund", {"amount": 300}).json()
        self.tell("GET", "/_sandbox/refunds/<object_id>/next", at={"object_id": str(pending["id"])})
        self.tell(
            "POST", "/_sandbox/refunds/<object_id>/next", {"action": "fail"}, at={"object_id": str(pending["id"])}
        )

    def _dispute(self) -> None:
        for number in range(2):
            paid = self.pay("visa_success", 7000 + number, capture=True)
            self.account.call(
                "POST", f"/_sandbox/payments/{paid['id']}/next", {"action": "dispute_product_not_received"}
            )
        one = "/v1/disputes/<dispute_id>"
        listed = self.tell("GET", "/v1/disputes")["data"]
        first, second = (str(dispute["id"]) for dispute in listed[:2])
        self.tell("GET", one, at={"dispute_id": str(first)})
        evidence = {"fields": {"shipping_tracking_number": "1Z999AA10123456784", "shipping_date": "2026-11-20"}}
        self.tell("POST", f"{one}/evidence", evidence, at={"dispute_id": str(first)})
        self.tell("POST", f"{one}/submit", at={"dispute_id": str(first)})
        self.tell("POST", f"{one}/accept", at={"dispute_id": str(second)})
        self.tell("GET", "/_sandbox/disputes/<object_id>/next", at={"object_id": str(first)})
        self.tell("POST", "/_sandbox/disputes/<object_id>/next", {"action": "win"}, at={"object_id": str(first)})

    def _settle(self) -> None:
        self.tell("GET", "/v1/balance")
        self.tell("POST", "/_sandbox/adjustments", {"amount": -250, "currency": "USD"})
        self.tell("POST", "/_sandbox/clock", {"advance": "P1D"}, name="a_day_passes")
        batch = str(self.tell("GET", "/v1/settlements")["data"][0]["id"])
        one, truth = "/v1/settlements/<settlement_id>", "/_sandbox/settlements/<settlement_id>/truth"
        planted = self.tell("POST", "/_sandbox/plants", {"kind": "wrong_fee", "settlement": batch})
        self.tell("GET", "/_sandbox/plants")
        self.tell("GET", "/_sandbox/plants/<plant_id>", at={"plant_id": str(planted["id"])})
        for path in (one, f"{one}/lines", truth, f"{truth}/lines"):
            self.tell("GET", path, at={"settlement_id": str(batch)})
        self.tell("DELETE", "/_sandbox/plants/<plant_id>", at={"plant_id": str(planted["id"])})
        self.tell("DELETE", "/_sandbox/plants")
        self.account.clock(advance="P2D")
        payout = str(self.tell("GET", "/v1/payouts")["data"][0]["id"])
        self.tell("GET", "/v1/payouts/<payout_id>", at={"payout_id": str(payout)})
        moves = self.tell("GET", "/_sandbox/payouts/<object_id>/next", at={"object_id": str(payout)})
        first = {"action": moves["data"][0]["action"]}
        self.tell("POST", "/_sandbox/payouts/<object_id>/next", first, at={"object_id": str(payout)})
        self.account.clock(advance="P7D")

    def _go_wrong(self) -> None:
        faults = "/_sandbox/faults"
        lost = {"match": {"operation": "capture"}, "effect": {"type": "drop_after"}, "times": 1}
        made = self.tell("POST", faults, lost, name="answer_lost", summary="The next capture's answer is lost")
        slow = {"match": {"operation": "*", "probability": 0.1}, "effect": {"type": "latency", "ms": 800}, "seed": 7}
        self.tell("POST", faults, slow, name="slow", summary="One request in ten is slow")
        webhooks = {"match": {"event_type": "payment.captured"}, "effect": {"type": "webhook_duplicate", "copies": 2}}
        self.tell("POST", faults, webhooks, name="webhook_twice", summary="A webhook comes more than once")
        self.tell("GET", faults)
        self.tell("GET", f"{faults}/<fault_id>", at={"fault_id": str(made["id"])})
        self.tell("DELETE", f"{faults}/<fault_id>", at={"fault_id": str(made["id"])})
        self.tell("DELETE", faults)
        self.tell("GET", "/_sandbox/requests")

    def _hear(self) -> None:
        events = self.account.events()
        for event in events:
            self.recorded["events"].setdefault(event["type"], _short(event))
        refunded = {"event_id": str(next(event["id"] for event in events if event["type"] == "refund.succeeded"))}
        self.tell("GET", "/v1/events")
        self.tell("GET", "/v1/events/<event_id>", at=refunded)
        endpoint = self.account.call("POST", "/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/webhooks"})
        self.tell("POST", "/v1/events/<event_id>/resend", {}, at=refunded)
        self.tell("POST", "/_sandbox/drain", {"timeout": 20})
        deliveries = self.tell("GET", "/v1/webhook_deliveries")["data"]
        tried = str(next(delivery["id"] for delivery in deliveries if delivery["sent_at"]))
        self.tell("GET", "/v1/webhook_deliveries/<delivery_id>", at={"delivery_id": tried})
        here = {"endpoint_id": str(endpoint["id"])}
        self.tell("POST", "/v1/webhook_endpoints/<endpoint_id>/replay", {"since": "2026-12-03T00:00:00Z"}, at=here)

    def _come_back(self) -> None:
        every = "/_sandbox/snapshots"
        one, here = f"{every}/<name>", {"name": "ten-days-on"}
        self.tell("POST", every, here)
        self.tell("GET", every)
        self.tell("POST", "/_sandbox/reset")
        self.tell("GET", one, at=here)
        self.tell("POST", f"{one}/restore", at=here)
        self.tell("DELETE", one, at=here)


def comparable(recorded: Recorded) -> Any:
    """Without what differs from one gateway to the next, ids numbered as they appear."""
    return _numbered(_steady(recorded), {})


def _steady(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: "…" if name in _VOLATILE else _steady(value) for name, value in part.items()}
    return [_steady(one) for one in part] if isinstance(part, list) else part


def _numbered(part: Any, known: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {name: _numbered(value, known) for name, value in part.items()}
    if isinstance(part, list):
        return [_numbered(one, known) for one in part]
    if isinstance(part, str):
        return _ID.sub(lambda found: known.setdefault(found[0], f"{found[1]}_{len(known)}"), part)
    return part


def _without_numbers(part: Any) -> Any:
    """The catalogue alone holds card numbers; the document takes them from there, by the cards' names."""
    text = json.dumps(part)
    for card in CARDS.values():
        text = text.replace(card.number, f"{{{card.name}}}")
    return json.loads(text)


def _short(answer: Any) -> Any:
    if not isinstance(answer, dict):
        return answer
    shown = json.loads(_LINK.sub(_SHOWN_LINK, json.dumps(answer)).replace("127.0.0.1:9/", "127.0.0.1:9000/"))
    if isinstance(shown.get("data"), list):
        shown["data"] = shown["data"][:_SHOWN_OF_A_LIST]
    if "secret" in shown:
        shown["secret"] = "whsec_c2hvd24gb25jZSwgaGVyZSBhbmQgbm93IG9ubHkhISE="
    return shown


def record() -> None:
    """Write the examples down anew."""
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(Path(folder))
        with running_gateway("sqlite", databases, Path(folder)) as gateway:
            account = Account(gateway)
            FILE.write_text(json.dumps(Story(account).live(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            account.close()
    stop_everything()


if __name__ == "__main__":
    record()
