"""Forms over the model: its thresholds, and what is done with champion and challenger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wtforms import Field, IntegerField, StringField, ValidationError
from wtforms.validators import InputRequired, Length, NumberRange

from app.forms import KeyedForm, plain_text, trimmed
from app.policy import Policy


def _threshold(label: str) -> IntegerField:
    between = "Write a whole number from 1 to 100; 100 does it to none."
    return IntegerField(
        label, [InputRequired(between), NumberRange(1, 100, between)], render_kw={"inputmode": "numeric"}
    )


class ThresholdsForm(KeyedForm):
    """From which score on what is done."""

    block_from_score = _threshold("Block from")
    review_from_score = _threshold("Review from")
    three_ds_from_score = _threshold("3-D Secure from")
    reason = StringField(
        "Why", [InputRequired("Say why, for those who read it later."), Length(max=500), plain_text], [trimmed]
    )

    def __init__(self, policy: Policy, **values: Any) -> None:
        self.policy = policy
        shown = {name: getattr(policy, name) for name in _THRESHOLDS}
        super().__init__(**shown, **values)

    def validate_review_from_score(self, field: Field) -> None:
        if isinstance(self.block_from_score.data, int) and field.data > self.block_from_score.data:
            raise ValidationError("Review from a score that is not above the one that blocks.")

    def chosen(self) -> Policy:
        """The policy with these thresholds. Only after `validate`."""
        return replace(self.policy, **{name: self[name].data for name in _THRESHOLDS})


_THRESHOLDS = ("block_from_score", "review_from_score", "three_ds_from_score")


class ReasonForm(KeyedForm):
    """Why something is done with a model."""

    reason = StringField(
        "Why", [InputRequired("Say why, for those who read it later."), Length(max=500), plain_text], [trimmed]
    )
