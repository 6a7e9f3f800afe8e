"""The gateway beside its model: a thousand random steps over HTTP, and after each of them all must agree."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.gateway.client import TIMEOUT, Account, Json
from tests.gateway.proofs.model import BANKS, DAY, Dispute, Payment, Refund, Refusal, Told, World
from tests.stack import Gateway

STEPS, SOAKED_STEPS = 2_000, 20_000
STEPS_OF_ONE = 50
MOST_PAYMENTS = 7
START = "2026-03-02T12:00:00Z"

FINAL = {"voided", "expired", "declined", "failed"}
# From the shown statuses of a captured payment there is no way back to a hold.
CAPTURED = {"captured", "partially_refunded", "refunded"}

picks = st.integers(0, 2**16)
# How much of what is left: all of it unasked, one unit, half, all, and one more than there is.
shares = st.sampled_from(["unasked", "one", "half", "all", "too_much"])
waits = st.sampled_from(["PT30S", "PT10M", "PT15M", "PT1H", "P1D", "P2D", "P5D", "P7D", "P10D"])


def seconds_of(moment: str) -> int:
    return int(datetime.fromisoformat(moment).astimezone(UTC).timestamp())


def amount_of(share: str, left: int) -> int | None:
    amounts = {"unasked": None, "one": 1, "half": max(1, left // 2), "all": max(1, left), "too_much": left + 1}
    return amounts[share]


class Machine(RuleBasedStateMachine):
    """One example: one fresh account, steps in the gateway and in the model."""

    gateway: Gateway
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.account = Account(self.gateway)
        self.world = World(seconds_of(START))
        self.seen: dict[str, Json] = {}
        self.last_event: str | None = None
        self.tokens: list[tuple[Json, str]] = []
        self.answers: list[tuple[str, Json, str, requests.Response, int]] = []
        self.keys = count()

    def teardown(self) -> None:
        self.account.close()

    @initialize()
    def stop_the_clock(self) -> None:
        self.account.freeze(START)
        Machine.steps -= 1  # no step yet, although all must hold after it

    def post(self, path: str, body: Json | None = None) -> requests.Response:
        """A request under a key of its own, kept for being repeated."""
        key = f"key-{next(self.keys)}"
        answer = self.account.ask("POST", path, body or {}, key=key)
        self.answers.append((path, body or {}, key, answer, self.world.now))
        return answer

    def check_refusal(self, answer: requests.Response, refusal: Refusal | None, thing: Payment | Dispute) -> bool:
        """Whether it was refused, which must be as the model says."""
        if refusal is None:
            assert answer.ok, answer.text
            return False
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (refusal.status, refusal.code), problem
        if refusal.code == "invalid_transition":
            status = thing.shown_status if isinstance(thing, Payment) else thing.status
            assert (problem["current_status"], problem["allowed_actions"]) == (status, thing.actions)
        return True

    def pick(self, number: int) -> Payment:
        return self.world.payments[number % len(self.world.payments)]

    # Paying.

    @precondition(lambda self: len(self.world.payments) < MOST_PAYMENTS)
    @rule(
        card=st.sampled_from(sorted(BANKS)),
        amount=st.one_of(st.sampled_from([1, 2, 999_999_999_998]), st.integers(1, 5000)),
        currency=st.sampled_from(["USD", "JPY", "KWD"]),
        captures=st.booleans(),
    )
    def pay(self, card: str, amount: int, currency: str, captures: bool) -> None:
        self.take_token(card, amount, currency)
        self.pay_with_token(-1, captures)

    @rule(
        card=st.sampled_from(["visa_success", "visa_refund_pending"]),
        amount=st.integers(1, 5000),
        currency=st.sampled_from(["USD", "JPY"]),
    )
    def take_token(self, card: str, amount: int, currency: str) -> None:
        answer = self.post("/_sandbox/tokens", {"test_card": card, "amount": amount, "currency": currency})
        assert answer.status_code == 201, answer.text
        self.tokens.append((answer.json(), card))

    @precondition(lambda self: self.tokens and len(self.world.payments) < MOST_PAYMENTS)
    @rule(number=picks, captures=st.booleans())
    def pay_with_token(self, number: int, captures: bool) -> None:
        """With the youngest token for -1; older ones may be used up or too old."""
        at = number if number < 0 else number % len(self.tokens)
        token, card = self.tokens[at]
        body = {name: token[name] for name in ("amount", "currency")} | {"token": token["id"], "capture": captures}
        answer = self.post("/v1/payments", body)
        if token["used"]:
            assert (answer.status_code, answer.json()["code"]) == (409, "token_used")
        elif seconds_of(token["expires_at"]) <= self.world.now:
            assert (answer.status_code, answer.json()["code"]) == (422, "token_expired")
        else:
            assert answer.status_code == 201, answer.text
            token["used"] = True
            made = answer.json()
            payment = Payment(made["id"], BANKS[card], token["amount"], token["currency"], captures)
            if made["next_action"] is not None:
                payment.secret = made["next_action"]["url"].rpartition("/")[2]
            self.world.pay(payment)

    @precondition(lambda self: self.tokens)
    @rule(number=picks, wrong=st.sampled_from(["amount", "currency", "token"]))
    def pay_with_a_wrong_body(self, number: int, wrong: str) -> None:
        token, _ = self.tokens[number % len(self.tokens)]
        body = {"token": token["id"], "amount": token["amount"], "currency": token["currency"]}
        body |= {
            "amount": {"amount": token["amount"] + 1},
            "currency": {"currency": "EUR"},
            "token": {"token": "tok_x"},
        }[wrong]
        answer = self.post("/v1/payments", body)
        assert answer.status_code in (409, 422), answer.text
        if not token["used"] and seconds_of(token["expires_at"]) > self.world.now:
            code = {"amount": "amount_mismatch", "currency": "currency_mismatch", "token": "token_not_found"}[wrong]
            assert answer.json()["code"] == code
        assert self.account.call("GET", f"/v1/tokens/{token['id']}") == token

    @precondition(lambda self: any(payment.secret for payment in self.world.payments))
    @rule(number=picks, decision=st.sampled_from(["approve", "approve", "fail", "cancel"]))
    def decide_challenge(self, number: int, decision: str) -> None:
        asked = [payment for payment in self.world.payments if payment.secret]
        payment = asked[number % len(asked)]
        answer = requests.post(
            f"{self.gateway.url}/challenge/{payment.secret}",
            data={"decision": decision},
            allow_redirects=False,
            timeout=TIMEOUT,
        )
        if payment.status != "requires_action":
            assert answer.status_code == 410
        else:
            assert answer.status_code == 200
            (self.world.approve_challenge if decision == "approve" else self.world.refuse_challenge)(payment)

    # What the merchant does.

    @precondition(lambda self: self.world.payments)
    @rule(number=picks, share=shares, final=st.booleans())
    def capture(self, number: int, share: str, final: bool) -> None:
        payment = self.pick(number)
        amount = amount_of(share, payment.capturable)
        answer = self.post(f"/v1/payments/{payment.id}/capture", {"amount": amount, "final": final})
        self.check_refusal(answer, self.world.capture(payment, amount, final=final), payment)

    @precondition(lambda self: self.world.payments)
    @rule(number=picks)
    def void(self, number: int) -> None:
        payment = self.pick(number)
        before = payment.actions, payment.shown_status
        answer = self.post(f"/v1/payments/{payment.id}/void")
        assert ("void" in before[0]) == answer.ok, (before, answer.text)
        self.check_refusal(answer, self.world.void(payment), payment)

    @precondition(lambda self: self.world.payments)
    @rule(number=picks, share=shares)
    def refund(self, number: int, share: str) -> None:
        payment = self.pick(number)
        amount = amount_of(share, payment.refundable)
        answer = self.post(f"/v1/payments/{payment.id}/refunds", {} if amount is None else {"amount": amount})
        if not self.check_refusal(answer, self.world.refuse_refund(payment, amount), payment):
            self.world.refund(Refund(answer.json()["id"], payment, payment.refundable if amount is None else amount))

    @precondition(lambda self: self.world.disputes)
    @rule(number=picks, action=st.sampled_from(["evidence", "all_evidence", "submit", "accept"]))
    def answer_dispute(self, number: int, action: str) -> None:
        dispute = self.world.disputes[number % len(self.world.disputes)]
        path = f"/v1/disputes/{dispute.id}"
        if action in ("submit", "accept"):
            answer = self.post(f"{path}/{action}")
            act = self.world.submit if action == "submit" else self.world.accept
            self.check_refusal(answer, act(dispute), dispute)
            return
        fields = dispute.required if action == "all_evidence" else {"customer_name"}
        if fields:
            answer = self.post(f"{path}/evidence", {"fields": dict.fromkeys(sorted(fields), "as we see it")})
            self.check_refusal(answer, self.world.give_evidence(dispute, set(fields)), dispute)

    # What the world does.

    @rule(wait=waits)
    def wait(self, wait: str) -> None:
        self.world.advance(seconds_of(self.account.clock(advance=wait)["now"]))

    @rule()
    def wait_for_the_next(self) -> None:
        """Beside what the model knows of there are settlements and payouts, so the clock may stop before."""
        due = self.world.next_due
        now = seconds_of(self.account.clock(to_next=True)["now"])
        assert due is None or now <= due
        self.world.advance(now)

    @precondition(lambda self: self.world.payments)
    @rule(number=picks, kind=st.sampled_from(["payments", "refunds", "disputes"]), which=picks)
    def the_outside_world_acts(self, number: int, kind: str, which: int) -> None:
        moves: dict[str, Callable[[], None]]
        thing: Payment | Refund | Dispute
        if kind == "disputes" and self.world.disputes:
            thing = self.world.disputes[number % len(self.world.disputes)]
            moves = self.world.moves_of_dispute(thing)
        elif kind == "refunds" and self.world.refunds:
            thing = self.world.refunds[number % len(self.world.refunds)]
            moves = self.world.moves_of_refund(thing)
        else:
            kind, thing = "payments", self.pick(number)
            moves = self.world.moves_of_payment(thing)
        path = f"/_sandbox/{kind}/{thing.id}/next"
        offered = {one["action"] for one in self.account.call("GET", path)["data"]}
        # Of payments there are more: every reason to decline and to dispute.
        assert set(moves) == offered if kind != "payments" else set(moves) <= offered
        assert bool(moves) == bool(offered)
        if not moves:
            problem = self.account.refused(409, "invalid_transition", "POST", path, {"action": "succeed"})
            assert problem["allowed_actions"] == []
            return
        action = sorted(moves)[which % len(moves)]
        moves[action]()
        self.account.call("POST", path, {"action": action})

    # Keys.

    @precondition(lambda self: self.answers)
    @rule(number=picks)
    def repeat(self, number: int) -> None:
        """The same request under the same key, within a day: the same bytes, and nothing happens."""
        path, body, key, first, then = self.answers[number % len(self.answers)]
        if self.world.now - then >= DAY or self._is_not_kept(first):
            return
        again = self.account.ask("POST", path, body, key=key)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["Idempotent-Replayed"] == "true"

    @precondition(lambda self: self.answers)
    @rule(number=picks)
    def misuse_a_key(self, number: int) -> None:
        _, _, key, first, then = self.answers[number % len(self.answers)]
        if self.world.now - then < DAY and not self._is_not_kept(first):
            other = {"test_card": "visa_success", "amount": 77_777, "currency": "USD"}
            self.account.refused(422, "idempotency_key_reused", "POST", "/_sandbox/tokens", other, key=key)

    @staticmethod
    def _is_not_kept(answer: requests.Response) -> bool:
        return answer.status_code in (400, 401, 403, 404) or (
            answer.status_code == 422 and answer.json()["code"] == "validation_failed"
        )

    # What must hold after each step.

    @invariant()
    def every_event_is_as_the_model_says(self) -> None:
        """One for each change, in order, with the object as it was then."""
        Machine.steps += 1
        expected, self.world.told = self.world.told, []
        events = self.new_events()
        assert [event["type"] for event in events] == [told.type for told in expected]
        for event, told in zip(events, expected, strict=True):
            self.check_event(event, told)

    def new_events(self) -> list[Json]:
        path = "/v1/events?limit=100" + (f"&after={self.last_event}" if self.last_event else "")
        page = self.account.call("GET", path)
        assert not page["has_more"]
        events: list[Json] = page["data"] if self.last_event else page["data"][::-1]
        if events:
            self.last_event = events[-1]["id"]
        return [event for event in events if event["type"].startswith(("payment.", "refund.", "dispute."))]

    def check_event(self, event: Json, told: Told) -> None:
        data, thing = event["data"], told.thing
        if isinstance(thing, Dispute) and not thing.id:
            thing.id = data["id"]
            thing.required = frozenset(data["evidence"]["required"])
        assert data["id"] == thing.id
        assert {name: data[name] for name in told.wire} == told.wire, event["type"]
        assert data["object"] == event["type"].partition(".")[0]

    @invariant()
    def every_payment_is_as_the_model_says(self) -> None:
        page = self.account.call("GET", "/v1/payments?limit=100")
        shown: dict[str, Json] = {payment["id"]: payment for payment in page["data"]}
        assert set(shown) == {payment.id for payment in self.world.payments}
        for payment in self.world.payments:
            body, wire = shown[payment.id], payment.wire()
            assert {name: body[name] for name in wire} == wire
            assert len(body["captures"]) == payment.captures
            assert [_seen(one, "id", "status", "amount", "version") for one in body["refunds"]] == [
                _seen(one.wire(), "id", "status", "amount", "version") for one in payment.refunds
            ]
            assert [(one["id"], one["kind"], one["status"], one["amount"]) for one in body["disputes"]] == [
                (one.id, one.kind, one.status, one.amount) for one in payment.disputes
            ]
            self.check_sums(body)
            self.check_change(self.seen.get(payment.id), body)
        self.seen = shown

    def check_sums(self, body: Json) -> None:
        """Without the model's help."""
        lost = sum(one["amount"] for one in body["disputes"] if one["status"] in ("lost", "accepted", "expired"))
        refunded = sum(one["amount"] for one in body["refunds"] if one["status"] != "failed")
        captured = sum(one["amount"] for one in body["captures"])
        assert (body["amount_captured"], body["amount_refunded"]) == (captured, refunded)
        assert 0 <= refunded + lost <= captured <= body["amount"]
        assert body["amount_refundable"] == captured - refunded - lost
        is_held = body["status"] in ("authorized", "partially_captured")
        assert body["amount_capturable"] == (body["amount"] - captured if is_held else 0)
        assert body["why"]

    def check_change(self, before: Json | None, after: Json) -> None:
        if before is None:
            return
        assert after["version"] >= before["version"]
        assert (after["version"] == before["version"]) == (after == before)
        if before["status"] in FINAL:
            assert after == before
        if before["status"] in CAPTURED:
            assert after["status"] in CAPTURED
            assert after["captures"] == before["captures"]


def _seen(body: Json, *names: str) -> list[Any]:
    return [body[name] for name in names]


def test_gateway_and_model_never_disagree(gateway: Gateway, request: pytest.FixtureRequest) -> None:
    soak = bool(request.config.getoption("--soak"))
    wanted = SOAKED_STEPS if soak else STEPS
    machine = type("MachineOfThisGateway", (Machine,), {"gateway": gateway})
    Machine.steps = 0
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=wanted // STEPS_OF_ONE * 3 // 2,  # some end early
            stateful_step_count=STEPS_OF_ONE,
            deadline=None,
            database=None,
            derandomize=not soak,
            phases=(Phase.generate,),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    assert Machine.steps >= wanted
