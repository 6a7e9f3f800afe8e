"""What changes once the dashboard is served over https: cookies that keep to it, and browsers told to do the same."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
from flask.testing import FlaskClient

from app import db
from app.config import load_settings
from app.schema import upgrade
from app.web import create_app


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A browser at a dashboard whose address begins with https."""
    settings = load_settings(
        {
            "COUNTERFOIL_DATA": str(tmp_path_factory.mktemp("https")),
            "COUNTERFOIL_SECRET_KEY": "x" * 32,
            "COUNTERFOIL_PUBLIC_URL": "https://desk.example",
        },
        {"COUNTERFOIL_GATEWAY_SECRET_KEY": "sk_test_building1"},
    )
    upgrade(db.connect(settings.database_url))
    yield create_app(settings).test_client()
    db.engine().dispose()


def test_cookies_keep_to_https_and_to_this_host(browser: FlaskClient) -> None:
    answer = browser.get("/sign-in", base_url="https://desk.example")
    (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert cookie.key == "__Host-counterfoil"
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")
    assert cookie["domain"] == ""


def test_browsers_are_told_to_stay_with_https(browser: FlaskClient) -> None:
    assert browser.get("/sign-in").headers["Strict-Transport-Security"] == "max-age=31536000"
