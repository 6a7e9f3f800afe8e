"""The shipments table: what left the house for an order. Nothing does before its money was captured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.clock import business_now
from app.db import Base
from app.ids import new_id
from app.orders.models import Order
from app.timeline import Actor, Kind, add


class Shipment(Base):
    """One parcel, or one act of sending; never changed afterwards."""

    __tablename__ = "shipments"
    __table_args__ = (Index("ix_shipments_order", "order_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    tracking: Mapped[str | None] = mapped_column(String(200))
    actor_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


def write_shipment(session: Session, order: Order, told: Mapping[str, Any], actor: Actor, cause: str | None) -> None:
    """Write down that something was shipped, in the caller's transaction; `told` may hold `tracking`."""
    now = business_now(session)
    tracking = told.get("tracking")
    shipment = Shipment(
        id=new_id("shp"), order_id=order.id, tracking=tracking, actor_name=actor.name[:200], created_at=now
    )
    session.add(shipment)
    order.shipped_at = now
    order.change(session)
    summary = f"Shipped, tracking {tracking}" if tracking else "Shipped"
    add(session, Kind.SHIPMENT, shipment.id, summary, actor, order_id=order.id, cause=cause)


def shipments_of(session: Session, order_id: str) -> Sequence[Shipment]:
    """An order's shipments, the oldest first."""
    wanted = select(Shipment).where(Shipment.order_id == order_id)
    return session.scalars(wanted.order_by(Shipment.created_at, Shipment.id)).all()
