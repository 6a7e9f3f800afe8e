"""The page that shows the design system."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.filters import account_now
from app.languages import language_of
from app.operators.guards import requires
from app.operators.roles import Permission
from app.styleguide import samples, tokens
from app.words import KINDS

blueprint = Blueprint("styleguide", __name__)


@blueprint.get("/styleguide")
@requires(Permission.DEVELOP)
def show() -> str:
    """Every token and part, each in its states."""
    now = account_now()
    return render_template(
        "styleguide/show.html",
        tokens=tokens,
        samples=samples,
        form=samples.sample_form(),
        filter=samples.sample_filter(now),
        found=samples.Found(),
        acts=samples.sample_acts(now),
        deadlines=samples.sample_deadlines(now),
        now=now,
        kinds=KINDS,
        german=language_of("de"),
    )
