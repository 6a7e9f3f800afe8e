"""A settlement of many lines taken into the books, beside a bare INSERT … SELECT of the same rows.

`python -m bench.settlement [--lines N] [--rounds N]`: SQLite, one merchant, every line a capture of its own. The lines
come from memory, so that what is measured is our own: matching, rows, postings, commits. Asserts nothing but the sums.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import insert, text

from app import (
    db,
    models,  # noqa: F401 - every table, so that each foreign key finds its own
)
from app.customers.know import know_customer
from app.db import insert_many, transaction
from app.gateway.wire import GatewayLine
from app.ledger import Account
from app.ledger.accounts import account_id
from app.ledger.models import LedgerAccount
from app.ledger.post import POSTINGS, TRANSACTIONS
from app.merchants.queries import all_merchants, ensure_default_merchant
from app.merchants.shares import SHARED
from app.orders.models import Order
from app.payments.models import Payment
from app.payments.moved import Capture
from app.schema import upgrade
from app.settlements import book
from app.settlements.models import GatewayTerms, Settlement
from app.settlements.states import SettlementStatus

_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_AT_ONCE = 10_000
_AMOUNT, _FEE = 1999, 88
_TERMS = {
    "pricing": {"type": "blended", "rate": {"basis_points": 290, "fixed": {"USD": 30}}},
    "country": "US",
    "cross_border": 150,
    "currency_conversion": 100,
    "settlement_currency": None,
}
"""What was agreed, so that each line's fee is worked out and compared."""
_SHARED = {Account.MERCHANT_SHARES: _AMOUNT, Account.MERCHANT_DUE: -_AMOUNT}
_POSTING = ("id", "transaction_id", "account_id", "currency", "amount_minor", "at")
_TRANSACTION = (
    *("id", "source_type", "source_id", "kind", "round", "owner", "order_id", "payment_id"),
    *("happened_at", "at", "recorded_at", "digest"),
)


class Memory:
    """A gateway that has one settlement of captures numbered from `first`."""

    def __init__(self, number: int, lines: int) -> None:
        self.first, self.lines, self.at = number * lines, lines, _noon(number)

    def settlement_lines(self, _settlement_id: str) -> Iterator[GatewayLine]:
        """Sold from noon on, some each second."""
        for number in range(self.first, self.first + self.lines):
            yield GatewayLine(
                id=f"ln_{number}",
                type="capture",
                payment=f"gw_{number}",
                source=f"cap_{number}",
                currency="USD",
                gross=_AMOUNT,
                fee=_FEE,
                net=_AMOUNT - _FEE,
                created_at=_moment(self.at, number - self.first),
            )


def _moment(noon: datetime, number: int) -> datetime:
    return noon + timedelta(microseconds=number * 40_000 % 40_000_000_000)


def _noon(number: int) -> datetime:
    """Of the day of a round: each has one of its own."""
    return _NOON + timedelta(days=number)


def furnish(lines: int, rounds: int) -> None:
    """Orders, payments and captures that the lines will be matched with."""
    count = lines * rounds
    with transaction() as session:
        ensure_default_merchant(session)
        session.flush()
        merchant = all_merchants(session)[0].id
        customer = know_customer(session, email="ann@example.com", name="Ann Example", locale=None).id
        session.add(GatewayTerms(id="gt_1", valid_from=_NOON, fees=_TERMS))
        for code in _SHARED:
            session.add(LedgerAccount(id=account_id(merchant, code, "USD"), owner=merchant, code=code, currency="USD"))
    for begin in range(0, count, _AT_ONCE):
        numbers = range(begin, min(begin + _AT_ONCE, count))
        with transaction() as session:
            session.execute(insert(Order), [_order(number, merchant, customer) for number in numbers])
            session.execute(insert(Payment), [_payment(number) for number in numbers])
            session.execute(insert(Capture), [_capture(one, lines) for one in numbers])
            insert_many(session, POSTINGS, _POSTING, [row for one in numbers for row in _postings(one, merchant)])
            insert_many(session, TRANSACTIONS, _TRANSACTION, [_shared(one, merchant) for one in numbers])


def _order(number: int, merchant: str, customer: str) -> dict[str, object]:
    return {
        "id": f"ord_{number}",
        "merchant_id": merchant,
        "reference": f"B-{number}",
        "status": "paid",
        "version": 1,
        "amount_minor": _AMOUNT,
        "amount_authorized_minor": _AMOUNT,
        "amount_captured_minor": _AMOUNT,
        "amount_refunded_minor": 0,
        "currency": "USD",
        "customer_id": customer,
        "customer_name": "Ann Example",
        "customer_email": "ann@example.com",
        "customer_email_key": "ann@example.com",
        "items": [],
        "capture_policy": "manual",
        "context": {},
        "details": {},
        "disputed": False,
        "created_at": _NOON,
        "recorded_at": _NOON,
    }


