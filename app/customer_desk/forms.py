"""The forms that merge and erase customers; each asks why."""

from __future__ import annotations

from typing import Any, ClassVar

from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from app.customers.models import Customer
from app.forms import KeyedForm, plain_text, trimmed

REASON_AT_MOST = 400


def _why(example: str, description: str) -> TextAreaField:
    return TextAreaField(
        "Reason",
        [
            DataRequired(f"Write why, like {example}."),
            Length(max=REASON_AT_MOST, message=f"At most {REASON_AT_MOST} characters."),
            plain_text,
        ],
        [trimmed],
        description=description,
    )


class OtherForm(KeyedForm):
    """Whom to merge with: asked first, by GET."""

    class Meta:
        csrf = False  # nothing is changed by it

    POINTERS: ClassVar[dict[str, str]] = {"/other": "other"}

    other = StringField(
        "The other customer",
        [DataRequired("Write an e-mail address or an id."), Length(max=254, message="At most 254 characters.")],
        [trimmed],
        description="An e-mail address, or an id that begins with cus_.",
    )


class MergeForm(KeyedForm):
    """Which one stays, and why."""

    POINTERS: ClassVar[dict[str, str]] = {"/other": "stays"}

    stays = RadioField("Who stays", [InputRequired("Choose who stays.")])
    reason = _why("The same person, confirmed by phone", "Kept with the customer, with your name.")

    def __init__(self, first: Customer, second: Customer, **values: Any) -> None:
        super().__init__(**values)
        self.stays.choices = [(one.id, f"{one.name} · {one.email}") for one in (first, second)]


class EraseForm(KeyedForm):
    """Why, and that it is for good."""

    reason = _why("Asked for by e-mail on 12 May", "Kept for good, with your name: do not write who it is.")
    is_sure = BooleanField("I know that this cannot be undone", [DataRequired("Say that you know.")])
