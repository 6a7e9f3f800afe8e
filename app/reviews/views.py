"""The review queue, and one payment with all that speaks for and against it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length

from app.db import reading
from app.errors import NotFound, RuleBroken
from app.forms import KeyedForm, plain_text, trimmed
from app.htmx import go_to
from app.merchants.models import Merchant
from app.operators.guards import requires
from app.operators.roles import Permission
from app.orders.models import Order
from app.payments.models import Payment
from app.policy import current_policy
from app.reviews.decide import approve, decline
from app.reviews.linked import draw, linked_to
from app.risk.models import Assessment, Review, ReviewState
from app.security import actor

blueprint = Blueprint("reviews", __name__, url_prefix="/reviews")

SHOWN_AT_MOST = 100
DECIDED_SHOWN = 20


class VerdictForm(KeyedForm):
    """What somebody decides, and why."""

    verdict = RadioField(
        "Verdict",
        choices=[
            ("approve", "Approve: the payment is good"),
            ("decline", "Decline: I am not sure enough"),
            ("fraud", "Decline as fraud: the model learns from it"),
        ],
        validators=[InputRequired("Choose a verdict.")],
    )
    reason = StringField(
        "Why", [InputRequired("Say why, for those who read it later."), Length(max=500), plain_text], [trimmed]
    )


@blueprint.get("")
@requires(Permission.READ)
def index() -> str:
    """What waits, what may be lost first; and what was decided lately."""
    with reading() as session:
        loss = (Review.expected_loss_minor.desc(), Review.due_at, Review.id)
        waiting = _with_payments(session, Review.state == ReviewState.OPEN, loss, SHOWN_AT_MOST)
        newest = (Review.decided_at.desc(), Review.id)
        decided = _with_payments(session, Review.state != ReviewState.OPEN, newest, DECIDED_SHOWN)
        number = session.scalar(select(func.count()).where(Review.state == ReviewState.OPEN)) or 0
        policy = current_policy(session)
    return render_template("reviews/index.html", waiting=waiting, decided=decided, number=number, policy=policy)


Row = tuple[Review, Payment, Assessment]


def _with_payments(session: Session, condition: object, order: tuple[object, ...], limit: int) -> list[Row]:
    wanted = (
        select(Review, Payment, Assessment)
        .join(Payment, Payment.id == Review.payment_id)
        .join(Assessment, Assessment.id == Review.assessment_id)
        .where(condition)  # type: ignore[arg-type]  # a comparison of columns
        .order_by(*order)  # type: ignore[arg-type]  # columns
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(wanted)]


@blueprint.get("/payments/<payment_id>")
@requires(Permission.READ)
def of_payment(payment_id: str) -> AnyResponse:
    """The review of a payment."""
    with reading() as session:
        review_id = session.scalar(select(Review.id).where(Review.payment_id == payment_id))
    if review_id is None:
        raise NotFound(f"Payment {payment_id} was never reviewed.")
    return redirect(url_for(".show", review_id=review_id), 303)


@blueprint.get("/<review_id>")
@requires(Permission.READ)
def show(review_id: str) -> Response:
    """One review: the reasons, the past, who is linked, and the verdict."""
    return _page(review_id, VerdictForm())


def _page(review_id: str, form: VerdictForm, status: int = 200) -> Response:
    with reading() as session:
        review = session.get(Review, review_id)
        if review is None:
            raise NotFound(f"There is no review {review_id}.")
        payment = session.get_one(Payment, review.payment_id)
        assessment = session.get_one(Assessment, review.assessment_id)
        rows = linked_to(session, assessment)
        merchant = session.get_one(Merchant, payment.order.merchant_id)
        next_id = _next_after(session, review_id)
        policy = current_policy(session)
        orders = select(Order.id, Order.reference).where(Order.id.in_({row.order_id for row in rows}))
        references = {row.id: row.reference for row in session.execute(orders)}
    page = render_template(
        "reviews/show.html",
        review=review,
        payment=payment,
        order=payment.order,
        assessment=assessment,
        linked=rows,
        references=references,
        drawing=draw(assessment, rows),
        merchant=merchant,
        next_id=next_id,
        policy=policy,
        form=form,
    )
    return Response(page, status)


def _next_after(session: Session, review_id: str) -> str | None:
    """Of the others that wait, the one that may cost most."""
    following = select(Review.id).where(Review.state == ReviewState.OPEN, Review.id != review_id)
    return session.scalar(following.order_by(Review.expected_loss_minor.desc(), Review.due_at, Review.id).limit(1))


@blueprint.post("/<review_id>")
@requires(Permission.REVIEW)
def decide(review_id: str) -> AnyResponse:
    """Take the verdict and go on to the next review."""
    form = VerdictForm()
    if not form.validate():
        return _page(review_id, form, 422)
    try:
        if form.verdict.data == "approve":
            approve(review_id, form.reason.data, actor())
        else:
            decline(review_id, form.reason.data, actor(), is_fraud=form.verdict.data == "fraud")
    except RuleBroken as broken:
        form.show(broken)
        return _page(review_id, form, broken.status)
    flash("Approved." if form.verdict.data == "approve" else "Declined: the hold is released and the order canceled.")
    with reading() as session:
        next_id = _next_after(session, review_id)
    return go_to(url_for("reviews.index") if next_id is None else url_for("reviews.show", review_id=next_id))
