"""What nobody expected breaks a request and tells nothing of the inside: a page or a problem with the request's id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import db
from app.config import load_settings
from app.schema import upgrade
from app.web import create_app
from sandbox_gateway import web as gateway_web
from sandbox_gateway.config import load_config
from sandbox_gateway.migrate import upgrade as upgrade_gateway
from sandbox_gateway.storage import Store

INSIDE = "the inside: password=hunter2, SELECT * FROM operators"


def broken(view: Callable[..., Any]) -> Callable[..., NoReturn]:
    """A view that anybody may use who could before, and that does nothing but break."""

    @wraps(view)
    def breaks(**_arguments: object) -> NoReturn:
        raise RuntimeError(INSIDE)

    return breaks


def breaking(app: Flask, *paths: str) -> FlaskClient:
    """The application with everything behind these addresses broken."""
    for rule in app.url_map.iter_rules():
        if rule.rule in paths:
            app.view_functions[rule.endpoint] = broken(app.view_functions[rule.endpoint])
    return app.test_client()


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    settings = load_settings(
        {"COUNTERFOIL_DATA": str(tmp_path_factory.mktemp("dashboard")), "COUNTERFOIL_SECRET_KEY": "x" * 32},
        {"COUNTERFOIL_GATEWAY_SECRET_KEY": "sk_test_building1"},
    )
    upgrade(db.connect(settings.database_url))
    yield breaking(create_app(settings), "/sign-in", "/api/openapi.json")
    db.engine().dispose()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    config = load_config({"data": str(tmp_path_factory.mktemp("gateway"))}, {})
    upgrade_gateway(config.database_url)
    store = Store(config.database_url)
    yield breaking(gateway_web.create_app(config, store), "/docs")
    store.dispose()


@pytest.mark.parametrize(
    ("program", "path", "headers"),
    [
        ("dashboard", "/sign-in", {}),
        ("dashboard", "/sign-in", {"HX-Request": "true"}),
        ("dashboard", "/api/openapi.json", {}),
        ("gateway", "/docs", {}),
    ],
)
def test_what_breaks_tells_its_request_s_id_and_nothing_else(
    request: pytest.FixtureRequest, program: str, path: str, headers: dict[str, str]
) -> None:
    client: FlaskClient = request.getfixturevalue(program)
    answer = client.get(path, headers=headers)
    assert answer.status_code == 500
    assert answer.headers["Request-Id"] in answer.text
    for told in ("hunter2", "RuntimeError", "Traceback", ".py"):
        assert told not in answer.text, told
