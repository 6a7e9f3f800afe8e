"""Forms over rules and value lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields import DateTimeLocalField
from wtforms.validators import InputRequired, Length, Optional

from app import words
from app.forms import KeyedForm, plain_text, trimmed
from app.risk.language import LONGEST_RULE
from app.risk.models import Decision, Mode, RuleVersion
from app.risk.rules import ACTIONS, NewRule


class RuleForm(KeyedForm):
    """A rule as a person writes it."""

    POINTERS: ClassVar[dict[str, str]] = {"/name": "name", "/condition": "condition"}

    name = StringField(
        "Name",
        [InputRequired("Give the rule a name that says what it is for."), Length(max=100), plain_text],
        [trimmed],
    )
    condition = TextAreaField(
        "When",
        [
            InputRequired("Write a condition, like amount > 500.00 EUR."),
            Length(max=LONGEST_RULE, message=f"At most {LONGEST_RULE} letters."),
        ],
        [trimmed],
        render_kw={"rows": 4, "spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"},
    )
    action = SelectField("Then", choices=[(one.value, words.RISK[one].label) for one in ACTIONS])
    mode = SelectField(
        "How far it goes",
        choices=[
            (Mode.SHADOW.value, "Shadow: only note what it would do"),
            (Mode.ACTIVE.value, "In force"),
            (Mode.RETIRED.value, "Retired: no longer asked"),
        ],
    )
    reason = StringField(
        "Why this change",
        [InputRequired("Say why, for those who read it later."), Length(max=500), plain_text],
        [trimmed],
    )
    seen_version = HiddenField()

    def show_rule(self, row: RuleVersion) -> None:
        """Fill the form with a rule as it stands."""
        self.name.data, self.condition.data = row.name, row.condition
        self.action.data, self.mode.data = row.action, row.mode
        self.seen_version.data = str(row.version)

    @property
    def seen(self) -> int | None:
        """The version that was on the page when it was changed."""
        text = self.seen_version.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None

    def new_rule(self) -> NewRule:
        """What was written. Only after `validate`."""
        return NewRule(
            name=self.name.data,
            action=Decision(self.action.data),
            condition=self.condition.data,
            mode=Mode(self.mode.data),
            reason=self.reason.data,
        )


class ListMakingForm(KeyedForm):
    """A new value list."""

    POINTERS: ClassVar[dict[str, str]] = {"/name": "name"}

    name = StringField(
        "Name",
        [InputRequired("Write 2 to 60 small letters, digits and _, a letter first."), Length(max=60)],
        [trimmed],
        description="Rules write it with an @ before it, like @blocked_emails.",
        render_kw={"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"},
    )
    words = StringField(
        "What is on it",
        [InputRequired("Say in a few words what is on it."), Length(max=300), plain_text],
        [trimmed],
    )


class EntriesForm(KeyedForm):
    """Values for a list."""

    POINTERS: ClassVar[dict[str, str]] = {"/values": "values", "/expires": "expires"}

    values = TextAreaField(
        "Values",
        [InputRequired("Write at least one value, each on a line of its own."), Length(max=500_000)],
        description="One on each line. Large and small letters are the same.",
        render_kw={"rows": 4, "spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"},
    )
    note = StringField("Why", [InputRequired("Say why they are on it."), Length(max=300), plain_text], [trimmed])
    expires = DateTimeLocalField(
        "Until (UTC)", [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], description="Empty: it stays."
    )

    @property
    def expires_at(self) -> datetime | None:
        """When the values are off the list again, on the account's clock."""
        moment: datetime | None = self.expires.data
        return None if moment is None else moment.replace(tzinfo=UTC)
