"""Payouts to merchants: proposed, sent by a person or two, and how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import ClassVar

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form, RadioField, StringField, TextAreaField, ValidationError
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, Optional

from app.approvals import Approval
from app.db import reading
from app.errors import NotFound, RuleBroken
from app.finding.form import DayField
from app.forms import KeyedForm, plain_text, trimmed
from app.htmx import go_to
from app.ledger.models import LedgerAccount
from app.ledger.post import Standing, standing_from
from app.merchants.models import Beneficiary, Merchant
from app.money import Money, currency_codes
from app.operators.guards import requires
from app.operators.roles import Permission
from app.policy import current_policy
from app.security import actor
from app.settlements.models import MerchantPayout
from app.settlements.pay import KIND, end_payout, payable, propose_payout, send_or_ask
from app.settlements.statement import statements
from app.settlements.states import MERCHANT_PAYOUT, MerchantPayoutStatus

blueprint = Blueprint("merchant_payouts", __name__)

SHOWN = 50
_ENDS = {
    MerchantPayoutStatus.PAID: "It has arrived",
    MerchantPayoutStatus.BOUNCED: "It came back: it is due again",
    MerchantPayoutStatus.CANCELED: "It is not sent",
}


@dataclass(frozen=True)
class Paying:
    """What a merchant's page shows of payouts: those made, and what may be paid now."""

    made: Sequence[MerchantPayout]
    payable: Sequence[Money]


class PeriodForm(Form):  # type: ignore[misc]  # WTForms has no types
    """From the first day to the last, both included."""

    since = DayField("From (UTC)", [Optional()], description="Empty: from the first day.")
    until = DayField("To (UTC)", [Optional()], description="Empty: until now.")

    def validate_until(self, field: DayField) -> None:
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError("The last day lies before the first.")

    @property
    def begins(self) -> datetime | None:
        return None if self.since.data is None else datetime.combine(self.since.data, time(), UTC)

    @property
    def ends(self) -> datetime | None:
        """The end of the last day."""
        return None if self.until.data is None else datetime.combine(self.until.data, time(), UTC) + timedelta(days=1)


class ProposeForm(KeyedForm):
    """Which currency."""

    currency = StringField("Currency", [AnyOf(currency_codes(), "Choose a currency.")])


class ReasonForm(KeyedForm):
    """Why it is sent."""

    POINTERS: ClassVar[dict[str, str]] = {"/reason": "reason"}

    reason = TextAreaField(
        "Reason",
        [DataRequired("Write why."), Length(max=500, message="At most 500 characters."), plain_text],
        [trimmed],
    )


class EndForm(ReasonForm):
    """How it ended."""

    status = RadioField("How it ended", [InputRequired("Choose how it ended.")])

    def __init__(self, payout: MerchantPayout, **values: object) -> None:
        super().__init__(**values)
        now = MerchantPayoutStatus(payout.status)
        ends = [one for one in _ENDS if one is not now and MERCHANT_PAYOUT.leads_to(now, one)]
        direct = [
            one for one in ends if (now is MerchantPayoutStatus.PROPOSED) == (one is MerchantPayoutStatus.CANCELED)
        ]
        self.status.choices = [(one.value, _ENDS[one]) for one in direct]
        if len(direct) == 1 and not self.is_submitted():  # nothing to choose
            self.status.data = direct[0].value


@blueprint.app_template_global()
def paying_of(merchant_id: str) -> Paying:
    """For a merchant's page."""
    with reading() as session:
        mine = select(MerchantPayout).where(MerchantPayout.merchant_id == merchant_id)
        made = session.scalars(mine.order_by(MerchantPayout.id.desc()).limit(SHOWN)).all()
        currencies = select(LedgerAccount.currency).where(
            LedgerAccount.owner == merchant_id, LedgerAccount.code == "merchant_due"
        )
        sums = [payable(session, merchant_id, one)[0] for one in session.scalars(currencies.order_by("currency")).all()]
    proposed = {one.currency for one in made if one.status == MerchantPayoutStatus.PROPOSED}
    return Paying(made, [one for one in sums if one and one.currency not in proposed])


