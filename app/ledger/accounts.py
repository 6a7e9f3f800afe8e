"""The chart of accounts: the same for each merchant and currency."""

from __future__ import annotations

import enum
from dataclasses import dataclass

DESK = "desk"
"""Who owns the accounts that belong to no merchant: what the gateway moved and nobody could be found for."""


class Class(enum.StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"
    MEMO = "memo"
    """Beside the books: what is held on cards is not ours yet."""


class Account(enum.StrEnum):
    """Each account's code, as it is written into ids and files."""

    AUTH_PENDING = "auth_pending"
    AUTH_PENDING_OFFSET = "auth_pending_offset"
    PSP_PENDING = "psp_pending"
    PSP_AVAILABLE = "psp_available"
    PSP_RESERVE = "psp_reserve"
    IN_TRANSIT = "in_transit"
    BANK = "bank"
    DISPUTES_OPEN = "disputes_open"
    UNMATCHED = "unmatched"
    MERCHANT_DUE = "merchant_due"
    MERCHANT_HELD = "merchant_held"
    MERCHANT_PAYOUT = "merchant_payout"
    FEE_TAX_DUE = "fee_tax_due"
    REVENUE = "revenue"
    COMMISSION = "commission"
    FEES_RECHARGED = "fees_recharged"
    REFUNDS = "refunds"
    MERCHANT_SHARES = "merchant_shares"
    FEES = "fees"
    DISPUTE_FEES = "dispute_fees"
    DISPUTE_LOSSES = "dispute_losses"
    ADJUSTMENTS = "adjustments"
    WRITE_OFFS = "write_offs"


@dataclass(frozen=True)
class Described:
    """What an account is called, of which class it is, and what stands on it."""

    name: str
    kind: Class
    holds: str
    is_debit_memo: bool = False

    @property
    def grows_by_debit(self) -> bool:
        """Whether its balance is shown positive when debits exceed credits."""
        return self.kind in (Class.ASSET, Class.EXPENSE) or self.is_debit_memo


_C = Class
CHART: dict[Account, Described] = {
    Account.PSP_PENDING: Described("Gateway, pending", _C.ASSET, "moved at the gateway, its day of payout to come"),
    Account.PSP_AVAILABLE: Described("Gateway, available", _C.ASSET, "waits at the gateway for the next payout"),
    Account.PSP_RESERVE: Described("Gateway, reserve", _C.ASSET, "held back by the gateway for a time"),
    Account.IN_TRANSIT: Described("In transit", _C.ASSET, "on its way from the gateway to our bank"),
    Account.BANK: Described("Bank", _C.ASSET, "paid out by the gateway, less what was paid on"),
    Account.DISPUTES_OPEN: Described("Disputes, open", _C.ASSET, "taken by chargebacks that are not decided"),
    Account.UNMATCHED: Described("Unmatched", _C.ASSET, "on the gateway's report, and known to nobody here"),
    Account.MERCHANT_DUE: Described("Due to merchant", _C.LIABILITY, "the merchant's, not paid out yet"),
    Account.MERCHANT_HELD: Described("Held for disputes", _C.LIABILITY, "the merchant's, if the dispute is won"),
    Account.MERCHANT_PAYOUT: Described("Payouts under way", _C.LIABILITY, "sent to the merchant's bank"),
    Account.FEE_TAX_DUE: Described("Tax on commission", _C.LIABILITY, "owed to the tax office"),
    Account.REVENUE: Described("Captured", _C.INCOME, "all that was captured, gross"),
    Account.COMMISSION: Described("Commission", _C.INCOME, "what the desk keeps of sales"),
    Account.FEES_RECHARGED: Described("Fees passed on", _C.INCOME, "the gateway's fees that merchants bear"),
    Account.REFUNDS: Described("Refunds", _C.EXPENSE, "captured money given back"),
    Account.MERCHANT_SHARES: Described("Merchants' shares", _C.EXPENSE, "what of the sales belongs to merchants"),
    Account.FEES: Described("Gateway fees", _C.EXPENSE, "what the gateway keeps"),
    Account.DISPUTE_FEES: Described("Dispute fees", _C.EXPENSE, "what chargebacks cost, won or lost"),
    Account.DISPUTE_LOSSES: Described("Dispute losses", _C.EXPENSE, "chargebacks that were lost"),
    Account.ADJUSTMENTS: Described("Adjustments", _C.EXPENSE, "booked by the gateway by hand"),
    Account.WRITE_OFFS: Described("Write-offs", _C.EXPENSE, "differences that two people gave up"),
    Account.AUTH_PENDING: Described("Holds", _C.MEMO, "held on cards, not captured", is_debit_memo=True),
    Account.AUTH_PENDING_OFFSET: Described("Holds, offset", _C.MEMO, "the other side of holds"),
}
"""In the order in which a trial balance shows them."""

AT_GATEWAY = (Account.PSP_PENDING, Account.PSP_AVAILABLE, Account.PSP_RESERVE, Account.IN_TRANSIT)
"""Together the receivable: what the gateway owes us, to the unit its own balance."""


def account_id(owner: str, code: Account, currency: str) -> str:
    """The account's id: who owns it, its code, its currency."""
    return f"{owner}:{code}:{currency}"
