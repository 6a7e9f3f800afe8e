"""The policy: what the shop chose, changed with a reason, and every change that was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from flask import Blueprint, Response, flash, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.db import reading, transaction
from app.errors import InvalidInput
from app.htmx import go_to
from app.operators.guards import requires
from app.operators.roles import Permission
from app.people.choices import CHOICES, GROUPS, PolicyForm
from app.policy import Policy, current_policy
from app.policy.current import change_policy, choices_of, first_policy
from app.policy.models import PolicyChange
from app.security import actor

blueprint = Blueprint("policy", __name__)

SHOWN_CHANGES = 50


@dataclass(frozen=True)
class Difference:
    """One choice that a change made anew."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Version:
    """One change of the policy, by whom and why, and what it changed."""

    change: PolicyChange
    differences: Sequence[Difference]


@blueprint.get("/settings/policy")
@requires(Permission.READ)
def show() -> AnyResponse:
    """The choices in force, to be changed by whoever may, and how they came to be."""
    with reading() as session:
        policy = current_policy(session)
    return _page(policy, PolicyForm(policy), 200)


@blueprint.post("/settings/policy")
@requires(Permission.MANAGE)
def change() -> AnyResponse:
    """Put other choices in force."""
    with reading() as session:
        policy = current_policy(session)
    form = PolicyForm(policy)
    if not form.validate():
        return _page(policy, form, 422)
    chosen = form.chosen()
    if chosen == policy:
        form.show(InvalidInput("/", "nothing_changed", "Nothing is different from what is in force."))
        return _page(policy, form, 422)
    with transaction() as session:
        change_policy(session, chosen, form.reason.data, actor())
    flash("The policy is in force from now on.")
    return go_to(url_for(".show"))


def _page(policy: Policy, form: PolicyForm, status: int) -> AnyResponse:
    with reading() as session:
        versions = _versions(session)
    html = render_template(
        "people/policy.html",
        policy=policy,
        form=form if current_user.may(Permission.MANAGE) else None,
        groups=GROUPS,
        versions=versions,
    )
    return Response(html, status)


def _versions(session: Session) -> list[Version]:
    wanted = select(PolicyChange).order_by(PolicyChange.id.desc()).limit(SHOWN_CHANGES + 1)
    changes = session.scalars(wanted).all()
    policies = [choices_of(change) for change in changes]
    if len(changes) <= SHOWN_CHANGES:
        policies.append(first_policy())
    pairs = zip(changes, policies, policies[1:], strict=False)
    return [Version(change, _differences(before, after)) for change, after, before in pairs]


def _differences(before: Policy, after: Policy) -> list[Difference]:
    old, new = asdict(before), asdict(after)
    return [
        Difference(choice.label, choice.words(old[name]), choice.words(new[name]))
        for name, choice in CHOICES.items()
        if old[name] != new[name]
    ]
