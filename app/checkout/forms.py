"""The forms around a pay link: the customer's card, and the operators' dialogs."""

from __future__ import annotations

from typing import Any, ClassVar

from wtforms import HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from app.checkout.links import MOST_DAYS
from app.checkout.mailing import Wish, language_for
from app.forms import KeyedForm, plain_text, trimmed
from app.languages import LANGUAGES, language_of
from app.orders.models import Order


class CardForm(KeyedForm):
    """What is sent here in the card's place: the gateway's token. The card itself never is."""

    token = HiddenField(validators=[InputRequired(), Length(max=100)])


class RestartForm(KeyedForm):
    """Give the challenge up."""


class LinkForm(KeyedForm):
    """Make a pay link."""

    POINTERS: ClassVar[dict[str, str]] = {"/days": "days"}

    days = IntegerField(
        "Works for, in days",
        [
            InputRequired(f"Write a number of days, from 1 to {MOST_DAYS}."),
            NumberRange(1, MOST_DAYS, f"A link works for 1 to {MOST_DAYS} days."),
        ],
    )

    def __init__(self, usual_days: int, **values: Any) -> None:
        super().__init__(days=usual_days, **values)


class MailForm(KeyedForm):
    """Mail a link: to whom, in which language."""

    POINTERS: ClassVar[dict[str, str]] = {"/to": "to", "/language": "language"}

    to = StringField(
        "To",
        [
            DataRequired("Write an e-mail address, like ann@example.com."),
            Length(max=254, message="At most 254 characters."),
            plain_text,
        ],
        [trimmed],
        render_kw={"type": "email", "autocomplete": "off", "spellcheck": "false"},
    )
    language = SelectField("In which language", choices=[(code, language_of(code).name) for code in LANGUAGES])

    def __init__(self, order: Order, to: str | None = None, language: str | None = None) -> None:
        super().__init__(to=to or order.customer_email, language=language_for(order, language).code)

    @property
    def wish(self) -> Wish:
        """What is asked for."""
        return Wish(self.to.data, self.language.data)


class RevokeForm(KeyedForm):
    """Take a link back."""
