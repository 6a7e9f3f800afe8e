"""Every page of both programs and how to reach it: the one list that the checks of looks and the screenshots share.

A test holds it against the dashboard's routes, so that a new page cannot be forgotten.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from itsdangerous import Signer
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.app.checkout.customer import Customer
from tests.app.people.hands import PASSWORD, Hand, hire, invite, secure
from tests.app.risk.desk import RiskDesk
from tests.app.screens.visitor import Visitor
from tests.app.webhooks.test_receiver import Sender, forged_capture
from tests.clients import GatewayAccount, Json, OrderService
from tests.looks.settled import settle
from tests.stack import Stack, until

Who = Literal["admin", "viewer", "colleague", "careful", "nobody", "newcomer", "customer"]
"""Whose window: signed in (a colleague by password, a careful one by a code too), where no order is yet, or a
customer at the gateway."""


@dataclass(frozen=True)
class View:
    """A page in one of its states. `address` names what was furnished in braces; `then` is done once it is open."""

    name: str
    address: str
    who: Who = "admin"
    status: int = 200
    then: Callable[[Page], None] | None = None


def _open(action: str) -> Callable[[Page], None]:
    def then(page: Page) -> None:
        link = page.get_by_role("link", name=action, exact=True)
        if not link.is_visible():
            page.get_by_text("More", exact=True).click()
        link.click()
        expect(page.get_by_role("dialog")).to_be_visible()

    return then


def _open_every(summary: str) -> Callable[[Page], None]:
    def then(page: Page) -> None:
        for one in page.locator("main details > summary").filter(has_text=re.compile(rf"^\s*{summary}\s*$")).all():
            if one.is_visible():  # a phone's list has no columns to choose
                one.click()

    return then


def _open_test_cards(page: Page) -> None:
    page.locator(".pay-presets summary").click()


def _type_a_card_wrong(page: Page) -> None:
    page.get_by_label("Card number").fill("4242")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_text("Check the card number.")).to_be_visible()


def _open_navigation(page: Page) -> None:
    button = page.get_by_role("button", name="Menu")
    if button.is_visible():
        button.click()


def _open_keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def _lose_an_answer(page: Page) -> None:
    if not page.locator("#armed").is_visible():
        _open_every("Sandbox")(page)
        page.get_by_role("button", name="Lose the next answer").click()
    expect(page.locator("#armed")).to_be_visible()


def _choose_all(page: Page) -> None:
    page.get_by_label("Choose every order of this page").check()
    expect(page.locator("#chosen")).to_contain_text("chosen")


def _open_all_raw(page: Page) -> None:
    for summary in page.locator("main details:not(.menu) > summary").all():
        if summary.is_visible():
            summary.click()


def _second_page(page: Page) -> None:
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Newer")).to_be_visible()


def _refuse_refund(page: Page) -> None:
    _open("Refund")(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Amount").fill("99,999.00")
    dialog.get_by_label("Reason").select_option("other")
    dialog.get_by_role("button", name="Refund 99,999.00").click()
    expect(dialog.locator(".field-error").first).to_be_visible()


def _refuse_evidence(page: Page) -> None:
    page.get_by_label("Files", exact=True).set_input_files(
        {"name": "proof.png", "mimeType": "image/png", "buffer": b"\x00no picture"}
    )
    page.get_by_role("button", name="Save and review").click()
    expect(page.get_by_text("proof.png is neither")).to_be_visible()


def _refuse_order(page: Page) -> None:
    page.get_by_label("E-mail", exact=True).fill("nowhere")
    page.get_by_label("Currency").select_option("JPY")
    page.get_by_label("Unit price of item 1").fill("49.90")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_text("The order is not placed yet.")).to_be_visible()


def _send(button: str, folded: str | None = None) -> Callable[[Page], None]:
    """Send the form as it stands, which something is missing in; it may have to be unfolded first."""

    def then(page: Page) -> None:
        if folded:
            page.locator("summary", has_text=folded).click()
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.locator(".field-error").first).to_be_visible()

    return then


def _decide_nothing(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Decide")).click()
    expect(page.locator(".field-error").first).to_be_visible()


def _try_the_rule(page: Page) -> None:
    page.get_by_role("button", name="And on simulated months").click()
    expect(page.get_by_text("All fraud is known here.")).to_be_visible(timeout=120_000)


def _write_a_wrong_rule(page: Page) -> None:
    page.get_by_label("When", exact=True).fill("amount > 500.00 EUR and device.card[1h] > 3")
    expect(page.get_by_text("There is no field device.card.")).to_be_visible()


def _write_sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("E-mail").fill(_address_of(name))
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def _sign_in_wrongly(page: Page) -> None:
    _write_sign_in(page, COLLEAGUE, "not this one at all")
    expect(page.get_by_role("alert")).to_be_visible()


def _make_a_token(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill(f"shop {secrets.token_hex(4)}")
    page.get_by_label(re.compile("^Developer")).check()
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_text("Keep it now")).to_be_visible()


def _make_recovery_codes(page: Page) -> None:
    page.get_by_text("New recovery codes", exact=True).click()
    page.locator("#codes-password").fill(PASSWORD)
    page.get_by_role("button", name="Make new codes").click()
    expect(page.get_by_text("Keep these now")).to_be_visible()


def _sign_in_half(page: Page) -> None:
    _write_sign_in(page, CAREFUL, PASSWORD)
    expect(page.get_by_label("Code")).to_be_visible()


ORDERS = (
    "awaiting_payment",
    "awaiting_authentication",
    "authorized",
    "partially_captured",
    "paid",
    "payment_failed",
    "declined",
    "payment_unknown",
    "canceled",
    "partially_refunded",
    "refunded",
)
"""One order of each status is furnished, and `long`, whose every text is as long as it may be."""

VIEWS: tuple[View, ...] = (
    View("overview", "/"),
    View("overview, another currency", "/?days=90&currency=EUR"),
    View("overview, nothing yet", "/", who="newcomer"),
    View("overview, figures in full", "/", then=_open_all_raw),
    View("overview, wrong days", "/?since=2025-11-05&until=2025-11-01", status=422),
    View("overview, menu of a phone", "/", then=_open_navigation),
    View("overview, keys", "/", then=_open_keys),
    *(
        View(f"overview, {figure}", f"/overview/{figure}?days=30")
        for figure in ("captured", "refunded", "orders", "tried", "approved", "declined", "unfinished")
    ),
    *(View(f"overview, needs {need}", f"/overview/needs/{need}") for need in ("discrepancy", "expiring")),
    View("orders", "/orders"),
    View("orders, older", "/orders", then=_second_page),
    View("orders, filtered", "/orders?status=paid&since=2020-01-01"),
    View("orders, all filters", "/orders?amount=>10&currency=USD&sort=-amount", then=_open_every("More filters")),
    View("orders, statuses", "/orders", then=_open_every("Any status")),
    View("orders, columns", "/orders", then=_open_every("Columns")),
    View("orders, save a view", "/orders?status=paid", then=_open_every("Save view")),
    View("orders, none fits", "/orders?q=nobody@example.com&status=declined"),
    View("orders, wrong filter", "/orders?amount=much&since=2026-12-02&until=2026-12-01", status=422),
    View("orders, none yet", "/orders", who="newcomer"),
    View("orders, chosen", "/orders", then=_choose_all),
    View("orders, to a viewer", "/orders", who="viewer"),
    View("capture several", "/orders/captures?order={authorized}&order={partially_captured}&order={paid}"),
    View("capture several, none", "/orders/captures"),
    View("payments", "/payments"),
    View("payments, filtered", "/payments?status=declined&since=2020-01-01"),
    View("payments, none fits", "/payments?q=nobody@example.com"),
    View("payments, none yet", "/payments", who="newcomer"),
    View("refunds", "/refunds"),
    View("refunds, none fits", "/refunds?status=failed"),
    View("refunds, none yet", "/refunds", who="newcomer"),
    View("disputes", "/disputes"),
    View("disputes, all filters", "/disputes", then=_open_every("More filters")),
    View("disputes, none yet", "/disputes", who="newcomer"),
    *(
        View(f"dispute, {name}", f"/disputes/{{dispute_{name}}}", then=_open_all_raw)
        for name in ("disputed", "reviewed", "won", "inquired")
    ),
    View("dispute, menu", "/disputes/{dispute_disputed}", then=_open_every("More")),
    View("dispute, sandbox menu", "/disputes/{dispute_reviewed}", then=_open_every("Sandbox")),
    View("evidence", "/disputes/{dispute_disputed}/evidence"),
    View("evidence, all fields", "/disputes/{dispute_inquired}/evidence", then=_open_every("More that can be told")),
    View("evidence, refused", "/disputes/{dispute_inquired}/evidence", then=_refuse_evidence),
    View("submit evidence", "/disputes/{dispute_inquired}/submit"),
    View("accept a dispute", "/disputes/{dispute_disputed}", then=_open("Accept the dispute")),
    View("accept a dispute, a page", "/disputes/{dispute_disputed}/accept"),
    View("order, disputed", "/orders/{disputed}"),
    View("payment, disputed", "/payments/{payment_disputed}"),
    View("refund, held by a dispute", "/orders/{disputed}/refund"),
    View("search, no such id", "/search?q=ord_00000000000000", status=404),
    View("new order", "/orders/new"),
    View("new order, refused", "/orders/new", then=_refuse_order),
    *(View(f"order, {status.replace('_', ' ')}", f"/orders/{{{status}}}") for status in ORDERS),
    View("order, long texts", "/orders/{long}"),
    View("order, raw", "/orders/{partially_refunded}", then=_open_all_raw),
    View("order, menu", "/orders/{authorized}", then=_open_every("More")),
    View("order, sandbox menu", "/orders/{authorized}", then=_open_every("Sandbox")),
    View("order, answers are lost", "/orders/{lossy}", then=_lose_an_answer),
    View("order, to a viewer", "/orders/{authorized}", who="viewer"),
    *(
        View(f"payment, {status.replace('_', ' ')}", f"/payments/{{payment_{status}}}")
        for status in ("authorized", "declined", "partially_refunded", "long")
    ),
    View("order, held", "/orders/{held}"),
    View("payment, held", "/payments/{payment_held}"),
    View("mismatch", "/orders/{held}", then=_open("Resolve the mismatch")),
    View("mismatch, a page", "/payments/{payment_held}/mismatch"),
    View("overview, needs decision", "/overview/needs/decision"),
    View("order, for a person to decide", "/orders/{undecided}"),
    View("attempt, for a person to decide", "/attempts/{attempt_undecided}"),
    View("attempt, to a viewer", "/attempts/{attempt_undecided}", who="viewer"),
    View("attempt, answered", "/attempts/{attempt_shipped}", then=_open_all_raw),
    View("take the gateway's word", "/attempts/{attempt_undecided}", then=_open("Take the gateway's word")),
    View("take the gateway's word, a page", "/attempts/{attempt_undecided}/word"),
    View("it did not happen", "/attempts/{attempt_undecided}", then=_open("It did not happen")),
    View("it did not happen, a page", "/attempts/{attempt_undecided}/denial"),
    View("order, shipped", "/orders/{shipped}"),
    View("ship", "/orders/{shippable}", then=_open("Capture and ship")),
    View("ship, a page", "/orders/{shippable}/ship"),
    View("pay", "/orders/{declined}", then=_open("Pay again")),
    View("capture", "/orders/{authorized}", then=_open("Capture")),
    View("void", "/orders/{authorized}", then=_open("Void payment")),
    View("refund", "/orders/{paid}", then=_open("Refund")),
    View("refund, refused", "/orders/{paid}", then=_refuse_refund),
    View("cancel", "/orders/{awaiting_payment}", then=_open("Cancel order")),
    View("pay, a page", "/orders/{declined}/pay"),
    View("capture, a page", "/orders/{authorized}/capture"),
    View("void, a page", "/orders/{authorized}/void"),
    View("refund, a page", "/orders/{paid}/refund"),
    View("cancel, a page", "/orders/{awaiting_payment}/cancel"),
    View("notifications", "/notifications"),
    View("notifications, filters", "/notifications?channel=mail", then=_open_every("More filters")),
    View("notifications, none fits", "/notifications?q=nobody@example.com&status=failed"),
    View("notifications, none yet", "/notifications", who="newcomer"),
    View("notification, e-mail", "/notifications/{mail}"),
    View("e-mails' looks", "/notifications/previews?kind=failed&language=de"),
    View("order service", "/notifications/order-service"),
    View("reconciliation", "/reconciliation?status=open"),
    View("reconciliation, all agree", "/reconciliation?status=open", who="newcomer"),
    View("discrepancy", "/reconciliation/{discrepancy}"),
    View("discrepancy, repair", "/reconciliation/{discrepancy}", then=_open("Repair")),
    View("discrepancy, repair, a page", "/reconciliation/{discrepancy}/repair"),
    View("discrepancy, leave, a page", "/reconciliation/{discrepancy}/leave"),
    View("reconciliation, resolved", "/reconciliation?status=resolved"),
    View("discrepancy, settled", "/reconciliation/{settled}"),
    View("customers", "/customers"),
    View("customers, none fits", "/customers?q=nobody@example.com"),
    View("customers, none yet", "/customers", who="newcomer"),
    View("customer", "/customers/{customer}"),
    View("customer, to a viewer", "/customers/{customer}", who="viewer"),
    View("customer, merged and erased", "/customers/{erased}"),
    View("customers, erased", "/customers?status=erased"),
    View("merge customers", "/customers/{customer}", then=_open("Merge")),
    View("merge customers, a page", "/customers/{customer}/merge"),
    View("merge customers, nobody found", "/customers/{customer}/merge?other=nobody@example.com", status=422),
    View("merge customers, both", "/customers/{customer}/merge?other={other_customer}"),
    View("erase a customer", "/customers/{other_customer}", then=_open("Erase")),
    View("erase a customer, a page", "/customers/{other_customer}/erase"),
    View("erase a customer, not yet", "/customers/{customer}/erase"),
    View("notification, erased e-mail", "/notifications/{erased_mail}"),
    View("customer's own payments", "{history}", who="nobody"),
    View("notices", "/notices"),
    View("notices, none fits", "/notices?show=unread&kind=outage"),
    View("webhooks", "/webhooks"),
    View("webhooks, one type", "/webhooks?type=refund."),
    View("webhooks, none yet", "/webhooks", who="newcomer"),
    View("webhook event", "/webhooks/events/{event}"),
    View("webhook event, raw", "/webhooks/events/{event}", then=_open_all_raw),
    View("webhook event, failed", "/webhooks/events/{failed_event}"),
    View("webhooks, failed", "/webhooks?status=failed"),
    View("pay link", "/orders/{awaiting_payment}", then=_open("Another pay link")),
    View("pay link, mail", "/orders/{awaiting_payment}", then=_open("Mail the pay link")),
    View("pay link, mail, a page", "/orders/{awaiting_payment}/pay-link/mail?language=de"),
    View("pay link, revoke", "/orders/{awaiting_payment}", then=_open("Revoke")),
    View("pay link, a page", "/orders/{awaiting_payment}/pay-link"),
    View("pay link, revoke, a page", "/pay-links/{link_awaiting_payment}/revoke"),
    View("checkout", "/pay/{pay_awaiting_payment}", who="nobody"),
    View("checkout, a card typed wrong", "/pay/{pay_awaiting_payment}", who="nobody", then=_type_a_card_wrong),
    View("checkout, test cards", "/pay/{pay_awaiting_payment}", who="nobody", then=_open_test_cards),
    View("checkout, in German", "/pay/{pay_awaiting_payment}?language=de", who="nobody"),
    View("checkout, declined before", "/pay/{pay_declined}?language=en", who="nobody"),
    View("checkout, long texts", "/pay/{pay_long}", who="nobody"),
    View("checkout, confirm", "/pay/{pay_awaiting_authentication}", who="nobody"),
    View("checkout, wait", "/pay/{pay_payment_unknown}", who="nobody"),
    View("checkout, being checked", "/pay/{pay_in_review}", who="nobody"),
    View("checkout, held", "/pay/{pay_authorized}", who="nobody"),
    View("checkout, paid", "/pay/{pay_partially_refunded}", who="nobody"),
    View("checkout, receipt", "/pay/{pay_partially_refunded}/receipt", who="nobody"),
    View("checkout, canceled", "/pay/{pay_canceled}", who="nobody"),
    View("checkout, revoked", "/pay/{pay_revoked}", who="nobody", status=410),
    View("checkout, expired", "/pay/{pay_expired}?language=fr", who="nobody", status=410),
    View("checkout, begun elsewhere", "/pay/return/{state}?language=en", who="nobody", status=403),
    View("checkout, no such link", "/pay/nothing", who="nobody", status=404),
    View("checkout, no such way back", "/pay/return/nothing", who="nobody", status=404),
    View("approvals", "/approvals"),
    View("approvals, none fits", "/approvals?status=expired"),
    View("approvals, none yet", "/approvals", who="newcomer"),
    View("approval", "/approvals/{approval}"),
    View("approval, to a viewer", "/approvals/{approval}", who="viewer"),
    View("approval, refused", "/approvals/{refused_approval}"),
    View("refund that takes a second person", "/orders/{large}/refund"),
    View("reviews", "/reviews"),
    View("reviews, none yet", "/reviews", who="newcomer"),
    View("review", "/reviews/{review}", then=_open_all_raw),
    View("review, no verdict", "/reviews/{review}", then=_decide_nothing),
    View("review, to a viewer", "/reviews/{review}", who="viewer"),
    View("review, decided", "/reviews/{decided_review}"),
    View("order, in review", "/orders/{in_review}"),
    View("order, blocked", "/orders/{blocked}"),
    View("payment, blocked", "/payments/{payment_blocked}", then=_open_all_raw),
    View("risk rules", "/risk/rules"),
    View("risk rules, none yet", "/risk/rules", who="newcomer"),
    View("risk rule", "/risk/rules/{rule}", then=_try_the_rule),
    View("risk rule, to a viewer", "/risk/rules/{rule}", who="viewer"),
    View("new risk rule, wrong", "/risk/rules/new", then=_write_a_wrong_rule),
    View("value lists", "/risk/lists"),
    View("fraud model", "/risk/model"),
    View("fraud model, to a viewer", "/risk/model", who="viewer"),
    View("fraud model, nothing scored yet", "/risk/model", who="newcomer"),
    View("fraud model, refused", "/risk/model", then=_send("Save the thresholds")),
    View("value list", "/risk/lists/{list}"),
    View("operators", "/settings/operators"),
    View("operator", "/settings/operators/{person}"),
    View("operator of the terminal", "/settings/operators/{local}"),
    View("invite", "/settings/operators/new", then=_send("Invite")),
    View("policy", "/settings/policy"),
    View("policy, refused", "/settings/policy", then=_send("Put this policy in force")),
    View("policy, to a viewer", "/settings/policy", who="viewer"),
    View("audit log", "/audit"),
    View("audit log, all columns", "/audit?status=operator.invited", then=_open_every("Columns")),
    View("audit log, none fits", "/audit?q=nobody"),
    View("act", "/audit/{act}"),
    View("tokens", "/settings/tokens", then=_open_every("Revoke")),
    View("tokens, none yet", "/settings/tokens", who="newcomer"),
    View("make a token", "/settings/tokens/new", then=_send("Make the token")),
    View("token", "/settings/tokens/new", then=_make_a_token),
    View("account", "/account", who="colleague"),
    View("account, second factor", "/account", who="careful", then=_open_every("(New recovery codes|Take the .*)")),
    View("recovery codes", "/account", who="careful", then=_make_recovery_codes),
    View("account of the terminal", "/account"),
    View("second factor", "/account/second-factor", who="colleague"),
    View("password link", "{password_link}", who="nobody"),
    View("password link, used up", "/sign-in/password/used-up", who="nobody", status=410),
    View("settlements", "/settlements"),
    View("settlements, all filters", "/settlements", then=_open_every("More filters")),
    View("settlements, none fits", "/settlements?status=waiting"),
    View("settlements, none yet", "/settlements", who="newcomer"),
    View("settlement", "/settlements/{settlement}"),
    View("settlement, what differs", "/settlements/{settlement}?differing=1"),
    View("payouts", "/payouts"),
    View("payouts, none yet", "/payouts", who="newcomer"),
    View("payout", "/payouts/{payout}"),
    View("reports", "/reports"),
    View("reports, settlement statement", "/reports/settlement?currency=USD"),
    View("reports, one figure's lines", "/reports/settlement?currency=USD&figure=fees"),
    View("reports, wrong days", "/reports/settlement?since=2026-02-02&until=2026-02-01", status=422),
    View("reports, nothing yet", "/reports/settlement", who="newcomer"),
    View("reports, merchant statement", "/reports/merchant?merchant={merchant}"),
    View("reports, payout", "/reports/payout?payout={payout}"),
    View("reports, which payout", "/reports/payout"),
    View("reports, fees", "/reports/fees"),
    View("reports, tax", "/reports/tax"),
    View("reports, ledger extract", "/reports/ledger?currency=USD"),
    View("reports, month", "/reports/month"),
    View("reports, made in the background", "/reports/made/{made_report}"),
    View("breaks", "/breaks?status=open"),
    View("breaks, none yet", "/breaks?status=open", who="newcomer"),
    View("break", "/breaks/{break}", then=_send("Resolve")),
    View("break, to a viewer", "/breaks/{break}", who="viewer"),
    View("break of the bank's", "/breaks/{bank_break}"),
    View("break, written off by two", "/breaks/{bank_break}", then=_send("Ask a second person")),
    View("three ways", "/three-way"),
    View("three ways, only what differs", "/three-way?differing=y"),
    View("three ways, wrong days", "/three-way?since=2026-02-02&until=2026-01-01", status=422),
    View("three ways, nothing yet", "/three-way", who="newcomer"),
    View("files", "/three-way/files"),
    View("files, none yet", "/three-way/files", who="newcomer"),
    View("files, refused", "/three-way/files", then=_send("Compare it")),
    View("files, to a viewer", "/three-way/files", who="viewer"),
    View("file, a report", "/three-way/files/{brought_report}"),
    View("file, a statement", "/three-way/files/{statement_file}"),
    View("statement", "/three-way/statements/{statement}"),
    View("ledger", "/ledger"),
    View("ledger, a past day", "/ledger?until=2020-01-01"),
    View("ledger, nothing yet", "/ledger", who="newcomer"),
    View("ledger, a wrong day", "/ledger?until=then", status=422),
    View("ledger account", "/ledger/accounts/psp_pending/USD"),
    View("ledger account, a merchant's", "/ledger/accounts/merchant_due/USD?owner={merchant}"),
    View("ledger transaction", "/ledger/transactions/{posted}"),
    View("merchants", "/merchants"),
    View("merchant", "/merchants/{merchant}"),
    View("merchant, to a viewer", "/merchants/{merchant}", who="viewer"),
    View("merchant, a plan refused", "/merchants/{merchant}", then=_send("Put it in force", "Agree on another plan")),
    View("new merchant", "/merchants/new", then=_send("Make the merchant")),
    View("merchant's statement", "/merchants/{merchant}/statement"),
    View(
        "merchant's statement, wrong days",
        "/merchants/{merchant}/statement?since=2026-02-02&until=2026-02-01",
        status=422,
    ),
    View("payout to a merchant", "/merchant-payouts/{merchant_payout}"),
    View("help", "/help"),
    View("design system", "/styleguide"),
    View("sign-in", "/sign-in", who="nobody"),
    View("sign-in, refused", "/sign-in", who="nobody", then=_sign_in_wrongly),
    View("sign-in, code", "/sign-in", who="nobody", then=_sign_in_half),
    View("sign-in link", "{link}", who="nobody"),
    View("sign-in link, used up", "/sign-in/link/used-up", who="nobody", status=410),
    View("a problem of the API", "/api/problems/invalid-transition"),
    View("error 403", "/orders/new", who="viewer", status=403),
    View("error 404", "/orders/ord_00000000000000", status=404),
    View("error 404, to nobody", "/nothing-here", who="nobody", status=404),
    View("error 405", "/sign-out", status=405),
    View("error 409", "/orders/{refunded}/refund", status=409),
    View("error 500", "/orders/{broken}", status=500),
    View("gateway, challenge", "{challenge}", who="customer"),
    View("gateway, challenge over", "{challenge_over}", who="customer", status=410),
    View("gateway, documentation", "/docs", who="customer"),
    View("gateway, problems", "/problems/", who="customer"),
    View("gateway, a problem", "/problems/invalid-transition", who="customer"),
)

NO_PAGES = {
    "notices.bell": "a part of every page",
    "notifications.show_mail": "an e-mail, shown in a frame of its page",
    "notification_setup.preview_mail": "an e-mail, shown in a frame of its page",
    "pay_link_mails.letter": "an e-mail, shown in a frame of its page",
    "assets.serve": "a file",
    "health.healthz": "a word for machines",
    "health.readyz": "a word for machines",
    "api.openapi": "a document for machines",
    "live.stream": "a stream of events",
    "disputes.download": "a file",
    "reconciliation.sandbox_bank": "a file",
    "reports.file": "a file",
    "reports.download": "a file",
    "bulk.chosen": "a part of the list of orders",
    "shell.show_todos": "a part of every page",
    "drift.state": "a part of the drift desk",
    "payments.back": "leads to its order",
    "model.training": "a part of the fraud model's page",
    "risk.trial": "a part of a rule's page",
    "reviews.of_payment": "leads to its review",
    "operators.code": "comes after the password",
}
"""GET routes of the dashboard that show no page, and why. (The gateway's /docs is Swagger UI's own page.)"""

_KINDS = {re.sub(r"\{\w+\}", "{}", view.address.partition("?")[0]): view for view in reversed(VIEWS)}
WALKED = frozenset(view.name for view in _KINDS.values())
"""Pages that are gone through by Tab: the first of each address. Dialogs are too."""

Furnished = dict[str, str]

_LINKED = frozenset(
    {
        "awaiting_payment",
        "awaiting_authentication",
        "authorized",
        "declined",
        "payment_unknown",
        "canceled",
        "partially_refunded",
    }
)
"""Orders whose customers have a pay link."""
_ITEMS = [
    {"name": "Mug, stoneware", "quantity": 2, "unit_amount": 1250},
    {"name": "Filter paper", "quantity": 1, "unit_amount": 2499},
]
_MANY_ITEMS = [
    {"name": f"Coffee of the month, part {number}", "quantity": 1, "unit_amount": 800 + 199 * (number == 6)}
    for number in range(1, 7)
]
_DISPUTED = {
    "disputed": "visa_dispute_not_received",
    "reviewed": "mastercard_dispute_fraudulent",
    "won": "visa_dispute_duplicate_won",
    "inquired": "visa_inquiry",
}
"""Orders whose cardholders dispute them, an hour before the others are placed."""

_LONG = {
    "reference": "LONG-" + "W" * 60,
    "customer": {
        "name": "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh of Llanfairpwllgwyngyll",
        "email": "wolfeschlegelsteinhausenbergerdorff.featherstonehaugh@llanfairpwllgwyngyll.example.com",
    },
    "items": [
        {
            "name": "Grinder with conical burrs of hardened steel, forty settings, for filter and espresso",
            "quantity": 999,
            "unit_amount": 1_001_001_000,
        }
    ],
}


def furnish(stack: Stack) -> Furnished:
    """Make one order of each status, and enough of them for a second page. The ids by the names in `VIEWS`."""
    settled = settle(stack)  # first: it takes days
    shop = OrderService(stack)
    bank = GatewayAccount(stack)
    made: dict[str, Json] = {}
    links: dict[str, Json] = {}

    def place(name: str, card: str = "", *, capture: bool = False, **more: Any) -> Json:
        order = made[name] = shop.place(4999, **{"reference": f"WEB-{len(made) + 2001}", **more})
        if name in _LINKED:
            links[name] = shop.pay_link(order)
        return shop.pay(order, card, capture=capture) if card else {}

    def act(name: str, doing: str, **body: object) -> None:
        answer = shop.call("POST", f"/orders/{made[name]['id']}/{doing}", dict(body))
        assert answer.ok, answer.text

    _undecided(bank, lambda: place("undecided", "visa_success", reference=_UNDECIDED))
    for name, card in _DISPUTED.items():
        place(name, card, capture=True)
    over = place("payment_failed", "visa_challenge")
    bank.clock(advance="PT1H1M")
    place("awaiting_payment", items=_ITEMS)
    links["revoked"] = shop.pay_link(made["awaiting_payment"])
    assert shop.call("POST", f"/pay_links/{links['revoked']['id']}/revoke").ok
    links["expired"] = shop.pay_link(made["awaiting_payment"])
    _let_expire(stack, str(links["expired"]["id"]))
    place("awaiting_authentication", "visa_challenge")
    place("authorized", "visa_success")
    place("partially_captured", "mastercard_success")
    act("partially_captured", "captures", amount=1999)
    place("paid", "amex_success", capture=True)
    place("declined", "visa_insufficient_funds", items=_MANY_ITEMS)
    shop.pay(made["declined"], "visa_lost_card")
    place("payment_unknown", "visa_processing_approved")
    place("canceled", "visa_success")
    act("canceled", "cancel", reason="Ordered twice")
    place("partially_refunded", "visa_success", capture=True)
    act("partially_refunded", "refunds", amount=1000, reason="requested_by_customer", note="One mug arrived broken.")
    place("refunded", "visa_success", capture=True, currency="EUR")
    act("refunded", "refunds", reason="duplicate")
    place("shippable", "visa_authentication_unavailable", capture_policy="on_shipment")
    place("shipped", "visa_frictionless", capture_policy="on_shipment")
    act("shipped", "shipments", amount=1999, tracking="1Z999AA10123456784")
    act("shipped", "shipments", final=True)
    place("held", "visa_success")
    _say_otherwise(stack, shop.order(made["held"]))
    place("broken")
    place("lossy", "visa_success")
    place("elsewhere")
    elsewhere = Customer(bank, shop.pay_link(made["elsewhere"]))
    elsewhere.pay(made["elsewhere"], "visa_challenge")
    place("drifted", "visa_success", capture=True)
    place("left", "visa_success", capture=True)
    place("refund_pending", "visa_refund_pending", capture=True)
    act("refund_pending", "refunds", amount=1500, reason="duplicate")
    place("refund_failed", "mastercard_success", capture=True)
    act("refund_failed", "refunds", amount=4999, reason="other", note="The account was closed. " * 20)
    (back,) = bank.payments(made["refund_failed"])[0]["refunds"]
    bank.call("POST", f"/_sandbox/refunds/{back['id']}/next", {"action": "fail"})
    for currency in ("JPY", "KWD", "GBP"):
        place(currency, "visa_success", capture=True, currency=currency)
    for number in range(13):
        place(f"more {number}")
    # The rows of the others keep their usual width on the first page; this one stands on the second.
    made["long"], links["long"] = _long_order(shop)
    for status in ORDERS:
        shop.order_when(made[status], status)
    until(lambda: _is_with_a_person(stack, made["undecided"]), what="the lost answer to go to a person", within=60)
    bank.no_faults()
    payments = {name: shop.order(order)["payments"] for name, order in made.items()}
    disputes = {name: _dispute_of(shop, bank, made[name]) for name in _DISPUTED}
    for name in ("reviewed", "won"):
        bank.call("POST", f"/v1/disputes/{disputes[name]}/submit", {})
    bank.call("POST", f"/_sandbox/disputes/{disputes['won']}/next", {"action": "win"})
    until(lambda: not shop.order(made["won"])["disputed"], what="the won dispute")
    _gather(stack, disputes["disputed"])
    drifted, left = _discrepancies(stack, str(made["drifted"]["id"]), str(made["left"]["id"]))
    Visitor(stack).send(
        f"/reconciliation/{left}/leave", f"/reconciliation/{left}/leave", reason="Known to the bank, and being mended."
    )
    return {
        **{name: str(order["id"]) for name, order in made.items()},
        **{f"payment_{name}": str(found[0]["id"]) for name, found in payments.items() if found},
        **{f"attempt_{name}": str(payments[name][0]["attempts"][-1]["id"]) for name in ("undecided", "shipped")},
        "mail": _first_mail(stack),
        "customer": str(made["paid"]["customer"]["id"]),
        **_customers(stack, shop),
        "history": _history(stack, str(made["paid"]["customer"]["id"])),
        **{f"link_{name}": str(link["id"]) for name, link in links.items()},
        **{f"pay_{name}": str(link["url"]).rpartition("/")[2] for name, link in links.items()},
        **{f"dispute_{name}": dispute_id for name, dispute_id in disputes.items()},
        "state": elsewhere.way_back(made["elsewhere"]).rpartition("/")[2],
        "challenge_over": _path(over["next_action"]["url"]),
        "event": bank.call("GET", "/v1/events?type=payment.captured&limit=1")["data"][0]["id"],
        **_risk(Visitor(stack), shop),
        "failed_event": _failed_event(stack, bank),
        "discrepancy": drifted,
        "settled": left,
        **settled,
        **_people(stack, shop),
    }


def _risk(admin: Visitor, shop: OrderService) -> Furnished:
    """Rules and a list of their own devices; a payment that is blocked, one that is reviewed, one that was."""
    desk = RiskDesk(admin)
    admin.send("/risk/lists", "/risk/lists", name="blocked_devices", words="Devices that cost us money")
    on_list = "/risk/lists/blocked_devices"
    values = {"values": "device-known-from-the-fraud-of-last-week", "note": "three chargebacks", "expires": ""}
    admin.send(on_list, on_list, **values)
    desk.rule("device.id in @blocked_devices", "block", name="Devices that cost us money")
    rule = desk.rule(
        'device.cards[1d] >= 2 and (device.declines[1h] >= 2 or device.id = "device-shared")',
        "review",
        name="Several cards on one device",
    )
    desk.rule("amount > 5000.00 EUR", "three_ds", mode="shadow", name="Large amounts in euro")
    contexts = {
        "blocked": {"device_id": "device-known-from-the-fraud-of-last-week"},
        "first": {"device_id": "device-shared", "ip": "203.0.113.20", "ip_country": "US"},
        "in_review": {"device_id": "device-shared", "ip": "203.0.113.20", "ip_country": "US"},
        "decided": {"device_id": "device-shared", "ip": "203.0.113.21", "ip_country": "FR"},
    }
    cards = {"first": "visa_success", "in_review": "mastercard_success"}
    orders = {name: shop.place(4999, context=context) for name, context in contexts.items()}
    link = str(shop.pay_link(orders["in_review"])["url"])
    paid = {name: shop.pay(order, cards.get(name, "amex_success")) for name, order in orders.items()}
    assert desk.decides(paid["decided"]["id"], "approve").ok
    return {
        "rule": rule.rpartition("/")[2],
        "list": "blocked_devices",
        "in_review": str(orders["in_review"]["id"]),
        "pay_in_review": link.rpartition("/")[2],
        "blocked": str(orders["blocked"]["id"]),
        "payment_blocked": str(paid["blocked"]["id"]),
        "review": desk.review_of(paid["in_review"]["id"]).rpartition("/")[2],
        "decided_review": desk.review_of(paid["decided"]["id"]).rpartition("/")[2],
    }


_UNDECIDED = "WEB-1999"


def _undecided(bank: GatewayAccount, place: Callable[[], Json]) -> None:
    """An order whose payment was asked for and never answered, and a day later nobody knows of it."""
    bank.fault({"type": "drop_before"}, operation="payment", reference=_UNDECIDED)
    place()
    bank.clock(advance="PT25H")


def _is_with_a_person(stack: Stack, order: Json) -> bool:
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        given = "SELECT count(escalated_at) FROM attempts JOIN payments ON payments.id = payment_id WHERE order_id = ?"
        (count,) = connection.execute(given, (order["id"],)).fetchone()
    return bool(count)


def _say_otherwise(stack: Stack, order: Json) -> None:
    """A delivery, signed as it should be, that tells of another amount than the order's."""
    event = json.loads(forged_capture(order))
    event["data"]["amount"] += 500
    assert Sender(stack).deliver(event) == 204


