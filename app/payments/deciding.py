"""What a person settles: an outcome that nothing else could, and a payment that is held because words differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading
from app.errors import GatewayUnavailable, NotFound, RuleBroken
from app.forms import KeyedForm
from app.gateway.calls import GatewayCall
from app.htmx import go_to, render, wants_fragment
from app.operators.guards import requires
from app.operators.roles import Permission
from app.payments.actions import Action
from app.payments.attempts import Attempt
from app.payments.decide import Listed, ask_now, ask_what_is_listed, deny, take_word
from app.payments.forms import DenialForm, MismatchForm, WordForm
from app.payments.mismatch import Decision, ask_word, resolve_mismatch
from app.payments.models import Payment
from app.payments.queries import WHOLE, events_of, get_payment
from app.security import actor
from app.timeline import queries as timeline

blueprint = Blueprint("deciding", __name__)


@dataclass(frozen=True)
class _Dialog:
    """A form in a dialog or on a page of its own, and all that it shows."""

    name: str
    form: KeyedForm
    payment: Payment
    shown: dict[str, Any]

    def show(self, status: int = 200) -> Response:
        fragment = f"payments/_{self.name}.html"
        return render(
            "payments/dialog.html",
            fragment,
            status,
            inside=fragment,
            in_dialog=wants_fragment(),
            form=self.form,
            order=self.payment.order,
            payment=self.payment,
            **self.shown,
        )

    def carry_out(self, act: Callable[[], str]) -> AnyResponse:
        """`act` calls one verb and says what was done; a refusal is shown in the form, as it was filled."""
        if not self.form.validate():
            return self.show(422)
        try:
            flash(act())
        except (RuleBroken, GatewayUnavailable) as trouble:
            broken = trouble if isinstance(trouble, RuleBroken) else _not_asked(trouble)
            self.form.show(broken)
            return self.show(broken.status)
        return go_to(url_for("payments.order", order_id=self.payment.order_id))


def _not_asked(silence: GatewayUnavailable) -> RuleBroken:
    return RuleBroken("gateway_unavailable", f"{silence} Nothing was changed. Try again.", status=503)


def _load(attempt_id: str) -> Attempt:
    with reading() as session:
        whole = selectinload(Attempt.payment).options(*WHOLE)
        attempt = session.get(Attempt, attempt_id, options=[whole])
    if attempt is None:
        raise NotFound(f"There is no attempt {attempt_id}.")
    return attempt


@blueprint.get("/attempts/<attempt_id>")
@requires(Permission.READ)
def show(attempt_id: str) -> str:
    """Everything that is known of one thing asked of the gateway, and what may be decided of it."""
    attempt = _load(attempt_id)
    payment = attempt.payment
    with reading() as session:
        wanted = select(GatewayCall).where(GatewayCall.order_id == payment.order_id)
        calls = [one for one in session.scalars(wanted.order_by(GatewayCall.id.desc())) if one.attempt_id == attempt_id]
        entries = [
            one for one in timeline.of_order(session, payment.order_id) if attempt_id in (one.subject_id, one.cause)
        ]
        events = events_of(session, [payment])
    return render_template(
        "payments/attempt.html",
        attempt=attempt,
        payment=payment,
        order=payment.order,
        calls=calls,
        entries=entries,
        events=events,
        listed=ask_what_is_listed(payment, quickly=True) if attempt.is_open else Listed(None),
        actions=_actions(attempt) if attempt.is_open else [],
    )


def _actions(attempt: Attempt) -> list[Action]:
    """What this operator may do about it now."""
    found = []
    if current_user.may(Permission.ASK):
        url = url_for(".ask", attempt_id=attempt.id)
        found.append(Action("ask", "Ask again now", "refresh-cw", url, "send"))
    if attempt.escalated_at is not None and current_user.may(Permission.RECONCILE):
        word, denial = url_for(".word", attempt_id=attempt.id), url_for(".denial", attempt_id=attempt.id)
        found.append(Action("word", "Take the gateway's word", "check", word))
        found.append(Action("denial", "It did not happen", "x", denial, is_danger=True))
    return found


@blueprint.post("/attempts/<attempt_id>/asks")
@requires(Permission.ASK)
def ask(attempt_id: str) -> AnyResponse:
    """Try at once what the worker tries now and then."""
    attempt = _load(attempt_id)
    if ask_now(attempt_id):
        flash(f"The outcome of the {attempt.noun} is known.")
        return go_to(url_for("payments.order", order_id=attempt.payment.order_id))
    flash("Asked again: still nothing settles it.", "ask")
    return go_to(url_for(".show", attempt_id=attempt_id))


def _word_dialog(attempt: Attempt) -> _Dialog:
    listed = ask_what_is_listed(attempt.payment, quickly=True)
    form = WordForm([(one.id, f"{one.id}: {one.status}") for one in listed.payments or ()])
    return _Dialog("word", form, attempt.payment, {"attempt": attempt, "listed": listed})


@blueprint.get("/attempts/<attempt_id>/word")
@requires(Permission.RECONCILE)
def word(attempt_id: str) -> Response:
    return _word_dialog(_load(attempt_id)).show()


@blueprint.post("/attempts/<attempt_id>/word")
@requires(Permission.RECONCILE)
def take(attempt_id: str) -> AnyResponse:
    """Take the gateway's word on the payment that was chosen."""
    dialog = _word_dialog(_load(attempt_id))

    def act() -> str:
        payment = take_word(attempt_id, dialog.form["gateway_id"].data, dialog.form["reason"].data, actor())
        return f"The gateway's word was taken: the payment is {payment.state.value.replace('_', ' ')}."

    return dialog.carry_out(act)


def _denial_dialog(attempt: Attempt) -> _Dialog:
    listed = ask_what_is_listed(attempt.payment, quickly=True)
    return _Dialog("denial", DenialForm(), attempt.payment, {"attempt": attempt, "listed": listed})


@blueprint.get("/attempts/<attempt_id>/denial")
@requires(Permission.RECONCILE)
def denial(attempt_id: str) -> Response:
    return _denial_dialog(_load(attempt_id)).show()


@blueprint.post("/attempts/<attempt_id>/denial")
@requires(Permission.RECONCILE)
def close(attempt_id: str) -> AnyResponse:
    """Close it as not done."""
    attempt = _load(attempt_id)
    dialog = _denial_dialog(attempt)

    def act() -> str:
        deny(attempt_id, dialog.form["reason"].data, actor(), is_sure=dialog.form["is_sure"].data)
        return f"The {attempt.noun} is closed as not done."

    return dialog.carry_out(act)


def _mismatch_dialog(payment: Payment) -> _Dialog:
    if payment.discrepancy is None:
        raise RuleBroken("not_held", "The payment is not held: nothing is left to resolve.")
    return _Dialog("mismatch", MismatchForm(), payment, {"word": ask_word(payment, quickly=True)})


@blueprint.get("/payments/<payment_id>/mismatch")
@requires(Permission.RECONCILE)
def mismatch(payment_id: str) -> Response:
    return _mismatch_dialog(get_payment(payment_id)).show()


@blueprint.post("/payments/<payment_id>/mismatch")
@requires(Permission.RECONCILE)
def resolve(payment_id: str) -> AnyResponse:
    """Believe the gateway now, or keep the payment held."""
    dialog = _mismatch_dialog(get_payment(payment_id))

    def act() -> str:
        decision = Decision(dialog.form["decision"].data)
        resolve_mismatch(payment_id, decision, dialog.form["reason"].data, actor())
        return "The gateway was believed." if decision is Decision.BELIEVE else "The payment stays held."

    return dialog.carry_out(act)
