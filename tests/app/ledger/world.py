"""What a gateway could say of a payment: any legal story, one word after the other, recorded as ours are."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.clock import business_now
from app.db import transaction
from app.disputes.record import record_gateway_dispute
from app.errors import NotFound
from app.gateway import GatewayDispute, GatewayPayment
from app.gateway.wire import GatewayLine
from app.ids import new_id
from app.orders.models import Order
from app.orders.place import Item, NewOrder, place_order
from app.payments import sync
from app.payments.models import Payment
from app.payments.record import record_gateway_payment
from app.payments.states import PaymentStatus
from app.settlements import book
from app.settlements.models import Settlement
from app.timeline import Actor, ActorKind
from bench.settlement import unread

TESTER = Actor(ActorKind.TERMINAL, "test")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Case:
    """A dispute as the gateway has it."""

    id: str
    amount: int
    fee: int
    status: str = "needs_response"
    version: int = 1


@dataclass
class Story:
    """One payment as the gateway has it, and the record of it."""

    order: Order
    payment_id: str
    amount: int
    currency: str
    gateway_id: str = field(default_factory=lambda: f"pay_{secrets.token_hex(8)}")
    version: int = 0
    captures: list[int] = field(default_factory=list)
    captured_at: list[datetime] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    disputes: list[Case] = field(default_factory=list)
    capturable: int = 0
    now: datetime = NOW
    """The gateway's clock, for what comes next."""

    @property
    def captured(self) -> int:
        return sum(self.captures)

    @property
    def refunded(self) -> int:
        """What counts as refunded: what is pending too."""
        return sum(one["amount"] for one in self.refunds if one["status"] != "failed")

    @property
    def given_back(self) -> int:
        return sum(one["amount"] for one in self.refunds if one["status"] == "succeeded")

    def disputed(self, *statuses: str) -> int:
        return sum(case.amount for case in self.disputes if case.status in statuses)

    @property
    def free(self) -> int:
        """What may still be refunded or disputed."""
        return self.captured - self.refunded - self.disputed("needs_response", "lost")

    def authorize(self) -> None:
        self.capturable = self.amount
        self._say("authorized")

    def capture(self, part: int, *, final: bool) -> None:
        amount = 1 + part % self.capturable
        self.captures.append(amount)
        self.captured_at.append(self.now)
        self.capturable = 0 if final else self.capturable - amount
        self._say(self.shown)

    def void(self) -> None:
        self.capturable = 0
        self._say(self.shown if self.captures else "voided")

    def refund(self, part: int, status: str) -> None:
        self.refunds.append({"id": f"re_{secrets.token_hex(8)}", "amount": 1 + part % self.free, "status": status})
        self._say(self.shown)

    def end_refund(self, status: str) -> None:
        pending = next((one for one in self.refunds if one["status"] != "failed"), None)
        if pending is not None and pending["status"] != status:
            pending["status"] = status
            pending["version"] = pending.get("version", 1) + 1
            self._say(self.shown)

    def dispute(self, part: int, fee: int) -> None:
        self.disputes.append(Case(f"dp_{secrets.token_hex(8)}", 1 + part % self.free, fee))
        self._say(self.shown)
        self._tell(self.disputes[-1])

    def decide(self, status: str) -> None:
        case = next((one for one in self.disputes if one.status == "needs_response"), None)
        if case is not None:
            case.status, case.version = status, case.version + 1
            self._say(self.shown)
            self._tell(case)

    @property
    def shown(self) -> str:
        if self.capturable:
            return "partially_captured" if self.captures else "authorized"
        if not self.refunded:
            return "captured"
        return "refunded" if self.refunded == self.captured else "partially_refunded"

    @property
    def word(self) -> GatewayPayment:
        """The payment whole, as it is now."""
        return GatewayPayment.model_validate(
            {
                "id": self.gateway_id,
                "version": self.version,
                "status": self.status,
                "amount": self.amount,
                "currency": self.currency,
                "amount_capturable": self.capturable,
                "amount_captured": self.captured,
                "amount_refunded": self.refunded,
                "amount_refundable": self.captured - self.refunded - self.disputed("lost"),
                "amount_disputed": self.disputed("needs_response"),
                "amount_disputed_lost": self.disputed("lost"),
                "reference": self.order.reference,
                "metadata": {"payment": self.payment_id},
                "captures": [
                    {
                        "id": f"cap_{self.gateway_id}_{number}",
                        "amount": amount,
                        "currency": self.currency,
                        "created_at": at,
                    }
                    for number, (amount, at) in enumerate(zip(self.captures, self.captured_at, strict=True))
                ],
                "refunds": [
                    {"version": 1, "payment": self.gateway_id, "currency": self.currency, "created_at": NOW, **one}
                    for one in self.refunds
                ],
                "created_at": NOW,
                "authorized_at": NOW,
                "expires_at": NOW + timedelta(days=7),
            }
        )

    def _say(self, status: str) -> None:
        self.version += 1
        self.status = status
        record_gateway_payment(self.word)

    def _tell(self, case: Case) -> None:
        record_gateway_dispute(
            GatewayDispute.model_validate(
                {
                    "id": case.id,
                    "version": case.version,
                    "payment": self.gateway_id,
                    "kind": "chargeback",
                    "status": case.status,
                    "amount": case.amount,
                    "currency": self.currency,
                    "fee": case.fee,
                    "reason": "fraudulent",
                    "respond_by": NOW + timedelta(days=10),
                    "created_at": NOW,
                    "decided_at": None if case.status == "needs_response" else self.now,
                }
            )
        )


