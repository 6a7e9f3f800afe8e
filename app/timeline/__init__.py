"""Who or what changed which status, when and why: history and audit in one."""

from app.timeline.actors import Actor, ActorKind
from app.timeline.models import Entry, Kind
from app.timeline.write import add

__all__ = ["Actor", "ActorKind", "Entry", "Kind", "add"]
