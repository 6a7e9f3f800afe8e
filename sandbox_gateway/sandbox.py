"""Starting afresh."""

from sqlalchemy import Connection, bindparam, update

from sandbox_gateway import account_state
from sandbox_gateway.accounts import LIVE, Account, accounts
from sandbox_gateway.routes import Answer, Route

_CLEAR = (
    update(accounts)
    .where(accounts.c.id == bindparam("account_id"))
    .values(clock_mode=LIVE, clock_offset_us=0, clock_frozen_us=None, faults=0, drawn=0)
)


def reset(tx: Connection, account: Account) -> Answer:
    """Take away the account's objects, faults and moved clock, and begin its seeded row anew."""
    account_state.empty(tx, account)
    tx.execute(_CLEAR, {"account_id": account.id})
    return Answer(None)


ROUTES = [
    Route(
        "POST",
        "/_sandbox/reset",
        reset,
        "Start afresh",
        tag="Simulation",
        description="Objects, faults and the moved clock go, the seeded row begins anew; endpoints and settings stay.",
        status=204,
    ),
]
