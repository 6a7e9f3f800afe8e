"""The form over a list. All of it is in the address, so a list can be sent, saved, exported and gone back to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import DateField, Field, Form, SearchField, SelectField, SelectMultipleField, StringField, ValidationError
from wtforms.validators import Length, Optional

from app import words
from app.finding.amounts import AmountRange, read_amounts
from app.finding.times import USUAL, begin_of, words_for
from app.finding.wanted import Sort, Wanted
from app.forms import LongSelect, plain_text, trimmed
from app.money import currency_codes

Args = list[tuple[str, str]]
USUAL_CURRENCIES = ("USD", "EUR", "GBP", "CHF", "JPY", "KWD")
_LAST4 = re.compile(r"^\d{4}$", re.ASCII)
_CODE = re.compile(r"^[a-z0-9_]{1,60}$", re.ASCII)


def currency_choices() -> dict[str, list[tuple[str, str]]]:
    """Every currency, the usual ones first."""
    others = [code for code in currency_codes() if code not in USUAL_CURRENCIES]
    return {
        "Usual": [(code, code) for code in USUAL_CURRENCIES],
        "All others": [(code, code) for code in others],
    }


class DayField(DateField):  # type: ignore[misc]  # WTForms has no types
    """A date as browsers send it; anything else is told what a day looks like."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Write a day like 2026-11-23.") from None


@dataclass(frozen=True)
class Chip:
    """A filter that is set: what it is called, its value in words, and the address's arguments without it."""

    name: str
    words: str
    without: dict[str, list[str]]


def _text(label: str, most: int, **render: Any) -> StringField:
    too_long = Length(max=most, message=f"At most {most} characters.")
    return StringField(label, [Optional(), too_long, plain_text], [trimmed], render_kw=render)


class FilterForm(Form):  # type: ignore[misc]  # WTForms has no types
    """What every list is filtered by: words, statuses and dates. Lists add their own questions."""

    KIND: ClassVar[str]
    """Whose words the statuses take, as in `app.words.KINDS`."""
    CODES: ClassVar[tuple[str, ...]] = ()
    """Fields that show a value in words of their choices."""
    HIDDEN: ClassVar[tuple[str, ...]] = ("since", "until")
    """Fields that are asked for less often, and folded away."""
    SORTS: ClassVar[tuple[Sort, ...]] = (Sort.NEWEST, Sort.OLDEST)
    """How the list may be sorted; the first is how it is unless another is asked for."""

    q = SearchField("Search", [Optional(), Length(max=254, message="At most 254 characters."), plain_text], [trimmed])
    status = SelectMultipleField("Status", validate_choice=False)
    created = SelectField("Created", [Optional()], validate_choice=False)
    since = DayField("From (UTC)", [Optional()])
    until = DayField("To (UTC)", [Optional()])
    sort = SelectField("Order", [Optional()], choices=[(one.value, one.value) for one in Sort], validate_choice=False)

    def __init__(self, args: MultiDict[str, str], now: datetime) -> None:
        super().__init__(args)
        self.now = now
        told = words.KINDS[self.KIND]
        self.status.choices = [(status, word.label) for status, word in told.items()]
        written = self.created.data or ""
        shown = USUAL if written in USUAL or not written else USUAL | {written: words_for(written)}
        self.created.choices = [("", "Any time"), *shown.items()]
        self.status.data = list(dict.fromkeys(self.status.data or []))
        self.begin: datetime | None = None

    def validate_status(self, field: SelectMultipleField) -> None:
        field.data = [status for status in field.data if status]
        known = dict(field.choices)
        wrong = next((status for status in field.data if status not in known), None)
        if wrong is not None:
            raise ValidationError(f"There is no status {wrong[:40]}. Choose of: {', '.join(known)}.")

    def validate_created(self, field: SelectField) -> None:
        try:
            self.begin = begin_of(field.data, self.now)
        except (ValueError, OverflowError) as error:
            raise ValidationError(str(error)) from None

    def validate_until(self, field: DateField) -> None:
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(f"Choose a day not before {self.since.data}.")

    def validate_sort(self, field: SelectField) -> None:
        if field.data not in self.SORTS:
            raise ValidationError(f"Choose one of: {', '.join(self.SORTS)}.")

    @property
    def sorting(self) -> Sort:
        """The order that is asked for; the list's usual one if none is."""
        return Sort(self.sort.data) if self.sort.data in self.SORTS else self.SORTS[0]

    def wanted(self) -> Wanted:
        """The filter; both days are whole and in UTC. Only after `validate`."""
        begins = [moment for moment in (self.begin, _midnight(self.since.data)) if moment]
        return Wanted(
            statuses=tuple(self.status.data),
            created_after=max(begins) if begins else None,
            created_before=_midnight(self.until.data + timedelta(days=1)) if self.until.data else None,
            text=self.q.data or None,
        )

    def _set(self) -> Iterator[tuple[Field, str]]:
        """Each value that is set, as the address writes it; a field with several values comes several times."""
        for field in self:
            values = field.data if field.name == "status" else [(field.raw_data or [""])[0].strip()]
            yield from ((field, value) for value in values if value)

    def args(self, **more: str | None) -> dict[str, list[str]]:
        """The address's arguments, in the form's order; `more` sets some anew, None takes one away."""
        found: dict[str, list[str]] = {}
        for field, value in self._set():
            if not (field.name == "sort" and value == self.SORTS[0]):
                found.setdefault(field.name, []).append(value)
        for name, new in more.items():
            found.pop(name, None)
            if new is not None:
                found[name] = [new]
        return found

    def chips(self) -> list[Chip]:
        """Each filter that is set; how the list is sorted is none."""
        found = []
        for field, value in self._set():
            if field.name == "sort":
                continue
            rest = self.args()
            rest[field.name] = [one for one in rest[field.name] if one != value]
            found.append(Chip(field.label.text.removesuffix(" (UTC)"), self._words(field, value), rest))
        return found

    def _words(self, field: Field, value: str) -> str:
        if field.name in ("status", "created", *self.CODES):
            return str(dict(field.choices).get(value, value))
        return value

    @property
    def has_hidden_filters(self) -> bool:
        """Whether something is set, or wrong, among the fields that are folded away."""
        return any(field.errors or (field.raw_data and field.raw_data[0]) for field in self.hidden_fields())

    def hidden_fields(self) -> list[Field]:
        """The fields that are asked for less often."""
        return [self[name] for name in self.HIDDEN]


