"""The customer's page behind a pay link: the card, the bank's question, the outcome, the receipt."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from app.checkout import tries
from app.checkout.browser import chosen_language, this_browser
from app.checkout.cards import card_form
from app.checkout.forms import CardForm, RestartForm
from app.checkout.links import find_link, token_of
from app.checkout.models import PayLink
from app.checkout.page import Stage, advice_for, live_one, stage_of, version_of
from app.checkout.visits import note_visit
from app.clock import business_now
from app.db import reading
from app.errors import GatewayUnavailable, InvalidInput, NotFound, RuleBroken
from app.languages import LANGUAGES, Language, language_of, to_say
from app.merchants.models import Merchant
from app.operators.guards import public
from app.orders.queries import find_order
from app.payments.queries import payments_of
from app.security import allow_gateway

log = structlog.get_logger("checkout")

blueprint = Blueprint("checkout", __name__)

NOTHING_BEGUN = to_say("The payment service does not answer. Nothing was charged. Try again in a moment.")
CARD_NOT_TAKEN = to_say("The card could not be taken. Nothing was charged. Enter it again.")
TOO_OFTEN = to_say("Too many cards were tried. Nothing was charged. Try again later.")
RELOADED = to_say("The page was open for too long. Nothing was charged. Enter the card again.")
_PRESET_YEARS = 3


def _render(template: str, language: Language, status: int = 200, **values: object) -> Response:
    spoken = [language_of(code) for code in LANGUAGES]
    return Response(render_template(template, languages=spoken, **language.at_hand(), **values), status)


def _gone(link: PayLink) -> Response:
    """The link works no more; it tells nothing of the order but whom to ask."""
    with reading() as session:
        order = find_order(session, link.order_id)
        merchant = session.get_one(Merchant, order.merchant_id)
    return _render(
        "checkout/gone.html",
        chosen_language(order),
        410,
        token=token_of(link),
        merchant=merchant.name,
        state=link.state,
    )


def _page(link: PayLink, status: int = 200, problem: str | None = None) -> AnyResponse:
    with reading() as session:
        order = find_order(session, link.order_id)
        payments = payments_of(session, order.id)
        merchant = session.get_one(Merchant, order.merchant_id)
        now = business_now(session)
    version = version_of(order, payments)
    if request.headers.get("X-Seen") == version:
        return Response(status=204)
    browser, language = this_browser(), chosen_language(order)
    if request.method == "GET" and not current_user.is_authenticated:
        note_visit(link, order, browser)
    stage = stage_of(order, payments)
    cards = card_form() if stage is Stage.PAY else None
    allow_gateway("connect-src", "form-action")
    return _render(
        f"checkout/{stage.value}.html",
        language,
        status,
        token=token_of(link),
        order=order,
        merchant=merchant.name,
        payment=live_one(payments),
        until=link.expires_at,
        version=version,
        advice=advice_for(payments, language),
        problem=language.say(problem) if problem else None,
        cards=cards,
        form=CardForm() if stage is Stage.PAY else RestartForm(),
        preset_expiry=f"12 / {(now.year + _PRESET_YEARS) % 100:02}",
    )


def _back_to(link: PayLink) -> AnyResponse:
    return redirect(url_for(".show", token=token_of(link)), 303)


@blueprint.get("/pay/<token>")
@public
def show(token: str) -> AnyResponse:
    """Where the order stands, and what the customer can do; 204 to a page that has seen it already."""
    link = find_link(token)
    return _page(link) if link.works else _gone(link)


@blueprint.post("/pay/<token>/payments")
@public
def pay(token: str) -> AnyResponse:
    """Pay with a card that the browser took to the gateway. Whatever comes of it, the page itself shows."""
    link = find_link(token)
    if not link.works:
        return _gone(link)
    form = CardForm()
    if not form.validate():
        return _page(link, 422, CARD_NOT_TAKEN)
    with reading() as session:
        order = find_order(session, link.order_id)
    language = chosen_language(order)
    try:
        key = form.key_of(tries.customer_of(order))
        payment = tries.pay(link, order, form.token.data, this_browser(), language.tag, key)
    except tries.TooOften as refused:
        answer = _page(link, 429, TOO_OFTEN)
        answer.headers["Retry-After"] = str(round(refused.wait.total_seconds()) + 1)
        return answer
    except InvalidInput as refused:
        log.info("a token was refused", code=refused.code)
        return _page(link, 422, CARD_NOT_TAKEN)
    except RuleBroken as refused:  # another window was quicker, or the gateway would not take it: the page says which
        log.info("a payment was refused", code=refused.code)
        return _back_to(link)
    except GatewayUnavailable:
        return _page(link, 503, NOTHING_BEGUN)
    return redirect(payment.challenge_url, 303) if payment.challenge_url else _back_to(link)


@blueprint.get("/pay/return/<state>")
@public
def come_back(state: str) -> AnyResponse:
    """Back from 3-D Secure. The address proves nothing: only the gateway is asked what came of it."""
    try:
        link = tries.come_back(state, this_browser())
    except tries.ElsewhereBegun:
        return _render("checkout/elsewhere.html", chosen_language(), 403)
    return _back_to(link)


@blueprint.post("/pay/<token>/restart")
@public
def restart(token: str) -> AnyResponse:
    """Give the bank's question up and pay with another card."""
    link = find_link(token)
    if not link.works:
        return _gone(link)
    with reading() as session:
        order = find_order(session, link.order_id)
    try:
        tries.begin_anew(order, RestartForm().key_of(tries.customer_of(order)))
    except GatewayUnavailable:
        return _page(link, 503, NOTHING_BEGUN)
    except RuleBroken as refused:
        log.info("a challenge was not given up", code=refused.code)
    return _back_to(link)


