"""When the demo's orders come in, and the one row of everything that happens to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.demo.chance import chance_of
from app.demo.goods import basket
from app.demo.people import somebody
from app.demo.stories import OPEN_STORIES, RISK_STORIES, STORIES, Act, Script, Story
from app.money import MAX_AMOUNT_MINOR
from app.orders.place import NewOrder

REFERENCE = "SHOP-"
ONE_IN_OPEN = 20
"""One of so many orders is left with something to do."""
_THIEVES_FROM = 60
"""A shop of so many orders has thieves."""

_BY_HOUR = (12, 8, 6, 5, 5, 7, 12, 20, 30, 38, 42, 45, 48, 46, 44, 46, 50, 56, 62, 66, 60, 46, 32, 20)
"""Orders by hour of the day in UTC, relative to each other: quiet nights, a busy evening."""
_BY_WEEKDAY = (104, 100, 100, 104, 108, 74, 82)
_CAMPAIGN = {12: 24, 11: 17}
"""A campaign: so many days before the end, so many tenths of what is usual."""
_GROWTH = (75, 125)
"""From how much of the average, in percent, to how much."""

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Planned:
    """An order to come, and who acts on it."""

    new: NewOrder
    number: int


@dataclass(frozen=True)
class Moment:
    """One thing that happens to one order: `act` None places it. `step` counts the order's acts."""

    at: datetime
    order: Planned
    step: int
    act: Act | None


@dataclass(frozen=True)
class Journey:
    """Orders numbered from `first`, over so many days until `until`; the same journey is the same orders."""

    seed: str
    first: int
    orders: int
    days: int
    until: datetime

    @property
    def begin(self) -> datetime:
        """Where the account's clock starts."""
        return self.until - timedelta(days=self.days)

    def moments(self) -> list[Moment]:
        """Everything that happens by `until`, in order. Names, sums and outcomes come from the seed and the number."""
        told = self._times_and_stories()
        found = []
        for number, (at, story) in enumerate(told, self.first):
            planned, script = _written(self.seed, number, story)
            found.append(Moment(at, planned, 0, None))
            found += [Moment(at + after, planned, step, act) for step, (after, act) in enumerate(script.acts, 1)]
        found.sort(key=lambda moment: (moment.at, moment.order.number, moment.step))
        return [moment for moment in found if moment.at <= self.until]

    def _times_and_stories(self) -> list[tuple[datetime, Story | None]]:
        """When each order is placed, the earliest first; None where its number says what becomes of it."""
        span = self.until - self.begin
        chance = chance_of(self.seed, self.first, "waiting")
        waiting: list[tuple[datetime, Story | None]] = [
            (self.until - age - timedelta(milliseconds=chance.randrange(60_000)), story)
            for age, story in OPEN_STORIES[: self.orders // ONE_IN_OPEN] + self._thefts()
            if age + _HOUR < span
        ]
        ordinary: list[tuple[datetime, Story | None]] = [
            (at, None) for at in self._arrivals(self.orders - len(waiting))
        ]
        return sorted(ordinary + waiting, key=lambda one: one[0])

    def _thefts(self) -> tuple[tuple[timedelta, Story], ...]:
        return RISK_STORIES if self.orders >= _THIEVES_FROM else ()

    def _arrivals(self, number: int) -> list[datetime]:
        """Moments spread as a shop's orders are: by hour, weekday, season and growth."""
        chance = chance_of(self.seed, self.first, "arrivals")
        hours = [self.begin + _HOUR * hour for hour in range(self.days * 24)]
        weights = [self._weight(hour) for hour in hours]
        chosen = chance.choices(hours, weights, k=number)
        return sorted(hour + timedelta(milliseconds=chance.randrange(3_600_000)) for hour in chosen)

    def _weight(self, hour: datetime) -> int:
        days_left = (self.until - hour).days
        growth = _GROWTH[0] + (_GROWTH[1] - _GROWTH[0]) * (self.days - days_left) // self.days
        return _BY_HOUR[hour.hour] * _BY_WEEKDAY[hour.weekday()] * _CAMPAIGN.get(days_left, 10) * growth


def _written(seed: str, number: int, story: Story | None) -> tuple[Planned, Script]:
    chance = chance_of(seed, number)
    person = somebody(chance, seed)
    market = person.market
    script = Script(chance, basket(chance, market.currency), chance.choice(market.cards))
    assert script.total <= MAX_AMOUNT_MINOR, "no basket is that dear"
    (story or chance.choices(list(STORIES), list(STORIES.values()))[0])(script)
    new = NewOrder(
        reference=f"{REFERENCE}{number}",
        amount_minor=script.total,
        currency=market.currency,
        customer_name=person.name,
        customer_email=person.email,
        customer_locale=person.locale,
        items=script.items,
        capture_policy="automatic" if script.captures_at_once else "manual",
        context=person.context | script.context,
    )
    return Planned(new, number), script
