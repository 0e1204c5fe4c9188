"""Ids contain their time, sort by it, and never repeat, not even after a fork."""

from __future__ import annotations

import os
import threading

import pytest

from quotakeeper.identifiers import new_id, new_owner

NOW = 1_795_000_000_000_000


def test_an_id_has_its_form_and_sorts_by_time() -> None:
    first, second = new_id(NOW), new_id(NOW + 1_000)
    assert len(first) == 26 and first.isalnum() and first.isupper()
    assert first < second and first[:9] == second[:9]
    assert new_id(0).startswith("0000000000")
    assert new_owner() != new_owner()


def test_ids_never_repeat() -> None:
    found: list[str] = []

    def make() -> None:
        found.extend([new_id(NOW) for _ in range(2_000)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(found) == 8_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is of POSIX")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_makes_different_ids() -> None:
    new_id(NOW)  # draws random bytes for many ids in advance
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, "".join(new_id(NOW) for _ in range(50)).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    text = os.read(read, 26 * 50).decode()
    os.close(read)
    os.close(write)
    theirs = {text[start : start + 26] for start in range(0, len(text), 26)}
    assert len(theirs) == 50
    assert theirs.isdisjoint({new_id(NOW) for _ in range(50)})
