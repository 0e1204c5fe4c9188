"""One host of a storm: `python -m tests.stores_postgres.lease_host URL FOLDER CALLERS AMOUNT MS LEASE`.

A process whose journals are in a folder of its own, as those of a host. CALLERS threads make calls of
one request each, until the limit of AMOUNT refuses. Each round trip to the server takes MS
milliseconds longer. It prints how many calls were admitted.
"""

from __future__ import annotations

import json
import sys
import threading

from benchmarks.round_trips import delay
from quotakeeper import Keeper, LimitExceeded
from tests.stores_postgres.lease_limits import config


def main(url: str, folder: str, callers: str, amount: str, ms: str, lease: str) -> None:
    """Use the limit up, together with others."""
    delay(int(ms) / 1_000)
    admitted = [0] * int(callers)
    with Keeper(url, config(int(amount), folder, lease)) as keeper:

        def call(number: int) -> None:
            while True:
                try:
                    call = keeper.reserve("gemini", model="gemini-2.0-flash", requests=1)
                except LimitExceeded:
                    return
                admitted[number] += 1
                call.settle(requests=1)

        threads = [threading.Thread(target=call, args=(n,)) for n in range(len(admitted))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(json.dumps({"admitted": sum(admitted)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
