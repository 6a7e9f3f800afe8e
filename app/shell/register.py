"""What every template's frame has at hand."""

from __future__ import annotations

from flask import Flask, request
from flask_login import current_user

from app.notifications.notice_views import unread
from app.payments.outages import outages_now
from app.shell.keys import KEYS
from app.shell.look import Density, Look, Theme, look_of
from app.shell.todo import todos
from app.shell.tour import Step, is_dismissed, steps_for


def _look() -> Look:
    return look_of(request)


def _tour() -> list[Step]:
    """Nothing for whoever put it away."""
    if is_dismissed(current_user.operator):
        return []
    return steps_for(current_user.operator, current_user.may)


def register_shell(app: Flask) -> None:
    """Give them to every template."""
    app.jinja_env.globals.update(
        outages=outages_now,
        look=_look,
        themes=Theme,
        densities=Density,
        todos=todos,
        keys=KEYS,
        tour=_tour,
        unread_notices=unread,
    )
