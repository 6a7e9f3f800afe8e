"""Merchants: the list, and one with what is due to them, where they are paid, and what was agreed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, render_template, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.clock import business_now
from app.db import reading, transaction
from app.errors import NotFound, RuleBroken
from app.forms import KeyedForm
from app.htmx import go_to
from app.ledger import Account
from app.ledger.balances import Balance, trial_balance
from app.merchants.forms import SCHEDULES, BeneficiaryForm, MerchantForm, PlanForm, ScheduleForm
from app.merchants.manage import beneficiary_of, make_merchant, set_beneficiary, set_payouts
from app.merchants.models import AccountKind, CommissionPlan, Merchant, Schedule
from app.merchants.plans import agree, plans_of, terms_at
from app.merchants.queries import all_merchants
from app.merchants.terms import Terms, terms_of
from app.merchants.written import write_categories, write_percent, write_sums, write_tiers
from app.money import Money
from app.operators.guards import requires
from app.operators.roles import Permission
from app.security import actor

blueprint = Blueprint("merchants", __name__)


@dataclass(frozen=True)
class Due:
    """What stands on a merchant's accounts in one currency."""

    currency: str
    sold: Money
    given_back: Money
    kept: Money
    """The commission, with the tax on it, and the fees passed on."""
    paid: Money
    held: Money
    due: Money
    """Negative where the merchant owes: it is carried to the next payout."""


@blueprint.app_template_filter()
def terms_in_words(plan: CommissionPlan) -> Sequence[tuple[str, str]]:
    """A plan's terms, each with its name; what is usual is left out."""
    return in_words(terms_of(plan.terms))


@blueprint.get("/merchants")
@requires(Permission.READ)
def index() -> str:
    """Everybody who is paid, with what is due to them."""
    with reading() as session:
        merchants = all_merchants(session)
        dues = {merchant.id: dues_of(session, merchant.id) for merchant in merchants}
        accounts = {merchant.id: beneficiary_of(session, merchant.id) for merchant in merchants}
    return render_template(
        "merchants/index.html", merchants=merchants, dues=dues, accounts=accounts, schedules=SCHEDULES
    )


@blueprint.get("/merchants/new")
@requires(Permission.PAY_OUT)
def new() -> str:
    return render_template("merchants/new.html", form=MerchantForm(currency="USD"))


@blueprint.post("/merchants")
@requires(Permission.PAY_OUT)
def make() -> AnyResponse:
    """Make one; orders can name it from now on."""
    form = MerchantForm()
    if form.validate():
        try:
            merchant = make_merchant(form.name.data, form.currency.data, actor())
        except RuleBroken as broken:
            form.show(broken)
        else:
            flash(f"{merchant.name} is here. Write down where and on what terms they are paid.")
            return go_to(url_for(".show", merchant_id=merchant.id))
    return Response(render_template("merchants/new.html", form=form), 422)


@blueprint.get("/merchants/<merchant_id>")
@requires(Permission.READ)
def show(merchant_id: str) -> AnyResponse:
    """What is due, where it goes, and by which terms it came about."""
    return _page(_get(merchant_id), 200)


@blueprint.post("/merchants/<merchant_id>/schedule")
@requires(Permission.PAY_OUT)
def schedule(merchant_id: str) -> AnyResponse:
    """When they are paid."""
    form = ScheduleForm()

    def act() -> str:
        chosen = Schedule(form.schedule.data)
        set_payouts(merchant_id, form.currency.data or None, chosen, form.payout_day.data, form.reason.data, actor())
        return "The schedule holds from now on."

    return _act(merchant_id, "schedule", form, act)


@blueprint.post("/merchants/<merchant_id>/beneficiary")
@requires(Permission.PAY_OUT)
def beneficiary(merchant_id: str) -> AnyResponse:
    """Where they are paid to."""
    form = BeneficiaryForm()

    def act() -> str:
        made = set_beneficiary(
            merchant_id,
            AccountKind(form.kind.data),
            form.holder.data,
            form.number.data,
            form.routing.data or None,
            form.reason.data,
            actor(),
        )
        return f"They are paid to {made.masked} from now on."

    return _act(merchant_id, "beneficiary", form, act)