def _people(stack: Stack, shop: OrderService) -> Furnished:
    """People with and without a second factor, what a second person was asked for, and what they did."""
    admin = Visitor(stack)
    hire(stack, admin, "finance", COLLEAGUE)
    careful = Hand(stack)
    careful.sign_in(hire(stack, admin, "operator", CAREFUL).email)
    _, codes = secure(careful)
    invited, link = invite(admin, "developer", "Iris Example-Whose-Name-Is-Long")
    colleague = Hand(stack)
    colleague.sign_in(_address_of(COLLEAGUE))
    colleague.send("/account", "/account/second-factor/begin")
    found = []
    for amount in (90_000, 120_000):
        order = shop.place(amount)
        shop.pay(order, capture=True)
        asked = shop.call("POST", f"/orders/{order['id']}/refunds", {"note": "The grinder arrived in two parts. " * 9})
        found.append(str(asked.json()["approval"]["id"]))
        large = str(order["id"])
    colleague.send(
        f"/approvals/{found[1]}", f"/approvals/{found[1]}/decision", decision="refuse", reason="No parcel came back."
    )
    admin.send("/settings/policy", "/settings/policy", approval_days="14", reason="People are on holiday.")
    act = re.search(r"/audit/(aud_\w+)", admin.read("/audit?status=policy.changed").html)
    local = re.search(r'/settings/operators/(opr_\w+)">Local admin', admin.read("/settings/operators").html)
    assert act is not None
    assert local is not None
    return {
        "approval": found[0],
        "large": large,
        "refused_approval": found[1],
        "person": invited.id,
        "local": local[1],
        "act": act[1],
        "recovery_code": codes[0],
        "password_link": _path(link),
    }


