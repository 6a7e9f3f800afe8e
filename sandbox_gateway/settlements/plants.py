"""Errors that QA plants in a settlement's report. The money is never wrong, and the gateway keeps the right answer.

Faults of the list (a line that is missing, double, late or of nobody's payment) leave the report's head right, so its
lines no longer add up to it. Faults of the price (a wrong fee, a wrong rounding) are in the head too: the report adds
up, and differs from the agreed fees and from what is paid out.
"""

from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, func, insert, or_, select, update

from sandbox_gateway.accounts import Account
from sandbox_gateway.settlements import totals
from sandbox_gateway.settlements.fees import PARTS
from sandbox_gateway.settlements.movements import next_number
from sandbox_gateway.settlements.schema import BOTH, REPORT, TRUTH, plants, settlement_lines, settlements

PlantKind = Literal["missing_line", "wrong_fee", "duplicate", "late_refund", "rounding", "unknown_payment"]

# Of which lines each kind takes one.
LINE_TYPES: dict[PlantKind, tuple[str, ...]] = {
    "missing_line": ("capture", "refund"),
    "wrong_fee": ("capture",),
    "duplicate": ("capture", "refund"),
    "late_refund": ("refund",),
    "rounding": ("capture",),
    "unknown_payment": ("capture",),
}

_LINE_VALUES = ("type", "payment_id", "source_id", "gross", "fee", *PARTS, "net", "created_us")

_INSERT_LINE = insert(settlement_lines)
_LINE = select(settlement_lines).where(settlement_lines.c.row == bindparam("line_row"))
_SET_APPEARS = (
    update(settlement_lines)
    .where(settlement_lines.c.row == bindparam("line_row"))
    .values(appears=bindparam("new_appears"))
)
_DELETE_LINE = delete(settlement_lines).where(settlement_lines.c.row == bindparam("line_row"))
_DELETE = delete(plants).where(plants.c.row == bindparam("plant_row"))
_SET = (
    update(plants)
    .where(plants.c.row == bindparam("plant_row"))
    .values(
        settlement_row=bindparam("new_settlement"), line_row=bindparam("new_line"), planted_row=bindparam("new_planted")
    )
)
_BATCH = select(settlements.c.row, settlements.c.reported_totals).where(
    settlements.c.row == bindparam("settlement_row")
)
_SET_TOTALS = (
    update(settlements)
    .where(settlements.c.row == bindparam("changed_row"))
    .values(reported_totals=bindparam("new_totals"))
)
_WAITING = (
    select(plants)
    .where(
        plants.c.account_id == bindparam("account_id"),
        plants.c.settlement_row.is_(None),
        or_(plants.c.currency.is_(None), plants.c.currency == bindparam("currency")),
    )
    .order_by(plants.c.row)
)
# Refunds that were taken out of an earlier report and are in none yet.
_LATE = (
    select(plants)
    .join_from(plants, settlements, plants.c.settlement_row == settlements.c.row)
    .where(
        plants.c.account_id == bindparam("account_id"),
        plants.c.kind == "late_refund",
        plants.c.planted_row.is_(None),
        settlements.c.currency == bindparam("currency"),
        settlements.c.row != bindparam("settlement_row"),
    )
    .order_by(plants.c.row)
)
_FOLLOWING = (
    select(settlements.c.row)
    .where(
        settlements.c.account_id == bindparam("account_id"),
        settlements.c.currency == bindparam("currency"),
        settlements.c.day > bindparam("day"),
        settlements.c.closed_us.is_not(None),
    )
    .order_by(settlements.c.day)
    .limit(1)
)


def grow(tx: Connection, account: Account, settlement_row: int, currency: str) -> None:
    """Put into a batch that was just closed what was waiting for it."""
    for late in tx.execute(
        _LATE, {"account_id": account.id, "currency": currency, "settlement_row": settlement_row}
    ).all():
        copied = _copy(tx, account, _line(tx, late.line_row), settlement_row)
        _set(tx, late.row, late.settlement_row, late.line_row, copied)
    for waiting in tx.execute(_WAITING, {"account_id": account.id, "currency": currency}).all():
        line = choose_line(tx, account, settlement_row, waiting.kind)
        if line is not None:
            put(tx, account, waiting, settlement_row, line)


def choose_line(
    tx: Connection, account: Account, settlement_row: int, kind: PlantKind, line_id: str | None = None
) -> Row[Any] | None:
    """A line that this error can be planted on: the named one, or any one by the account's chance; None if none can."""
    fitting = _fitting(settlement_row, kind)
    if line_id is not None:
        return tx.execute(select(settlement_lines).where(fitting, settlement_lines.c.id == line_id)).first()
    count = tx.execute(select(func.count()).select_from(settlement_lines).where(fitting)).scalar_one()
    if not count:
        return None
    place = int.from_bytes(account.chance.draw(8)) % count
    return tx.execute(
        select(settlement_lines).where(fitting).order_by(settlement_lines.c.row).limit(1).offset(place)
    ).one()


