"""What the demo's shop guards itself with: a list of addresses, and rules in force and in shadow."""

from __future__ import annotations

from contextlib import suppress

from app.db import reading
from app.demo.staff import STAFF
from app.demo.stories import WATCHED_ADDRESS
from app.errors import InvalidInput
from app.risk.lists import entries_of, make_list, put_on_list
from app.risk.models import Decision, Mode
from app.risk.rules import NewRule, current_rules, save_rule

_LIST = "watched_addresses"
_RULES = (
    NewRule(
        "Cards tried out on one device",
        Decision.BLOCK,
        "device.cards[1h] >= 4 and device.declines[1h] >= 2",
        Mode.ACTIVE,
        "Somebody tried forty cards in one night last spring",
    ),
    NewRule(
        "Paid from a watched address",
        Decision.REVIEW,
        f"ip.address in @{_LIST}",
        Mode.ACTIVE,
        "What comes from there is looked at before it ships",
    ),
    NewRule(
        "Large baskets",
        Decision.THREE_DS,
        "amount > 500.00 USD or amount > 450.00 EUR or amount > 400.00 GBP",
        Mode.SHADOW,
        "To see how many customers would be asked",
    ),
)


def write_rules() -> None:
    """Let them stand; those that somebody wrote meanwhile, or changed, stay as they are."""
    with suppress(InvalidInput):  # it stands
        make_list(_LIST, "Addresses that fraud came from")
    with reading() as session:
        is_empty = not entries_of(session, _LIST, 1)
        standing = {row.name for row in current_rules(session, with_retired=True)}
    if is_empty:
        put_on_list(_LIST, [WATCHED_ADDRESS], "Three chargebacks in October", None, STAFF[0])
    for rule in _RULES:
        if rule.name not in standing:
            save_rule(rule, STAFF[0])
