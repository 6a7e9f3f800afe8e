"""The forms of a decision, and of taking a question back."""

from __future__ import annotations

from typing import ClassVar

from wtforms import RadioField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from app.approvals.ask import REASON_AT_MOST
from app.forms import KeyedForm, plain_text, trimmed


def _why(example: str) -> TextAreaField:
    too_long = Length(max=REASON_AT_MOST, message=f"At most {REASON_AT_MOST:,} characters.")
    return TextAreaField("Reason", [DataRequired(f"Write why, like {example}."), too_long, plain_text], [trimmed])


class DecisionForm(KeyedForm):
    """Approve or refuse, and why."""

    POINTERS: ClassVar[dict[str, str]] = {"/reason": "reason"}

    decision = RadioField(
        "Decision",
        [InputRequired("Choose one.")],
        choices=[("approve", "Approve: it is carried out at once"), ("refuse", "Refuse: nothing is done")],
    )
    reason = _why("Checked against the return slip")


class WithdrawForm(KeyedForm):
    """Take the question back."""

    POINTERS: ClassVar[dict[str, str]] = {"/reason": "reason"}

    reason = _why("Asked for the wrong order")
