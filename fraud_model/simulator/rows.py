"""Simulated payments one by one, as a desk would meet them: each with what becomes known of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fraud_model.payments import News, Payment, Told
from fraud_model.simulator.people import COUNTRIES, DISPOSABLE_DOMAINS
from fraud_model.table import MISSING, NEVER, Table

DISPOSABLE_NAMES: Final = (
    "mailinator.com",
    "yopmail.com",
    "getnada.com",
    "trashmail.com",
    "moakt.com",
    "maildrop.cc",
)


def rows(table: Table) -> Iterator[tuple[Payment, list[Told]]]:
    """Each payment with the news of it, in the table's order."""
    for index in range(len(table)):
        payment = Payment(
            id=str(index),
            at=int(table.at[index]),
            amount_minor=int(table.cents[index]),
            currency="USD",
            card=f"card{table.card[index]}",
            merchant=_named("merchant", table.merchant[index]),
            device=_named("device", table.device[index]),
            email=_address(table, index),
            ip=_named("ip", table.ip[index]),
            card_country=_country(table.card_country[index]),
            ip_country=_country(table.ip_country[index]),
        )
        told = ((News.DECLINED, table.declined_at[index]), (News.FRAUD, table.fraud_at[index]))
        yield payment, [Told(payment, news, int(at)) for news, at in told if at != NEVER]


def _named(kind: str, number: int) -> str | None:
    """A party as text."""
    return None if number == MISSING else f"{kind}{number}"


def _country(number: int) -> str | None:
    """Two letters."""
    return None if number == MISSING else COUNTRIES[number]


def _address(table: Table, index: int) -> str | None:
    """An e-mail address at the payment's domain; lent ones at a domain that lends, each its own subject."""
    if table.email[index] == MISSING:
        return None
    domain = int(table.domain[index])
    if domain < DISPOSABLE_DOMAINS:
        return f"a{table.email[index]}@{DISPOSABLE_NAMES[domain]}"
    return f"a{table.email[index]}@domain{domain}.example"
