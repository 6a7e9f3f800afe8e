"""The forms of the people's page and of one's own account."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from app.forms import KeyedForm, plain_text, trimmed
from app.operators.forms import NewPasswordForm, code_field, new_password_field, password_field
from app.operators.roles import Role

ROLE_WORDS = {
    Role.ADMIN: "Admin: everything; alone people, policy, and erasing customers",
    Role.FINANCE: "Finance: approves, refunds, pays out, reconciles, answers disputes, merges customers, reads audits",
    Role.OPERATOR: "Operator: orders, payments, captures, refunds up to the limit, reviews, merges customers",
    Role.DEVELOPER: "Developer: looks; keys, endpoints, faults",
    Role.VIEWER: "Viewer: looks",
}


def _role_field() -> RadioField:
    choices = [(role.value, words) for role, words in ROLE_WORDS.items()]
    return RadioField("Role", [InputRequired("Choose a role.")], choices=choices)


class InviteForm(KeyedForm):
    """Somebody new."""

    POINTERS: ClassVar[dict[str, str]] = {"/name": "name", "/email": "email"}

    name = StringField(
        "Name",
        [DataRequired("Write their name."), Length(max=100, message="At most 100 characters."), plain_text],
        [trimmed],
        render_kw={"autocomplete": "off"},
    )
    email = StringField(
        "E-mail",
        [DataRequired("Write their address."), Length(max=254, message="At most 254 characters."), plain_text],
        [trimmed],
        description="What they sign in by.",
        render_kw={"type": "email", "autocomplete": "off"},
    )
    role = _role_field()


class TokenForm(KeyedForm):
    """A key for another system, of a role that the maker's own holds."""

    POINTERS: ClassVar[dict[str, str]] = {"/name": "name", "/role": "role"}

    name = StringField(
        "Name",
        [DataRequired("Name it after the system that will use it, like shop."), plain_text],
        [trimmed],
        description="After the system that will use it: its acts stand under this name.",
        render_kw={"autocomplete": "off"},
    )
    role = _role_field()

    def __init__(self, offered: Collection[Role], **values: Any) -> None:
        super().__init__(**values)
        self.role.choices = [(role.value, words) for role, words in ROLE_WORDS.items() if role in offered]


class WhyForm(KeyedForm):
    """An act on somebody's account, with its reason."""

    POINTERS: ClassVar[dict[str, str]] = {"/reason": "reason"}

    reason = TextAreaField(
        "Reason",
        [
            DataRequired("Write why, like Moved to another team."),
            Length(max=500, message="At most 500 characters."),
            plain_text,
        ],
        [trimmed],
    )


class RoleForm(WhyForm):
    """Another role."""

    role = _role_field()

    def __init__(self, now: str, **values: Any) -> None:
        super().__init__(role=now, **values)


class ChangePasswordForm(NewPasswordForm):
    """One's own: the current one and a new one."""

    POINTERS: ClassVar[dict[str, str]] = {"/password": "password", "/current": "current"}

    current = password_field("Current password", "current-password")
    password = new_password_field("New password")


class ConfirmForm(KeyedForm):
    """The first code of a new authenticator app."""

    POINTERS: ClassVar[dict[str, str]] = {"/code": "code"}

    code = code_field("The six digits that it shows now.")


class PasswordForm(KeyedForm):
    """One's password, for what takes it once more."""

    POINTERS: ClassVar[dict[str, str]] = {"/password": "password"}

    password = password_field("Password", "current-password")
