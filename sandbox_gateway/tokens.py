"""Tokens: what the merchant keeps in place of a card. Number and CVC live in this module's memory and nowhere else."""

import json
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Boolean, Column, Connection, Index, Row, String, Table, Text, bindparam, insert, select, update
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Amount, Body, CurrencyCode, text_field
from sandbox_gateway.problems import Problem, invalid, not_found
from sandbox_gateway.routes import Answer, Route, Subject
from sandbox_gateway.schema import (
    account_column,
    amount_column,
    currency_column,
    instant_column,
    metadata,
    public_id_column,
    row_column,
)
from sandbox_gateway.statements import Statement
from sandbox_gateway.stories import keep
from sandbox_gateway.test_cards import BY_NUMBER, CARDS, TestCard, cvc_length_of
from sandbox_gateway.times import EPOCH, MINUTE_US, to_wire

TOKEN_LIFE_US = 15 * MINUTE_US

tokens = Table(
    "tokens",
    metadata,
    row_column(),
    account_column(),
    public_id_column(),
    amount_column(),
    currency_column(),
    # The card's name in the catalogue, and its story as it was told then; the number is not kept.
    Column("test_card", String(60), nullable=False),
    Column("story", Text, nullable=False, server_default="{}"),
    Column("card", Text, nullable=False),
    # Which parts of a billing address there were for the issuer to check; the address itself is not kept.
    Column("has_line1", Boolean, nullable=False),
    Column("has_postal_code", Boolean, nullable=False),
    Column("used", Boolean, nullable=False),
    instant_column("created"),
    instant_column("expires"),
    Index("uq_tokens_account_id_id", "account_id", "id", unique=True),
)

_INSERT = Statement(insert(tokens))
_FIND = Statement(
    select(tokens).where(tokens.c.account_id == bindparam("account_id"), tokens.c.id == bindparam("token_id"))
)
_USE = Statement(update(tokens).where(tokens.c.row == bindparam("token_row")).values(used=True))


class CardDetails(Body):
    """Only numbers of the catalogue are taken."""

    number: Annotated[str, text_field(40), Field(description="Digits; spaces and dashes between them are passed over.")]
    exp_month: Annotated[int, Field(ge=1, le=12)]
    exp_year: Annotated[int, Field(ge=2000, le=2199)]
    cvc: Annotated[str, text_field(10)]
    name: Annotated[str, text_field(200)] | None = None


class BillingAddress(Body):
    """Checked by the issuer, not kept."""

    line1: Annotated[str, text_field(200)]
    line2: Annotated[str, text_field(200)] | None = None
    city: Annotated[str, text_field(100)]
    region: Annotated[str, text_field(100)] | None = None
    postal_code: Annotated[str, text_field(20)]
    country: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$", description="ISO 3166, two letters.")]


class TokenCreate(Body):
    card: CardDetails
    billing_address: BillingAddress | None = None
    amount: Amount
    currency: CurrencyCode


class TestTokenCreate(Body):
    __test__ = False

    test_card: Annotated[str, text_field(60), Field(examples=["visa_success"], json_schema_extra={"enum": list(CARDS)})]
    amount: Amount
    currency: CurrencyCode


class Card(TypedDict):
    """What may be known of a card."""

    network: str
    funding: str
    country: str
    bin: str
    last4: str
    exp_month: int
    exp_year: int
    fingerprint: Annotated[str, Field(description="The same for the same card within the account.")]


class Token(TypedDict):
    id: str
    object: Literal["token"]
    amount: int
    currency: str
    expires_at: str
    used: bool
    card: Card


def create_token(tx: Connection, account: Account, body: TokenCreate) -> Answer:
    """Take a card's details for one payment. Problems as in the route."""
    story = _read_card(account, body.card)
    address = body.billing_address
    return _issue(
        tx,
        account,
        story,
        _show_card(account, story, body.card.exp_month, body.card.exp_year),
        amount=body.amount,
        currency=body.currency,
        has_line1=address is not None and address.line1 != "",
        has_postal_code=address is not None and address.postal_code != "",
    )


def create_test_token(tx: Connection, account: Account, body: TestTokenCreate) -> Answer:
    """The same for a card of the catalogue, by its name."""
    story = CARDS.get(body.test_card)
    if story is None:
        raise invalid("/test_card", "must be the name of a card of GET /_sandbox/cards", "unknown_card")
    expiry_year = (EPOCH + timedelta(microseconds=account.now_us)).year + 3
    return _issue(
        tx,
        account,
        story,
        _show_card(account, story, 12, expiry_year),
        amount=body.amount,
        currency=body.currency,
        has_line1=False,
        has_postal_code=False,
    )


def get_token(tx: Connection, account: Account, token_id: str) -> Answer:
    found = find_token(tx, account, token_id)
    if found is None:
        raise not_found("token")
    return Answer(_show(found))


def find_token(tx: Connection, account: Account, token_id: str) -> Row[Any] | None:
    found: Row[Any] | None = _FIND.first(tx, {"account_id": account.id, "token_id": token_id})
    return found


