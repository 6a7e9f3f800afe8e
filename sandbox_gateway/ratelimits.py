"""An account's own rate limit, when its settings have one: so many requests in each window of the wall clock."""

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Table,
    UniqueConstraint,
    bindparam,
    insert,
    select,
    update,
)

from sandbox_gateway import times
from sandbox_gateway.accounts import Account
from sandbox_gateway.problems import Problem
from sandbox_gateway.schema import account_column, metadata, row_column
from sandbox_gateway.settings import RateLimit

rate_windows = Table(
    "rate_windows",
    metadata,
    row_column(),
    account_column(),
    Column("window", BigInteger, nullable=False),
    Column("used", Integer, nullable=False),
    UniqueConstraint("account_id"),
)

_FIND = select(rate_windows.c.window, rate_windows.c.used).where(rate_windows.c.account_id == bindparam("account_id"))
_START = insert(rate_windows)
_COUNT = (
    update(rate_windows)
    .where(rate_windows.c.account_id == bindparam("counted_id"))
    .values(window=bindparam("now_window"), used=bindparam("now_used"))
)


@dataclass(frozen=True, slots=True)
class Limit:
    """Where the account stands in its window."""

    policy: RateLimit
    left: int
    seconds: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"default";q={self.policy.requests};w={self.policy.window_seconds}',
            "RateLimit": f'"default";r={self.left};t={self.seconds}',
        }


def headers_when_empty() -> dict[str, str]:
    """What a 429 says that comes from a fault rule, not from a limit."""
    return Limit(RateLimit(requests=1), left=0, seconds=1).headers()


def count(tx: Connection, account: Account) -> Limit | None:
    """Count one request; None where there is no limit. The answer says below nought left when it was too many."""
    policy = account.settings.rate_limit
    if policy is None:
        return None
    now_seconds = times.wall_us() // times.SECOND_US
    window = now_seconds // policy.window_seconds
    found = tx.execute(_FIND, {"account_id": account.id}).first()
    used = found.used + 1 if found is not None and found.window == window else 1
    if found is None:
        tx.execute(_START, {"account_id": account.id, "window": window, "used": used})
    else:
        tx.execute(_COUNT, {"counted_id": account.id, "now_window": window, "now_used": used})
    return Limit(policy, policy.requests - used, (window + 1) * policy.window_seconds - now_seconds)


def check(limit: Limit | None) -> None:
    """Problem: `rate_limited`."""
    if limit is not None and limit.left < 0:
        shown = Limit(limit.policy, 0, limit.seconds)
        raise Problem("rate_limited", headers={**shown.headers(), "Retry-After": str(limit.seconds)})
