"""Exports the ledger's data for other programs as NDJSON, JSON and CSV.

Events are written one at a time, so memory use does not depend on the size of the ledger.
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
