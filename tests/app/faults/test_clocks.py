"""Wall clocks that are apart: told from the Date of the gateway's answers, and nothing of the business goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from tests.app.faults.apart import Apart
from tests.app.screens.visitor import Visitor
from tests.clients import both_agree
from tests.stack import until

APART = "The clocks are apart"


@pytest.fixture
def skewed(apart: Apart) -> Iterator[Apart]:
    """The gateway's clock goes right again afterwards."""
    yield apart
    apart.proxy.clock_ahead = timedelta(0)


def test_a_clock_that_is_ten_minutes_off_is_pointed_out_once_and_holds_up_nothing(skewed: Apart) -> None:
    operator = Visitor(skewed.stack)

    def shown(words: str) -> bool:
        return words in operator.read("/webhooks").text

    assert not shown(APART)
    for minutes, words in ((10, "seconds ahead of this host's"), (-10, "seconds behind this host's")):
        skewed.proxy.clock_ahead = timedelta(minutes=minutes)
        until(partial(shown, words), what=words)
        order = skewed.authorized()
        assert skewed.act(order, "captures", {}).json()["status"] == "paid"
        both_agree(skewed.service.order(order), skewed.account.payments(order))
    skewed.proxy.clock_ahead = timedelta(0)
    until(lambda: not shown(APART), what="clocks that agree again")
    (title,) = [title for (title,) in skewed.rows("SELECT title FROM notices WHERE kind = 'clock_skew'")]
    assert str(title).startswith("This host's clock is ")
