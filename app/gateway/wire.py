"""What the gateway says, as far as we read it. Unknown members and statuses pass by: a gateway may add to its wire."""

from __future__ import annotations

from datetime import datetime
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


class GatewayDecline(Wire):
    code: str
    network_code: str | None = None
    kind: str = "soft"
    message: str = ""


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


class GatewayPayment(Amount):
    """The payment whole, as answers, lists and events carry it."""

    id: str
    version: int = Field(ge=1, strict=True)
    status: str
    amount_capturable: int = Field(ge=0, strict=True)
    amount_captured: int = Field(ge=0, strict=True)
    amount_refunded: int = Field(ge=0, strict=True)
    amount_refundable: int = Field(ge=0, strict=True)
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
    why: Any = None


class GatewayEvent(Wire):
    """A webhook event; `data` is the object whole."""

    id: str | None = None
    type: str
    timestamp: datetime
    data: dict[str, Any]


class TestCard(Wire):
    """One row of the gateway's published catalogue."""

    __test__ = False

    name: str
    network: str
    outcome: str
    number: str | None = None
    country: str | None = None
    decline_code: str | None = None
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
