"""Which rows a list shows, and in which order."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from app.finding.amounts import AmountRange

COUNT_AT_MOST = 1000
"""Beyond this a count says "more than": counting a million rows costs more than anybody learns from it."""


class Sort(enum.StrEnum):
    """The order of a list; a minus is downwards. Amounts are compared within one currency only."""

    NEWEST = "-created"
    OLDEST = "created"
    LARGEST = "-amount"
    SMALLEST = "amount"
    PRESSING = "pressing"
    """What awaits somebody by its deadline; only for lists that know one."""

    @property
    def by_amount(self) -> bool:
        return self in (Sort.LARGEST, Sort.SMALLEST)

    @property
    def by_time(self) -> bool:
        return self in (Sort.NEWEST, Sort.OLDEST)

    @property
    def ascending(self) -> bool:
        return self in (Sort.OLDEST, Sort.SMALLEST, Sort.PRESSING)


@dataclass(frozen=True)
class Wanted:
    """Which orders or payments; None leaves a question out, several statuses are alternatives.

    `customer` is an e-mail address or a customer's id; `text` an id, or what reference, e-mail address or name begin
    with. `last4`, `network` and `decline_code` are those of an order's newest payment. Times are the account's;
    `created_after` includes its instant, `created_before` does not.
    """

    statuses: tuple[str, ...] = ()
    reference: str | None = None
    customer: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    text: str | None = None
    currency: str | None = None
    amount: AmountRange | None = None
    last4: str | None = None
    network: str | None = None
    decline_code: str | None = None
    merchant: str | None = None
    reason: str | None = None
    """Why a refund was made, or why a cardholder disputes."""
