"""What people and programs did here: one row per act, written with it, chained by hashes, only ever added to."""

from app.audit.origin import Origin, come_from
from app.audit.write import note

__all__ = ["Origin", "come_from", "note"]
