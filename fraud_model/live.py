"""History online: everybody's past in memory, kept up payment by payment, asked for one payment in microseconds."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, Generic, TypeVar

from fraud_model.features import SPIKE
from fraud_model.features import features as define
from fraud_model.parties import Card, Domain, Merchant, Nobody, Party, Shared
from fraud_model.payments import News, Payment, Told
from fraud_model.places import DISPOSABLE, hour_shift
from fraud_model.times import CLEARED_AFTER, DAY, FORGOTTEN, HOUR, KEPT, MARKS_KEPT

P = TypeVar("P", bound=Party)
_NAN: Final = math.nan
_NOBODY: Final[Any] = Nobody()
_ITSELF: Final = ""
"""What a card meets with each payment, so that its own age is known."""


class State:
    """What is known of every party. Not for several threads at once: whoever shares it holds a lock, as `FraudScorer`.

    Of each kind of party at most `limit` are kept; beyond that, those silent for longest are dropped (and counted), so
    that memory stays bounded whatever comes. What is told twice counts once, if fewer than `seen` others came between.
    """

    def __init__(self, *, cleared_after: int = CLEARED_AFTER, limit: int = 200_000, seen: int = 20_000) -> None:
        self._cleared_after = cleared_after
        self._cards = _Register(Card, limit)
        self._merchants = _Register(Merchant, limit)
        self._devices = _Register(Shared, limit)
        self._emails = _Register(Shared, limit)
        self._ips = _Register(Shared, limit)
        self._domains = _Register(Domain, limit)
        self._met = _Meetings(6 * limit)
        self._unusual: OrderedDict[str, int] = OrderedDict()
        self._frauds: OrderedDict[str, int] = OrderedDict()
        self._seen = _Lately(seen)
        self._due: list[tuple[int, int, News | None, Payment]] = []
        self._numbers = itertools.count()

    @property
    def dropped(self) -> int:
        """Parties dropped for want of room."""
        registers = (self._cards, self._merchants, self._devices, self._emails, self._ips, self._domains)
        return sum(register.dropped for register in registers)

    def observe(self, payment: Payment) -> None:
        """The payment is being made: from now on it is part of the past."""
        if not self._seen.brings(payment.id):
            return
        at, cents = payment.at, payment.cents
        self._advance(at)
        card = self._cards.at(payment.card, at)
        spiking = cents > SPIKE * card.mean_cents()
        unusual = spiking
        card.paid(at, cents, spiking, 0 if spiking else cents)
        if payment.merchant is not None:
            merchant = self._merchants.at(payment.merchant, at)
            unusual = spiking or cents > SPIKE * merchant.mean_cents()
            merchant.paid(at, cents)
        for register, key in self._shared(payment):
            if key is not None:
                register.at(key, at).paid(at, cents, self._met.age(payment.card, key, at) == 0)
        for key in {_ITSELF, payment.device, payment.email, payment.ip, payment.ip_country} - {None}:
            self._met.note(payment.card, key, at)
        if unusual:
            self._unusual[payment.id] = at
            _forget(self._unusual, at - MARKS_KEPT)
        if payment.merchant is not None or payment.domain is not None:
            heapq.heappush(self._due, (at + self._cleared_after, next(self._numbers), None, payment))

    def learn(self, told: Told) -> None:
        """News of a payment. It may lie ahead: it counts from its own time on."""
        if not self._seen.brings((told.payment.id, told.news)):
            return
        if told.news is News.FRAUD:
            if told.payment.id in self._frauds:
                return
            self._frauds[told.payment.id] = told.at
            _forget(self._frauds, told.at - MARKS_KEPT)
        heapq.heappush(self._due, (told.at, next(self._numbers), told.news, told.payment))

    def replay(self, rows: Iterable[Payment | Told]) -> None:
        """Take in a past, in order of time. Two states are the same from `WARM_UP` after the later one's first row."""
        for row in rows:
            if isinstance(row, Payment):
                self.observe(row)
            else:
                self.learn(row)

    def features(self, payment: Payment) -> dict[str, float]:
        """Every feature of a payment that waits; it is not part of the past yet."""
        self._advance(payment.at)
        history = _History()
        at, card, met = payment.at, payment.card, self._met
        history.card = self._cards.asked(card, at)
        history.merchant = self._merchants.asked(payment.merchant, at)
        history.device = self._devices.asked(payment.device, at)
        history.email = self._emails.asked(payment.email, at)
        history.ip = self._ips.asked(payment.ip, at)
        history.domain = self._domains.asked(payment.domain, at)
        history.card_age = met.age(card, _ITSELF, at)
        history.device_age = met.age(card, payment.device, at)
        history.country_age = met.age(card, payment.ip_country, at)
        history.device.newcomer = history.device_age == 0
        history.email.newcomer = met.age(card, payment.email, at) == 0
        history.ip.newcomer = met.age(card, payment.ip, at) == 0
        return define(_Facts(payment), history)

    def _shared(self, payment: Payment) -> tuple[tuple[_Register[Shared], str | None], ...]:
        return (self._devices, payment.device), (self._emails, payment.email), (self._ips, payment.ip)

    def _advance(self, now: int) -> None:
        while self._due and self._due[0][0] <= now:
            at, _, news, payment = heapq.heappop(self._due)
            if news is News.DECLINED:
                for party in self._parties(payment, at):
                    party.declined(at)
            elif news is News.FRAUD:
                for party in self._parties(payment, at):
                    party.defrauded(at)
                self._outcome(payment, at, fraud=True)
            elif self._frauds.get(payment.id, at + 1) > at:
                self._outcome(payment, at, fraud=False)

    def _outcome(self, payment: Payment, at: int, *, fraud: bool) -> None:
        if payment.merchant is not None and payment.id not in self._unusual:
            self._merchants.at(payment.merchant, at).outcomes.add(at, payment.at, fraud=fraud)
        if payment.domain is not None and not fraud:
            self._domains.at(payment.domain, at).was_cleared(at)

    def _parties(self, payment: Payment, at: int) -> Iterable[Party]:
        yield self._cards.at(payment.card, at)
        if payment.merchant is not None:
            yield self._merchants.at(payment.merchant, at)
        if payment.domain is not None:
            yield self._domains.at(payment.domain, at)
        for register, key in self._shared(payment):
            if key is not None:
                yield register.at(key, at)