def use_token(tx: Connection, account: Account, token_id: str, amount: int, currency: str) -> Row[Any]:
    """Use up the token for this one payment.

    Problems: `token_not_found`, `token_used`, `token_expired`, `amount_mismatch`, `currency_mismatch`.
    """
    found = find_token(tx, account, token_id)
    if found is None:
        raise Problem("token_not_found", param="/token")
    if found.used:
        raise Problem("token_used", param="/token")
    if found.expires_us <= account.now_us:
        raise Problem("token_expired", param="/token")
    if found.currency != currency:
        raise Problem("currency_mismatch", f"The token is for {found.currency}.", param="/currency")
    if found.amount != amount:
        raise Problem("amount_mismatch", f"The token is for {found.amount} {found.currency}.", param="/amount")
    _USE.run(tx, {"token_row": found.row})
    return found


def subject_of_card(_tx: Connection, _account: Account, body: TokenCreate) -> Subject:
    story = BY_NUMBER.get(_digits_of(body.card.number))
    return Subject(card=story.name if story else None)


def subject_of_test_card(_tx: Connection, _account: Account, body: TestTokenCreate) -> Subject:
    return Subject(card=body.test_card)


def subject_of_token(tx: Connection, account: Account, token_id: str) -> Subject:
    found = find_token(tx, account, token_id)
    return Subject(card=found.test_card if found else None)


def _digits_of(number: str) -> str:
    return number.replace(" ", "").replace("-", "")


def _read_card(account: Account, given: CardDetails) -> TestCard:
    digits = _digits_of(given.number)
    if not (digits.isascii() and digits.isdigit()) or not _has_right_length(digits) or not _passes_luhn(digits):
        raise Problem("invalid_card_number", param="/card/number")
    story = BY_NUMBER.get(digits)
    if story is None:
        raise Problem("live_card_refused", param="/card/number")
    today = EPOCH + timedelta(microseconds=account.now_us)
    if (given.exp_year, given.exp_month) < (today.year, today.month):
        raise Problem("invalid_expiry", param="/card/exp_year")
    length = cvc_length_of(story.network)
    if len(given.cvc) != length or not (given.cvc.isascii() and given.cvc.isdigit()):
        raise Problem("invalid_cvc", f"This network's security code has {length} digits.", param="/card/cvc")
    return story


def _has_right_length(digits: str) -> bool:
    for prefixes, lengths in _LENGTHS:
        if digits.startswith(prefixes):
            return len(digits) in lengths
    return 12 <= len(digits) <= 19


# How long the numbers of a network are; where two match, the first counts.
_LENGTHS: tuple[tuple[tuple[str, ...], tuple[int, ...]], ...] = (
    (("34", "37"), (15,)),
    (("30", "36", "38", "39"), (14, 16, 17, 18, 19)),
    (("4",), (13, 16, 19)),
    (("51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27"), (16,)),
    (("6011", "64", "65", "35", "62"), (16, 17, 18, 19)),
)


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _show_card(account: Account, story: TestCard, exp_month: int, exp_year: int) -> Card:
    return {
        "network": story.network,
        "funding": story.funding,
        "country": story.country,
        "bin": story.number[:6],
        "last4": story.number[-4:],
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": account.seeded_hash("card", story.number)[:32],
    }


def _issue(
    tx: Connection,
    account: Account,
    story: TestCard,
    card: Card,
    *,
    amount: int,
    currency: str,
    has_line1: bool,
    has_postal_code: bool,
) -> Answer:
    expires_us = account.now_us + TOKEN_LIFE_US
    made: Token = {
        "id": account.new_id("tok"),
        "object": "token",
        "amount": amount,
        "currency": currency,
        "expires_at": to_wire(expires_us),
        "used": False,
        "card": card,
    }
    _INSERT.run(
        tx,
        {
            "account_id": account.id,
            "id": made["id"],
            "amount": amount,
            "currency": currency,
            "test_card": story.name,
            "story": keep(story),
            "card": json.dumps(card),
            "has_line1": has_line1,
            "has_postal_code": has_postal_code,
            "used": False,
            "created_us": account.now_us,
            "expires_us": expires_us,
        },
    )
    return Answer(made, location=f"/v1/tokens/{made['id']}")


def _show(found: Row[Any]) -> Token:
    return {
        "id": found.id,
        "object": "token",
        "amount": found.amount,
        "currency": found.currency,
        "expires_at": to_wire(found.expires_us),
        "used": found.used,
        "card": json.loads(found.card),
    }


ROUTES = [
    Route(
        "POST",
        "/v1/tokens",
        create_token,
        "Take a card's details for one payment",
        tag="Tokens",
        description="May be called by a browser, with the publishable key.",
        body=TokenCreate,
        answer=Token,
        status=201,
        operation="token",
        subject=subject_of_card,
        publishable=True,
        problems=("invalid_card_number", "live_card_refused", "invalid_expiry", "invalid_cvc"),
    ),
    Route(
        "GET",
        "/v1/tokens/<token_id>",
        get_token,
        "One token",
        tag="Tokens",
        answer=Token,
        operation="get",
        subject=subject_of_token,
    ),
    Route(
        "POST",
        "/_sandbox/tokens",
        create_test_token,
        "A token of a test card, without handling its number",
        tag="Simulation",
        body=TestTokenCreate,
        answer=Token,
        status=201,
        operation="token",
        subject=subject_of_test_card,
    ),
]
