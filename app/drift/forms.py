"""The forms behind what settles a discrepancy."""

from __future__ import annotations

from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Length

from app.forms import KeyedForm, plain_text, trimmed


class ReasonForm(KeyedForm):
    """Why it is settled so, for whoever asks later."""

    reason = StringField(
        "Reason",
        [
            DataRequired("Write why, like Set back by yesterday's restore."),
            Length(max=200, message="At most 200 characters."),
            plain_text,
        ],
        [trimmed],
    )


class RepairForm(ReasonForm):
    """The same, for what was shown."""

    shown = HiddenField()