class SumsForm(FilterForm):
    """What lists of money are filtered by: also amounts, and whose order it is about."""

    SORTS: ClassVar[tuple[Sort, ...]] = (Sort.NEWEST, Sort.OLDEST, Sort.LARGEST, Sort.SMALLEST)

    amount = _text("Amount", 40, placeholder=">100 or 10..50", inputmode="text")
    currency = SelectField(
        "Currency",
        [Optional()],
        choices={"Any": [("", "Any currency")], **currency_choices()},
        validate_choice=False,
        widget=LongSelect(),
    )
    customer = _text("Customer", 254, placeholder="E-mail address or id")
    reference = _text("Reference", 100)

    def __init__(self, args: MultiDict[str, str], now: datetime) -> None:
        super().__init__(args, now)
        self.amounts: AmountRange | None = None

    def validate_amount(self, field: StringField) -> None:
        try:
            currency = (self.currency.data or "").upper()
            self.amounts = read_amounts(field.data, currency if currency in currency_codes() else None)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def validate_currency(self, field: SelectField) -> None:
        field.data = field.data.upper()
        if field.data not in currency_codes():
            raise ValidationError("Write an ISO 4217 code, like EUR.")

    def validate_sort(self, field: SelectField) -> None:
        super().validate_sort(field)
        if Sort(field.data).by_amount and not self.currency.data:
            raise ValidationError("Choose a currency to sort by amount: different currencies do not compare.")

    def wanted(self) -> Wanted:
        """The filter; both days are whole and in UTC. Only after `validate`."""
        return replace(
            super().wanted(),
            reference=self.reference.data or None,
            customer=self.customer.data or None,
            currency=self.currency.data or None,
            amount=self.amounts,
        )


class ListForm(SumsForm):
    """What orders and payments are filtered by; each list adds its statuses and codes."""

    CODES: ClassVar[tuple[str, ...]] = ("decline", "network")
    HIDDEN = ("since", "until", "amount", "currency", "customer", "reference", "last4", "network", "decline")

    last4 = _text("Card's last four", 4, placeholder="4242", inputmode="numeric")
    network = SelectField(
        "Card network",
        [Optional()],
        choices=[("", "Any network"), *words.NETWORKS.items()],
        validate_choice=False,
    )
    decline = SelectField("Decline code", [Optional()], validate_choice=False)

    def __init__(self, args: MultiDict[str, str], now: datetime) -> None:
        super().__init__(args, now)
        codes = dict.fromkeys([*words.DECLINE_CODES, *filter(None, [self.decline.data])])
        self.decline.choices = [("", "Any or none"), *((code, words.plain(code)) for code in codes)]

    def validate_last4(self, field: StringField) -> None:
        if not _LAST4.match(field.data):
            raise ValidationError("Write the four digits that the card number ends with, like 4242.")

    def validate_network(self, field: SelectField) -> None:
        if field.data not in words.NETWORKS:
            raise ValidationError(f"Choose one of: {', '.join(words.NETWORKS)}.")

    def validate_decline(self, field: SelectField) -> None:
        if not _CODE.match(field.data):
            raise ValidationError("Write a decline code, like insufficient_funds.")

    def wanted(self) -> Wanted:
        """The filter; both days are whole and in UTC. Only after `validate`."""
        return replace(
            super().wanted(),
            last4=self.last4.data or None,
            network=self.network.data or None,
            decline_code=self.decline.data or None,
        )


class ReasonsForm(SumsForm):
    """What is filtered by a reason that somebody gave: refunds, disputes."""

    CODES = ("reason",)
    HIDDEN = ("reason", "since", "until", "amount", "currency", "customer", "reference")
    REASONS: ClassVar[Mapping[str, str]]
    """Every reason, in words."""

    reason = SelectField("Reason", [Optional()], validate_choice=False)

    def __init__(self, args: MultiDict[str, str], now: datetime) -> None:
        super().__init__(args, now)
        self.reason.choices = [("", "Any reason"), *self.REASONS.items()]

    def validate_reason(self, field: SelectField) -> None:
        if field.data not in self.REASONS:
            raise ValidationError(f"Choose one of: {', '.join(self.REASONS)}.")

    def wanted(self) -> Wanted:
        """The filter; both days are whole and in UTC. Only after `validate`."""
        return replace(super().wanted(), reason=self.reason.data or None)


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None
