"""Reading merchants, and the one that every installation starts with."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import wall_now
from app.db import insert_if_absent
from app.errors import InvalidInput
from app.ids import new_id
from app.merchants.models import Merchant

DEFAULT_MERCHANT_NAME = "Main store"


def all_merchants(session: Session) -> Sequence[Merchant]:
    """Every merchant, the first made first."""
    return session.scalars(select(Merchant).order_by(Merchant.created_at, Merchant.id)).all()


def ensure_default_merchant(session: Session) -> None:
    """Make the default merchant where there is none at all."""
    if session.scalars(select(Merchant.id).limit(1)).first() is None:
        insert_if_absent(
            session,
            Merchant.__table__,
            {"id": new_id("mer"), "name": DEFAULT_MERCHANT_NAME, "created_at": wall_now()},
        )


def find_merchant(session: Session, merchant_id: str | None, pointer: str = "/merchant") -> Merchant:
    """The merchant asked for, or the first; InvalidInput names the member where there is no such one."""
    if merchant_id is None:
        return all_merchants(session)[0]
    merchant = session.get(Merchant, merchant_id)
    if merchant is None:
        raise InvalidInput(pointer, "unknown_merchant", f"There is no merchant {merchant_id!r}.")
    return merchant
