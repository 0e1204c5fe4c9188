"""A local imitation of Gemini and Deepgram. It needs no keys and no network, and keeps its own
bill.

On request, the sandbox answers with errors.
"""

from quotakeeper.sandbox.bill import Bill
from quotakeeper.sandbox.faults import KINDS as FAULT_KINDS
from quotakeeper.sandbox.faults import Fault, parse_fault
from quotakeeper.sandbox.messages import Charge
from quotakeeper.sandbox.server import Sandbox, run_sandbox

__all__ = ["FAULT_KINDS", "Bill", "Charge", "Fault", "Sandbox", "parse_fault", "run_sandbox"]
