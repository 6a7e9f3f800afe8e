"""What people pay when nobody cheats."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.random import Generator

from fraud_model.places import hour_shift
from fraud_model.simulator import people as world
from fraud_model.simulator.draft import NO_EPISODE, TRAVEL_DAYS, Draft
from fraud_model.simulator.people import People
from fraud_model.simulator.scenarios import DECLINED, Scenario
from fraud_model.table import Floats, Ints
from fraud_model.times import DAY

_AT_HOME: Final = 0.75
_SHARED_ADDRESSES: Final = 50
CARDS_EACH: Final = 2
DEVICES_EACH: Final = 2


def genuine(rng: Generator, people: People, days: int) -> Draft:
    """Everybody's own payments."""
    count = rng.poisson(people.rate * (days - people.since))
    customer = np.repeat(np.arange(len(count)), count)
    since = people.since[customer]
    day = np.floor(since + rng.random(len(customer)) * (days - since))
    day += local_hours(rng, len(customer)) / 24 - shift_days(people.country[customer])
    return own_payments(rng, people, customer, np.clip(day, 0, days - 1e-6))


def own_payments(rng: Generator, people: People, customer: Ints, day: Floats) -> Draft:
    """Payments of these customers at these times, at home or traveling, with what is theirs."""
    size = len(customer)
    merchant = people.favorites[customer, rng.integers(0, world.FAVORITES, size)]
    expected = people.usual[customer] * np.where(people.at_merchant[customer], people.price[merchant], 1.0)
    away = (day >= people.travels[customer]) & (day < people.travels[customer] + TRAVEL_DAYS)
    customers = len(people.rate)
    on_the_road = customers + rng.integers(0, customers // _SHARED_ADDRESSES + 1, size)
    address = np.where(rng.random(size) < _AT_HOME, customer, on_the_road)
    second = people.second_card[customer] & (rng.random(size) < 0.4)
    return Draft(
        day=day,
        amount=ordinary_amounts(rng, expected),
        expected=expected,
        customer=customer,
        card=customer * CARDS_EACH + second,
        merchant=merchant,
        device=customer * DEVICES_EACH + (day >= people.new_device[customer]),
        email=customer.copy(),
        domain=people.domain[customer],
        ip=address,
        card_country=people.country[customer],
        ip_country=np.where(away, people.abroad[customer], people.country[customer]),
        context=people.context[customer],
        at_merchant=people.at_merchant[customer],
        merchant_episode=np.full(size, NO_EPISODE),
        customer_episode=np.full(size, NO_EPISODE),
        scenario=np.full(size, Scenario.GENUINE),
        declined=rng.random(size) < DECLINED,
    )


def ordinary_amounts(rng: Generator, expected: Floats) -> Floats:
    """Normal with half the mean as its deviation; what falls below zero is drawn evenly up to twice the mean."""
    amount = rng.normal(expected, expected / 2)
    return np.where(amount > 0, amount, rng.random(len(expected)) * 2 * expected)


def local_hours(rng: Generator, size: int) -> Floats:
    """Around noon and around the evening, seldom at night."""
    evening = rng.random(size) < 0.35
    return np.where(evening, rng.normal(20, 2, size), rng.normal(13, 3.5, size)) % 24


def shift_days(country: Ints) -> Floats:
    """By how much of a day local time is ahead of UTC."""
    ahead = np.array([hour_shift(name) / DAY for name in world.COUNTRIES])
    return ahead[country]
