"""The forms of the dispute desk: the evidence as it is gathered, and the two things that are final."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import request
from wtforms import Field, MultipleFileField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from app.disputes.evidence import MOST_CHARACTERS, Attached, check_day, is_day_written
from app.disputes.files import MOST_BYTES
from app.disputes.models import Dispute
from app.disputes.reasons import FIELDS, field_of
from app.errors import RuleBroken
from app.filters import account_now
from app.forms import KeyedForm, plain_text, trimmed


class ConfirmForm(KeyedForm):
    """A yes to what the dialog says."""


class EvidenceForm(KeyedForm):
    """Texts by field, and files. The texts are those of `fields_of`; see `evidence_form`."""

    shows = SelectField("What they show", validate_choice=False)
    files = MultipleFileField("Files", description="PNG, JPEG, PDF or plain text; up to 5 MB each, 10 files, 20 MB.")

    def text_fields(self, names: list[str]) -> list[Field]:
        """The fields of these texts."""
        return [self[name] for name in names if name in self]

    def shown_as(self, one: Field) -> dict[str, Any]:
        """How a text is asked for; what is no day stays a text to be mended: an input of days would lose it."""
        told = field_of(one.name)
        if told.rows > 1:
            return {"rows": told.rows}
        is_day = told.is_day and (not one.data or is_day_written(one.data))
        return {"autocomplete": "off", "type": "date" if is_day else "text"}

    def texts(self) -> dict[str, str]:
        """What came, by the gateway's names; a text that was not sent at all stays as it is."""
        return {name: self[name].data or "" for name in FIELDS if name in self and self[name].raw_data}

    def attached(self) -> list[Attached]:
        """The files that came along; of one that is too large only as much as shows it."""
        came = [one for one in request.files.getlist("files") if one.filename]
        return [Attached(self.shows.data or "", one.filename or "", one.stream.read(MOST_BYTES + 1)) for one in came]

    def show(self, broken: RuleBroken) -> None:
        """Beside the text that it is about, or the files; else above the form."""
        pointer = broken.errors[0].pointer if broken.errors else ""
        name = pointer.removeprefix("/fields/").removeprefix("/")
        if name in self:
            self[name].errors = [*self[name].errors, broken.detail]
        else:
            self.problem = broken


def _past_day(_form: Any, field: Field) -> None:
    if field.data:
        try:
            check_day(field.data, account_now().date())
        except ValueError as wrong:
            raise ValidationError(str(wrong)) from None


def names_of(dispute: Dispute) -> tuple[list[str], list[str], list[str]]:
    """The texts by how much they matter for the reason: required, helpful, and all others."""
    required, helpful = list(dispute.required), list(dispute.helpful)
    return required, helpful, [name for name in FIELDS if name not in required and name not in helpful]


def evidence_form(dispute: Dispute, values: Mapping[str, str]) -> EvidenceForm:
    """The form for this dispute, filled with what was saved or is known."""
    required, helpful, others = names_of(dispute)
    fields: dict[str, Any] = {}
    for name in (*required, *helpful, *others):
        told = field_of(name)
        kind = StringField if told.rows == 1 else TextAreaField
        too_long = Length(max=MOST_CHARACTERS, message=f"At most {MOST_CHARACTERS} characters.")
        checks = [too_long, plain_text, *([_past_day] if told.is_day else [])]
        fields[name] = kind(told.label, checks, [trimmed], description=told.help)
    form = cast(EvidenceForm, type("EvidenceForm", (EvidenceForm,), fields)(data=dict(values)))
    form.shows.choices = [(name, field_of(name).label) for name in (*required, *helpful, *others)]
    return form
