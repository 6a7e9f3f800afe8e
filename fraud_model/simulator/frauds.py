"""What thieves add to it, and which payments of others become theirs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from fraud_model.simulator import people as world
from fraud_model.simulator import scenarios as rules
from fraud_model.simulator.draft import NO_EPISODE, Draft
from fraud_model.simulator.genuine import CARDS_EACH, DEVICES_EACH, ordinary_amounts, own_payments
from fraud_model.simulator.people import People
from fraud_model.simulator.scenarios import Scenario
from fraud_model.table import Flags, Floats, Ints


@dataclass
class Strangers:
    """Numbers for devices, addresses, e-mails and cards that belong to no customer."""

    device: int
    ip: int
    email: int
    card: int

    def take(self, kind: str, count: int) -> Ints:
        """So many new ones."""
        first: int = getattr(self, kind)
        setattr(self, kind, first + count)
        return np.arange(first, first + count)


def strangers(people: People) -> Strangers:
    """Numbers after everybody's own."""
    customers = len(people.rate)
    return Strangers(customers * DEVICES_EACH, customers * 2 + 2, customers, customers * CARDS_EACH)


def compromise_merchants(rng: Generator, draft: Draft, merchants: int, days: int) -> None:
    """For weeks most of what is paid at such a merchant is the thief's; amounts stay as they are."""
    started = rng.random((days + rules.MERCHANT_DAYS, merchants)) < rules.MERCHANTS_A_DAY
    episode = _running(started, rules.MERCHANT_DAYS)[draft.day.astype(np.int64) + rules.MERCHANT_DAYS, draft.merchant]
    draft.merchant_episode = np.where(draft.at_merchant, episode, NO_EPISODE)
    hit = (draft.merchant_episode != NO_EPISODE) & (rng.random(len(draft)) < rules.MERCHANT_SHARE)
    draft.scenario[hit] = Scenario.COMPROMISED_MERCHANT


def compromise_customers(rng: Generator, draft: Draft, customers: int, days: int) -> None:
    """For two weeks a third of such a customer's payments is the thief's, five times as high."""
    started = rng.random((days + rules.CUSTOMER_DAYS, customers)) < rules.CUSTOMERS_A_DAY
    episode = _running(started, rules.CUSTOMER_DAYS)
    draft.customer_episode = episode[draft.day.astype(np.int64) + rules.CUSTOMER_DAYS, draft.customer]
    hit = (draft.customer_episode != NO_EPISODE) & (rng.random(len(draft)) < rules.CUSTOMER_SHARE)
    hit &= draft.scenario == Scenario.GENUINE
    draft.scenario[hit] = Scenario.COMPROMISED_CUSTOMER
    draft.amount[hit] *= rules.CUSTOMER_TIMES


def befriend(rng: Generator, draft: Draft) -> None:
    """Some dispute what they bought. Nothing tells them apart."""
    hit = (draft.scenario == Scenario.GENUINE) & (rng.random(len(draft)) < rules.FRIENDLY_SHARE)
    draft.scenario[hit] = Scenario.FRIENDLY_FRAUD


def high_amounts(rng: Generator, people: People, others: Strangers, payments: int, days: int) -> Draft:
    """A stolen number is used once, for much, mostly from the thief's own device."""
    count = rng.poisson(payments * rules.HIGH_SHARE)
    victim = rng.integers(0, len(people.rate), count)
    draft = own_payments(rng, people, victim, _after(rng, people, victim, days))
    thiefs = rng.random(count) < 0.6
    draft.device = np.where(thiefs, others.take("device", count), draft.device)
    draft.ip = np.where(thiefs, others.take("ip", count), draft.ip)
    return _steal(rng, draft, Scenario.HIGH_AMOUNT)


def test_cards(rng: Generator, people: People, others: Strangers, payments: int, days: int) -> Draft:
    """Many stolen numbers, one device, small amounts, one merchant, within hours; most are declined."""
    low, high = rules.TESTING_CARDS
    campaigns = rng.poisson(payments * rules.TESTING_SHARE / ((low + high) / 2))
    cards = rng.integers(low, high + 1, campaigns)
    campaign = np.repeat(np.arange(campaigns), cards)
    size = len(campaign)
    start = rng.uniform(0, days - 1, campaigns)
    day = start[campaign] + rng.random(size) * rules.TESTING_HOURS / 24
    draft = own_payments(rng, people, rng.integers(0, len(people.rate), size), day)
    draft.card = others.take("card", size)
    draft.merchant = rng.integers(0, len(people.price), campaigns)[campaign]
    draft.device = others.take("device", campaigns)[campaign]
    draft.ip = others.take("ip", campaigns)[campaign]
    draft.email = others.take("email", size)
    lent = (rng.random(campaigns) < 0.5)[campaign]
    draft.domain = np.where(lent, rng.integers(0, world.DISPOSABLE_DOMAINS, campaigns)[campaign], draft.domain)
    draft.ip_country = rng.integers(0, len(world.COUNTRIES), campaigns)[campaign]
    draft.context = (rng.random(campaigns) < 0.95)[campaign]
    draft.at_merchant = np.ones(size, dtype=bool)
    least, most = rules.TESTING_AMOUNT
    draft.amount = rng.uniform(least * 100, most * 100, size)
    draft.scenario = np.full(size, Scenario.CARD_TESTING)
    draft.declined = rng.random(size) < rules.TESTING_DECLINED
    return draft


