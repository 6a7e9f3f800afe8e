"""Operators are told in the dashboard what they may act on, and say what they have read."""

from __future__ import annotations

import pytest

from app.notifications.notices import FOR, kinds_for
from app.notifications.operators import NoticeKind
from app.operators.roles import Role, may
from app.words import NOTICES


def test_every_kind_of_notice_has_words_and_somebody_who_is_told() -> None:
    assert set(FOR) == set(NoticeKind) == set(NOTICES)


@pytest.mark.parametrize("role", Role)
def test_only_those_who_may_act_are_told(role: Role) -> None:
    told = kinds_for(lambda permission: may(role, permission))
    assert set(told) == {kind for kind, asked in FOR.items() if any(may(role, one) for one in asked)}
    assert (NoticeKind.REFUND_FAILED in told) == (role in {Role.ADMIN, Role.FINANCE, Role.OPERATOR})
