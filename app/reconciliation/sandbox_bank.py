"""The sandbox's bank: statements of our account, from what the gateway paid out and what we sent to merchants.

Only a sandbox has such a bank, so that three ways can be tried without one; a real bank sends its statements itself.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO

from sqlalchemy import func, select

from app.banking import BankLine, Statement, write_statements
from app.clock import business_now
from app.db import reading
from app.errors import RuleBroken
from app.gateway import gateway
from app.gateway.wire import GatewayPayout
from app.reconciliation.models import BankStatement
from app.settlements.models import MerchantPayout
from app.settlements.states import MerchantPayoutStatus

_OURS = "6789"
"""Merchants are paid from the account to which payouts usually come."""
_BEGINS = date(1970, 1, 1)


class Plant(enum.StrEnum):
    """What may be wrong on purpose: with the newest entry of each statement."""

    NOTHING = "nothing"
    MISSING = "missing"
    TWICE = "twice"
    AMOUNT = "amount"
    UNKNOWN = "unknown"


def account_of(last4: str) -> str:
    """The bank's own number of an account; no IBAN, for no country has this bank."""
    return f"SANDBOX{last4.rjust(8, '0')}"


def sandbox_statement(plant: Plant) -> tuple[str, bytes]:
    """A file of all days that are over and on no statement yet, and its name. RuleBroken where there is none."""
    with reading() as session:
        now = business_now(session)
        until = now.date() - timedelta(days=1)
        brought = select(BankStatement.account, BankStatement.currency, func.max(BankStatement.ends)).group_by(
            BankStatement.account, BankStatement.currency
        )
        told = {(account, currency): ends for account, currency, ends in session.execute(brought)}
        sent = session.scalars(select(MerchantPayout).where(MerchantPayout.sent_at.is_not(None))).all()
    lines: dict[tuple[str, str], list[BankLine]] = defaultdict(list)
    for one in _payouts():
        account = account_of(str(one.destination.get("last4", _OURS)))
        if one.paid_at is not None:
            lines[account, one.currency].append(_line(one.amount, one.paid_at, f"SBX{one.id}", one.id))
            if one.failed_at is not None:
                lines[account, one.currency].append(_line(-one.amount, one.failed_at, f"SBX{one.id}R", one.id))
    for ours in sent:
        assert ours.sent_at is not None, "only those were asked for"
        moved = _line(-ours.amount_minor, ours.sent_at, f"SBX{ours.id}", ours.id)
        lines[account_of(_OURS), ours.currency].append(moved)
        if ours.status == MerchantPayoutStatus.BOUNCED and ours.ended_at is not None:
            back = _line(ours.amount_minor, ours.ended_at, f"SBX{ours.id}R", ours.id)
            lines[account_of(_OURS), ours.currency].append(back)
    statements = [
        made
        for (account, currency), mine in sorted(lines.items())
        if (made := _statement(account, currency, mine, told.get((account, currency)), until, plant)) is not None
    ]
    if not statements:
        raise RuleBroken(
            "no_statement", "Nothing moved at the sandbox's bank on a day that is over and on no statement yet."
        )
    content = BytesIO()
    written_at = datetime.combine(until, time(23, 59, 59), UTC)
    write_statements([(one, one.lines) for one in statements], f"SBX-{until:%Y%m%d}", written_at, content)
    return f"sandbox-bank-{until}.xml", content.getvalue()


def _payouts() -> Iterator[GatewayPayout]:
    cursor: str | None = ""
    while cursor is not None:
        page = gateway().list_payouts(cursor or None)
        yield from page.data
        cursor = page.next_cursor


def _line(amount: int, moment: datetime, reference: str, end_to_end: str) -> BankLine:
    day = moment.astimezone(UTC).date()
    return BankLine(amount, day, day, reference, end_to_end)


def _statement(
    account: str, currency: str, mine: list[BankLine], told: date | None, until: date, plant: Plant
) -> Statement | None:
    mine.sort(key=lambda line: (line.booked_on, line.reference))
    begins = told + timedelta(days=1) if told else max(_BEGINS, mine[0].booked_on)
    if begins > until:
        return None
    opening = sum(line.amount_minor for line in mine if line.booked_on < begins)
    lines = _wrong(plant, [line for line in mine if begins <= line.booked_on <= until])
    closing = opening + sum(line.amount_minor for line in lines)
    return Statement(
        f"SBX-{currency}-{account[-4:]}-{begins}", account, currency, begins, until, opening, closing, lines
    )


def _wrong(plant: Plant, lines: list[BankLine]) -> list[BankLine]:
    if not lines:
        return lines
    newest = lines[-1]
    match plant:
        case Plant.MISSING:
            return lines[:-1]
        case Plant.TWICE:
            return [*lines, replace(newest, reference=f"{newest.reference}-2")]
        case Plant.AMOUNT:
            return [*lines[:-1], replace(newest, amount_minor=newest.amount_minor - 1)]
        case Plant.UNKNOWN:
            return [*lines, replace(newest, reference=f"{newest.reference}-X", end_to_end="NOTPROVIDED")]
        case Plant.NOTHING:
            return lines
