"""Writing down what moves the account's money: a line in today's batch of its currency, its fee worked out at once."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from sandbox_gateway import jobs
from sandbox_gateway.accounts import Account
from sandbox_gateway.settlements import fees
from sandbox_gateway.settlements.days import day_of, start_of
from sandbox_gateway.settlements.fees import PARTS, FeeParts
from sandbox_gateway.settlements.kinds import CUT_OFF, LineType
from sandbox_gateway.settlements.schema import BOTH, settlement_lines, settlements
from sandbox_gateway.statements import Statement

if TYPE_CHECKING:
    from sandbox_gateway.payments.payment import Payment

_NEXT = Statement(
    update(settlements)
    .where(
        settlements.c.account_id == bindparam("owner_id"),
        settlements.c.currency == bindparam("of_currency"),
        settlements.c.day >= bindparam("today"),
        settlements.c.closed_us.is_(None),
    )
    .values(last_number=settlements.c.last_number + 1)
    .returning(settlements.c.row, settlements.c.last_number)
)
_NEXT_OF = (
    update(settlements)
    .where(settlements.c.row == bindparam("settlement_row"))
    .values(last_number=settlements.c.last_number + 1)
    .returning(settlements.c.last_number)
)
_LAST_CLOSED = select(func.max(settlements.c.day)).where(
    settlements.c.account_id == bindparam("account_id"),
    settlements.c.currency == bindparam("currency"),
    settlements.c.day >= bindparam("today"),
)
_OPEN = insert(settlements)
_INSERT = Statement(insert(settlement_lines))
_LINES_OF_PAYMENT = select(
    settlement_lines.c.type,
    settlement_lines.c.source_id,
    settlement_lines.c.gross,
    *(settlement_lines.c[part] for part in PARTS),
).where(
    settlement_lines.c.account_id == bindparam("account_id"),
    settlement_lines.c.payment_id == bindparam("payment_id"),
    settlement_lines.c.type.in_(("capture", "refund", "refund_failure")),
    settlement_lines.c.appears != "report",
)


def book(
    tx: Connection,
    account: Account,
    type_: LineType,
    *,
    source_id: str,
    payment: "Payment | None",
    amount: int,
    currency: str,
) -> None:
    """Write one movement down, and what it costs.

    `amount` is what moves, signed as the merchant sees it, in minor units: captures and what comes back are positive,
    refunds, disputes and what is held are negative. Of a `fee` it is the fee itself, negative as it is taken. What a
    capture costs is on its line; what a refund or a chargeback costs is a line of its own, of type `fee`.
    """
    schedule = account.settings.fees
    if type_ == "fee":
        _add(tx, account, type_, source_id, payment, 0, currency, fees.flat_fee(-amount))
        return
    parts = fees.no_fee()
    if type_ == "capture" and payment is not None:
        parts = fees.capture_fee(schedule, card_country=payment.shown_card["country"], amount=amount, currency=currency)
    elif type_ == "refund" and payment is not None and schedule.refunds_return_fees:
        parts = _returned(tx, account, payment, -amount)
    elif type_ == "refund_failure" and payment is not None:
        parts = _taken_again(tx, account, payment, source_id)
    _add(tx, account, type_, source_id, payment, amount, currency, parts)

    own_fee = 0
    if type_ == "refund":
        own_fee = schedule.refund.get(currency, 0)
    elif type_ == "dispute":
        own_fee = dispute_fee(account, currency)
    elif type_ == "dispute_reversal" and schedule.won_disputes_return_fee:
        own_fee = -dispute_fee(account, currency)
    if own_fee:
        _add(tx, account, "fee", source_id, payment, 0, currency, fees.flat_fee(own_fee))


def dispute_fee(account: Account, currency: str) -> int:
    """What a chargeback costs now, in minor units. It is taken when the chargeback opens."""
    return account.settings.fees.dispute.get(currency, 0)


def _add(
    tx: Connection,
    account: Account,
    type_: LineType,
    source_id: str,
    payment: "Payment | None",
    gross: int,
    currency: str,
    parts: FeeParts,
) -> None:
    settlement_row, number = _place_in_batch(tx, account, currency)
    _insert(tx, account, settlement_row, number, type_, source_id, payment, gross, parts)


def hold_reserve(tx: Connection, account: Account, settlement_row: int, settlement_id: str, amount: int) -> None:
    """The last line of a batch that is being closed."""
    # Its moment is the day's last one, so that it lies within the batch's day.
    last = account.at(account.now_us - 1)
    number = next_number(tx, settlement_row)
    _insert(tx, last, settlement_row, number, "reserve", settlement_id, None, -amount, fees.no_fee())


def next_number(tx: Connection, settlement_row: int) -> int:
    """A place for one more line at the end of this batch."""
    number: int = tx.execute(_NEXT_OF, {"settlement_row": settlement_row}).scalar_one()
    return number


def _insert(
    tx: Connection,
    account: Account,
    settlement_row: int,
    number: int,
    type_: LineType,
    source_id: str,
    payment: "Payment | None",
    gross: int,
    parts: FeeParts,
) -> None:
    fee = fees.total_of(parts)
    _INSERT.run(
        tx,
        {
            **parts,
            "account_id": account.id,
            "id": account.new_id("ln"),
            "settlement_row": settlement_row,
            "number": number,
            "appears": BOTH,
            "type": type_,
            "payment_id": None if payment is None else payment.id,
            "source_id": source_id,
            "gross": gross,
            "fee": fee,
            "net": gross - fee,
            "created_us": account.now_us,
        },
    )


def _place_in_batch(tx: Connection, account: Account, currency: str) -> tuple[int, int]:
    """The row of the batch that takes lines now, and the line's number in it."""
    today = day_of(account.now_us)
    found = _NEXT.first(tx, {"owner_id": account.id, "of_currency": currency, "today": today})
    return (found.row, found.last_number) if found is not None else (_open_batch(tx, account, currency, today), 1)


