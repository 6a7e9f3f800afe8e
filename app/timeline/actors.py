"""Whoever or whatever causes a change, as the timeline names them."""

from app.actors import GATEWAY, WORKER, Actor, ActorKind

__all__ = ["GATEWAY", "WORKER", "Actor", "ActorKind"]
