"""Statuses of settlements, payouts and breaks, drawn."""

from __future__ import annotations

import enum

from app.drawing import Drawing


class SettlementStatus(enum.StrEnum):
    """How far a gateway's batch is taken into the books."""

    WAITING = "waiting"
    BOOKED = "booked"
    AVAILABLE = "available"
    PAID_OUT = "paid_out"


SETTLEMENT = Drawing[SettlementStatus](
    {
        SettlementStatus.WAITING: {SettlementStatus.BOOKED},
        SettlementStatus.BOOKED: {SettlementStatus.AVAILABLE},
        SettlementStatus.AVAILABLE: {SettlementStatus.PAID_OUT},
        SettlementStatus.PAID_OUT: {SettlementStatus.AVAILABLE},  # back when its payout fails
    }
)


class PayoutStatus(enum.StrEnum):
    PENDING = "pending"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    FAILED = "failed"


PAYOUT = Drawing[PayoutStatus](
    {
        PayoutStatus.PENDING: {PayoutStatus.IN_TRANSIT, PayoutStatus.PAID, PayoutStatus.FAILED},
        PayoutStatus.IN_TRANSIT: {PayoutStatus.PAID, PayoutStatus.FAILED},
        PayoutStatus.PAID: {PayoutStatus.FAILED},  # returned by our bank after all
        PayoutStatus.FAILED: set(),
    }
)


class MerchantPayoutStatus(enum.StrEnum):
    PROPOSED = "proposed"
    SENT = "sent"
    PAID = "paid"
    BOUNCED = "bounced"
    CANCELED = "canceled"


_M = MerchantPayoutStatus

MERCHANT_PAYOUT = Drawing[MerchantPayoutStatus](
    {
        _M.PROPOSED: {_M.SENT, _M.CANCELED},
        _M.SENT: {_M.PAID, _M.BOUNCED},
        _M.PAID: {_M.BOUNCED},  # the merchant's bank gives it back after all
        _M.BOUNCED: set(),
        _M.CANCELED: set(),
    }
)


class Outcome(enum.StrEnum):
    """What a line of the gateway's report is to us; all but the first two are breaks."""

    MATCHED = "matched"
    LATE = "late"
    """Of an earlier day than its batch, and right for all else."""
    MISSING_HERE = "missing_here"
    """It moved, or is said to have moved, at the gateway; we know nothing of it."""
    AMOUNT = "amount"
    CURRENCY = "currency"
    DUPLICATE = "duplicate"
    FEE = "fee"
    """The fee is not the one that was agreed."""
    MISSING_THERE = "missing_there"
    """It moved here, and no line of any report tells of it."""
    PAYOUT = "payout"
    """A payout is not what its settlements come to by our books."""


BOOKED_OUTCOMES = frozenset({Outcome.MATCHED, Outcome.LATE, Outcome.FEE})
"""Lines whose fee is booked; the others are not believed until somebody has looked."""


class Side(enum.StrEnum):
    """Who tells something else than our books."""

    REPORT = "report"
    BANK = "bank"


class BreakStatus(enum.StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"
    WRITTEN_OFF = "written_off"


BREAK = Drawing[BreakStatus](
    {
        BreakStatus.OPEN: {BreakStatus.RESOLVED, BreakStatus.WRITTEN_OFF},
        BreakStatus.RESOLVED: set(),
        BreakStatus.WRITTEN_OFF: set(),
    }
)
