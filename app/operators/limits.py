"""How often a password or a code may be tried, so that guessing leads nowhere and nobody locks an owner out.

Wrong tries count per account and address, per address, and per account over all addresses. A browser that has signed
in to the account before counts by itself alone: whatever strangers try, it gets in. So does a link of the terminal.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.clock import wall_now
from app.db import one_at_a_time
from app.errors import RuleBroken
from app.operators.models import SignInFailure

_ADVISORY_LOCK = 4_021_903_120
WINDOW = timedelta(minutes=15)
MOST_HERE = 10
"""Of one account from one address, or from one known browser."""
MOST_PER_ADDRESS = 50
MOST_PER_ACCOUNT = 100


@dataclass(frozen=True)
class Whence:
    """Where a try comes from. `device` names a browser that signed in to this very account before."""

    address: str
    agent: str = ""
    device: str | None = None

    @property
    def network(self) -> str:
        """The address; of IPv6 the network that one subscriber has."""
        try:
            parsed = ipaddress.ip_address(self.address)
        except ValueError:
            return self.address[:60]
        return self.address if parsed.version == 4 else str(ipaddress.ip_network(f"{parsed}/64", strict=False))


def begin_try(session: Session, account: str, whence: Whence) -> int:
    """Count a try before it is looked at, so that many at once are all counted; `forgive` takes it back.

    RuleBroken (429) where there were too many.
    """
    now, key = wall_now(), hashlib.sha256(account.encode()).hexdigest()
    one_at_a_time(session, _ADVISORY_LOCK)  # tries that do not see each other would be too many
    session.execute(delete(SignInFailure).where(SignInFailure.at < now - WINDOW))
    for which, most in _limits(key, whence):
        if (session.scalar(select(func.count()).select_from(SignInFailure).where(*which)) or 0) >= most:
            raise RuleBroken(
                "rate_limited",
                "There were too many wrong tries. Wait 15 minutes, use a browser in which you signed in before,"
                " or take a link from the terminal: counterfoil sign-in-link.",
                status=429,
            )
    tried = SignInFailure(account=key, address=whence.network, device=whence.device, at=now)
    session.add(tried)
    session.flush()
    return tried.id


def _limits(key: str, whence: Whence) -> list[tuple[list[ColumnElement[bool]], int]]:
    of_account = SignInFailure.account == key
    if whence.device is not None:
        return [([of_account, SignInFailure.device == whence.device], MOST_HERE)]
    strange, here = SignInFailure.device.is_(None), SignInFailure.address == whence.network
    return [
        ([of_account, strange, here], MOST_HERE),
        ([strange, here], MOST_PER_ADDRESS),
        ([of_account, strange], MOST_PER_ACCOUNT),
    ]


def forgive(session: Session, tried: int) -> None:
    """It was the right one: it does not count."""
    session.execute(delete(SignInFailure).where(SignInFailure.id == tried))
