"""The other side of the stories: a gateway's own till, its days, batches and payouts, told as a gateway tells them."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.clock import store_reading, wall_now
from app.db import reading, transaction
from app.gateway.wire import GatewayLine, GatewayPayout, GatewaySettlement
from app.settlements.book import book_settlement
from app.settlements.hear import free_what_is_due, hear_of_settlement
from app.settlements.models import Settlement
from app.settlements.payouts import record_payout
from tests.app.ledger.world import Story


@dataclass
class Transfer:
    """A payout as the gateway has it."""

    id: str
    currency: str
    amount: int
    batches: list[str]
    version: int = 0
    status: str = "pending"
    paid_at: datetime | None = None


@dataclass
class Till:
    """What the gateway holds, in each currency, and what it has reported."""

    now: datetime
    pending: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    available: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    in_transit: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    reserved: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    paid: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """What has come to our bank."""
    lines: dict[str, list[GatewayLine]] = field(default_factory=lambda: defaultdict(list))
    """Of the day that is open."""
    reports: dict[str, list[GatewayLine]] = field(default_factory=dict)
    nets: dict[str, int] = field(default_factory=dict)
    unpaid: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    transfers: list[Transfer] = field(default_factory=list)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def settlement_lines(self, settlement_id: str) -> Iterator[GatewayLine]:
        """As the client streams them."""
        yield from self.reports[settlement_id]

    def go_to(self, moment: datetime) -> None:
        """Move the account's clock."""
        self.now = moment
        with transaction() as session:
            store_reading(session, moment, frozen=True, asked_at=wall_now())

    def move(
        self, type_: str, source: str, currency: str, gross: int, fee: int = 0, payment: str | None = None
    ) -> None:
        """One movement: a line of the open day."""
        line = GatewayLine(
            id=f"ln_{secrets.token_hex(8)}",
            type=type_,
            payment=payment or None,
            source=source,
            currency=currency,
            gross=gross,
            fee=fee,
            net=gross - fee,
            created_at=self.now,
        )
        self.lines[currency].append(line)
        self.pending[currency] += line.net
        if type_ in ("reserve", "reserve_release"):
            self.reserved[currency] -= gross

    def hold(self, currency: str, amount: int) -> None:
        """A reserve; below zero it is released."""
        self.move("reserve" if amount > 0 else "reserve_release", f"rs_{secrets.token_hex(8)}", currency, -amount)

    def follow(self, story: Story, fee: int) -> None:
        """Take down what has moved of this payment since it was looked at; `fee` is what each movement costs."""
        word = story.word
        for capture in word.captures:
            self._once("capture", capture.id, story, capture.amount, fee)
        for refund in story.refunds:
            known = ("refund", refund["id"]) in self._seen
            if refund["status"] == "succeeded":
                self._once("refund", refund["id"], story, -refund["amount"], 0)
            elif refund["status"] == "failed" and known:
                self._once("refund_failure", refund["id"], story, refund["amount"], 0)
        for case in story.disputes:
            self._once("dispute", case.id, story, -case.amount, 0)
            if case.fee:
                self._once("fee", case.id, story, 0, case.fee)
            if case.status == "won":
                self._once("dispute_reversal", case.id, story, case.amount, 0)

    def _once(self, type_: str, source: str, story: Story, gross: int, fee: int) -> None:
        if (type_, source) not in self._seen:
            self._seen.add((type_, source))
            self.move(type_, source, story.currency, gross, fee, story.gateway_id)

    def end_day(self) -> list[Settlement]:
        """The next day begins: a batch for each currency that moved is told, its lines are booked."""
        day = self.now.date()
        available_on = day + timedelta(days=2)
        self.go_to(self.now + timedelta(days=1))
        heads = []
        for currency, lines in self.lines.items():
            settlement_id = f"st_{secrets.token_hex(8)}"
            self.reports[settlement_id] = lines
            self.nets[settlement_id] = sum(line.net for line in lines)
            self.unpaid[currency].append(settlement_id)
            head = {
                "id": settlement_id,
                "currency": currency,
                "date": day,
                "lines": len(lines),
                "gross": sum(line.gross for line in lines),
                "fee": sum(line.fee for line in lines),
                "net": self.nets[settlement_id],
                "available_on": available_on,
                "created_at": self.now,
            }
            hear_of_settlement(GatewaySettlement.model_validate(head))
            heads.append(settlement_id)
        self.lines = defaultdict(list)
        return [book_settlement(one) for one in heads]

    def free(self) -> None:
        """Two days on all that is booked is available, on both sides."""
        self.go_to(self.now + timedelta(days=2))
        free_what_is_due()
        with reading() as session:
            freed = {one for one in self.nets if session.get_one(Settlement, one).status != "booked"}
        for currency, batches in self.unpaid.items():
            ours = sum(self.nets[one] for one in batches if one in freed)
            self.pending[currency] -= ours - self.available[currency]
            self.available[currency] = ours

    def pay_out(self) -> None:
        """A transfer in each currency in which something is left, as soon as it is more than nothing."""
        for currency, batches in self.unpaid.items():
            if self.available[currency] > 0:
                transfer = Transfer(f"po_{secrets.token_hex(8)}", currency, self.available[currency], list(batches))
                self.transfers.append(transfer)
                self.available[currency] = 0
                self.in_transit[currency] += transfer.amount
                batches.clear()
                self._tell(transfer)

    def arrive(self, transfer: Transfer) -> None:
        """It is at our bank."""
        transfer.status, transfer.paid_at = "paid", self.now
        self.in_transit[transfer.currency] -= transfer.amount
        self.paid[transfer.currency] += transfer.amount
        self._tell(transfer)

    def fail(self, transfer: Transfer) -> None:
        """It came back, before or after it had arrived; the next one carries it."""
        held = self.paid if transfer.paid_at else self.in_transit
        held[transfer.currency] -= transfer.amount
        self.available[transfer.currency] += transfer.amount
        self.unpaid[transfer.currency] += transfer.batches
        transfer.status = "failed"
        self._tell(transfer)

    def _tell(self, transfer: Transfer) -> None:
        transfer.version += 1
        told: dict[str, Any] = {
            "id": transfer.id,
            "version": transfer.version,
            "status": transfer.status,
            "amount": transfer.amount,
            "currency": transfer.currency,
            "settled": transfer.amount,
            "carried_over": 0,
            "settlements": transfer.batches,
            "created_at": self.now,
            "paid_at": transfer.paid_at,
            "failed_at": self.now if transfer.status == "failed" else None,
        }
        assert record_payout(GatewayPayout.model_validate(told))
