"""What a capture should cost by what was agreed with the gateway; its published formula, computed by ourselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, or_, select, true
from sqlalchemy.orm import Session

from app.clock import business_now
from app.db import reading, transaction
from app.gateway import gateway
from app.ids import new_id
from app.settlements.models import GatewayTerms

Column = ColumnElement[Any]


@dataclass(frozen=True)
class Agreed:
    """The terms that were ever in force, the newest first."""

    terms: Sequence[tuple[datetime, Mapping[str, Any]]]
    _rates: dict[tuple[int, str, str], tuple[int, int]] = field(default_factory=dict, compare=False)
    """What was worked out already: by terms, currency and card's country."""

    def at(self, moment: datetime) -> Mapping[str, Any] | None:
        """Those of a moment; the oldest for what was before they were known."""
        found = next((fees for valid_from, fees in self.terms if valid_from <= moment), None)
        return found if found is not None or not self.terms else self.terms[-1][1]

    def is_fee(
        self, fee: Column, amount: Column, currency: str, country: Column, moment: Column
    ) -> ColumnElement[bool]:
        """In SQL: whether it is what `capture_fee` says of a capture, or that cannot be known."""
        if not self.terms:
            return true()
        says = [(moment >= valid_from, _fee_of(fees, amount, currency, country)) for valid_from, fees in self.terms]
        return or_(country.is_(None), fee == case(*says, else_=_fee_of(self.terms[-1][1], amount, currency, country)))

    def capture_fee(self, amount: int, currency: str, country: str | None, moment: datetime) -> int | None:
        """The fee of one capture: the shares added exactly, rounded once, half up, then the fixed parts; None where
        that cannot be known."""
        fees = self.at(moment)
        if fees is None or country is None:
            return None
        key = (id(fees), currency, country)
        if key not in self._rates:
            self._rates[key] = _rate(fees, currency, country)
        basis_points, fixed = self._rates[key]
        return (2 * amount * basis_points + 10_000) // 20_000 + fixed


def _fee_of(fees: Mapping[str, Any], amount: Column, currency: str, country: Column) -> ColumnElement[int]:
    """`capture_fee` in SQL, by one of the terms: for a card of the account's country, and for one of another."""

    def rounded(basis_points: int, fixed: int) -> ColumnElement[int]:
        return (2 * amount * basis_points + 10_000) // 20_000 + fixed

    at_home, abroad = (rounded(*_rate(fees, currency, of_card)) for of_card in (fees["country"], ""))
    return case((country == fees["country"], at_home), else_=abroad)


def _rate(fees: Mapping[str, Any], currency: str, country: str) -> tuple[int, int]:
    """The shares of a card of that country added up, in basis points, and the fixed parts."""
    pricing = fees["pricing"]
    names = ("rate",) if pricing["type"] == "blended" else ("interchange", "scheme", "markup")
    rates = [pricing[name] for name in names]
    basis_points = sum(rate["basis_points"] for rate in rates)
    if country != fees["country"]:
        basis_points += fees["cross_border"]
    if fees["settlement_currency"] not in (None, currency):
        basis_points += fees["currency_conversion"]
    return int(basis_points), int(sum(rate["fixed"].get(currency, 0) for rate in rates))


def agreed(session: Session) -> Agreed:
    """Everything that is known of them."""
    rows = session.scalars(select(GatewayTerms).order_by(GatewayTerms.valid_from.desc(), GatewayTerms.id.desc()))
    return Agreed([(row.valid_from, row.fees) for row in rows])


def learn_terms() -> None:
    """Ask the gateway what is agreed, and keep it where it has changed. Raises GatewayUnavailable."""
    told = gateway().get_account()["settings"]["fees"]
    with reading() as session:
        newest = session.scalars(select(GatewayTerms).order_by(GatewayTerms.valid_from.desc()).limit(1)).first()
    if newest is None or newest.fees != told:
        with transaction() as session:
            session.add(GatewayTerms(id=new_id("gt"), valid_from=business_now(session), fees=told))
