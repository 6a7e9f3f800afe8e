"""The forms behind what may be done to a payment and its order; each repeats the sum that it moves."""

from __future__ import annotations

from typing import Any, ClassVar

from wtforms import BooleanField, Field, RadioField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from app.forms import KeyedForm, plain_text, trimmed
from app.money import Money, parse_amount
from app.payments.cards import Catalogue
from app.payments.refund import REASONS
from app.words import REFUND_REASONS


class PayForm(KeyedForm):
    """Pay an order with a card of the sandbox's catalogue."""

    POINTERS: ClassVar[dict[str, str]] = {"/test_card": "test_card"}

    test_card = SelectField(
        "Card", [InputRequired("Choose a card."), Length(max=100)], validate_choice=False, default="visa_success"
    )
    capture = RadioField(
        "Capture", choices=[("later", "Later: authorize now, capture by hand"), ("now", "Now: take the money at once")]
    )
    three_ds = SelectField(
        "3-D Secure",
        choices=[("auto", "When the card asks for it"), ("force", "Always"), ("skip", "Never")],
        default="auto",
    )

    def __init__(self, cards: Catalogue | None, *, captures_at_once: bool = False, **values: Any) -> None:
        super().__init__(capture="now" if captures_at_once else "later", **values)
        self.stories = cards.stories if cards else {}
        self.test_card.choices = cards.choices if cards else {}


class SumForm(KeyedForm):
    """A sum out of what is left."""

    POINTERS: ClassVar[dict[str, str]] = {"amount_too_large": "amount"}

    amount = StringField("Amount", [DataRequired("Write the amount."), Length(max=30)], [trimmed])

    def __init__(self, left: Money, **values: Any) -> None:
        super().__init__(amount=left.plain(), **values)
        self.left = left

    def validate_amount(self, field: Field) -> None:
        try:
            self.money = parse_amount(field.data, self.left.currency)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class CaptureForm(SumForm):
    """Take held money."""

    final = BooleanField("This is the last capture: release the rest")


class RefundForm(SumForm):
    """Give captured money back."""

    reason = SelectField(
        "Reason",
        [InputRequired("Choose a reason.")],
        choices=[("", "Choose …"), *((reason, REFUND_REASONS[reason]) for reason in REASONS)],
    )
    note = TextAreaField(
        "Note", [Length(max=500, message="At most 500 characters."), plain_text], [trimmed], description="Optional."
    )


class VoidForm(KeyedForm):
    """Release what is held."""


class CancelForm(KeyedForm):
    """Cancel the order."""

    reason = StringField(
        "Reason",
        [
            DataRequired("Write why, like Ordered by mistake."),
            Length(max=200, message="At most 200 characters."),
            plain_text,
        ],
        [trimmed],
    )
