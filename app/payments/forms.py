"""The forms behind what may be done to a payment and its order; each repeats the sum that it moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from wtforms import BooleanField, Field, RadioField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from app.errors import RuleBroken
from app.forms import KeyedForm, plain_text, trimmed
from app.money import Money, parse_amount
from app.payments.cards import Catalogue
from app.payments.mismatch import Decision
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
    """A sum out of what is left; `check` is what the verb asks of it."""

    POINTERS: ClassVar[dict[str, str]] = {"amount_too_large": "amount"}

    amount = StringField("Amount", [DataRequired("Write the amount."), Length(max=30)], [trimmed])

    def __init__(self, left: Money, check: Callable[[Money], None], **values: Any) -> None:
        super().__init__(amount=left.plain(), **values)
        self.left = left
        self._check = check

    def validate_amount(self, field: Field) -> None:
        try:
            self.money = parse_amount(field.data, self.left.currency, self.left)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def validate(self, **more: Any) -> bool:
        """What the verb would refuse is told with all else that is wrong.

        A sum alone is left to the verb: it knows the form that was sent before, when more was left.
        """
        is_fine: bool = super().validate(**more)
        if not is_fine and not self.amount.errors:
            try:
                self._check(self.money)
            except RuleBroken as broken:
                self.show(broken)
        return is_fine


class CaptureForm(SumForm):
    """Take held money."""

    final = BooleanField("This is the last capture: release the rest")


class RefundForm(SumForm):
    """Give captured money back; `alone` is what takes no second person."""

    reason = SelectField(
        "Reason",
        [InputRequired("Choose a reason.")],
        choices=[("", "Choose …"), *((reason, REFUND_REASONS[reason]) for reason in REASONS)],
    )
    note = TextAreaField(
        "Note", [Length(max=500, message="At most 500 characters."), plain_text], [trimmed], description="Optional."
    )

    def __init__(self, left: Money, check: Callable[[Money], None], alone: Money, **values: Any) -> None:
        super().__init__(left, check, **values)
        self.alone = alone


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


class ReasonedForm(KeyedForm):
    """A decision that somebody has to be able to read up later."""

    reason = TextAreaField(
        "Why",
        [DataRequired("Write why."), Length(max=400, message="At most 400 characters."), plain_text],
        [trimmed],
        description="Kept in the timeline, with your name.",
    )


class WordForm(ReasonedForm):
    """Take the gateway's word on one of its payments."""

    gateway_id = RadioField("The gateway's payment", [InputRequired("Choose the payment that it is.")])

    def __init__(self, choices: list[tuple[str, str]], **values: Any) -> None:
        super().__init__(**values)
        self.gateway_id.choices = choices
        if len(choices) == 1 and not self.gateway_id.data:
            self.gateway_id.data = choices[0][0]


class DenialForm(ReasonedForm):
    """Close what was asked for as not done."""

    POINTERS: ClassVar[dict[str, str]] = {"gateway_not_asked": "is_sure"}

    is_sure = BooleanField("The gateway cannot be asked, and I know from elsewhere that it did not happen")


class MismatchForm(ReasonedForm):
    """Believe the gateway, or keep the payment held."""

    decision = RadioField(
        "Decision",
        [InputRequired("Choose one.")],
        choices=[
            (Decision.BELIEVE.value, "Believe the gateway now, as it says above"),
            (Decision.KEEP.value, "Keep the payment held"),
        ],
    )


class ShipForm(KeyedForm):
    """Mark the order as shipped."""

    tracking = StringField(
        "Tracking number",
        [Length(max=200, message="At most 200 characters."), plain_text],
        [trimmed],
        description="Optional.",
    )
