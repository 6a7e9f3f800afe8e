"""The rooms' routes, and what every page shares."""

from __future__ import annotations

from flask import Flask

from app.api.views import blueprint as api
from app.assets import blueprint as assets
from app.compression import register_compression
from app.filters import register_filters
from app.finding.views import blueprint as finding
from app.health import blueprint as health
from app.help.views import blueprint as help_
from app.htmx import register_htmx
from app.live.views import blueprint as live
from app.operators.views import blueprint as operators
from app.orders.views import blueprint as orders
from app.overview.views import blueprint as overview
from app.payments.bulk import blueprint as bulk
from app.payments.dialogs import blueprint as actions
from app.payments.new_order import blueprint as new_order
from app.payments.views import blueprint as payments
from app.sandbox.views import blueprint as sandbox
from app.search.views import blueprint as search
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
    for blueprint in (
        api,
        assets,
        bulk,
        finding,
        health,
        help_,
        live,
        operators,
        overview,
        orders,
        new_order,
        payments,
        actions,
        sandbox,
        search,
        shell,
        styleguide,
        webhooks,
    ):
        app.register_blueprint(blueprint)
