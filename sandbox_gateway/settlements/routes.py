"""The addresses of settlements, payouts and the balance."""

from sandbox_gateway import outside
from sandbox_gateway.lists import Page
from sandbox_gateway.routes import Route
from sandbox_gateway.settlements import adjustments, cutoff, payout, plant_routes
from sandbox_gateway.settlements.lines import LineBody, LineQuery, lines_csv, list_lines
from sandbox_gateway.settlements.payout import PayoutBody
from sandbox_gateway.settlements.payouts import moves_of_payout
from sandbox_gateway.settlements.queries import (
    BalanceBody,
    PayoutQuery,
    SettlementQuery,
    get_balance,
    get_payout,
    get_settlement,
    list_payouts,
    list_settlements,
)
from sandbox_gateway.settlements.settlement import SettlementBody

__all__ = ["ROUTES", "cutoff"]  # cutoff: what falls due must be known wherever lines are booked

_TAG = "Settlements"

ROUTES = [
    Route(
        "GET",
        "/v1/balance",
        get_balance,
        "What is pending, available, on its way and held back",
        tag=_TAG,
        answer=BalanceBody,
        operation="get",
    ),
    Route(
        "GET",
        "/v1/settlements",
        list_settlements,
        "List settlements, newest first",
        tag=_TAG,
        description="One for each currency and day with movements, made at 00:00 UTC of the account's clock.",
        query=SettlementQuery,
        answer=Page[SettlementBody],
        operation="list",
        problems=("invalid_cursor",),
    ),
    Route(
        "GET",
        "/v1/settlements/<settlement_id>",
        get_settlement,
        "One settlement",
        tag=_TAG,
        answer=SettlementBody,
        operation="get",
    ),
    Route(
        "GET",
        "/v1/settlements/<settlement_id>/lines",
        list_lines,
        "List a settlement's lines, newest first",
        tag=_TAG,
        description="With Accept: text/csv all in one file, the oldest first; limit and cursor do not count then.",
        query=LineQuery,
        answer=Page[LineBody],
        csv=lines_csv,
        operation="list",
        problems=("invalid_cursor",),
    ),
    Route(
        "GET",
        "/v1/payouts",
        list_payouts,
        "List payouts, newest first",
        tag=_TAG,
        query=PayoutQuery,
        answer=Page[PayoutBody],
        operation="list",
        problems=("invalid_cursor",),
    ),
    Route("GET", "/v1/payouts/<payout_id>", get_payout, "One payout", tag=_TAG, answer=PayoutBody, operation="get"),
    *outside.register("payouts", moves_of_payout, payout.show, PayoutBody),
    *adjustments.ROUTES,
    *plant_routes.ROUTES,
]