COLLEAGUE, CAREFUL = "Fay Colleague", "Cara Careful"


def _customers(stack: Stack, shop: OrderService) -> Furnished:
    """Two people of one name whose money rests; one who was merged and erased, and an e-mail of theirs."""
    admin = Visitor(stack)
    found = []
    for which in ("first", "second", "third", "fourth"):
        order = shop.place(customer={"email": f"olga.{which}@example.com", "name": "Olga Otherwise-Named"})
        shop.pay(order, capture=True)
        found.append(str(order["customer"]["id"]))
    stays, goes = found[2:]
    at = f"/customers/{stays}/merge"
    admin.send(f"{at}?other={goes}", f"{at}/{goes}", stays=stays, reason="The same person, confirmed by phone.")
    at = f"/customers/{stays}/erase"
    admin.send(at, at, reason="Asked for by letter of 12 May.", is_sure="y")
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        (mail,) = connection.execute(
            "SELECT id FROM messages WHERE customer_id = ? AND channel = 'mail' ORDER BY id", [stays]
        ).fetchone()
    return {"other_customer": found[0], "erased": stays, "erased_mail": str(mail)}


def _address_of(name: str) -> str:
    return f"{name.replace(' ', '.').lower()}@example.com"


def _dispute_of(shop: OrderService, bank: GatewayAccount, order: Json) -> str:
    until(lambda: shop.order(order)["disputed"], what=f"the dispute of {order['reference']}")
    return str(bank.payments(order)[0]["disputes"][0]["id"])


