"""The rooms' routes, and what every page shares."""

from __future__ import annotations

from flask import Flask

from app.api.views import blueprint as api
from app.approvals.views import blueprint as approvals
from app.assets import blueprint as assets
from app.books.views import blueprint as ledger
from app.checkout.desk import blueprint as pay_links
from app.checkout.desk_mail import blueprint as pay_link_mails
from app.checkout.views import blueprint as checkout
from app.compression import register_compression
from app.customer_desk.dialogs import blueprint as customer_acts
from app.customer_desk.views import blueprint as customers
from app.disputes.register import register_disputes
from app.disputes.views import blueprint as disputes
from app.drift.views import blueprint as drift
from app.filters import register_filters
from app.finding.views import blueprint as finding
from app.health import blueprint as health
from app.help.views import blueprint as help_
from app.htmx import register_htmx
from app.live.views import blueprint as live
from app.merchants.views import blueprint as merchants
from app.notifications.notice_views import blueprint as notices
from app.notifications.setup import blueprint as notification_setup
from app.notifications.views import blueprint as notifications
from app.operators.views import blueprint as operators
from app.orders.views import blueprint as orders
from app.overview.views import blueprint as overview
from app.payments.bulk import blueprint as bulk
from app.payments.deciding import blueprint as deciding
from app.payments.dialogs import blueprint as actions
from app.payments.new_order import blueprint as new_order
from app.payments.refund_list import blueprint as refunds
from app.payments.views import blueprint as payments
from app.people.account import blueprint as account
from app.people.audit import blueprint as audit
from app.people.operators import blueprint as people
from app.people.policy import blueprint as policy
from app.people.tokens import blueprint as tokens
from app.reconciliation.views import blueprint as reconciliation
from app.reports.views import blueprint as reports
from app.reviews.views import blueprint as reviews
from app.risk.model_views import blueprint as model
from app.risk.views import blueprint as risk
from app.sandbox.views import blueprint as sandbox
from app.search.views import blueprint as search
from app.settlements.break_views import blueprint as breaks
from app.settlements.pay_views import blueprint as merchant_payouts
from app.settlements.payout_views import blueprint as payouts
from app.settlements.views import blueprint as settlements
from app.shell.register import register_shell
from app.shell.views import blueprint as shell
from app.styleguide.views import blueprint as styleguide
from app.webhooks.views import blueprint as webhooks


def register_pages(app: Flask) -> None:
    """Every room's blueprint, and what their templates have at hand."""
    register_htmx(app)
    register_filters(app)
    register_compression(app)
    register_shell(app)
    register_disputes(app)
    for blueprint in (
        api,
        approvals,
        account,
        audit,
        people,
        policy,
        tokens,
        assets,
        bulk,
        drift,
        customers,
        customer_acts,
        checkout,
        disputes,
        finding,
        health,
        help_,
        ledger,
        live,
        merchants,
        notifications,
        notification_setup,
        notices,
        operators,
        overview,
        orders,
        new_order,
        pay_links,
        pay_link_mails,
        payments,
        settlements,
        payouts,
        merchant_payouts,
        breaks,
        reconciliation,
        actions,
        deciding,
        refunds,
        reports,
        reviews,
        risk,
        model,
        sandbox,
        search,
        shell,
        styleguide,
        webhooks,
    ):
        app.register_blueprint(blueprint)
