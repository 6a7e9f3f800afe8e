"""Planting errors in reports, and the right answer to hold a reconciliation against."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from sqlalchemy import Connection, Row, bindparam, insert, select
from typing_extensions import TypedDict

from sandbox_gateway.accounts import Account
from sandbox_gateway.fields import Body, CurrencyCode, text_field
from sandbox_gateway.lists import Page
from sandbox_gateway.problems import Problem, invalid, not_found
from sandbox_gateway.routes import Answer, Route
from sandbox_gateway.settlements import plants as planting
from sandbox_gateway.settlements.lines import LINES, LineBody, LineQuery, list_true_lines, show_line, true_lines_csv
from sandbox_gateway.settlements.plants import LINE_TYPES, PlantKind
from sandbox_gateway.settlements.schema import plants, settlement_lines, settlements
from sandbox_gateway.settlements.settlement import SettlementBody, find_settlement, show, show_truth
from sandbox_gateway.times import to_wire

_MOST = 1000

Finding = Literal["missing", "duplicate", "late", "unknown_payment", "fee_differs"]

_FINDINGS: dict[PlantKind, tuple[Finding, str]] = {
    "missing_line": ("missing", "The movement is real, and no report has it: the lines do not add up to the head."),
    "wrong_fee": ("fee_differs", "The fee is not by the schedule: the report adds up, and is not what is paid out."),
    "duplicate": ("duplicate", "One movement stands in the report twice: the lines do not add up to the head."),
    "late_refund": ("late", "The refund is missing in its own day's report and stands in the next one's."),
    "rounding": ("fee_differs", "The fee is one unit too high, as if rounded up: the report is not what is paid out."),
    "unknown_payment": ("unknown_payment", "The line is of a payment that this account never had."),
}


class PlantCreate(Body):
    """Without `settlement`, the error waits for the next batch that has a line for it."""

    kind: PlantKind
    settlement: Annotated[str, text_field(40, least=1)] | None = None
    line: Annotated[str, text_field(40, least=1), Field(description="Default: any that fits.")] | None = None
    currency: Annotated[CurrencyCode | None, Field(description="Only with no `settlement`.")] = None

    @model_validator(mode="after")
    def _check_members_fit(self) -> "PlantCreate":
        if self.line is not None and self.settlement is None:
            raise ValueError("with line needs settlement too")
        if self.currency is not None and self.settlement is not None:
            raise ValueError("takes only one of settlement and currency")
        return self


class PlantBody(TypedDict):
    """An error in a report, and what a reconciliation should find."""

    id: str
    object: Literal["plant"]
    kind: PlantKind
    status: Literal["waiting", "planted"]
    settlement: str | None
    currency: Annotated[str | None, Field(description="The currency whose next batch it waits for; null: any.")]
    finding: Finding
    explanation: str
    true_line: Annotated[LineBody | None, Field(description="The movement as it is; for a payment nobody knows, null.")]
    reported_line: Annotated[LineBody | None, Field(description="What the report says in its place, or beside it.")]
    created_at: str


class PlantList(TypedDict):
    data: list[PlantBody]


class TruthBody(TypedDict):
    """A settlement as it is beside its report, and each error that was planted between the two."""

    object: Literal["settlement_truth"]
    settlement: SettlementBody
    report: SettlementBody
    plants: list[PlantBody]


_INSERT = insert(plants)
_MINE = (
    select(plants, settlements.c.id.label("settlement_id"))
    .join_from(plants, settlements, plants.c.settlement_row == settlements.c.row, isouter=True)
    .where(plants.c.account_id == bindparam("account_id"))
    .order_by(plants.c.row)
)
_FIND = _MINE.where(plants.c.id == bindparam("plant_id"))
_LINES = LINES.where(settlement_lines.c.row.in_(bindparam("line_rows", expanding=True)))
# A late refund shows in another batch's report than its own.
_OF_BATCH = _MINE.where(
    plants.c.settlement_row.in_((bindparam("batch_row"),))
    | plants.c.planted_row.in_(
        select(settlement_lines.c.row).where(
            settlement_lines.c.settlement_row == bindparam("batch_row"), settlement_lines.c.appears == "report"
        )
    )
)


def create_plant(tx: Connection, account: Account, body: PlantCreate) -> Answer:
    if len(tx.execute(_MINE, {"account_id": account.id}).all()) >= _MOST:
        raise Problem("too_many", f"An account can have {_MOST} planted errors at once. Delete some first.")
    plant_id = account.new_id("pl")
    tx.execute(
        _INSERT,
        {
            "account_id": account.id,
            "id": plant_id,
            "kind": body.kind,
            "settlement_row": None,
            "currency": body.currency,
            "line_row": None,
            "planted_row": None,
            "created_us": account.now_us,
        },
    )
    if body.settlement is not None:
        _plant_now(tx, account, _find(tx, account, plant_id), body)
    made = _show_all(tx, [_find(tx, account, plant_id)])[0]
    return Answer(made, location=f"/_sandbox/plants/{plant_id}")


def _plant_now(tx: Connection, account: Account, plant: Row[Any], body: PlantCreate) -> None:
    assert body.settlement is not None
    try:
        batch = find_settlement(tx, account, body.settlement)
    except Problem:
        raise invalid("/settlement", "must be the id of a settlement of this account that GET shows") from None
    line = planting.choose_line(tx, account, batch.row, body.kind, body.line)
    if line is None:
        types = " or ".join(LINE_TYPES[body.kind])
        where = "/line" if body.line is not None else "/kind"
        raise invalid(where, f"needs a line of type {types} in this settlement with no other error on it")
    planting.put(tx, account, plant, batch.row, line)


def list_plants(tx: Connection, account: Account) -> Answer:
    return Answer({"data": _show_all(tx, tx.execute(_MINE, {"account_id": account.id}).all())})


def get_plant(tx: Connection, account: Account, plant_id: str) -> Answer:
    return Answer(_show_all(tx, [_find(tx, account, plant_id)])[0])


def delete_plant(tx: Connection, account: Account, plant_id: str) -> Answer:
    planting.take_out(tx, _find(tx, account, plant_id))
    return Answer(None)


def delete_plants(tx: Connection, account: Account) -> Answer:
    for plant in tx.execute(_MINE, {"account_id": account.id}).all():
        planting.take_out(tx, plant)
    return Answer(None)


def get_truth(tx: Connection, account: Account, settlement_id: str) -> Answer:
    batch = find_settlement(tx, account, settlement_id)
    found = tx.execute(_OF_BATCH, {"account_id": account.id, "batch_row": batch.row}).all()
    truth: TruthBody = {
        "object": "settlement_truth",
        "settlement": show_truth(batch),
        "report": show(batch),
        "plants": _show_all(tx, found),
    }
    return Answer(truth)


def _find(tx: Connection, account: Account, plant_id: str) -> Row[Any]:
    found = tx.execute(_FIND, {"account_id": account.id, "plant_id": plant_id}).first()
    if found is None:
        raise not_found("planted error")
    return found


def _show_all(tx: Connection, found: Sequence[Row[Any]]) -> list[PlantBody]:
    rows = [row for plant in found for row in (plant.line_row, plant.planted_row) if row is not None]
    lines = {line.row: show_line(line) for line in tx.execute(_LINES, {"line_rows": rows})}
    return [_show(plant, lines) for plant in found]


def _show(plant: Row[Any], lines: dict[int, LineBody]) -> PlantBody:
    kind: PlantKind = plant.kind
    finding, explanation = _FINDINGS[kind]
    return {
        "id": plant.id,
        "object": "plant",
        "kind": kind,
        "status": "waiting" if plant.settlement_row is None else "planted",
        "settlement": plant.settlement_id,
        "currency": plant.currency,
        "finding": finding,
        "explanation": explanation,
        "true_line": None if kind == "unknown_payment" else lines.get(plant.line_row),
        "reported_line": lines.get(plant.planted_row),
        "created_at": to_wire(plant.created_us),
    }


_TAG = "Simulation"

ROUTES = [
    Route(
        "POST",
        "/_sandbox/plants",
        create_plant,
        "Plant an error in a settlement's report",
        tag=_TAG,
        description="In one that is there, or in the next one that is made. Money and payouts stay right.",
        body=PlantCreate,
        answer=PlantBody,
        status=201,
        problems=("too_many",),
    ),
    Route("GET", "/_sandbox/plants", list_plants, "Errors planted, or waiting", tag=_TAG, answer=PlantList),
    Route("GET", "/_sandbox/plants/<plant_id>", get_plant, "One planted error", tag=_TAG, answer=PlantBody),
    Route(
        "DELETE",
        "/_sandbox/plants/<plant_id>",
        delete_plant,
        "Take a planted error out of its report",
        tag=_TAG,
        status=204,
    ),
    Route("DELETE", "/_sandbox/plants", delete_plants, "Take all planted errors out", tag=_TAG, status=204),
    Route(
        "GET",
        "/_sandbox/settlements/<settlement_id>/truth",
        get_truth,
        "A settlement as it is, and what is wrong in its report",
        tag=_TAG,
        answer=TruthBody,
    ),
    Route(
        "GET",
        "/_sandbox/settlements/<settlement_id>/truth/lines",
        list_true_lines,
        "A settlement's lines as they are, newest first",
        tag=_TAG,
        query=LineQuery,
        answer=Page[LineBody],
        csv=true_lines_csv,
        problems=("invalid_cursor",),
    ),
]