def _long_order(shop: OrderService) -> tuple[Json, Json]:
    order = shop.place(999 * 1_001_001_000, "USD", **_LONG)
    link = shop.pay_link(order)
    shop.pay(order, "visa_do_not_honor")
    shop.pay(order, "visa_success")
    reason = "Because the parcel was left in the rain. " * 12
    assert shop.call("POST", f"/orders/{order['id']}/captures", {}).ok
    refund = {"amount": 123_456_789_012, "reason": "other", "note": reason[:500]}
    assert shop.call("POST", f"/orders/{order['id']}/refunds", refund).ok
    return order, link


def _history(stack: Stack, customer_id: str) -> str:
    """The address of the customer's own page."""
    secret = (stack.data_dir / "secrets" / "secret_key").read_text().strip()
    return f"/my/{Signer(secret, salt='payment-history', digest_method=hashlib.sha256).sign(customer_id).decode()}"


def _first_mail(stack: Stack) -> str:
    """The id of an e-mail about a payment."""
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        (found,) = connection.execute("SELECT id FROM messages WHERE kind = 'paid' ORDER BY id").fetchone()
    return str(found)


def _let_expire(stack: Stack, link_id: str) -> None:
    """As time does; links go by the wall's clock, which nobody can move."""
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        connection.execute("UPDATE pay_links SET expires_at = created_at WHERE id = ?", (link_id,))
        connection.commit()