def begin(amount: int, currency: str, items: Sequence[Item] = (), merchant_id: str | None = None) -> Story:
    """An order with a payment that the gateway has just authorized."""
    order = place_order(
        NewOrder(
            f"L-{secrets.token_hex(8)}",
            amount,
            currency,
            "Ann Example",
            "ann@example.com",
            items=items,
            merchant_id=merchant_id,
        ),
        TESTER,
    )
    with transaction() as session:
        payment = Payment(
            id=new_id("pay"),
            order=session.get_one(Order, order.id),
            status=PaymentStatus.UNKNOWN,
            gateway_version=0,
            version=1,
            amount_minor=amount,
            amount_capturable_minor=0,
            amount_captured_minor=0,
            amount_refunded_minor=0,
            amount_refundable_minor=0,
            currency=currency,
            capture=False,
            created_at=business_now(session),
        )
        session.add(payment)
    story = Story(order, payment.id, amount, currency)
    story.authorize()
    return story


class Report:
    """A gateway that tells these lines, and knows no payment of an unknown one."""

    def __init__(self, lines: Sequence[GatewayLine]) -> None:
        self.lines = lines

    def settlement_lines(self, _settlement_id: str) -> Iterator[GatewayLine]:
        yield from self.lines

    def get_payment(self, _payment_id: str) -> GatewayPayment:
        raise NotFound("payment")


def line_of(story: Story, fee: int, **other: Any) -> GatewayLine:
    """The line of its one capture."""
    (capture,) = story.word.captures
    told: dict[str, Any] = {
        "id": new_id("ln"),
        "type": "capture",
        "payment": story.gateway_id,
        "source": capture.id,
        "currency": story.currency,
        "gross": capture.amount,
        "created_at": capture.created_at,
    } | other
    return GatewayLine(fee=fee, net=told["gross"] - fee, **told)


def book_report(currency: str, lines: Sequence[GatewayLine], monkeypatch: pytest.MonkeyPatch, day: date) -> Settlement:
    """Take a report of that day into the books."""
    settlement_id = waiting_settlement(currency, len(lines), day)
    for room in (book, sync):
        monkeypatch.setattr(room, "gateway", lambda: Report(lines))
    return book.book_settlement(settlement_id)


def waiting_settlement(currency: str, lines: int, day: date) -> str:
    """The id of a settlement that has so many lines, none of them read."""
    settlement = unread(new_id("st"), currency, day, lines, NOW)
    with transaction() as session:
        session.add(settlement)
    return settlement.id
