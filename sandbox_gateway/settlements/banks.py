"""The test bank accounts that payouts can go to. As with cards, each is a story."""

from dataclasses import dataclass

from sandbox_gateway.settlements.terms import Destination


@dataclass(frozen=True, slots=True)
class Bank:
    """One bank account: what becomes of payouts to it, and in which words it says so."""

    last4: str
    story: str
    takes: bool = True
    returns_later: bool = False
    failure_code: str = "rejected"
    failure: str = "The bank refused the payout."


BANKS: dict[Destination, Bank] = {
    "bank_success": Bank("6789", "It takes every payout."),
    "bank_account_closed": Bank(
        "1116",
        "The account is closed, so the bank refuses every payout.",
        takes=False,
        failure_code="account_closed",
        failure="The bank account is closed.",
    ),
    "bank_returned_later": Bank(
        "2227",
        "It takes a payout, and returns it on the next business day.",
        returns_later=True,
        failure_code="returned",
        failure="The bank took the payout and returned it later.",
    ),
}
