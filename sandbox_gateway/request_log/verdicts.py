"""Whether a payment moved money a second time: under one reference, with another key or none, the first still there."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from sandbox_gateway.accounts import Account
from sandbox_gateway.payments.schema import payments
from sandbox_gateway.payments.states import Status
from sandbox_gateway.request_log.schema import request_log
from sandbox_gateway.statements import Statement

_HOLDING = (Status.AUTHORIZED.value, Status.PARTIALLY_CAPTURED.value)
_MOVED = (*_HOLDING, Status.CAPTURED.value)

_ANOTHER = Statement(
    select(payments.c.row)
    .where(
        payments.c.account_id == bindparam("account_id"),
        payments.c.reference == bindparam("reference"),
        payments.c.id != bindparam("payment_id"),
        or_(
            *(payments.c.status == status for status in _HOLDING),
            (payments.c.status == Status.CAPTURED.value) & (payments.c.amount_refunded < payments.c.amount_captured),
        ),
    )
    .limit(1)
)

_NOTE = (
    update(request_log)
    .where(
        request_log.c.account_id == bindparam("of_account"),
        request_log.c.payment_id == bindparam("of_payment"),
        request_log.c.operation == "payment",
        request_log.c.verdict.in_(("first", "expired", "no_key")),
    )
    .values(verdict="money_moved_twice")
)


def is_second(tx: Connection, account: Account, shown: Mapping[str, Any]) -> bool:
    """Whether this new payment holds or took money that another one of the same reference holds or keeps already."""
    return shown["status"] in _MOVED and _has_another(tx, account, shown["id"], shown["reference"])


def note_late(tx: Connection, account: Account, payment_id: str, reference: str | None) -> None:
    """The same for a payment that holds money only now, some time after it was asked for."""
    if _has_another(tx, account, payment_id, reference):
        tx.execute(_NOTE, {"of_account": account.id, "of_payment": payment_id})


def _has_another(tx: Connection, account: Account, payment_id: str, reference: str | None) -> bool:
    if reference is None:
        return False
    parameters = {"account_id": account.id, "reference": reference, "payment_id": payment_id}
    return _ANOTHER.first(tx, parameters) is not None