@blueprint.get("/merchants/<merchant_id>/statement")
@requires(Permission.READ)
def statement(merchant_id: str) -> AnyResponse:
    """From what was due before a period to what is due after it."""
    form = PeriodForm(request.args)
    valid = form.validate()
    with reading() as session:
        merchant = session.get(Merchant, merchant_id)
        if merchant is None:
            raise NotFound(f"There is no merchant {merchant_id}.")
        found = statements(session, merchant_id, form.begins, form.ends) if valid else []
    html = render_template("settlements/statement.html", merchant=merchant, form=form, statements=found)
    return Response(html, 200 if valid else 422)


@blueprint.post("/merchants/<merchant_id>/payouts")
@requires(Permission.PAY_OUT)
def propose(merchant_id: str) -> AnyResponse:
    """Write down what may be paid now."""
    form = ProposeForm()
    if not form.validate():
        raise RuleBroken("unknown_currency", "Choose a currency in which something is payable.", status=422)
    payout = propose_payout(merchant_id, form.currency.data, actor())
    flash(f"A payout of {payout.amount} is proposed. Look at it, and send it.")
    return go_to(url_for(".show", payout_id=payout.id))


@blueprint.get("/merchant-payouts/<payout_id>")
@requires(Permission.READ)
def show(payout_id: str) -> AnyResponse:
    """One payout to a merchant, and what may be done about it."""
    return _page(_get(payout_id), 200)


@blueprint.post("/merchant-payouts/<payout_id>/sending")
@requires(Permission.PAY_OUT)
def send(payout_id: str) -> AnyResponse:
    """Send it, or ask for a second person."""
    payout, form = _get(payout_id), ReasonForm()
    if not form.validate():
        return _page(payout, 422, send=form)
    try:
        done = send_or_ask(payout_id, form.reason.data, actor(), form.key_of(actor()))
    except RuleBroken as broken:
        form.show(broken)
        return _page(_get(payout_id), broken.status, send=form)
    if isinstance(done, Approval):
        flash(f"{payout.amount} is more than one person may pay alone: it waits for a second one.")
    else:
        flash(f"{payout.amount} is on its way.")
    return go_to(url_for(".show", payout_id=payout_id))


@blueprint.post("/merchant-payouts/<payout_id>/end")
@requires(Permission.PAY_OUT)
def end(payout_id: str) -> AnyResponse:
    """It has arrived, came back, or is not sent."""
    payout = _get(payout_id)
    form = EndForm(payout)
    if not form.validate():
        return _page(payout, 422, end=form)
    try:
        end_payout(payout_id, MerchantPayoutStatus(form.status.data), form.reason.data, actor())
    except RuleBroken as broken:
        form.show(broken)
        return _page(_get(payout_id), broken.status, end=form)
    flash("It is written down.")
    return go_to(url_for(".show", payout_id=payout_id))


def _get(payout_id: str) -> MerchantPayout:
    with reading() as session:
        payout = session.get(MerchantPayout, payout_id)
    if payout is None:
        raise NotFound(f"There is no payout {payout_id} to a merchant.")
    return payout


def _page(payout: MerchantPayout, status: int, **forms: KeyedForm) -> AnyResponse:
    with reading() as session:
        merchant = session.get_one(Merchant, payout.merchant_id)
        account = session.get_one(Beneficiary, payout.beneficiary_id)
        standing: list[Standing] = standing_from(session, KIND, payout.id)[0]
        limit = current_policy(session).payout_limit(payout.currency)
        asked = session.scalars(
            select(Approval).where(Approval.kind == KIND, Approval.subject_id == payout.id).order_by(Approval.id.desc())
        ).first()
    shown: dict[str, KeyedForm] = {}
    if current_user.may(Permission.PAY_OUT):
        if payout.status == MerchantPayoutStatus.PROPOSED:
            shown["send"] = ReasonForm(formdata=None)
        ending = EndForm(payout, formdata=None)
        if ending.status.choices:
            shown["end"] = ending
    html = render_template(
        "settlements/merchant_payout.html",
        one=payout,
        merchant=merchant,
        account=account,
        standing=standing,
        forms=shown | forms,
        needs_two=payout.amount > limit,
        limit=limit,
        asked=asked,
    )
    return Response(html, status)
