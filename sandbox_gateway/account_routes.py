"""What an account can see and set of itself."""

from typing import Literal

from sqlalchemy import Connection, bindparam, update
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account, accounts
from sandbox_gateway.routes import Answer, Route
from sandbox_gateway.settings import Settings
from sandbox_gateway.times import to_wire

_SAVE = (
    update(accounts)
    .where(accounts.c.id == bindparam("account_id"))
    .values(settings=bindparam("new_settings"), drawn=bindparam("now_drawn"))
)


class AccountBody(TypedDict):
    object: Literal["account"]
    publishable_key: str
    settings: Settings
    opened_at: str


def get_account(_tx: Connection, account: Account) -> Answer:
    return Answer(
        {
            "object": "account",
            "publishable_key": account.publishable_key,
            "settings": account.settings.model_dump(mode="json"),
            "opened_at": to_wire(account.opened_us),
        }
    )


def get_settings(_tx: Connection, account: Account) -> Answer:
    return Answer(account.settings.model_dump(mode="json"))


def change_settings(tx: Connection, account: Account, body: Settings) -> Answer:
    changed = account.settings.model_copy(update={name: getattr(body, name) for name in body.model_fields_set})
    if "seed" in body.model_fields_set:
        account.chance.drawn = 0
    parameters = {
        "account_id": account.id,
        "new_settings": changed.model_dump_json(exclude_defaults=True),
        "now_drawn": account.chance.drawn,
    }
    tx.execute(_SAVE, parameters)
    return Answer(changed.model_dump(mode="json"))


ROUTES = [
    Route(
        "GET",
        "/v1/account",
        get_account,
        "The account behind the key",
        tag="Account",
        answer=AccountBody,
        operation="get",
    ),
    Route("GET", "/_sandbox/settings", get_settings, "The account's settings", tag="Simulation", answer=Settings),
    Route(
        "PATCH",
        "/_sandbox/settings",
        change_settings,
        "Change settings",
        tag="Simulation",
        description="Members that are not given stay as they are.",
        body=Settings,
        answer=Settings,
    ),
]