@blueprint.get("/pay/<token>/receipt")
@public
def receipt(token: str) -> AnyResponse:
    """What was bought and paid, to be printed; the page itself while nothing is paid."""
    link = find_link(token)
    if not link.works:
        return _gone(link)
    with reading() as session:
        order = find_order(session, link.order_id)
        payments = payments_of(session, order.id)
        merchant = session.get_one(Merchant, order.merchant_id)
    if stage_of(order, payments) is not Stage.PAID:
        return _back_to(link)
    return _render(
        "checkout/receipt.html",
        chosen_language(order),
        token=token,
        order=order,
        merchant=merchant.name,
        payment=live_one(payments),
    )


@blueprint.errorhandler(NotFound)
def no_such(_error: NotFound) -> Response:
    """An address that we did not make, or not whole."""
    return _trouble(404)


@blueprint.errorhandler(CSRFError)
def forged(error: CSRFError) -> AnyResponse:
    """The browser keeps no cookies, or the page was open longer than the session; or another site sent the form."""
    log.info("a form was refused", reason=error.description)
    try:
        link = find_link((request.view_args or {}).get("token", ""))
    except NotFound:
        return _trouble(404)
    return _page(link, 403, RELOADED) if link.works else _gone(link)


@blueprint.errorhandler(GatewayUnavailable)
def silent(error: GatewayUnavailable) -> Response:
    """Back from the bank, and the gateway does not answer: it is asked again until it does."""
    log.warning("gateway unavailable", reason=str(error))
    return _trouble(503)


@blueprint.errorhandler(HTTPException)
def refused(error: HTTPException) -> Response:
    """What HTTP itself refuses."""
    return _trouble(error.code or 500)


@blueprint.errorhandler(Exception)
def unexpected(error: Exception) -> Response:
    """What nobody expected is said in the customer's language too; the log tells us."""
    log.error("unexpected", error=type(error).__name__, exc_info=error)
    return _trouble(500)


def _trouble(status: int) -> Response:
    return _render("checkout/trouble.html", chosen_language(), status, code=status, request_id=g.request_id)
