"""The forms of signing in, and of setting a password by a link."""

from __future__ import annotations

from typing import Any, ClassVar

from wtforms import Field, PasswordField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from app.forms import KeyedForm, plain_text, trimmed
from app.operators.passwords import LENGTH_AT_LEAST, LENGTH_AT_MOST


def password_field(label: str, autocomplete: str) -> PasswordField:
    """A password as it stands, blanks and all."""
    too_long = Length(max=LENGTH_AT_MOST, message=f"At most {LENGTH_AT_MOST} characters.")
    render: dict[str, Any] = {"autocomplete": autocomplete, "maxlength": LENGTH_AT_MOST}
    return PasswordField(label, [InputRequired("Write the password."), too_long], render_kw=render)


def new_password_field(label: str) -> PasswordField:
    """One that is to be set."""
    field = password_field(label, "new-password")
    field.kwargs["description"] = f"{LENGTH_AT_LEAST} to {LENGTH_AT_MOST} characters; a few words of your own will do."
    return field


def code_field(description: str) -> StringField:
    """Six digits of an authenticator app, or a recovery code where one will do."""
    return StringField(
        "Code",
        [DataRequired("Write the code."), Length(max=40, message="At most 40 characters."), plain_text],
        [trimmed],
        description=description,
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"},
    )


class SignInForm(KeyedForm):
    """Address and password."""

    email = StringField(
        "E-mail",
        [DataRequired("Write your e-mail address."), Length(max=254, message="At most 254 characters."), plain_text],
        [trimmed],
        render_kw={"type": "email", "autocomplete": "username"},
    )
    password = password_field("Password", "current-password")


class CodeForm(KeyedForm):
    """The second factor."""

    POINTERS: ClassVar[dict[str, str]] = {"/code": "code", "wrong_code": "code"}

    code = code_field("Six digits of your authenticator app, or one of your recovery codes.")


class NewPasswordForm(KeyedForm):
    """A password, twice."""

    POINTERS: ClassVar[dict[str, str]] = {"/password": "password"}

    password = new_password_field("Password")
    again = password_field("Once more", "new-password")

    def validate_again(self, field: Field) -> None:
        if field.data != self.password.data:
            raise ValidationError("The two are not the same.")
