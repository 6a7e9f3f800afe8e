"""What the database takes in by itself, and what is judged line by line: one report, the same books either way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.db import reading, transaction
from app.gateway.wire import GatewayLine
from app.ids import new_id
from app.ledger.balances import trial_balance
from app.merchants.models import CommissionPlan, Merchant
from app.merchants.terms import Terms
from app.orders.place import Item
from app.payments.models import Payment
from app.settlements import book
from app.settlements.agreed import agreed
from app.settlements.models import Break, GatewayTerms, SettlementLine
from app.settlements.states import Outcome
from tests.app.ledger.world import NOW, begin, book_report, line_of

CURRENCIES = {"by line": "SEK", 4: "NOK", 1000: "DKK"}
HOURS = (-11, -3, 0, 4, 11)
BEFORE, AFTER = (
    {"pricing": pricing, "country": "SE", "cross_border": 150, "currency_conversion": 100, "settlement_currency": "EUR"}
    for pricing in (
        {"type": "blended", "rate": {"basis_points": 290, "fixed": dict.fromkeys(CURRENCIES.values(), 30)}},
        {
            "type": "interchange_plus",
            "interchange": {"basis_points": 20, "fixed": {}},
            "scheme": {"basis_points": 13, "fixed": dict.fromkeys(CURRENCIES.values(), 2)},
            "markup": {"basis_points": 45, "fixed": dict.fromkeys(CURRENCIES.values(), 8)},
        },
    )
)


@pytest.fixture(scope="module")
def other(books: str) -> str:
    """A second merchant, who bears fees from noon on; terms change in the afternoon."""
    with transaction() as session:
        session.add(Merchant(id="mer_other", name="Other", created_at=NOW))
        session.flush()
        for begins, passes_fees in ((NOW - timedelta(days=9), False), (NOW, True)):
            terms = Terms(passes_fees=passes_fees).model_dump(mode="json")
            plan = CommissionPlan(id=new_id("cpl"), merchant_id="mer_other", valid_from=begins, terms=terms)
            plan.reason, plan.actor_name, plan.created_at = "agreed", "test", NOW
            session.add(plan)
        for fees, begins in ((BEFORE, NOW - timedelta(days=5)), (AFTER, NOW + timedelta(hours=2))):
            session.add(GatewayTerms(id=new_id("gt"), valid_from=begins, fees=fees))
    return "mer_other"


def _sold(amount: int, currency: str, at: datetime, country: str | None, items: Sequence[Item], merchant: str) -> Any:
    story = begin(amount, currency, items, merchant)
    story.now = at
    story.capture(amount - 1, final=True)
    with transaction() as session:
        session.get_one(Payment, story.payment_id).card = {"last4": "4242", "country": country}
    return story


def _report(currency: str, own: str, other: str) -> list[GatewayLine]:
    """Right lines, and each kind of wrong one between them."""
    with reading() as session:
        terms = agreed(session)
    lines, stories = [], []
    for number in range(16):
        amount, at = 1_000 + 350 * number, NOW + timedelta(hours=HOURS[number % len(HOURS)])
        country = ("SE", "FR", None)[number % 3]
        halves = [Item("A lamp", 1, amount // 3, other), Item("A cup", 1, amount - amount // 3)]
        story = _sold(amount, currency, at, country, halves if number % 4 == 1 else (), (own, other)[number % 2])
        fee = terms.capture_fee(amount, currency, country, at) or 77
        stories.append(story)
        if number != 14:  # that one is missing
            lines.append(line_of(story, fee + (1 if number % 4 == 3 else 0)))
    lines[8:8] = [
        lines[3].model_copy(update={"id": new_id("ln")}),
        line_of(stories[14], 5, type="fee", source="re_unknown"),
        line_of(stories[0], 0, type="reserve", source=new_id("rsv"), gross=-500, payment=None),
        line_of(stories[0], 0, type="adjustment", source=new_id("adj"), gross=-70, payment=None),
    ]
    lines[2] = lines[2].model_copy(update={"gross": lines[2].gross + 1, "net": lines[2].net + 1})
    lines[4] = lines[4].model_copy(update={"currency": "EUR"})
    lines[14] = lines[14].model_copy(update={"created_at": NOW - timedelta(days=1)})
    lines.append(lines[16].model_copy(update={"id": new_id("ln")}))
    return lines


def _booked(currency: str, lines: Sequence[GatewayLine], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Book them; all that the books say of it, without the names of this one."""
    done = book_report(currency, lines, monkeypatch, NOW.date())
    rows = select(SettlementLine).where(SettlementLine.settlement_id == done.id).order_by(SettlementLine.number)
    breaks = select(Break).where(Break.settlement_id == done.id)
    with reading() as session:
        return {
            "head": (done.status, done.lines_read, done.net_read_minor, done.breaks, done.parts),
            "lines": [
                (row.number, row.type, row.owner, row.gross_minor, row.fee_minor, row.outcome, row.expected_minor)
                for row in session.scalars(rows)
            ],
            "known": [row.payment_id is not None for row in session.scalars(rows)],
            "breaks": sorted(
                (one.kind, one.said_minor or 0, one.expected_minor or 0) for one in session.scalars(breaks)
            ),
            "books": {(one.code, one.owner): one.net.amount_minor for one in trial_balance(session, currency=currency)},
        }


@pytest.fixture(scope="module")
def by_line(books: str, other: str) -> Iterator[dict[str, Any]]:
    """What comes of it where each line is judged by itself."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(book, "take_in_mass", lambda _session, _head, first, lines, *_: list(enumerate(lines, first)))
        yield _booked(CURRENCIES["by line"], _report(CURRENCIES["by line"], books, other), patched)


@pytest.mark.parametrize("chunk", [4, 1000])
def test_the_mass_is_booked_as_line_by_line(
    books: str, other: str, by_line: dict[str, Any], monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    lines = _report(CURRENCIES[chunk], books, other)
    monkeypatch.setattr(book, "CHUNK", chunk)
    found = _booked(CURRENCIES[chunk], lines, monkeypatch)
    assert {row[5] for row in found["lines"]} >= {*Outcome} - {Outcome.PAYOUT, Outcome.MISSING_THERE}
    assert found == by_line
