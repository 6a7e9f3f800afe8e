"""What every form shares: checks of text, an idempotency key, and rules of the business shown beside their field."""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from wtforms import Field, HiddenField
from wtforms.fields.choices import Choice
from wtforms.validators import ValidationError
from wtforms.widgets import Select

from app.errors import RuleBroken
from app.ids import new_key
from app.timeline import Actor


def plain_text(_form: Any, field: Field) -> None:
    """No control characters: nobody types them, and a database may refuse them."""
    if any(ord(character) < 32 and character not in "\r\n\t" for character in field.data or ""):
        raise ValidationError("Write plain text, without control characters.")


def trimmed(text: str | None) -> str | None:
    """Without blanks around it, as people mean it."""
    return text.strip() if text else text


class LongSelect(Select):  # type: ignore[misc]  # WTForms has no types
    """A list of many choices, like all currencies: written without looking for attributes that none of them has."""

    @classmethod
    def render_option(cls, choice: Choice, **attributes: Any) -> Markup:
        if choice.render_kw or attributes:
            return Markup(super().render_option(choice, **attributes))  # noqa: S704 - which has escaped it
        chosen = "selected " if choice.selected else ""
        value, label = escape(choice.value), escape(choice.label or choice.value)
        return Markup(f'<option {chosen}value="{value}">{label}</option>')  # noqa: S704 - both are escaped


class KeyedForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """A form that acts at most once: its hidden key becomes the verb's `request_key`."""

    POINTERS: ClassVar[dict[str, str]] = {}
    """Which field shows what a verb says about a member of its input."""

    request_key = HiddenField(render_kw={"autocomplete": "off"})

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.problem: RuleBroken | None = None
        if not self.request_key.data or len(self.request_key.data) > 64 or not self.request_key.data.isalnum():
            self.request_key.data = new_key()

    def key_of(self, actor: Actor) -> str:
        """The key as a verb takes it: of this person, this form and what is written in it.

        So a form sent twice acts once, and one that a browser brought back to be filled differently acts anew.
        """
        written = {name: value for name, value in self.data.items() if name not in ("csrf_token", "request_key")}
        content = hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()[:16]
        return f"form:{actor.id}:{self.request_key.data}:{content}"

    def show(self, broken: RuleBroken) -> None:
        """Put what the verb said beside the field that it is about, else above the form.

        The key is a new one from here: the answer to the old one is known.
        """
        self.request_key.data = new_key()
        name = self.POINTERS.get(broken.errors[0].pointer if broken.errors else broken.code)
        if name is None:
            self.problem = broken
        else:
            field = self[name]
            field.errors = [*field.errors, broken.detail]