def _open_batch(tx: Connection, account: Account, currency: str, today: int) -> int:
    """The first line of a day opens its batch and sets its cut-off."""
    closed = tx.execute(_LAST_CLOSED, {"account_id": account.id, "currency": currency, "today": today}).scalar()
    if closed is not None:
        # The machine's clock was put back behind a cut-off: what is closed stays closed.
        today = closed + 1
    batch_id = account.new_id("st")
    made = tx.execute(
        _OPEN,
        {
            "account_id": account.id,
            "id": batch_id,
            "currency": currency,
            "day": today,
            "closed_us": None,
            "available_us": None,
            "last_number": 1,
            "lines": 0,
            "gross": 0,
            "fee": 0,
            "net": 0,
            "totals": "{}",
            "reported_totals": "{}",
            "reserved": 0,
            "reserve_released": False,
            "payout_row": None,
        },
    )
    jobs.schedule(tx, account, CUT_OFF, batch_id, start_of(today + 1))
    assert made.inserted_primary_key is not None
    opened: int = made.inserted_primary_key[0]
    return opened


def _returned(tx: Connection, account: Account, payment: "Payment", amount: int) -> FeeParts:
    """A refund's share of its captures' fees, negative. All refunds together never get back more than was taken."""
    lines = tx.execute(_LINES_OF_PAYMENT, {"account_id": account.id, "payment_id": payment.id}).mappings().all()
    captured = sum(line["gross"] for line in lines if line["type"] == "capture")
    refunded = amount - sum(line["gross"] for line in lines if line["type"] != "capture")
    parts: dict[str, Any] = {}
    for part in PARTS:
        taken = sum(line[part] for line in lines if line["type"] == "capture")
        given_back = -sum(line[part] for line in lines if line["type"] != "capture")
        # Rounded down over all refunds so far, so the last one brings exactly the rest.
        parts[part] = -max(taken * refunded // captured - given_back, 0)
    return {**fees.no_fee(), **parts}  # type: ignore[typeddict-item]  # PARTS are its members


def _taken_again(tx: Connection, account: Account, payment: "Payment", refund_id: str) -> FeeParts:
    """What the refund that failed had brought back of the fees."""
    lines = tx.execute(_LINES_OF_PAYMENT, {"account_id": account.id, "payment_id": payment.id}).mappings()
    refund = next((line for line in lines if line["type"] == "refund" and line["source_id"] == refund_id), None)
    if refund is None:
        return fees.no_fee()
    return {**fees.no_fee(), **{part: -refund[part] for part in PARTS}}  # type: ignore[typeddict-item]  # as above