def _fitting(settlement_row: int, kind: PlantKind) -> ColumnElement[bool]:
    # Two errors on one line could hide each other.
    taken = select(plants.c.line_row).where(plants.c.settlement_row == settlement_row, plants.c.line_row.is_not(None))
    return and_(
        settlement_lines.c.settlement_row == settlement_row,
        settlement_lines.c.appears == BOTH,
        settlement_lines.c.type.in_(LINE_TYPES[kind]),
        settlement_lines.c.row.not_in(taken),
    )


def put(tx: Connection, account: Account, plant: Row[Any], settlement_row: int, line: Row[Any]) -> None:
    """Plant the error on this line of this batch's report."""
    planted: int | None = None
    match plant.kind:
        case "missing_line":
            _appear(tx, line.row, TRUTH)
        case "late_refund":
            _appear(tx, line.row, TRUTH)
            following = _following(tx, account, settlement_row)
            planted = None if following is None else _copy(tx, account, line, following)
        case "duplicate":
            planted = _copy(tx, account, line, settlement_row, id=account.new_id("ln"))
        case "unknown_payment":
            planted = _copy(
                tx,
                account,
                line,
                settlement_row,
                id=account.new_id("ln"),
                payment_id=account.new_id("pay"),
                source_id=account.new_id("cap"),
            )
        case "wrong_fee" | "rounding":
            _appear(tx, line.row, TRUTH)
            dearer = _dearer(line, plant.kind)
            values = {part: getattr(line, part) + more for part, more in dearer.items()}
            more = sum(dearer.values())
            planted = _copy(tx, account, line, settlement_row, fee=line.fee + more, net=line.net - more, **values)
            _change_head(tx, settlement_row, line.type, dearer)
    _set(tx, plant.row, settlement_row, line.row, planted)


def take_out(tx: Connection, plant: Row[Any]) -> None:
    """Take an error out of the report again, or let it wait no longer."""
    tx.execute(_DELETE, {"plant_row": plant.row})
    if plant.line_row is not None:
        line = _line(tx, plant.line_row)
        if line.appears == TRUTH:
            _appear(tx, line.row, BOTH)
        if plant.kind in ("wrong_fee", "rounding"):
            cheaper = {part: -more for part, more in _dearer(line, plant.kind).items()}
            _change_head(tx, plant.settlement_row, line.type, cheaper)
    if plant.planted_row is not None:
        tx.execute(_DELETE_LINE, {"line_row": plant.planted_row})


def _dearer(line: Row[Any], kind: str) -> dict[str, int]:
    """By how much the fee is wrong, on its largest part: one unit, or one percent of the amount, two units at least."""
    largest = max(PARTS, key=lambda part: getattr(line, part))
    return {largest: 1 if kind == "rounding" else max(line.gross // 100, 2)}


def _change_head(tx: Connection, settlement_row: int, type_: str, dearer: dict[str, int]) -> None:
    batch = tx.execute(_BATCH, {"settlement_row": settlement_row}).one()
    changed = totals.with_fee_changed(totals.parsed(batch.reported_totals), type_, dearer)
    tx.execute(_SET_TOTALS, {"changed_row": batch.row, "new_totals": totals.serialized(changed)})


def _following(tx: Connection, account: Account, settlement_row: int) -> int | None:
    batch = tx.execute(
        select(settlements.c.currency, settlements.c.day).where(settlements.c.row == settlement_row)
    ).one()
    return tx.execute(_FOLLOWING, {"account_id": account.id, "currency": batch.currency, "day": batch.day}).scalar()


def _line(tx: Connection, row: int) -> Row[Any]:
    return tx.execute(_LINE, {"line_row": row}).one()


def _appear(tx: Connection, line_row: int, where: str) -> None:
    tx.execute(_SET_APPEARS, {"line_row": line_row, "new_appears": where})


def _copy(tx: Connection, account: Account, line: Row[Any], settlement_row: int, **changed: Any) -> int:
    """A line that only the report has, made of another one."""
    is_replacing = settlement_row == line.settlement_row and "id" not in changed
    number = line.number if is_replacing else next_number(tx, settlement_row)
    made = tx.execute(
        _INSERT_LINE,
        {
            **{name: getattr(line, name) for name in ("id", *_LINE_VALUES)},
            **changed,
            "account_id": account.id,
            "settlement_row": settlement_row,
            "number": number,
            "appears": REPORT,
        },
    )
    assert made.inserted_primary_key is not None
    row: int = made.inserted_primary_key[0]
    return row


def _set(tx: Connection, plant_row: int, settlement_row: int, line_row: int, planted_row: int | None) -> None:
    tx.execute(
        _SET,
        {
            "plant_row": plant_row,
            "new_settlement": settlement_row,
            "new_line": line_row,
            "new_planted": planted_row,
        },
    )
