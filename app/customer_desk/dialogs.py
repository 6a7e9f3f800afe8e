"""Merging and erasing a customer: shown in a dialog or as a page of their own, refused with the reason."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.customer_desk.erase import erase_customer, plan_erasure
from app.customer_desk.family import check_active
from app.customer_desk.forms import EraseForm, MergeForm, OtherForm
from app.customer_desk.merge import find_other, likely_others, merge_customers
from app.customer_desk.queries import count_orders, find_customer
from app.customers.models import Customer
from app.db import reading
from app.errors import RuleBroken
from app.htmx import go_to, render, wants_fragment
from app.operators.guards import requires
from app.operators.roles import Permission
from app.security import actor

blueprint = Blueprint("customer_acts", __name__)


def _dialog(name: str, customer: Customer, status: int = 200, **values: Any) -> Response:
    fragment = f"customers/_{name}.html"
    return render(
        "customers/dialog.html",
        fragment,
        status,
        inside=fragment,
        in_dialog=wants_fragment(),
        customer=customer,
        **values,
    )


def _active(customer_id: str) -> Customer:
    with reading() as session:
        customer = find_customer(session, customer_id)
    check_active(customer)
    return customer


@blueprint.get("/customers/<customer_id>/merge")
@requires(Permission.MERGE)
def merge_dialog(customer_id: str) -> Response:
    """Whom to merge with; then which of the two stays."""
    customer, form = _active(customer_id), OtherForm(formdata=request.args if "other" in request.args else None)
    with reading() as session:
        likely = likely_others(session, customer)
        if "other" not in request.args:
            return _dialog("other", customer, form=form, likely=likely)
        try:
            if not form.validate():
                return _dialog("other", customer, 422, form=form, likely=likely)
            other = find_other(session, customer, form.other.data)
            check_active(other)
        except RuleBroken as broken:
            form.show(broken)
            return _dialog("other", customer, broken.status, form=form, likely=likely)
    return _merge(customer, other, MergeForm(customer, other, stays=customer.id))


def _merge(customer: Customer, other: Customer, form: MergeForm, status: int = 200) -> Response:
    with reading() as session:
        pair = [(one, count_orders(session, one.id)) for one in (customer, other)]
    return _dialog("merge", customer, status, form=form, other=other, pair=pair)


@blueprint.post("/customers/<customer_id>/merge/<other_id>")
@requires(Permission.MERGE)
def merge(customer_id: str, other_id: str) -> AnyResponse:
    """Make one of two; the page of the one who stays is shown."""
    with reading() as session:
        customer, other = find_customer(session, customer_id), find_customer(session, other_id)
    form = MergeForm(customer, other)
    if not form.validate():
        return _merge(customer, other, form, 422)
    goes = other if form.stays.data == customer.id else customer
    try:
        stays = merge_customers(form.stays.data, goes.id, form.reason.data, actor())
    except RuleBroken as broken:
        form.show(broken)
        return _merge(customer, other, form, broken.status)
    flash(f"Merged: what was {goes.email}'s is {stays.email}'s now.")
    return go_to(url_for("customers.show", customer_id=stays.id))


@blueprint.get("/customers/<customer_id>/erase")
@requires(Permission.ERASE)
def erase_dialog(customer_id: str) -> Response:
    """What goes and what stays, or what it still waits for."""
    customer = _active(customer_id)
    return _dialog("erase", customer, form=EraseForm(), plan=plan_erasure(customer))


@blueprint.post("/customers/<customer_id>/erase")
@requires(Permission.ERASE)
def erase(customer_id: str) -> AnyResponse:
    """Forget who it was."""
    with reading() as session:
        customer = find_customer(session, customer_id)
    form = EraseForm()
    if not form.validate():
        return _dialog("erase", customer, 422, form=form, plan=plan_erasure(customer))
    try:
        erase_customer(customer_id, form.reason.data, actor())
    except RuleBroken as broken:
        form.show(broken)
        return _dialog("erase", customer, broken.status, form=form, plan=plan_erasure(customer))
    flash("Erased. What was paid stays, and nothing here tells who paid it.")
    return go_to(url_for("customers.show", customer_id=customer_id))