def break_order(stack: Stack, order_id: str) -> None:
    """Give the order a merchant that does not exist, as only a broken disk or a hand in the database can."""
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        changed = connection.execute("UPDATE orders SET merchant_id = 'mer_gone' WHERE id = ?", (order_id,)).rowcount
        connection.commit()
    assert changed == 1


def _discrepancies(stack: Stack, *order_ids: str) -> list[str]:
    """Change the orders by hand, as nobody should; the ids of what the drift desk finds."""
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        connection.executemany("UPDATE orders SET status = 'refunded' WHERE id = ?", [(one,) for one in order_ids])
        connection.commit()
    found = {one["order"]: str(one["id"]) for one in json.loads(stack.cli("reconcile", "--json", code=1))["data"]}
    return [found[order_id] for order_id in order_ids]


def _gather(stack: Stack, dispute_id: str) -> None:
    """Some of the evidence that the bank wants, and a file."""
    clerk = Visitor(stack, "finance")
    at = f"{clerk.url}/disputes/{dispute_id}/evidence"
    form = clerk.read(at).fields | {"shipping_date": "2026-11-20", "shows": "receipt"}
    form = {name: value for name, value in form.items() if name not in ("files", "remove")}
    files = [("files", ("packing-slip.txt", b"One mug, stoneware, packed on Friday.", "text/plain"))]
    answer = clerk.session.post(at, data=form, files=files, timeout=30)
    assert answer.ok, answer.text