@blueprint.post("/merchants/<merchant_id>/plans")
@requires(Permission.PAY_OUT)
def plan(merchant_id: str) -> AnyResponse:
    """On what terms, from a day on."""
    form = PlanForm()

    def act() -> str:
        with transaction() as session:
            made = agree(session, merchant_id, form.terms(), form.begins(), form.reason.data, actor())
        return f"The plan holds from {made.valid_from:%d %b %Y, %H:%M} UTC on."

    return _act(merchant_id, "plan", form, act)


def dues_of(session: Session, merchant_id: str) -> list[Due]:
    """What stands on the merchant's accounts, by currency."""
    by_currency: dict[str, dict[Account, Balance]] = {}
    for one in trial_balance(session, owner=merchant_id):
        by_currency.setdefault(one.debit.currency, {})[one.code] = one
    return [_due(currency, balances) for currency, balances in sorted(by_currency.items())]


def _due(currency: str, balances: dict[Account, Balance]) -> Due:
    nothing = Money(0, currency)

    def shown(code: Account) -> Money:
        return balances[code].shown if code in balances else nothing

    shares = balances.get(Account.MERCHANT_SHARES)
    return Due(
        currency,
        sold=nothing if shares is None else shares.debit,
        given_back=nothing if shares is None else shares.credit,
        kept=shown(Account.COMMISSION) + shown(Account.FEE_TAX_DUE) + shown(Account.FEES_RECHARGED),
        paid=shown(Account.MERCHANT_PAYOUT),
        held=shown(Account.MERCHANT_HELD),
        due=shown(Account.MERCHANT_DUE),
    )


def in_words(terms: Terms) -> list[tuple[str, str]]:
    """What is agreed, each with its name; what is usual is left out."""
    found = [("Commission", f"{write_percent(terms.basis_points)} %")]
    for label, told in (
        ("Fixed, of each sale", write_sums(terms.fixed)),
        ("At least, of each sale", write_sums(terms.minimum)),
        ("By volume of the month", write_tiers(terms.tiers).replace("\n", "; ")),
        ("By category", write_categories(terms.categories).replace("\n", "; ")),
        ("Tax on the commission", f"{write_percent(terms.tax_basis_points)} %" if terms.tax_basis_points else ""),
    ):
        if told:
            found.append((label, told))
    found.append(("The gateway's fees", "borne by the merchant" if terms.passes_fees else "borne by the desk"))
    returned = "given back with a refund" if terms.returns_commission else "kept when it is refunded"
    return [*found, ("Its commission is", returned)]


def _get(merchant_id: str) -> Merchant:
    with reading() as session:
        merchant = session.get(Merchant, merchant_id)
    if merchant is None:
        raise NotFound(f"There is no merchant {merchant_id}.")
    return merchant


def _act(merchant_id: str, name: str, form: KeyedForm, act: Callable[[], str]) -> AnyResponse:
    merchant = _get(merchant_id)
    if not form.validate():
        return _page(merchant, 422, **{name: form})
    try:
        flash(act())
    except RuleBroken as broken:
        form.show(broken)
        return _page(merchant, broken.status, **{name: form})
    return go_to(url_for(".show", merchant_id=merchant_id))


def _page(merchant: Merchant, status: int, **forms: KeyedForm) -> AnyResponse:
    with reading() as session:
        now = business_now(session)
        terms = terms_at(session, merchant.id, now)
        plans = plans_of(session, merchant.id)
        dues = dues_of(session, merchant.id)
        account = beneficiary_of(session, merchant.id)
    shown: dict[str, Any] = {}
    if current_user.may(Permission.PAY_OUT):
        shown = {
            "schedule": ScheduleForm.of(merchant),
            "beneficiary": BeneficiaryForm(formdata=None),
            "plan": PlanForm.of(terms),
        }
    html = render_template(
        "merchants/show.html",
        merchant=merchant,
        dues=dues,
        account=account,
        terms=in_words(terms),
        plans=plans,
        now=now,
        schedules=SCHEDULES,
        forms=shown | forms,
        wrong=next(iter(forms), None),
    )
    return Response(html, status)
