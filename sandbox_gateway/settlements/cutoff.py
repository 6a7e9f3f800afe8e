"""The end of a settlement's day: reserve held back, sums made, the batch published; later the reserve comes back."""

from sqlalchemy import Connection, bindparam, select, update

from sandbox_gateway import jobs
from sandbox_gateway.accounts import Account
from sandbox_gateway.events import emit
from sandbox_gateway.settlements import movements, payouts, plants, totals
from sandbox_gateway.settlements.days import add_business_days, start_of
from sandbox_gateway.settlements.kinds import CUT_OFF, RESERVE_ENDS
from sandbox_gateway.settlements.schema import settlements
from sandbox_gateway.settlements.settlement import find_settlement, show
from sandbox_gateway.times import DAY_US

_FIND = select(
    settlements.c.row, settlements.c.id, settlements.c.currency, settlements.c.day, settlements.c.reserved
).where(settlements.c.account_id == bindparam("account_id"), settlements.c.id == bindparam("settlement_id"))
_CLOSE = (
    update(settlements)
    .where(settlements.c.row == bindparam("settlement_row"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in (
                "closed_us",
                "available_us",
                "lines",
                "gross",
                "fee",
                "net",
                "totals",
                "reported_totals",
                "reserved",
            )
        }
    )
)
_RELEASE = update(settlements).where(settlements.c.row == bindparam("settlement_row")).values(reserve_released=True)


def _cut_off(tx: Connection, account: Account, settlement_id: str) -> None:
    batch = tx.execute(_FIND, {"account_id": account.id, "settlement_id": settlement_id}).one()
    terms = account.settings.payouts
    by_type = totals.add_up(tx, batch.row)
    captured = sum(total["gross"] for total in by_type if total["type"] == "capture")
    # Rounded down: what is held back is never more than the agreed share.
    reserved = captured * terms.reserve // 10_000
    if reserved:
        movements.hold_reserve(tx, account, batch.row, batch.id, reserved)
        by_type = totals.add_up(tx, batch.row)
        jobs.schedule(tx, account, RESERVE_ENDS, batch.id, account.now_us + terms.reserve_days * DAY_US)
    available_us = max(start_of(add_business_days(batch.day, terms.delay_days)), account.now_us)
    summed = {name: sum(total[name] for total in by_type) for name in ("lines", "gross", "fee", "net")}
    tx.execute(
        _CLOSE,
        {
            "settlement_row": batch.row,
            "new_closed_us": account.now_us,
            "new_available_us": available_us,
            "new_totals": totals.serialized(by_type),
            "new_reported_totals": totals.serialized(by_type),
            "new_reserved": reserved,
            **{f"new_{name}": value for name, value in summed.items()},
        },
    )
    plants.grow(tx, account, batch.row, batch.currency)
    payouts.plan(tx, account, batch.currency, available_us)
    emit(tx, account, "settlement.created", show(find_settlement(tx, account, settlement_id)))


def _end_reserve(tx: Connection, account: Account, settlement_id: str) -> None:
    batch = tx.execute(_FIND, {"account_id": account.id, "settlement_id": settlement_id}).one()
    tx.execute(_RELEASE, {"settlement_row": batch.row})
    movements.book(
        tx,
        account,
        "reserve_release",
        source_id=batch.id,
        payment=None,
        amount=batch.reserved,
        currency=batch.currency,
    )


jobs.register(CUT_OFF, _cut_off, "The day ends, and its settlement is made.")
jobs.register(RESERVE_ENDS, _end_reserve, "What was held in reserve is released.")