def _failed_event(stack: Stack, bank: GatewayAccount) -> str:
    """The id of an event that could not be applied, as only a bug of ours makes them."""
    event_id = str(bank.call("GET", "/v1/events?type=payment.voided&limit=1")["data"][0]["id"])
    why = "AssertionError: refund re_01J0 is of another payment, so that nothing of this event was taken"
    with closing(sqlite3.connect(stack.database_url.removeprefix("sqlite:///"), timeout=30)) as connection:
        failed = "UPDATE webhook_events SET outcome = 'failed', tries = 20, last_error = ? WHERE id = ?"

        def changed() -> bool:
            number = connection.execute(failed, (why, event_id)).rowcount
            connection.commit()
            return number == 1

        until(changed, what="the event")
    return event_id


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


REFUSED = re.compile(r"the server responded with a status of \d+")
"""Chromium's own line for a page that is an error page."""


def _new_challenge(stack: Stack) -> str:
    shop = OrderService(stack)
    return _path(shop.pay(shop.place(4999), "visa_challenge")["next_action"]["url"])


SHORT_LIVED: dict[str, Callable[[Stack], str]] = {
    "link": lambda stack: _path(stack.sign_in_link()),
    "challenge": _new_challenge,
}
"""What is over within a quarter of an hour is made when its page is opened."""


