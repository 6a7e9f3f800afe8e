"""The layouts of settlement reports that are known by their header: our gateway's own, and those of two large ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from app.gateway.wire import GatewayLine
from app.money import UnknownCurrency, exponent_of

Row = Mapping[str, str]

_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,79}$")
_MINOR = re.compile(r"^-?[0-9]{1,15}$")
_MAJOR = re.compile(r"^-?[0-9]{1,13}(?:\.[0-9]{1,6})?$")
_OWN_TYPES = frozenset(
    {"capture", "refund", "refund_failure", "dispute", "dispute_reversal", "fee"}
    | {"reserve", "reserve_release", "adjustment"}
)


class Misfit(ValueError):
    """A cell is not what its column holds. `column` names it."""

    def __init__(self, column: str, problem: str) -> None:
        super().__init__(problem)
        self.column = column


@dataclass(frozen=True)
class Layout:
    """How a report of one kind is read. `line_of` gives a row's movement, None where it tells of a transfer only."""

    name: str
    label: str
    columns: Sequence[str]
    """Those that it needs; more may stand beside them, in any order."""
    line_of: Callable[[Row], GatewayLine | None]


def _id(row: Row, column: str, *, optional: bool = False) -> str:
    text = row[column].strip()
    if optional and not text:
        return ""
    if not _ID.match(text):
        shown = f"“{text[:40]}” is no id: letters, digits and - _ . : / only, at most 80."
        raise Misfit(column, shown if text else "it is empty.")
    return text


def _currency(row: Row, column: str) -> str:
    code = row[column].strip().upper()
    try:
        exponent_of(code)
    except UnknownCurrency:
        raise Misfit(column, f"“{row[column][:10]}” is no currency of ISO 4217, like EUR.") from None
    return code


def _minor(row: Row, column: str) -> int:
    text = row[column].strip()
    if not _MINOR.match(text):
        raise Misfit(column, f"“{text[:40]}” is no whole number of minor units, like 1234 or -50.")
    return int(text)


def _major(row: Row, column: str, currency: str) -> int:
    """An amount in major units; nothing is nought."""
    text = row[column].strip()
    if not text:
        return 0
    places = exponent_of(currency)
    minor = Decimal(text).scaleb(places) if _MAJOR.match(text) else None
    if minor is None or minor != minor.to_integral_value():
        example = f"12.{'3' * places}" if places else "12"
        raise Misfit(column, f"“{text[:40]}” is no amount in {currency}, like {example} (a point, no thousands).")
    return int(minor)


def _moment(row: Row, column: str, zone: timezone = UTC) -> datetime:
    text = row[column].strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Misfit(column, f"“{text[:40]}” is no moment like 2026-11-23 14:05:00.") from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _line(row: Row, column: str, **values: object) -> GatewayLine:
    line = GatewayLine.model_validate(values)
    if line.gross - line.fee != line.net:
        raise Misfit(column, f"gross {line.gross} less fee {line.fee} is not the net {line.net} (in minor units).")
    return line


def _own(row: Row) -> GatewayLine:
    type_ = row["type"].strip()
    if type_ not in _OWN_TYPES:
        raise Misfit("type", f"“{type_[:40]}” is none of {', '.join(sorted(_OWN_TYPES))}.")
    return _line(
        row,
        "net",
        id=_id(row, "id"),
        type=type_,
        payment=_id(row, "payment", optional=True) or None,
        source=_id(row, "source"),
        currency=_currency(row, "currency"),
        gross=_minor(row, "gross"),
        fee=_minor(row, "fee"),
        net=_minor(row, "net"),
        created_at=_moment(row, "created_at"),
    )


_STRIPE_TYPES = {
    "charge": "capture",
    "refund": "refund",
    "refund_failure": "refund_failure",
    "dispute": "dispute",
    "dispute_reversal": "dispute_reversal",
}
_STRIPE_TRANSFERS = frozenset({"payout", "payout_reversal"})


