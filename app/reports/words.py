"""What every report says at its head, and whose names it needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from sqlalchemy.orm import Session

from app.errors import NotFound
from app.ledger.accounts import DESK
from app.merchants.models import Merchant
from app.reports.asked import Asked
from app.reports.cut import Cut


def head(asked: Asked, cut: Cut, facts: Sequence[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """Whose it is, over which days, as of which cut."""
    found = [*facts]
    if asked.payout is None:
        found.append(("Period (UTC)", asked.period_words))
        found.append(("Currency", asked.currency or "each"))
    found.append(("As of", f"{cut.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"))
    found.append(("Books up to", f"link {cut.link:,} of the ledger's chain"))
    if cut.hash:
        found.append(("Its hash", cut.hash))
    return found


def merchant_name(session: Session, merchant_id: str) -> str:
    """NotFound where there is none of this id."""
    if merchant_id == DESK:
        return "The desk itself"
    merchant = session.get(Merchant, merchant_id)
    if merchant is None:
        raise NotFound(f"There is no merchant {merchant_id}.")
    return merchant.name
