"""What a condition would have done to payments that are past, or made up: hits, frauds caught, false alarms, money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.money import Money
from app.risk.models import Assessment


@dataclass
class Kind:
    """One kind of fraud, and how much of it would have been caught."""

    words: str
    payments: int = 0
    caught: int = 0


@dataclass
class Tried:
    """Payments of so many days, how many of them it would have hit, and what those were; money by currency."""

    days: int
    payments: int = 0
    hits: int = 0
    frauds: int = 0
    frauds_hit: int = 0
    caught: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """What the frauds among the hits came to."""
    disturbed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """What the other hits came to."""
    kinds: dict[str, Kind] = field(default_factory=dict)
    """Where it is known what kind of fraud each was."""
    examples: list[Assessment] = field(default_factory=list)

    def count(self, amount: Money, *, is_hit: bool, is_fraud: bool, kind: str | None = None) -> None:
        """One more payment was gone through."""
        self.payments += 1
        self.frauds += is_fraud
        self.hits += is_hit
        self.frauds_hit += is_hit and is_fraud
        if is_hit:
            (self.caught if is_fraud else self.disturbed)[amount.currency] += amount.amount_minor
        if kind is not None:
            of_kind = self.kinds.setdefault(kind, Kind(kind))
            of_kind.payments += 1
            of_kind.caught += is_hit

    @property
    def share(self) -> Decimal:
        """Of a hundred payments it would have hit so many."""
        return Decimal(100 * self.hits) / Decimal(max(self.payments, 1))

    @property
    def false_alarms(self) -> int:
        """Hits that are not known as fraud."""
        return self.hits - self.frauds_hit

    @property
    def precision(self) -> Decimal | None:
        """Of a hundred payments that it hits so many are fraud; None where it hits none."""
        return Decimal(100 * self.frauds_hit) / Decimal(self.hits) if self.hits else None

    @property
    def recall(self) -> Decimal | None:
        """Of a hundred frauds it hits so many; None where there is none."""
        return Decimal(100 * self.frauds_hit) / Decimal(self.frauds) if self.frauds else None

    @property
    def sums(self) -> Sequence[Money]:
        """What all that it hits comes to, by currency."""
        found: dict[str, int] = defaultdict(int)
        for sums in (self.caught, self.disturbed):
            for currency, amount in sums.items():
                found[currency] += amount
        return _money(found)

    @property
    def caught_sums(self) -> Sequence[Money]:
        return _money(self.caught)

    @property
    def disturbed_sums(self) -> Sequence[Money]:
        return _money(self.disturbed)

    def as_json(self) -> dict[str, Any]:
        """To be kept; without the examples."""
        return {
            "days": self.days,
            "payments": self.payments,
            "hits": self.hits,
            "frauds": self.frauds,
            "frauds_hit": self.frauds_hit,
            "caught": dict(self.caught),
            "disturbed": dict(self.disturbed),
            "kinds": {name: [kind.payments, kind.caught] for name, kind in self.kinds.items()},
        }


def tried_of(kept: Mapping[str, Any]) -> Tried:
    """What `as_json` kept."""
    kinds = {name: Kind(name, payments, caught) for name, (payments, caught) in kept["kinds"].items()}
    return Tried(**{**kept, "kinds": kinds})


def _money(sums: Mapping[str, int]) -> Sequence[Money]:
    return [Money(amount, currency) for currency, amount in sorted(sums.items())]
