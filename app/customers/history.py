"""The address of a customer's own payment history: signed, so that nobody finds another's by guessing."""

from __future__ import annotations

import hashlib

from itsdangerous import BadSignature, Signer
from sqlalchemy.orm import Session

from app.config import Settings
from app.customers.models import Customer, CustomerStatus
from app.errors import NotFound


class _Addresses:
    def __init__(self, settings: Settings) -> None:
        self.public_url = settings.public_url
        self.signer = Signer(settings.secret_key, salt="payment-history", digest_method=hashlib.sha256)


_addresses: list[_Addresses] = []


def connect(settings: Settings) -> None:
    """Sign addresses with this installation's key, and let them lead to its public address."""
    _addresses[:] = [_Addresses(settings)]


def link_of(session: Session, customer_id: str) -> str | None:
    """The address of the customer's history; None for one who was erased."""
    customer = session.get(Customer, customer_id)
    if customer is None or customer.status != CustomerStatus.ACTIVE:
        return None
    assert _addresses, "app.customers.history.connect(settings) has not been called"
    return f"{_addresses[0].public_url}/my/{_addresses[0].signer.sign(customer.id).decode()}"


def customer_of(session: Session, token: str) -> Customer:
    """Whose history an address shows; of one who was merged, the other's. NotFound for all that we did not sign."""
    try:
        customer = session.get(Customer, _addresses[0].signer.unsign(token).decode())
    except (BadSignature, ValueError):
        customer = None
    while customer is not None and customer.merged_into is not None:
        customer = session.get(Customer, customer.merged_into)
    if customer is None or customer.status != CustomerStatus.ACTIVE:
        raise NotFound("There is no such page. Open the link of your newest e-mail.")
    return customer
