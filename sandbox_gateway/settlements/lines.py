"""Lines of settlements: one page of them as JSON, all of them as CSV, as the report has them or as they are."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection, Row, Select, bindparam, select
from typing_extensions import TypedDict

from sandbox_gateway import lists
from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import text_field
from sandbox_gateway.routes import Answer
from sandbox_gateway.settlements.fees import PARTS, FeeParts
from sandbox_gateway.settlements.kinds import LineType
from sandbox_gateway.settlements.schema import REPORT, TRUTH, settlement_lines, settlements
from sandbox_gateway.settlements.settlement import find_settlement
from sandbox_gateway.times import to_wire

_CHUNK = 1000


class LineBody(TypedDict):
    """One movement of a settlement. Amounts in minor units, as the merchant sees them; gross - fee = net."""

    id: str
    object: Literal["settlement_line"]
    settlement: str
    type: LineType
    payment: Annotated[str | None, Field(description="The payment behind it; none for reserves and adjustments.")]
    source: Annotated[
        str, Field(description="What moved: a capture, refund, dispute or adjustment; for reserves the settlement.")
    ]
    currency: str
    gross: int
    fee: Annotated[int, Field(description="Positive when it is taken.")]
    fee_parts: FeeParts
    net: int
    created_at: str


class LineQuery(lists.PageQuery):
    type: Annotated[LineType | None, Field(description="Only lines of this type.")] = None
    payment: Annotated[str, text_field(40), Field(description="Only lines of this payment.")] | None = None


LINES = select(
    settlement_lines, settlements.c.id.label("settlement_id"), settlements.c.currency.label("currency")
).join_from(settlement_lines, settlements, settlement_lines.c.settlement_row == settlements.c.row)
_OF_BATCH = LINES.where(settlement_lines.c.settlement_row == bindparam("settlement_row"))
_REPORTED = _OF_BATCH.where(settlement_lines.c.appears != TRUTH)
_TRUE = _OF_BATCH.where(settlement_lines.c.appears != REPORT)
# Not by the moment first: on a frozen clock many lines share one.
_ORDER = (settlement_lines.c.number, settlement_lines.c.created_us)


def list_lines(tx: Connection, account: Account, settlement_id: str, query: LineQuery) -> Answer:
    return _page(tx, account, settlement_id, query, _REPORTED)


def list_true_lines(tx: Connection, account: Account, settlement_id: str, query: LineQuery) -> Answer:
    return _page(tx, account, settlement_id, query, _TRUE)


def lines_csv(tx: Connection, account: Account, settlement_id: str, query: LineQuery) -> Answer:
    return _file(tx, account, settlement_id, query, _REPORTED)


def true_lines_csv(tx: Connection, account: Account, settlement_id: str, query: LineQuery) -> Answer:
    return _file(tx, account, settlement_id, query, _TRUE)


def _page(tx: Connection, account: Account, settlement_id: str, query: LineQuery, lines: Select[Any]) -> Answer:
    batch = find_settlement(tx, account, settlement_id)
    rows = _filtered(lines, account, query).params(settlement_row=batch.row)
    found, cursor = lists.fetch(tx, account, f"lines:{batch.id}", rows, _ORDER, query)
    return Answer(lists.page_of(found, cursor, show_line))


def _file(tx: Connection, account: Account, settlement_id: str, query: LineQuery, lines: Select[Any]) -> Answer:
    """All lines, the oldest first. Some at a time are read, so a file of a million needs no more memory than a page."""
    batch_row: int = find_settlement(tx, account, settlement_id).row
    some = _filtered(lines, account, query).where(settlement_lines.c.number > bindparam("after"))
    some = some.order_by(settlement_lines.c.number).limit(_CHUNK)

    def stream(read: Callable[[Callable[[Connection], Any]], Any]) -> Iterator[str]:
        yield _csv([COLUMNS])
        after = 0
        while True:
            place = {"settlement_row": batch_row, "after": after}
            rows = read(lambda tx, place=place: tx.execute(some, place).all())  # type: ignore[misc]  # bound at once
            if rows:
                yield _csv([_cells(row) for row in rows])
                after = rows[-1].number
            if len(rows) < _CHUNK:
                return

    name = f"{settlement_id}.csv"
    return Answer(None, stream=stream, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _filtered(lines: Select[Any], account: Account, query: LineQuery) -> Select[Any]:
    if query.type is not None:
        lines = lines.where(settlement_lines.c.type == query.type)
    if query.payment is not None:
        # The account is for the index.
        mine = settlement_lines.c.account_id == account.id
        lines = lines.where(mine, settlement_lines.c.payment_id == query.payment)
    return lines


def show_line(row: Row[Any]) -> LineBody:
    return {
        "id": row.id,
        "object": "settlement_line",
        "settlement": row.settlement_id,
        "type": row.type,
        "payment": row.payment_id,
        "source": row.source_id,
        "currency": row.currency,
        "gross": row.gross,
        "fee": row.fee,
        "fee_parts": {
            "processing": row.processing,
            "interchange": row.interchange,
            "scheme": row.scheme,
            "markup": row.markup,
            "cross_border": row.cross_border,
            "currency_conversion": row.currency_conversion,
        },
        "net": row.net,
        "created_at": to_wire(row.created_us),
    }


COLUMNS = (
    *("id", "settlement", "type", "payment", "source", "currency", "gross", "fee"),
    *(f"fee_{part}" for part in PARTS),
    *("net", "created_at"),
)


def _cells(row: Row[Any]) -> tuple[object, ...]:
    return (
        row.id,
        row.settlement_id,
        row.type,
        row.payment_id or "",
        row.source_id,
        row.currency,
        row.gross,
        row.fee,
        *(getattr(row, part) for part in PARTS),
        row.net,
        to_wire(row.created_us),
    )


def _csv(rows: list[tuple[object, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)  # CRLF at the ends, as RFC 4180 has it
    return text.getvalue()
