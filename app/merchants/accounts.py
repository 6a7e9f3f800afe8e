"""Beneficiary accounts: what a bank would take, checked by its own check digits before it is written down."""

from __future__ import annotations

from dataclasses import dataclass

from stdnum import bic, iban
from stdnum.exceptions import ValidationError
from stdnum.us import rtn

from app.errors import InvalidInput
from app.merchants.models import AccountKind


@dataclass(frozen=True)
class Checked:
    """An account that passed: as it is written down."""

    kind: AccountKind
    number: str
    routing: str | None


def check_account(kind: AccountKind, number: str, routing: str | None) -> Checked:
    """The account as a bank takes it; InvalidInput (`/number`, `/routing`) says what would be right."""
    if kind is AccountKind.IBAN:
        return Checked(kind, _iban(number), _bic(routing) if routing else None)
    return Checked(kind, _us_number(number), _routing(routing))


def _iban(number: str) -> str:
    try:
        return str(iban.validate(number))
    except ValidationError:
        raise InvalidInput(
            "/number",
            "invalid_iban",
            "That is no IBAN: its check digits or its length are wrong. Write it like DE89 3704 0044 0532 0130 00.",
        ) from None


def _bic(routing: str) -> str:
    try:
        return str(bic.validate(routing))
    except ValidationError:
        raise InvalidInput("/routing", "invalid_bic", "Write a BIC of 8 or 11 characters, like COBADEFF.") from None


def _us_number(number: str) -> str:
    digits = "".join(number.split()).replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 17):
        raise InvalidInput("/number", "invalid_account", "Write the account number, 4 to 17 digits.")
    return digits


def _routing(routing: str | None) -> str:
    try:
        return str(rtn.validate(routing or ""))
    except ValidationError:
        raise InvalidInput(
            "/routing", "invalid_routing", "Write the bank's routing number, 9 digits, like 021000021."
        ) from None
