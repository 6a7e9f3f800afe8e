"""Takes away kept answers whose 24 hours are over. Nobody hears of it: an expired key is as good as a new one."""

from sqlalchemy import BigInteger, bindparam, delete, func, select

from sandbox_gateway import times
from sandbox_gateway.accounts import accounts
from sandbox_gateway.idempotency import kept_answers
from sandbox_gateway.storage import Store

_MOST_ROWS = 500

_NOW_US = func.coalesce(accounts.c.clock_frozen_us, bindparam("wall_us", type_=BigInteger) + accounts.c.clock_offset_us)
_LOOK = (
    select(kept_answers.c.row, (kept_answers.c.expires_us <= _NOW_US).label("is_over"))
    .join_from(kept_answers, accounts, kept_answers.c.account_id == accounts.c.id)
    .where(kept_answers.c.row > bindparam("after"))
    .order_by(kept_answers.c.row)
    .limit(_MOST_ROWS)
)
# Over still: since the look a key may have been used anew, and SQLite gives the last row's number again.
_FORGET = delete(kept_answers).where(
    kept_answers.c.row.in_(bindparam("rows", expanding=True)),
    kept_answers.c.expires_us
    <= select(_NOW_US).where(accounts.c.id == kept_answers.c.account_id).correlate(kept_answers).scalar_subquery(),
)


class Sweep:
    """Goes round through all rows, some hundred at a time, so that it needs no index and holds up nobody."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._after = 0

    def go_on(self) -> None:
        """Look at the next rows, and begin again after the last."""
        looked = self._store.read(
            lambda tx: tx.execute(_LOOK, {"after": self._after, "wall_us": times.wall_us()}).all()
        )
        over = [row for row, is_over in looked if is_over]
        if over:
            self._store.write(lambda tx: tx.execute(_FORGET, {"rows": over, "wall_us": times.wall_us()}))
        self._after = looked[-1].row if len(looked) == _MOST_ROWS else 0