class Window:
    """One person's browser window, and what the browser complained of since the last page was opened."""

    def __init__(self, context: BrowserContext, stack: Stack, origin: str, furnished: Furnished) -> None:
        self.page = context.new_page()
        self._stack = stack
        self._complaints: list[str] = []
        self._origin = origin
        self._furnished = furnished
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self._complain(f"error: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _heard(self, message: ConsoleMessage) -> None:
        if not message.location["url"].endswith("/favicon.ico"):  # of /healthz: pages name their own
            self._complain(f"{message.type}: {message.text}")

    def _complain(self, text: str) -> None:
        self._complaints.append(text)

    def _asked(self, url: str) -> None:
        if url.startswith(("http", "ws")) and not url.startswith(f"{self._origin}/"):
            self._complain(f"asked another host for {url}")

    def open(self, view: View) -> None:
        """Open the page, before anything is done on it; AssertionError if it answers another status."""
        self.page.goto(f"{self._origin}/healthz")  # nothing to see, yet no other site: that takes a process of its own
        self._complaints.clear()
        made = {name: make(self._stack) for name, make in SHORT_LIVED.items() if f"{{{name}}}" in view.address}
        answer = self.page.goto(self._origin + view.address.format_map(self._furnished | made))
        assert answer is not None
        assert answer.status == view.status, f"{view.name} answered {answer.status}"

    def told(self, view: View) -> list[str]:
        """What the browser complained of since; its own line for an answer that is to be an error is none."""
        expected = view.status >= 400 or view.then is not None
        return [one for one in self._complaints if not (expected and REFUSED.search(one))]


IDLE_SECONDS = 600.0


class Desk:
    """Windows for everybody who looks at a furnished installation and at an empty one."""

    def __init__(self, browser: Browser, stack: Stack, empty: Stack, furnished: Furnished) -> None:
        self._browser = browser
        self._furnished = furnished
        self._stacks = {"newcomer": empty}
        self._stack = stack
        self._windows: dict[Who, Window] = {}
        self._used: dict[Who, float] = {}

    def window_of(self, who: Who) -> Window:
        """That person's window, signed in where they may be; anew where it was long idle, for sessions end then."""
        if who in self._windows and time.monotonic() - self._used[who] > IDLE_SECONDS:
            self._windows.pop(who).page.context.close()
        self._used[who] = time.monotonic()
        if who not in self._windows:
            stack = self._stacks.get(who, self._stack)
            origin = stack.gateway_url if who == "customer" else stack.dashboard_url
            if who in ("nobody", "customer"):
                context = self._browser.new_context(reduced_motion="reduce")
            elif who in ("colleague", "careful"):
                context = self._browser.new_context(reduced_motion="reduce")
                page = context.new_page()
                page.goto(f"{origin}/sign-in")
                _write_sign_in(page, COLLEAGUE if who == "colleague" else CAREFUL, PASSWORD)
                if who == "careful":
                    page.get_by_label("Code").fill(self._furnished["recovery_code"])
                    page.get_by_role("button", name="Sign in").click()
                page.wait_for_url(f"{origin}/")
                page.close()
            else:
                context = signed_in_context(self._browser, stack.sign_in_link("viewer" if who == "viewer" else "admin"))
            self._windows[who] = Window(context, stack, origin, self._furnished)
        return self._windows[who]


def signed_in_context(browser: Browser, link: str) -> BrowserContext:
    """A browser's profile that opened a sign-in link and pressed its button."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/")
    page.close()
    return context


def slug(view: View) -> str:
    """The view's name as a file's."""
    return re.sub(r"[^a-z0-9]+", "-", view.name.lower()).strip("-")
