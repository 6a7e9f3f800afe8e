"""Giving captured money back. A refund holds its share of the payment from its creation until it fails."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection, bindparam, insert, select

from sandbox_gateway import lists
from sandbox_gateway.accounts import Account
from sandbox_gateway.disputes.outcome import close_refunded_inquiries
from sandbox_gateway.events import emit
from sandbox_gateway.fields import Amount, Body, text_field
from sandbox_gateway.payments.payment import find_payment, store
from sandbox_gateway.payments.queries import subject_of_payment
from sandbox_gateway.payments.schema import payments
from sandbox_gateway.payments.states import Action
from sandbox_gateway.problems import Problem
from sandbox_gateway.refund_outcomes import ROUTES as _MOVES
from sandbox_gateway.refund_outcomes import find_refund, follow_story, show_refund
from sandbox_gateway.refund_rows import Reason, RefundBody, refunds, show
from sandbox_gateway.routes import Answer, Route, Subject
from sandbox_gateway.statements import Statement
from sandbox_gateway.times import to_wire

_INSERT = Statement(insert(refunds))
_STORED = ("id", "version", "amount", "status", "reason", "note", "failure", "why")
_MINE = (
    select(refunds, payments.c.id.label("payment_id"), payments.c.currency, payments.c.reference, payments.c.test_card)
    .join_from(refunds, payments, refunds.c.payment_row == payments.c.row)
    .where(refunds.c.account_id == bindparam("account_id"))
)


class RefundCreate(Body):
    amount: Annotated[Amount | None, Field(description="Default: all that is refundable.")] = None
    reason: Reason = "requested_by_customer"
    note: Annotated[str, text_field(500)] | None = None


def create_refund(tx: Connection, account: Account, payment_id: str, body: RefundCreate) -> Answer:
    payment = find_payment(tx, account, payment_id)
    payment.check_allows(Action.REFUND)
    refundable = payment.amount_refundable
    amount = refundable if body.amount is None else body.amount
    if amount > refundable:
        raise Problem(
            "amount_too_large",
            f"At most {refundable} {payment.currency} (in the minor unit) can be refunded.",
            param="/amount",
            amount_refundable=refundable,
        )
    if amount > payment.amount_free:
        raise Problem(
            "refund_blocked_by_dispute",
            f"A chargeback holds {payment.amount_disputed} {payment.currency} (in the minor unit) of this payment; "
            f"until it is decided at most {payment.amount_free} can be refunded.",
            param="/amount",
            amount_refundable=payment.amount_free,
        )
    refund: RefundBody = {
        "id": account.new_id("re"),
        "object": "refund",
        "version": 1,
        "payment": payment.id,
        "amount": amount,
        "currency": payment.currency,
        "status": "pending",
        "reason": body.reason,
        "note": body.note,
        "failure": None,
        "why": payment.story.why,
        "created_at": to_wire(account.now_us),
    }
    _INSERT.run(
        tx,
        {
            **{name: value for name, value in refund.items() if name in _STORED},
            "account_id": account.id,
            "payment_row": payment.row,
            "created_us": account.now_us,
        },
    )
    payment.amount_refunded += amount
    store(tx, account, payment, None)
    emit(tx, account, "refund.created", refund)
    close_refunded_inquiries(tx, account, payment)

    refund = follow_story(tx, account, payment, refund)
    return Answer(refund, location=f"/v1/refunds/{refund['id']}")


def get_refund(tx: Connection, account: Account, refund_id: str) -> Answer:
    return Answer(show_refund(tx, account, refund_id))


def list_refunds(tx: Connection, account: Account, payment_id: str, query: lists.PageQuery) -> Answer:
    payment = find_payment(tx, account, payment_id)
    rows = _MINE.where(refunds.c.payment_row == payment.row).params(account_id=account.id)
    found, cursor = lists.fetch(
        tx, account, f"refunds:{payment.id}", rows, (refunds.c.created_us, refunds.c.row), query
    )
    return Answer(lists.page_of(found, cursor, lambda row: show(row, payment.id, payment.currency)))


def subject_of_refund(tx: Connection, account: Account, refund_id: str) -> Subject:
    found = find_refund(tx, account, refund_id)
    return Subject(found.reference, found.test_card)


ROUTES = [
    Route(
        "POST",
        "/v1/payments/<payment_id>/refunds",
        create_refund,
        "Refund captured money",
        tag="Refunds",
        body=RefundCreate,
        answer=RefundBody,
        status=201,
        operation="refund",
        subject=subject_of_payment,
        problems=("invalid_transition", "amount_too_large", "refund_blocked_by_dispute"),
    ),
    Route(
        "GET",
        "/v1/payments/<payment_id>/refunds",
        list_refunds,
        "List a payment's refunds, newest first",
        tag="Refunds",
        query=lists.PageQuery,
        answer=lists.Page[RefundBody],
        operation="list",
        subject=subject_of_payment,
        problems=("invalid_cursor",),
    ),
    Route(
        "GET",
        "/v1/refunds/<refund_id>",
        get_refund,
        "One refund",
        tag="Refunds",
        answer=RefundBody,
        operation="get",
        subject=subject_of_refund,
    ),
    *_MOVES,
]
