"""Why a payment is made, and the rules of each fraud: how often, how long, of what amounts."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Scenario(IntEnum):
    """0 is genuine, all else is fraud."""

    GENUINE = 0
    HIGH_AMOUNT = 1
    COMPROMISED_MERCHANT = 2
    COMPROMISED_CUSTOMER = 3
    CARD_TESTING = 4
    ACCOUNT_TAKEOVER = 5
    FRIENDLY_FRAUD = 6
    BUST_OUT_RING = 7

    @property
    def words(self) -> str:
        """As people read it."""
        return self.name.replace("_", " ").lower()


MERCHANTS_A_DAY: Final = 2 / 10_000
MERCHANT_DAYS: Final = 28
MERCHANT_SHARE: Final = 0.8
"""Of the payments at a merchant whose card data leaks, so many are the thief's."""

CUSTOMERS_A_DAY: Final = 3 / 5_000
CUSTOMER_DAYS: Final = 14
CUSTOMER_SHARE: Final = 1 / 3
CUSTOMER_TIMES: Final = 5.0

FRIENDLY_SHARE: Final = 0.0003
HIGH_SHARE: Final = 0.0008

TESTING_SHARE: Final = 0.002
TESTING_CARDS: Final = (15, 60)
TESTING_HOURS: Final = 3.0
TESTING_AMOUNT: Final = (0.5, 5.0)
TESTING_DECLINED: Final = 0.6

TAKEOVERS_SHARE: Final = 0.0004
TAKEOVER_PAYMENTS: Final = (2, 5)
TAKEOVER_HOURS: Final = 36.0
TAKEOVER_ABROAD: Final = 0.7

RINGS_SHARE: Final = 0.00003
RING_CARDS: Final = (5, 10)
RING_QUIET_DAYS: Final = 20.0
RING_QUIET_PAYMENTS: Final = 5
RING_BURST_HOURS: Final = 24.0
RING_BURST_PAYMENTS: Final = 4

TIMES_USUAL: Final = {
    Scenario.HIGH_AMOUNT: (3.0, 15.0),
    Scenario.ACCOUNT_TAKEOVER: (1.5, 6.0),
    Scenario.BUST_OUT_RING: (3.0, 8.0),
}
"""Amounts against the usual one, even on the log scale."""

DECLINED: Final = 0.03
FRAUD_DECLINED: Final = 0.2
REPORTED: Final = 0.9
"""So many of the frauds that went through are disputed in the end, 3 to 30 days later."""
REPORT_DAYS: Final = (3.0, 30.0)
REPORT_SHAPE: Final = (1.2, 3.0)
"""Of the beta distribution between the two."""
