"""The issuer's 3-D Secure page: one decision by the customer, behind a link that nobody can guess."""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Response, g, redirect, render_template, request
from sqlalchemy import Connection, bindparam, select
from werkzeug.wrappers import Response as BaseResponse

from sandbox_gateway.accounts import Account
from sandbox_gateway.money import show_amount
from sandbox_gateway.payments.authorize import approve_challenge, cancel_challenge, fail_challenge
from sandbox_gateway.payments.create import origin_of
from sandbox_gateway.payments.payment import Payment, find_payment
from sandbox_gateway.payments.schema import payments
from sandbox_gateway.payments.states import Status
from sandbox_gateway.pipeline import do_due
from sandbox_gateway.problems import Problem
from sandbox_gateway.routes import Gateway
from sandbox_gateway.webhooks import chaos

PATH = "/challenge/<secret>"

_MOST_FORM_BYTES = 4096

_FIND = select(payments.c.account_id, payments.c.id).where(payments.c.challenge_secret == bindparam("secret"))

_DECISIONS: dict[str, Callable[[Connection, Account, Payment], None]] = {
    "approve": approve_challenge,
    "fail": fail_challenge,
    "cancel": cancel_challenge,
}


def add_to(app: Flask, gateway: Gateway) -> None:
    def show(secret: str) -> BaseResponse:
        account_id, payment_id = _find(gateway, secret)
        do_due(gateway, account_id)

        def load(tx: Connection) -> Payment:
            return find_payment(tx, gateway.accounts.load(tx, account_id), payment_id)

        payment = gateway.store.read(load)
        if payment.status is not Status.REQUIRES_ACTION:
            return _over(payment)
        return _page("challenge.html", 200, payment, leads_to=payment.return_url)

    def decide(secret: str) -> BaseResponse:
        request.max_content_length = _MOST_FORM_BYTES
        account_id, payment_id = _find(gateway, secret)
        decision = _DECISIONS.get(request.form.get("decision", ""))
        if decision is None:
            raise Problem("validation_failed", "decision must be approve, fail or cancel.", param="/decision")
        do_due(gateway, account_id)

        def follow(tx: Connection) -> tuple[Payment, bool]:
            account = gateway.accounts.lock(tx, account_id)
            payment = find_payment(tx, account, payment_id)
            # The time may have run out since what was due was done.
            is_open = payment.status is Status.REQUIRES_ACTION and not account.has_due_jobs
            if is_open:
                decision(tx, account, payment)
                gateway.accounts.finish(tx, account)
            return payment, is_open

        payment, was_open = gateway.store.write(follow)
        chaos.wait_for_early(gateway.store, account_id)
        if not was_open:
            return _over(payment)
        if payment.return_url is not None:
            return redirect(_with_payment(payment.return_url, payment.id), code=303)
        return _page("challenge_done.html", 200, payment)

    app.add_url_rule(PATH, "challenge", show, methods=["GET"], provide_automatic_options=False)
    app.add_url_rule(PATH, "challenge decision", decide, methods=["POST"], provide_automatic_options=False)


def _find(gateway: Gateway, secret: str) -> tuple[int, str]:
    found = None
    if secret.isascii() and secret.isalnum():
        found = gateway.store.read(lambda tx: tx.execute(_FIND, {"secret": secret}).first())
    if found is None:
        raise Problem("not_found", "There is no such challenge.")
    g.account_id = found.account_id
    return found.account_id, found.id


def _over(payment: Payment) -> BaseResponse:
    if request.accept_mimetypes.best_match(["application/problem+json", "text/html"]) == "text/html":
        return _page("challenge_over.html", 410, payment)
    raise Problem("gone", "The decision was made, or the fifteen minutes for it have passed.")


def _page(template: str, status: int, payment: Payment, *, leads_to: str | None = None) -> BaseResponse:
    page = render_template(
        template, payment=payment, amount=show_amount(payment.amount, payment.currency), card=payment.shown_card
    )
    response = Response(page, status=status, content_type="text/html; charset=utf-8")
    # Browsers hold a form's redirect to this list too, so the way back must be on it.
    form_action = "'self'" if leads_to is None else f"'self' {origin_of(leads_to)}"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; img-src 'self'; form-action {form_action}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return response


def _with_payment(url: str, payment_id: str) -> str:
    parts = urlsplit(url)
    query = f"{parts.query}&payment={payment_id}" if parts.query else f"payment={payment_id}"
    return parts._replace(query=query).geturl()
