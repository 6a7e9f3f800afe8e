"""Every route of both programs says who may use it; what says nothing is denied."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app import db
from app.config import load_settings
from app.operators.guards import PUBLIC, guard_of
from app.schema import upgrade
from app.web import create_app
from sandbox_gateway import web as gateway_web
from sandbox_gateway.config import load_config
from sandbox_gateway.migrate import upgrade as upgrade_gateway
from sandbox_gateway.storage import Store
from tests.building.tables import addresses

ANYBODY_AT_THE_DASHBOARD = {
    "/my/<token>",
    "/healthz",
    "/readyz",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/password/<token>",
    "/sign-in/link/<token>",
    "/sign-out",
    "/webhooks/gateway",
    "/pay/<token>",
    "/pay/<token>/payments",
    "/pay/<token>/restart",
    "/pay/<token>/receipt",
    "/pay/return/<state>",
    "/api/openapi.json",
    "/api/problems/<name>",
}
ANYBODY_AT_THE_GATEWAY = {
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/challenge/<secret>",
    "/problems/",
    "/problems/<name>",
}
STATIC = re.compile(r"^/(static|assets|docs)/")


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The dashboard's application on an empty database."""
    folder = tmp_path_factory.mktemp("dashboard")
    settings = load_settings(
        {"COUNTERFOIL_DATA": str(folder), "COUNTERFOIL_SECRET_KEY": "x" * 32},
        {"COUNTERFOIL_GATEWAY_SECRET_KEY": "sk_test_building1"},
    )
    upgrade(db.connect(settings.database_url))
    yield create_app(settings)
    db.engine().dispose()


@pytest.fixture(scope="module")
def gateway_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The gateway's application on an empty database."""
    config = load_config({"data": str(tmp_path_factory.mktemp("gateway"))}, {})
    upgrade_gateway(config.database_url)
    store = Store(config.database_url)
    yield gateway_web.create_app(config, store)
    store.dispose()


def calls(app: Flask) -> list[tuple[str, Rule]]:
    """Every method at every rule."""
    return [
        (method, rule)
        for rule in app.url_map.iter_rules()
        if not STATIC.match(rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def address(rule: Rule) -> str:
    """The rule with something for each argument."""
    return re.sub(r"<[^>]+>", "none-such", rule.rule)


def test_every_address_of_the_dashboard_has_its_row_in_the_page_of_roles(dashboard: Flask) -> None:
    written = [one.name for one in addresses()]
    assert sorted(written) == sorted({f"{method} {rule.rule}" for method, rule in calls(dashboard)})


def test_every_view_of_the_dashboard_is_marked(dashboard: Flask) -> None:
    unmarked = [rule.rule for _, rule in calls(dashboard) if guard_of(dashboard.view_functions[rule.endpoint]) is None]
    assert unmarked == []


def test_the_dashboard_is_open_to_anybody_only_where_it_must_be(dashboard: Flask) -> None:
    open_ones = {
        rule.rule for _, rule in calls(dashboard) if guard_of(dashboard.view_functions[rule.endpoint]) == PUBLIC
    }
    assert open_ones <= ANYBODY_AT_THE_DASHBOARD


def test_the_dashboard_turns_strangers_away(dashboard: Flask) -> None:
    client = dashboard.test_client()
    let_in = []
    for method, rule in calls(dashboard):
        if guard_of(dashboard.view_functions[rule.endpoint]) == PUBLIC:
            continue
        answer = client.open(address(rule), method=method)
        to_sign_in = answer.status_code in {302, 303} and "/sign-in" in answer.headers["Location"]
        if answer.status_code not in {401, 403} and not to_sign_in:
            let_in.append((method, rule.rule, answer.status_code))
    assert let_in == []


def test_the_gateway_turns_strangers_away(gateway_app: Flask) -> None:
    client = gateway_app.test_client()
    let_in = []
    for method, rule in calls(gateway_app):
        answer = client.open(address(rule), method=method)
        if rule.rule not in ANYBODY_AT_THE_GATEWAY and answer.status_code != 401:
            let_in.append((method, rule.rule, answer.status_code))
    assert let_in == []


def test_a_publishable_key_makes_tokens_and_nothing_else(gateway_app: Flask) -> None:
    client = gateway_app.test_client()
    secret = {"Authorization": "Bearer sk_test_routes1234"}
    publishable = client.get("/v1/account", headers=secret).get_json()["publishable_key"]
    let_in = []
    for method, rule in calls(gateway_app):
        if rule.rule in ANYBODY_AT_THE_GATEWAY:
            continue
        answer = client.open(address(rule), method=method, headers={"Authorization": f"Bearer {publishable}"}, json={})
        if answer.status_code != 403:
            let_in.append((method, rule.rule))
    assert let_in == [("POST", "/v1/tokens")]
