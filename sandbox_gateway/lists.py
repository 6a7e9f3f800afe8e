"""Pages of a list, newest first, found by the place where the last one ended: page 1,000 costs what page 1 costs."""

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BeforeValidator, Field
from sqlalchemy import Column, Connection, Row, Select, tuple_
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Query, text_field
from sandbox_gateway.problems import Problem

T = TypeVar("T")

DEFAULT_LIMIT = 20
MOST = 100


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
    if query.cursor is not None:
        here, last_seen = tuple_(*order), tuple_(*_open(account, name, query.cursor))
        rows = rows.where(here > last_seen if oldest_first else here < last_seen)
    rows = rows.order_by(*(column if oldest_first else column.desc() for column in order)).limit(query.limit + 1)
    found = tx.execute(rows).all()
    if len(found) <= query.limit:
        return found, None
    found = found[: query.limit]
    last = found[-1]
    return found, _seal(account, name, getattr(last, order[0].name), getattr(last, order[1].name))


def page_of(found: Sequence[Row[Any]], cursor: str | None, show: Callable[[Row[Any]], T]) -> Page[T]:
    return {"data": [show(row) for row in found], "has_more": cursor is not None, "next_cursor": cursor}


def _seal(account: Account, name: str, first: int, second: int) -> str:
    place = f"{first}.{second}"
    return base64.urlsafe_b64encode(f"{place}.{_mark(account, name, place)}".encode()).decode().rstrip("=")


def _open(account: Account, name: str, cursor: str) -> tuple[int, int]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        place, _, mark = text.rpartition(".")
        first, _, second = place.partition(".")
        if not hmac.compare_digest(mark, _mark(account, name, place)):
            raise Problem("invalid_cursor", param="/cursor")
        return int(first), int(second)
    except (binascii.Error, ValueError):
        raise Problem("invalid_cursor", param="/cursor") from None


def _mark(account: Account, name: str, place: str) -> str:
    return account.keyed_hash(f"cursor:{name}", place)[:16]
