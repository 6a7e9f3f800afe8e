"""Reading payments: one, and the list with its filters."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, and_, bindparam, select

from sandbox_gateway import lists
from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Time, text_field
from sandbox_gateway.payments.payment import ShownStatus, find_payment, payments_of, show
from sandbox_gateway.payments.schema import payments
from sandbox_gateway.payments.states import PARTIALLY_REFUNDED, REFUNDED, Status
from sandbox_gateway.routes import Answer, Subject
from sandbox_gateway.times import from_wire

_MINE = select(payments).where(payments.c.account_id == bindparam("account_id"))
_SUBJECT = select(payments.c.reference, payments.c.test_card).where(
    payments.c.account_id == bindparam("account_id"), payments.c.id == bindparam("payment_id")
)


class PaymentQuery(lists.PageQuery):
    status: Annotated[ShownStatus | None, Field(description="As shown, refunded ones included.")] = None
    reference: Annotated[str, text_field(255)] | None = None
    created_after: Annotated[Time | None, Field(description="Later than this moment.")] = None
    created_before: Annotated[Time | None, Field(description="Earlier than this moment.")] = None


def get_payment(tx: Connection, account: Account, payment_id: str) -> Answer:
    return Answer(show(account, find_payment(tx, account, payment_id)))


def list_payments(tx: Connection, account: Account, query: PaymentQuery) -> Answer:
    rows = _MINE.params(account_id=account.id)
    if query.status is not None:
        rows = rows.where(_is_shown_as(query.status))
    if query.reference is not None:
        rows = rows.where(payments.c.reference == query.reference)
    if query.created_after is not None:
        rows = rows.where(payments.c.created_us > from_wire(query.created_after))
    if query.created_before is not None:
        rows = rows.where(payments.c.created_us < from_wire(query.created_before))
    found, cursor = lists.fetch(tx, account, "payments", rows, (payments.c.created_us, payments.c.row), query)
    shown = {payment.row: show(account, payment) for payment in payments_of(tx, found)}
    return Answer(lists.page_of(found, cursor, lambda row: shown[row.row]))


def subject_of_payment(tx: Connection, account: Account, payment_id: str, **_rest: object) -> Subject:
    """What fault rules may know of a payment that a path names."""
    found = tx.execute(_SUBJECT, {"account_id": account.id, "payment_id": payment_id}).first()
    return Subject() if found is None else Subject(found.reference, found.test_card)


def _is_shown_as(status: str) -> ColumnElement[bool]:
    """The condition for a status as shown; see `Payment.shown_status`."""
    captured = payments.c.status == Status.CAPTURED.value
    refunded, all_captured = payments.c.amount_refunded, payments.c.amount_captured
    if status == REFUNDED:
        return and_(captured, refunded == all_captured)
    if status == PARTIALLY_REFUNDED:
        return and_(captured, refunded > 0, refunded < all_captured)
    if status == Status.CAPTURED:
        return and_(captured, refunded == 0)
    return payments.c.status == status
