"""Data out of the ledger in forms that other programs read: NDJSON, JSON, CSV.

Everything is written one event at a time, so that a ledger of any size needs the same memory.
"""

from quotakeeper.app.records.atomic_file import write_file
from quotakeeper.app.records.events import FORMATS, event_record, write_events
from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.status import status_record

__all__ = [
    "FORMATS",
    "event_record",
    "rfc3339",
    "status_record",
    "write_events",
    "write_file",
]
