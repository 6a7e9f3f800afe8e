"""One consistent cut: the books up to one link of the ledger's chain. The same cut reads the same rows for ever.

The moment of a posting would not do: with a clock that stands still, or a transaction that is still being written, the
same moment has more postings later. A link is written once, in order, and nothing is ever put before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.clock import business_now
from app.errors import InvalidInput
from app.ledger.chain import SEALS
from app.ledger.post import POSTINGS

_TOKEN = re.compile(r"^([0-9]{1,15})\.([0-9]{1,18})$", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cut:
    """The last link that counts, its hash, and when (account's clock) the report was asked for."""

    link: int
    hash: str
    at: datetime

    @property
    def token(self) -> str:
        """As an address says it."""
        return f"{self.link}.{(self.at - _EPOCH) // timedelta(microseconds=1)}"

    def holds(self) -> ColumnElement[bool]:
        """Whether a posting is of the cut."""
        mine = SEALS.c.transaction_id == POSTINGS.c.transaction_id
        return select(SEALS.c.number).where(mine, SEALS.c.number <= self.link).exists()


def cut_now(session: Session) -> Cut:
    """All that is sealed now."""
    newest = session.execute(select(SEALS).order_by(SEALS.c.number.desc()).limit(1)).first()
    at = business_now(session)
    return Cut(0, "", at) if newest is None else Cut(newest.number, newest.hash, at)


def cut_of(session: Session, token: str) -> Cut:
    """The cut that an address names. InvalidInput where there is none such."""
    found = _TOKEN.match(token)
    if found is not None:
        link, at = int(found[1]), _moment(int(found[2]))
        hash_ = session.scalar(select(SEALS.c.hash).where(SEALS.c.number == link))
        if at is not None and (hash_ is not None or link == 0):
            return Cut(link, hash_ or "", at)
    raise InvalidInput("/cut", "unknown_cut", "There is no such cut of the books. Leave it out for the newest.")


def _moment(microseconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None
