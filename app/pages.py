"""The rooms' routes."""

from __future__ import annotations

from flask import Flask

from app.health import blueprint as health
from app.operators.views import blueprint as operators
from app.webhooks.views import blueprint as webhooks


def register_pages(app: Flask) -> None:
    """Every room's blueprint."""
    for blueprint in (health, operators, webhooks):
        app.register_blueprint(blueprint)
