"""Names of what falls due for settlements and payouts on the account's clock, and the types of lines."""

from typing import Literal

CUT_OFF = "settlement.cut_off"
RESERVE_ENDS = "settlement.reserve_ends"
PAYOUT_DUE = "payout.due"
PAYOUT_SENT = "payout.sent"
PAYOUT_ARRIVES = "payout.arrives"
PAYOUT_RETURNS = "payout.returns"

LineType = Literal[
    "capture",
    "refund",
    "refund_failure",
    "dispute",
    "dispute_reversal",
    "fee",
    "reserve",
    "reserve_release",
    "adjustment",
]