class _Facts:
    __slots__ = ("cents", "country_mismatch", "disposable", "hour", "weekend")

    def __init__(self, payment: Payment) -> None:
        local = payment.at + hour_shift(payment.card_country)
        self.cents = payment.cents
        self.hour = local % DAY / HOUR
        self.weekend = 1.0 if (local // DAY + 3) % 7 >= 5 else 0.0
        self.disposable = _NAN if payment.domain is None else float(payment.domain in DISPOSABLE)
        if payment.card_country is None or payment.ip_country is None:
            self.country_mismatch = _NAN
        else:
            self.country_mismatch = float(payment.card_country != payment.ip_country)


class _History:
    __slots__ = ("card", "card_age", "country_age", "device", "device_age", "domain", "email", "ip", "merchant")

    card: Any
    merchant: Any
    device: Any
    email: Any
    ip: Any
    domain: Any
    card_age: float
    device_age: float
    country_age: float

    def where(self, condition: bool, yes: float, no: float) -> float:
        """One or the other."""
        return yes if condition else no


class _Register(Generic[P]):
    """Parties of one kind, those longest silent first."""

    def __init__(self, kind: Callable[[], P], limit: int) -> None:
        self.dropped = 0
        self._kind = kind
        self._limit = limit
        self._parties: OrderedDict[str, P] = OrderedDict()
        self._stranger = kind()

    def at(self, key: str, now: int) -> P:
        """The party, to write down what happened to it."""
        party = self._parties.get(key)
        if party is None:
            self._make_room(now)
            party = self._parties[key] = self._kind()
        else:
            self._parties.move_to_end(key)
        party.now = now
        party.last = max(party.last, now)
        return party

    def asked(self, key: str | None, now: int) -> P:
        """The party, to be asked; nothing is kept of one that is only asked about."""
        if key is None:
            nobody: P = _NOBODY
            return nobody
        party = self._parties.get(key, self._stranger)
        party.now = now
        return party

    def _make_room(self, now: int) -> None:
        while self._parties:
            eldest = next(iter(self._parties))
            silent = self._parties[eldest].last <= now - FORGOTTEN
            if not silent and len(self._parties) < self._limit:
                return
            self.dropped += not silent
            del self._parties[eldest]


class _Meetings:
    """When a card first and last met a device, an address or a country, in two generations: the elder is dropped once
    the younger is old or full. Keys are hashes: among a million pairs the odds that any two share one are below one in
    ten million."""

    _LAST: Final = (1 << 48) - 1

    def __init__(self, limit: int) -> None:
        self._most = limit // 2
        self._young: dict[int, int] = {}
        self._old: dict[int, int] = {}
        self._began = 0

    def age(self, card: str, other: str | None, now: int) -> float:
        """Milliseconds since they first met, `KEPT` at most; 0 if they have not met in the days kept."""
        if other is None:
            return _NAN
        times = self._times(hash((card, other)))
        if times is None or now - (times & self._LAST) >= KEPT:
            return 0
        return min(max(now - (times >> 48), 1), KEPT)

    def note(self, card: str, other: str | None, now: int) -> None:
        """They meet."""
        key = hash((card, other))
        times = self._times(key)
        last = now if times is None else times & self._LAST
        first = now if times is None or now - last >= KEPT else min(times >> 48, now)
        if len(self._young) >= self._most or now - self._began >= KEPT:
            self._old, self._young, self._began = self._young, {}, now
        self._young[key] = first << 48 | max(last, now)

    def _times(self, key: int) -> int | None:
        found = self._young.get(key)
        return self._old.get(key) if found is None else found


class _Lately:
    """The newest keys, so that what is told twice counts once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._keys: OrderedDict[Hashable, None] = OrderedDict()

    def brings(self, key: Hashable) -> bool:
        """Whether it is new; from now on it is not."""
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > self._limit:
            self._keys.popitem(last=False)
        return True


def _forget(marks: OrderedDict[str, int], before: int) -> None:
    while marks and next(iter(marks.values())) <= before:
        marks.popitem(last=False)
