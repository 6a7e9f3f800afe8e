"""One posting rule per event: which account is debited and which credited. Nothing is posted past this table."""

from __future__ import annotations

import enum

from app.ledger.accounts import Account
from app.ledger.post import Line
from app.money import Money


class Event(enum.StrEnum):
    """What moves money, or what is held or owed."""

    AUTHORIZED = "authorized"
    HOLD_TAKEN = "hold_taken"
    HOLD_RELEASED = "hold_released"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_FEE = "dispute_fee"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    GATEWAY_FEE = "gateway_fee"
    BECAME_AVAILABLE = "became_available"
    RESERVE_HELD = "reserve_held"
    RESERVE_RELEASED = "reserve_released"
    ADJUSTED = "adjusted"
    UNMATCHED = "unmatched"
    PAYOUT_SENT = "payout_sent"
    PAYOUT_PAID = "payout_paid"
    PAYOUT_RETURNED = "payout_returned"
    SHARED = "shared"
    COMMISSION = "commission"
    COMMISSION_TAX = "commission_tax"
    FEE_PASSED_ON = "fee_passed_on"
    SHARE_HELD = "share_held"
    SHARE_FREED = "share_freed"
    SHARE_LOST = "share_lost"
    MERCHANT_PAID = "merchant_paid"
    MERCHANT_PAYOUT_ARRIVED = "merchant_payout_arrived"
    BANK_UNMATCHED = "bank_unmatched"
    WRITTEN_OFF = "written_off"


_A = Account
RULES: dict[Event, tuple[Account, Account]] = {
    # what is held on cards, beside the books
    Event.AUTHORIZED: (_A.AUTH_PENDING, _A.AUTH_PENDING_OFFSET),
    Event.HOLD_TAKEN: (_A.AUTH_PENDING_OFFSET, _A.AUTH_PENDING),
    Event.HOLD_RELEASED: (_A.AUTH_PENDING_OFFSET, _A.AUTH_PENDING),
    # what moves at the gateway: in its pending balance first, for each line waits in its day's batch
    Event.CAPTURED: (_A.PSP_PENDING, _A.REVENUE),
    Event.REFUNDED: (_A.REFUNDS, _A.PSP_PENDING),
    Event.DISPUTE_OPENED: (_A.DISPUTES_OPEN, _A.PSP_PENDING),
    Event.DISPUTE_FEE: (_A.DISPUTE_FEES, _A.PSP_PENDING),
    Event.DISPUTE_WON: (_A.PSP_PENDING, _A.DISPUTES_OPEN),
    Event.DISPUTE_LOST: (_A.DISPUTE_LOSSES, _A.DISPUTES_OPEN),
    Event.GATEWAY_FEE: (_A.FEES, _A.PSP_PENDING),
    Event.ADJUSTED: (_A.PSP_PENDING, _A.ADJUSTMENTS),
    Event.UNMATCHED: (_A.UNMATCHED, _A.PSP_PENDING),
    Event.RESERVE_HELD: (_A.PSP_RESERVE, _A.PSP_PENDING),
    Event.RESERVE_RELEASED: (_A.PSP_PENDING, _A.PSP_RESERVE),
    Event.BECAME_AVAILABLE: (_A.PSP_AVAILABLE, _A.PSP_PENDING),
    Event.PAYOUT_SENT: (_A.IN_TRANSIT, _A.PSP_AVAILABLE),
    Event.PAYOUT_PAID: (_A.BANK, _A.IN_TRANSIT),
    Event.PAYOUT_RETURNED: (_A.PSP_AVAILABLE, _A.BANK),
    # what of it belongs to merchants
    Event.SHARED: (_A.MERCHANT_SHARES, _A.MERCHANT_DUE),
    Event.COMMISSION: (_A.MERCHANT_DUE, _A.COMMISSION),
    Event.COMMISSION_TAX: (_A.MERCHANT_DUE, _A.FEE_TAX_DUE),
    Event.FEE_PASSED_ON: (_A.MERCHANT_DUE, _A.FEES_RECHARGED),
    Event.SHARE_HELD: (_A.MERCHANT_DUE, _A.MERCHANT_HELD),
    Event.SHARE_FREED: (_A.MERCHANT_HELD, _A.MERCHANT_DUE),
    Event.SHARE_LOST: (_A.MERCHANT_HELD, _A.MERCHANT_SHARES),
    Event.MERCHANT_PAID: (_A.MERCHANT_DUE, _A.MERCHANT_PAYOUT),
    Event.MERCHANT_PAYOUT_ARRIVED: (_A.MERCHANT_PAYOUT, _A.BANK),
    # what the bank has, and nobody knows whose it is
    Event.BANK_UNMATCHED: (_A.BANK, _A.UNMATCHED),
    Event.WRITTEN_OFF: (_A.WRITE_OFFS, _A.UNMATCHED),
}


def lines_of(event: Event, amount: Money, owner: str) -> tuple[Line, ...]:
    """The event's debit and credit; below zero they change sides, and nothing is posted for nothing."""
    if not amount:
        return ()
    debit, credit = RULES[event]
    return (Line(owner, debit, amount), Line(owner, credit, Money(-amount.amount_minor, amount.currency)))
