"""Sums of a batch's lines by type: made by the database when its day is over, shown in its head."""

import json
from typing import Any

from sqlalchemy import Connection, bindparam, func, select
from typing_extensions import TypedDict

from sandbox_gateway.settlements.fees import PARTS, FeeParts, no_fee
from sandbox_gateway.settlements.kinds import LineType
from sandbox_gateway.settlements.schema import REPORT, settlement_lines


class Total(TypedDict):
    """The lines of one type together."""

    type: LineType
    lines: int
    gross: int
    fee: int
    fee_parts: FeeParts
    net: int


_SUMS = (
    select(
        settlement_lines.c.type,
        func.count().label("lines"),
        *(func.sum(settlement_lines.c[name]).label(name) for name in ("gross", "fee", *PARTS, "net")),
    )
    .where(
        settlement_lines.c.settlement_row == bindparam("settlement_row"),
        settlement_lines.c.appears != REPORT,
    )
    .group_by(settlement_lines.c.type)
    .order_by(settlement_lines.c.type)
)


def add_up(tx: Connection, settlement_row: int) -> list[Total]:
    """What the batch's lines come to, as they are, whatever its report says."""
    return [
        {
            "type": row.type,
            "lines": row.lines,
            "gross": int(row.gross),
            "fee": int(row.fee),
            "fee_parts": {**no_fee(), **{part: int(getattr(row, part)) for part in PARTS}},  # type: ignore[typeddict-item]  # PARTS are its members
            "net": int(row.net),
        }
        for row in tx.execute(_SUMS, {"settlement_row": settlement_row})
    ]


def with_fee_changed(totals: list[Total], type_: str, parts: dict[str, int]) -> list[Total]:
    """The totals after the fee of a line of this type grew by these parts."""
    return [_dearer(total, parts) if total["type"] == type_ else total for total in totals]


def _dearer(total: Total, parts: dict[str, int]) -> Total:
    more = sum(parts.values())
    grown: Any = {part: total["fee_parts"][part] + parts.get(part, 0) for part in PARTS}  # type: ignore[literal-required]  # as above
    return {**total, "fee": total["fee"] + more, "fee_parts": grown, "net": total["net"] - more}


def parsed(stored: str) -> list[Total]:
    totals: list[Total] = json.loads(stored)
    return totals


def serialized(totals: list[Total]) -> str:
    return json.dumps(totals, separators=(",", ":"))
