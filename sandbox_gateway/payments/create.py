"""Making a payment of a token."""

import ipaddress
import json
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from sqlalchemy import Connection

from sandbox_gateway import issuer
from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Amount, Body, CurrencyCode, text_field
from sandbox_gateway.issuer import ThreeDs
from sandbox_gateway.payments.authorize import begin
from sandbox_gateway.payments.payment import CustomerBody, Payment, show
from sandbox_gateway.problems import invalid
from sandbox_gateway.routes import Answer, Subject
from sandbox_gateway.stories import recall
from sandbox_gateway.tokens import find_token, use_token


def _check_ip(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("must be an IPv4 or IPv6 address") from None


class CustomerGiven(Body):
    """Who pays, as far as the merchant says."""

    id: Annotated[str, text_field(255)] | None = None
    email: Annotated[str, text_field(320)] | None = None
    name: Annotated[str, text_field(200)] | None = None
    ip: Annotated[str, text_field(45), AfterValidator(_check_ip)] | None = None


class PaymentCreate(Body):
    token: Annotated[str, text_field(64)]
    amount: Amount
    currency: CurrencyCode
    capture: Annotated[bool, Field(description="Capture at once when approved.")] = False
    reference: Annotated[str, text_field(255), Field(description="The merchant's own name for it.")] | None = None
    description: Annotated[str, text_field(1000)] | None = None
    statement_descriptor: Annotated[str, text_field(22)] | None = None
    customer: CustomerGiven | None = None
    metadata: dict[Annotated[str, text_field(40, least=1)], Annotated[str, text_field(500)]] = Field(
        default={}, max_length=50
    )
    return_url: Annotated[str, text_field(2000), Field(description="Within the account's return_origins.")] | None = (
        None
    )
    three_ds: Annotated[
        ThreeDs, Field(description="auto: as the issuer wants. force, skip: ask for it, do without.")
    ] = "auto"


def create_payment(tx: Connection, account: Account, body: PaymentCreate) -> Answer:
    if body.return_url is not None:
        check_return_url(account, body.return_url)
    token = use_token(tx, account, body.token, body.amount, body.currency)
    story = recall(token.story)
    payment = Payment(
        id=account.new_id("pay"),
        amount=body.amount,
        currency=body.currency,
        captures_at_once=body.capture,
        test_card=token.test_card,
        story=story,
        card=token.card,
        checks=json.dumps(issuer.check(story, line1=token.has_line1, postal_code=token.has_postal_code)),
        reference=body.reference,
        description=body.description,
        statement_descriptor=body.statement_descriptor,
        customer=None if body.customer is None else json.dumps(_show_customer(body.customer), ensure_ascii=False),
        metadata=json.dumps(body.metadata, ensure_ascii=False),
        return_url=body.return_url,
        created_us=account.now_us,
    )
    begin(tx, account, payment, body.three_ds)
    return Answer(show(account, payment), location=f"/v1/payments/{payment.id}")


def subject_of_creation(tx: Connection, account: Account, body: PaymentCreate) -> Subject:
    token = find_token(tx, account, body.token)
    return Subject(reference=body.reference, card=None if token is None else token.test_card)


def check_return_url(account: Account, url: str) -> None:
    """Problem: `validation_failed`. Browsers read some addresses otherwise than we do; those are refused."""
    wanted = "must be an http or https address within the account's return_origins (by default any loopback address)"
    if not url.isascii() or any(not "!" <= letter <= "~" for letter in url) or "\\" in url:
        raise invalid("/return_url", wanted)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise invalid("/return_url", wanted) from None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or port == 0:
        raise invalid("/return_url", wanted)
    allowed = account.settings.return_origins
    if not (_is_loopback(host) if allowed is None else origin_of(url) in allowed):
        raise invalid("/return_url", wanted)


def origin_of(url: str) -> str:
    """Scheme, host and port of a checked address, as browsers compare them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _show_customer(given: CustomerGiven) -> CustomerBody:
    return {"id": given.id, "email": given.email, "name": given.name, "ip": given.ip}