def take_accounts_over(rng: Generator, people: People, others: Strangers, payments: int, days: int) -> Draft:
    """Somebody else signs in: the customer's card and e-mail, a strange device, mostly from abroad, some purchases."""
    low, high = rules.TAKEOVER_PAYMENTS
    count = rng.poisson(payments * rules.TAKEOVERS_SHARE)
    episode = np.repeat(np.arange(count), rng.integers(low, high + 1, count))
    size = len(episode)
    victim = rng.integers(0, len(people.rate), count)
    start = _after(rng, people, victim, days - 2)
    day = start[episode] + rng.random(size) * rules.TAKEOVER_HOURS / 24
    draft = own_payments(rng, people, victim[episode], day)
    draft.device = others.take("device", count)[episode]
    draft.ip = others.take("ip", count)[episode]
    abroad = (rng.random(count) < rules.TAKEOVER_ABROAD)[episode]
    elsewhere = rng.integers(0, len(world.COUNTRIES), count)[episode]
    draft.ip_country = np.where(abroad, elsewhere, draft.card_country)
    return _steal(rng, draft, Scenario.ACCOUNT_TAKEOVER)


def bust_out(rng: Generator, people: People, others: Strangers, payments: int, days: int) -> Draft:
    """Accounts with shared devices behave for weeks, then spend all they can within a day."""
    low, high = rules.RING_CARDS
    rings = rng.poisson(payments * rules.RINGS_SHARE)
    each = rules.RING_QUIET_PAYMENTS + rules.RING_BURST_PAYMENTS
    ring_of_card = np.repeat(np.arange(rings), rng.integers(low, high + 1, rings))
    card = np.repeat(np.arange(len(ring_of_card)), each)
    ring = ring_of_card[card]
    size = len(card)
    bursting = np.tile(np.arange(each) >= rules.RING_QUIET_PAYMENTS, len(ring_of_card))
    burst = rng.uniform(rules.RING_QUIET_DAYS, days - 1, rings)[ring]
    quiet = burst - rng.random(size) * rules.RING_QUIET_DAYS
    day = np.where(bursting, burst + rng.random(size) * rules.RING_BURST_HOURS / 24, quiet)
    draft = own_payments(rng, people, rng.integers(0, len(people.rate), len(ring_of_card))[card], day)
    draft.card = others.take("card", len(ring_of_card))[card]
    draft.email = others.take("email", len(ring_of_card))[card]
    draft.device = others.take("device", rings * 2)[ring * 2 + (card % 2)]
    draft.ip = others.take("ip", rings)[ring]
    draft.context = np.ones(size, dtype=bool)
    stolen = _steal(rng, draft, Scenario.BUST_OUT_RING)
    stolen.scenario = np.where(bursting, stolen.scenario, Scenario.GENUINE)
    stolen.amount = np.where(bursting, stolen.amount, ordinary_amounts(rng, stolen.expected))
    return stolen


def _steal(rng: Generator, draft: Draft, scenario: Scenario) -> Draft:
    low, high = rules.TIMES_USUAL[scenario]
    draft.amount = draft.expected * np.exp(rng.uniform(np.log(low), np.log(high), len(draft)))
    draft.scenario = np.full(len(draft), scenario)
    draft.declined = rng.random(len(draft)) < rules.FRAUD_DECLINED
    return draft


def _after(rng: Generator, people: People, victim: Ints, days: float) -> Floats:
    since = people.since[victim]
    found: Floats = since + rng.random(len(victim)) * np.maximum(days - since, 0)
    return found


def _running(started: Flags, days: int) -> Ints:
    """The number of the episode that runs on each day for each of them, if one began lately enough."""
    day = np.arange(len(started))[:, None]
    began = np.maximum.accumulate(np.where(started, day, -days), axis=0)
    number = began * started.shape[1] + np.arange(started.shape[1])
    return np.where(day - began < days, number, NO_EPISODE)
