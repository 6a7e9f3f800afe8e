"""Reading disputes: one, and the list with its filters."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection, select

from sandbox_gateway import lists
from sandbox_gateway.accounts import Account
from sandbox_gateway.disputes.dispute import BY_ID, MINE, find_dispute, of_row, show
from sandbox_gateway.disputes.rows import DisputeStatus, disputes
from sandbox_gateway.fields import Time, text_field
from sandbox_gateway.payments.schema import payments
from sandbox_gateway.routes import Answer, Subject
from sandbox_gateway.times import from_wire


class DisputeQuery(lists.PageQuery):
    status: DisputeStatus | None = None
    payment: Annotated[str, text_field(64), Field(description="Only disputes of this payment.")] | None = None
    created_after: Annotated[Time | None, Field(description="Later than this moment.")] = None
    created_before: Annotated[Time | None, Field(description="Earlier than this moment.")] = None


def get_dispute(tx: Connection, account: Account, dispute_id: str) -> Answer:
    return Answer(show(find_dispute(tx, account, dispute_id)))


def list_disputes(tx: Connection, account: Account, query: DisputeQuery) -> Answer:
    rows = MINE.params(account_id=account.id)
    if query.status is not None:
        rows = rows.where(disputes.c.status == query.status)
    if query.payment is not None:
        # By the payment's row, for which there is an index.
        rows = rows.where(
            disputes.c.payment_row
            == select(payments.c.row)
            .where(payments.c.account_id == account.id, payments.c.id == query.payment)
            .scalar_subquery()
        )
    if query.created_after is not None:
        rows = rows.where(disputes.c.created_us > from_wire(query.created_after))
    if query.created_before is not None:
        rows = rows.where(disputes.c.created_us < from_wire(query.created_before))
    found, cursor = lists.fetch(tx, account, "disputes", rows, (disputes.c.created_us, disputes.c.row), query)
    return Answer(lists.page_of(found, cursor, lambda row: show(of_row(row))))


def subject_of_dispute(tx: Connection, account: Account, dispute_id: str, **_rest: object) -> Subject:
    found = tx.execute(BY_ID, {"account_id": account.id, "dispute_id": dispute_id}).first()
    return Subject() if found is None else Subject(found.reference, found.test_card)