def _payment(number: int) -> dict[str, object]:
    return {
        "id": f"pay_{number}",
        "order_id": f"ord_{number}",
        "gateway_id": f"gw_{number}",
        "gateway_version": 2,
        "status": "captured",
        "version": 2,
        "amount_minor": _AMOUNT,
        "amount_capturable_minor": 0,
        "amount_captured_minor": _AMOUNT,
        "amount_refunded_minor": 0,
        "amount_refundable_minor": _AMOUNT,
        "currency": "USD",
        "capture": True,
        "card": {"network": "visa", "last4": "4242", "country": "US"},
        "created_at": _NOON,
        "authorized_at": _NOON,
    }


def _capture(number: int, lines: int) -> dict[str, object]:
    return {
        "id": f"cap_{number}",
        "payment_id": f"pay_{number}",
        "amount_minor": _AMOUNT,
        "currency": "USD",
        "created_at": _moment(_noon(number // lines), number % lines),
    }


def _postings(number: int, merchant: str) -> list[tuple[object, ...]]:
    """Whose the sale is, as its capture booked it: what passing the gateway's fee on goes by."""
    return [
        (f"ltx_{number}.{place}", f"ltx_{number}", account_id(merchant, code, "USD"), "USD", amount, _NOON)
        for place, (code, amount) in enumerate(_SHARED.items(), 1)
    ]


def _shared(number: int, merchant: str) -> tuple[object, ...]:
    return (
        *(f"ltx_{number}", "capture", f"cap_{number}", SHARED, 0, merchant, f"ord_{number}", f"pay_{number}"),
        *(_NOON, _NOON, _NOON, f"{number:064}"),
    )


def unread(settlement_id: str, currency: str, day: date, lines: int, heard_at: datetime) -> Settlement:
    """A settlement that was heard of; it has so many lines, none of them read."""
    return Settlement(
        id=settlement_id,
        status=SettlementStatus.WAITING,
        currency=currency,
        day=day,
        lines=lines,
        gross_minor=0,
        fee_minor=0,
        net_minor=0,
        totals=[],
        available_on=date(2026, 3, 4),
        parts={},
        lines_read=0,
        net_read_minor=0,
        breaks=0,
        created_at=heard_at,
    )


def lay_out(number: int, lines: int) -> None:
    """The head of a round's settlement."""
    with transaction() as session:
        session.add(unread(f"st_{number}", "USD", _noon(number).date(), lines, _NOON))


@dataclass(frozen=True)
class Spent:
    """Seconds: by the clock, and of this process's processor time, which other programs change less."""

    clock: float
    processor: float


@contextmanager
def _timed(into: list[Spent]) -> Iterator[None]:
    clock, processor = time.perf_counter(), time.process_time()
    yield
    into.append(Spent(time.perf_counter() - clock, time.process_time() - processor))


def one_round(number: int, lines: int) -> tuple[Spent, Spent]:
    """What a settlement of so many lines takes, and copying the rows that it wrote.

    What making up the lines takes is measured by itself and taken off: they come from the bench.
    """
    memory = Memory(number, lines)
    lay_out(number, lines)
    spent: list[Spent] = []
    with _timed(spent):
        for _ in memory.settlement_lines(""):
            pass
    with patch("app.settlements.book.gateway", lambda: memory), _timed(spent):  # only its lines are asked for
        done = book.book_settlement(f"st_{number}")
    assert (done.net_read_minor, done.breaks) == (lines * (_AMOUNT - _FEE), 0), "a line was lost"
    with transaction() as session:
        session.execute(text("DROP TABLE IF EXISTS copied"))
        session.execute(text("CREATE TABLE copied AS SELECT * FROM settlement_lines LIMIT 0"))
        for columns in ("settlement_id, number", "source_id, type", "payment_id"):  # those of the table itself
            session.execute(text(f"CREATE INDEX copied_{columns.split(',')[0]} ON copied ({columns})"))
    copied = text("INSERT INTO copied SELECT * FROM settlement_lines WHERE settlement_id = :id")
    with _timed(spent), transaction() as session:
        session.execute(copied, {"id": f"st_{number}"})
    made_up, booked, copied_in = spent
    return Spent(booked.clock - made_up.clock, booked.processor - made_up.processor), copied_in


def main() -> None:
    """Measure, and print a table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        upgrade(db.connect(f"sqlite:///{Path(folder) / 'bench.db'}"))
        furnish(asked.lines, asked.rounds)
        gc.collect()
        gc.freeze()  # as the programs do after their start
        Path("/proc/self/clear_refs").write_text("5")  # the peak from here on, not that of furnishing
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = [one_round(number, asked.lines) for number in range(asked.rounds)]
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    told: dict[str, float] = {"lines": asked.lines, "grown_kib": grown}
    for name in ("clock", "processor"):
        took = statistics.median(getattr(ours, name) for ours, _ in found)
        bare = statistics.median(getattr(copied, name) for _, copied in found)
        told |= {f"{name}_seconds": took, f"bare_{name}_seconds": bare}
        print(f"by the {name}: {asked.lines / took:,.0f} lines a second, {took / asked.lines * 1e6:.1f} µs each;")
        print(f"  bare INSERT … SELECT: {asked.lines / bare:,.0f} a second; ours is {bare / took:.3f} of it")
    print(f"memory grown while booking: {grown / 1024:.1f} MiB")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
