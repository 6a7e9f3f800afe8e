"""The order in which claimed deliveries go out, for any mixture of endpoints and payments."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sandbox_gateway.webhooks.lanes import Lanes

AT_ONCE, PER_RECEIVER = 5, 2


@dataclass(frozen=True)
class Letter:
    number: int
    receiver: tuple[int, str]
    lane: str


places = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("xyz")), max_size=40)


@given(places=places, finishing=st.lists(st.integers(min_value=0, max_value=99), max_size=60))
def test_every_item_goes_out_once_in_its_lanes_order_and_within_the_bounds(
    places: list[tuple[str, str]], finishing: list[int]
) -> None:
    lanes: Lanes[Letter] = Lanes(at_once=AT_ONCE, per_receiver=PER_RECEIVER)
    letters = [Letter(number, (1, receiver), lane) for number, (receiver, lane) in enumerate(places)]
    lanes.add(letters[::2])
    lanes.add(letters[1::2])
    out: list[Letter] = []
    running: list[Letter] = []
    choices = iter(finishing)
    while True:
        started = lanes.start()
        out += started
        running += started
        assert len(running) == lanes.running <= AT_ONCE
        assert max(Counter(one.receiver for one in running).values(), default=0) <= PER_RECEIVER
        assert max(Counter((one.receiver, one.lane) for one in running).values(), default=0) <= 1
        if not running:
            break
        choice = next(choices, 0)
        lanes.finish(running.pop(choice % len(running)), answered=choice % 2 == 0)

    assert sorted(one.number for one in out) == list(range(len(letters)))
    assert lanes.size == 0
    for receiver, lane in set(places):
        numbers = [one.number for one in out if (one.receiver[1], one.lane) == (receiver, lane)]
        added = [one.number for one in letters[::2] + letters[1::2] if one.number in numbers]
        assert numbers == added


def test_a_receiver_with_much_waiting_is_known_as_crowded() -> None:
    lanes: Lanes[Letter] = Lanes(at_once=AT_ONCE, per_receiver=PER_RECEIVER)
    lanes.add([Letter(number, (1, "A"), str(number)) for number in range(6)])
    lanes.add([Letter(9, (1, "B"), "x")])
    assert lanes.crowded(6) == [(1, "A")]
    lanes.start()
    assert lanes.crowded(6) == []
    assert lanes.size == 7


def test_a_receiver_that_does_not_answer_gets_one_at_a_time_until_it_does() -> None:
    lanes: Lanes[Letter] = Lanes(at_once=AT_ONCE, per_receiver=PER_RECEIVER)
    lanes.add([Letter(number, (1, "A"), str(number)) for number in range(6)])
    first, second = lanes.start()
    lanes.finish(first, answered=False)
    assert lanes.start() == []
    lanes.finish(second, answered=False)
    [third] = lanes.start()
    lanes.finish(third, answered=True)
    assert len(lanes.start()) == PER_RECEIVER
