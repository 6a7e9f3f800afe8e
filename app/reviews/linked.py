"""What a payment shares with others: the cards, e-mail addresses, devices and IP addresses around it, as a drawing."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.risk.fields import LONGEST
from app.risk.models import Assessment

MOST_PAYMENTS = 60
MOST_IN_A_COLUMN = 8
COLUMN_WIDTH, NODE_HEIGHT, NODE_WIDTH, GAP = 190, 28, 168, 10

_SHOWN = {
    "email_key": "E-mail addresses",
    "card_fingerprint": "Cards",
    "device_id": "Devices",
    "ip": "IP addresses",
}


@dataclass(frozen=True)
class Node:
    """One card, address or device; `is_own` where it is the payment's own. `x`, `y` are its upper left corner."""

    kind: str
    value: str
    shown: str
    payments: int
    is_own: bool
    x: int
    y: int


@dataclass(frozen=True)
class Line:
    """Two that came together in a payment."""

    x1: int
    y1: int
    x2: int
    y2: int
    is_own: bool


@dataclass
class Drawing:
    """The nodes in four columns, and the lines between neighbors."""

    columns: Sequence[tuple[str, int]]
    nodes: list[Node] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    left_out: int = 0
    height: int = 0
    width: int = len(_SHOWN) * COLUMN_WIDTH - (COLUMN_WIDTH - NODE_WIDTH)


def linked_to(session: Session, own: Assessment) -> Sequence[Assessment]:
    """The payments of 45 days that share something with this one, the newest first; itself among them."""
    shared = [getattr(Assessment, name) == getattr(own, name) for name in _SHOWN if getattr(own, name) is not None]
    since = own.created_at - LONGEST
    until = own.created_at + timedelta(days=45)
    wanted = select(Assessment).where(or_(*shared), Assessment.created_at.between(since, until))
    return session.scalars(wanted.order_by(Assessment.created_at.desc()).limit(MOST_PAYMENTS)).all()


def draw(own: Assessment, rows: Sequence[Assessment]) -> Drawing:
    """Who came together with whom."""
    drawing = Drawing([(heading, index * COLUMN_WIDTH) for index, heading in enumerate(_SHOWN.values())])
    places: dict[tuple[str, str], Node] = {}
    for index, kind in enumerate(_SHOWN):
        counted: dict[str, int] = {}
        for row in [own, *rows]:
            value = getattr(row, kind)
            if value is not None:
                counted[value] = counted.get(value, 0) + (row is not own)
        mine = getattr(own, kind)
        values = sorted(counted, key=lambda value: (value != mine, -counted[value], value))
        drawing.left_out += max(len(values) - MOST_IN_A_COLUMN, 0)
        for place, value in enumerate(values[:MOST_IN_A_COLUMN]):
            node = Node(
                kind=kind,
                value=value,
                shown=_shorter(kind, value, rows),
                payments=counted[value],
                is_own=value == mine,
                x=index * COLUMN_WIDTH,
                y=place * (NODE_HEIGHT + GAP),
            )
            places[kind, value] = node
            drawing.nodes.append(node)
    drawing.lines = _lines(own, rows, places)
    drawing.height = max((node.y for node in drawing.nodes), default=0) + NODE_HEIGHT
    return drawing


def _shorter(kind: str, value: str, rows: Sequence[Assessment]) -> str:
    if kind == "card_fingerprint":
        card = next((row.card for row in rows if row.card_fingerprint == value), {})
        return f"{card.get('bin') or ''}… {card.get('network') or 'card'}"[:19]
    return value if len(value) <= 16 else f"{value[:7]}…{value[-7:]}"


def _lines(own: Assessment, rows: Sequence[Assessment], places: dict[tuple[str, str], Node]) -> list[Line]:
    kinds = list(_SHOWN)
    found: dict[tuple[int, int, int, int], bool] = {}
    for row in rows:
        there = [node for kind in kinds if (node := places.get((kind, getattr(row, kind) or ""))) is not None]
        for left, right in itertools.pairwise(there):
            middle = NODE_HEIGHT // 2
            place = (left.x + NODE_WIDTH, left.y + middle, right.x, right.y + middle)
            found[place] = found.get(place, False) or row.payment_id == own.payment_id
    return [Line(*place, is_own=is_own) for place, is_own in found.items()]