def _stripe(row: Row) -> GatewayLine | None:
    category = row["reporting_category"].strip()
    if category in _STRIPE_TRANSFERS:
        return None
    currency = _currency(row, "currency")
    id_ = _id(row, "balance_transaction_id")
    return _line(
        row,
        "net",
        id=id_,
        type=_STRIPE_TYPES.get(category, "adjustment"),
        payment=_id(row, "payment_intent_id", optional=True) or _id(row, "charge_id", optional=True) or None,
        source=_id(row, "source_id", optional=category not in _STRIPE_TYPES) or id_,
        currency=currency,
        gross=_major(row, "gross", currency),
        fee=_major(row, "fee", currency),
        net=_major(row, "net", currency),
        created_at=_moment(row, "created_utc"),
    )


_ADYEN_TYPES = {
    "Settled": "capture",
    "Refunded": "refund",
    "RefundedReversed": "refund_failure",
    "Chargeback": "dispute",
    "SecondChargeback": "dispute",
    "ChargebackReversed": "dispute_reversal",
}
_ADYEN_TRANSFERS = frozenset({"MerchantPayout", "Balancetransfer", "BankInstructionReturned", "EpaPaid"})
_ADYEN_COSTS = ("Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)")
_HOURS = {"UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "SGT": 8}
_HOURS |= {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "JST": 9}


def _adyen(row: Row) -> GatewayLine | None:
    type_ = row["Type"].strip()
    if type_ in _ADYEN_TRANSFERS:
        return None
    currency = _currency(row, "Net Currency")
    if row["Gross Currency"].strip() and _currency(row, "Gross Currency") != currency:
        raise Misfit("Net Currency", "it is not the gross currency; what was converted cannot be compared.")
    zone = row["TimeZone"].strip().upper()
    if zone not in _HOURS:
        raise Misfit("TimeZone", f"“{zone[:10]}” is none of {', '.join(_HOURS)}.")
    net = _major(row, "Net Credit (NC)", currency) - _major(row, "Net Debit (NC)", currency)
    gross = _major(row, "Gross Credit (GC)", currency) - _major(row, "Gross Debit (GC)", currency)
    known = _ADYEN_TYPES.get(type_)
    costs = sum(_major(row, column, currency) for column in _ADYEN_COSTS)
    if known == "capture" and costs and costs != gross - net:
        raise Misfit("Net Credit (NC)", f"gross less net is {gross - net}, its costs are {costs} (in minor units).")
    modification = _id(row, "Modification Reference", optional=True)
    payment = _id(row, "Psp Reference", optional=known is None)
    return _line(
        row,
        "Net Credit (NC)",
        id=f"{row['Batch Number'].strip()[:10]}:{type_[:20]}:{modification or payment}"[:80],
        type=known or "adjustment",
        payment=payment or None,
        source=modification or payment or type_[:40],
        currency=currency,
        gross=gross if known else net,
        fee=gross - net if known else 0,
        net=net,
        created_at=_moment(row, "Creation Date", timezone(timedelta(hours=_HOURS[zone]))),
    )


OWN = Layout(
    "counterfoil",
    "Our own layout",
    ("id", "type", "payment", "source", "currency", "gross", "fee", "net", "created_at"),
    _own,
)
STRIPE = Layout(
    "stripe",
    "Stripe, itemized payout reconciliation",
    (
        *("balance_transaction_id", "created_utc", "currency", "gross", "fee", "net", "reporting_category"),
        *("source_id", "payment_intent_id", "charge_id"),
    ),
    _stripe,
)
ADYEN = Layout(
    "adyen",
    "Adyen, settlement details",
    (
        *("Psp Reference", "Creation Date", "TimeZone", "Type", "Modification Reference", "Gross Currency"),
        *("Gross Debit (GC)", "Gross Credit (GC)", "Net Currency", "Net Debit (NC)", "Net Credit (NC)"),
        *(*_ADYEN_COSTS, "Batch Number"),
    ),
    _adyen,
)
LAYOUTS = {layout.name: layout for layout in (OWN, STRIPE, ADYEN)}


def layout_of(header: Sequence[str]) -> Layout | None:
    """The layout whose columns are all there."""
    return next((one for one in LAYOUTS.values() if set(one.columns) <= set(header)), None)


def nearest(header: Sequence[str]) -> tuple[Layout, list[str]]:
    """The layout that the header is most like, and the columns that it lacks of it."""
    best = max(LAYOUTS.values(), key=lambda one: len(set(one.columns) & set(header)) / len(one.columns))
    return best, [column for column in best.columns if column not in header]
