"""What the gateway says, as far as we read it. Unknown members and statuses pass by: a gateway may add to its wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Wire(BaseModel):
    """Lenient about what is added, strict about what is read."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Amount(Wire):
    amount: int = Field(ge=0, strict=True)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class GatewayCard(Wire):
    network: str
    last4: str
    funding: str | None = None
    country: str | None = None
    bin: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    fingerprint: str | None = None


class GatewayToken(Amount):
    id: str
    used: bool
    expires_at: datetime
    card: GatewayCard


class GatewayAdvice(Wire):
    """What the card's network says of another try: `retry` never, later, corrected or authenticated."""

    code: str | None = None
    retry: str = "never"
    retry_after: str | None = None
    """ISO 8601, like P1D or PT1H."""


class GatewayDecline(Wire):
    code: str
    network_code: str | None = None
    kind: str = "soft"
    message: str = ""
    advice: GatewayAdvice | None = None


class GatewayFailure(Wire):
    """Why something took no effect after all."""

    message: str


class GatewayCapture(Amount):
    id: str
    created_at: datetime


class GatewayRefund(Amount):
    id: str
    version: int = Field(strict=True)
    payment: str
    status: str
    reason: str | None = None
    note: str | None = None
    failure: Any = None
    created_at: datetime


class GatewayEvidence(Wire):
    """Texts by field; what the reason requires, what helps, and what is still missing."""

    fields: dict[str, str] = Field(default_factory=dict)
    files: list[dict[str, Any]] = Field(default_factory=list)
    required: list[str] = Field(default_factory=list)
    helpful: list[str] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list)


class GatewayDispute(Amount):
    """The dispute whole, as answers, lists and events carry it."""

    id: str
    version: int = Field(ge=1, strict=True)
    payment: str
    kind: str
    round: int = 1
    previous: str | None = None
    status: str
    fee: int = Field(default=0, ge=0, strict=True)
    reason: str
    network_reason_code: str | None = None
    evidence: GatewayEvidence = Field(default_factory=GatewayEvidence)
    respond_by: datetime
    submitted_at: datetime | None = None
    decided_at: datetime | None = None
    created_at: datetime
    why: Any = None


class GatewayMove(Wire):
    """One thing that the outside world could do to an object now."""

    action: str
    description: str


class GatewayPayment(Amount):
    """The payment whole, as answers, lists and events carry it."""

    id: str
    version: int = Field(ge=1, strict=True)
    status: str
    amount_capturable: int = Field(ge=0, strict=True)
    amount_captured: int = Field(ge=0, strict=True)
    amount_refunded: int = Field(ge=0, strict=True)
    amount_refundable: int = Field(ge=0, strict=True)
    amount_disputed: int = Field(default=0, ge=0, strict=True)
    amount_disputed_lost: int = Field(default=0, ge=0, strict=True)
    card: GatewayCard | None = None
    checks: dict[str, Any] | None = None
    authentication: dict[str, Any] | None = None
    next_action: dict[str, Any] | None = None
    decline: GatewayDecline | None = None
    authorization_code: str | None = None
    reference: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    captures: list[GatewayCapture] = Field(default_factory=list)
    refunds: list[GatewayRefund] = Field(default_factory=list)
    created_at: datetime
    authorized_at: datetime | None = None
    expires_at: datetime | None = None
    capture_failure: GatewayFailure | None = None
    """Why the last capture took nothing, where it failed after it had been accepted."""
    livemode: bool = False
    """Real money: gateways with a live mode mark its objects so. A test account can have none."""
    why: Any = None


class GatewayPaymentPage(Wire):
    """One page of a list of payments."""

    data: list[GatewayPayment]
    next_cursor: str | None = None


class GatewaySettlement(Wire):
    """The head of one day's batch in one currency, as the report says; its lines come as a file of their own."""

    id: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    day: date = Field(alias="date")
    lines: int = Field(ge=0, strict=True)
    gross: int = Field(strict=True)
    fee: int = Field(strict=True)
    net: int = Field(strict=True)
    totals: list[dict[str, Any]] = Field(default_factory=list)
    available_on: date
    payout: str | None = None
    created_at: datetime


class GatewaySettlementPage(Wire):
    """One page of a list of settlements."""

    data: list[GatewaySettlement]
    next_cursor: str | None = None


class GatewayLine(Wire):
    """One movement of a settlement: what moved, what it cost, what is left; a fee is positive when it is taken."""

    id: str
    type: str
    payment: str | None = None
    source: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    gross: int
    fee: int
    net: int
    created_at: datetime


class GatewayPayout(Amount):
    """A transfer from the gateway to our bank, and the settlements that it pays."""

    id: str
    version: int = Field(ge=1, strict=True)
    status: str
    settled: int = Field(strict=True)
    carried_over: int = Field(strict=True)
    settlements: list[str] = Field(default_factory=list)
    destination: dict[str, Any] = Field(default_factory=dict)
    failure: dict[str, Any] | None = None
    created_at: datetime
    arrives_at: datetime | None = None
    paid_at: datetime | None = None
    failed_at: datetime | None = None
    why: Any = None


class GatewayPayoutPage(Wire):
    """One page of a list of payouts."""

    data: list[GatewayPayout]
    next_cursor: str | None = None


class GatewayBalance(Wire):
    """What the gateway holds for us in one currency."""

    currency: str
    pending: int = Field(strict=True)
    available: int = Field(strict=True)
    in_transit: int = Field(strict=True)
    reserved: int = Field(strict=True)


class GatewayBalances(Wire):
    """The same in each."""

    data: list[GatewayBalance]


class GatewayEvent(Wire):
    """A webhook event; `data` is the object whole."""

    id: str | None = None
    type: str
    timestamp: datetime
    data: dict[str, Any]


class EventPage(Wire):
    """A page of the list of events, each as its delivery's body would be."""

    data: list[dict[str, Any]]
    has_more: bool = False
    next_cursor: str | None = None


class TestCard(Wire):
    """One row of the gateway's published catalogue."""

    __test__ = False

    name: str
    network: str
    outcome: str
    number: str | None = None
    country: str | None = None
    decline_code: str | None = None
    authentication: str = "none"
    capture_fails: bool = False
    refund: str = "succeeds"
    dispute: Any = None
    story: str | None = None


class GatewayClock(Wire):
    now: datetime
    mode: str


class GatewayFault(Wire):
    """A rule by which the sandbox's wire goes wrong on purpose: how often it struck, and of how many times."""

    id: str
    match: dict[str, Any]
    times: int | None = None
    fired: int = Field(ge=0, strict=True)
    active: bool
