"""The processes of this host that use a ledger on a server, by files in a folder of the host."""

from __future__ import annotations

from pathlib import Path

from quotakeeper.stores.sqlite.locks import OwnerMark, bury, dead_owners, names_a_file


class MarkedProcesses:
    """Each process keeps a locked file in a folder beside its journals. The lock ends with it.

    `beside` is the path with which the names of all these files begin.
    """

    def __init__(self, beside: Path) -> None:
        self._beside = beside
        self._folder = beside.with_name(f"{beside.name}-owners")
        self._mark: OwnerMark | None = None

    def begin(self, owner: str) -> None:
        """Show the other processes of this host that the process `owner` is running.

        Raises OSError if the folder cannot be written.
        """
        if self._mark is None:
            self._beside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._mark = OwnerMark(self._folder, owner, self._beside)

    def ended(self, owners: frozenset[str]) -> frozenset[str]:
        """Return those of `owners` whose process ran on this host and has ended.

        Without its file, it is not known of a process whether it has ended.
        """
        return dead_owners(self._folder, frozenset(filter(names_a_file, owners)))

    def bury(self, owners: frozenset[str]) -> None:
        """Delete the files of ended processes."""
        bury(self._folder, owners)

    def close(self, *, leaves_something: bool) -> None:
        """Show that this process has ended. Its file stays if it leaves journals or reservations."""
        mark, self._mark = self._mark, None
        if mark is not None:
            mark.close(kept=leaves_something)

    def after_fork(self) -> MarkedProcesses:
        """Return the object for a forked child. Closes the child's copy of the parent's handle."""
        mark, self._mark = self._mark, None
        if mark is not None:
            mark.close(kept=True)
        return MarkedProcesses(self._beside)
