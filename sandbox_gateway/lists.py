"""Pages of a list, newest first, found by the place where the last one ended: page 1,000 costs what page 1 costs."""

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BeforeValidator, Field
from sqlalchemy import Column, ColumnElement, Connection, Row, Select, String, cast, select, tuple_
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Query, text_field
from sandbox_gateway.problems import Problem

T = TypeVar("T")

DEFAULT_LIMIT = 20
MOST = 100
_PLACE = "place_in_list"


def _whole_number(value: object) -> object:
    # Pydantic would also take "+5", " 5 " and "5_0".
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise ValueError(f"must be a whole number from 1 to {MOST}")
    return value


class PageQuery(Query):
    """What every list takes; lists with filters derive from it."""

    limit: Annotated[int, Field(ge=1, le=MOST), BeforeValidator(_whole_number)] = DEFAULT_LIMIT
    cursor: Annotated[str, text_field(200), Field(description="next_cursor of the page before.")] | None = None


class Page(TypedDict, Generic[T]):
    """One page. `next_cursor` is null on the last."""

    data: list[T]
    has_more: bool
    next_cursor: str | None


def fetch(
    tx: Connection,
    account: Account,
    name: str,
    rows: Select[Any],
    order: tuple[Column[Any], Column[Any]],
    query: PageQuery,
    *,
    oldest_first: bool = False,
) -> tuple[Sequence[Row[Any]], str | None]:
    """The rows of one page and the cursor of the next.

    `rows` selects what belongs to the list, the two whole-number columns of `order` among it; together they must be
    unique and only grow. `name` tells the lists' cursors apart. Problem: `invalid_cursor`.
    """
    place = _Place(order)
    if query.cursor is not None:
        here, last_seen = tuple_(*order), tuple_(*place.find(tx, account, _open(account, name, query.cursor)))
        rows = rows.where(here > last_seen if oldest_first else here < last_seen)
    rows = rows.order_by(*(column if oldest_first else column.desc() for column in order)).limit(query.limit + 1)
    found = tx.execute(rows.add_columns(place.column.label(_PLACE))).all()
    if len(found) <= query.limit:
        return found, None
    found = found[: query.limit]
    return found, _seal(account, name, str(getattr(found[-1], _PLACE)))


class _Place:
    """What a cursor says of the last object: its id, so that accounts of one seed give the same cursors.

    Where objects have no id, or can be deleted one by one, it is the internal key, which outlasts them; where the table
    says so, whatever its lists are ordered by.
    """

    def __init__(self, order: tuple[Column[Any], Column[Any]]) -> None:
        self._order = order
        self._table = order[0].table
        info = self._table.info
        self._by_id = "id" in self._table.c and not (info.get("kept_on_reset") or info.get("placed_by_order"))
        self.column: ColumnElement[Any] = (
            self._table.c.id if self._by_id else cast(order[0], String) + "." + cast(order[1], String)
        )

    def find(self, tx: Connection, account: Account, place: str) -> tuple[int, int]:
        """The values to go on from. Problem: `invalid_cursor`."""
        if not self._by_id:
            first, _, second = place.partition(".")
            return int(first), int(second)
        found = tx.execute(
            select(*self._order).where(self._table.c.account_id == account.id, self._table.c.id == place)
        ).first()
        if found is None:
            raise Problem("invalid_cursor", param="/cursor")
        return found[0], found[1]


def page_of(found: Sequence[Row[Any]], cursor: str | None, show: Callable[[Row[Any]], T]) -> Page[T]:
    return {"data": [show(row) for row in found], "has_more": cursor is not None, "next_cursor": cursor}


def _seal(account: Account, name: str, place: str) -> str:
    return base64.urlsafe_b64encode(f"{place}.{_mark(account, name, place)}".encode()).decode().rstrip("=")


def _open(account: Account, name: str, cursor: str) -> str:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise Problem("invalid_cursor", param="/cursor") from None
    place, _, mark = text.rpartition(".")
    if not hmac.compare_digest(mark, _mark(account, name, place)):
        raise Problem("invalid_cursor", param="/cursor")
    return place


def _mark(account: Account, name: str, place: str) -> str:
    return account.seeded_hash(f"cursor:{name}", place)[:16]
