"""The sources of an account's requests: the provider's API, or files exported from the account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from quotakeeper.app.reconcile.requests import RequestWindow
from quotakeeper.app.records.saved_exports import named, text_chunks, text_lines
from quotakeeper.providers.account_records import AccountRequest, BilledLine
from quotakeeper.providers.deepgram.account import read_request
from quotakeeper.providers.formats.json_stream import objects_listed
from quotakeeper.providers.gemini.billing import read_bill
from quotakeeper.value_classes import dataclass


class AccountClient(Protocol):
    """Reads a provider's account. An implementation uses HTTP."""

    @property
    def project(self) -> str:
        """The project that the account belongs to."""

    def requests(self, start: int | None, end: int | None) -> Iterator[Mapping[str, object]]:
        """Yield every request in `[start, end)` once. Instants are microseconds since 1970 UTC;
        None means no bound."""

    def balances(self) -> list[tuple[Decimal, str]]:
        """Return the remaining credit of the account: amounts with their units."""


@dataclass(frozen=True, slots=True)
class RequestSource:
    """The requests of an account. Each call of `read` returns all requests again."""

    name: str
    window: RequestWindow
    read: Callable[[], Iterable[AccountRequest]]
    balances: Sequence[tuple[Decimal, str]] = ()


def requests_from_account(client: AccountClient, window: RequestWindow) -> RequestSource:
    """Fetch all requests in the window and its margins from the provider's API."""
    wide = window.widened()
    read = map(read_request, client.requests(wide.since, wide.until))
    found = [each for each in read if each is not None]
    return RequestSource(client.project, window, lambda: found, client.balances())


def requests_from_files(files: Sequence[str], window: RequestWindow) -> RequestSource:
    """Read requests from exported files.

    If the window has no start, the first request is its start. If the window has no end, the last
    request is its end. All files are read once before the comparison starts, so a damaged file
    changes nothing. Raises InvalidInputError if a file is damaged.
    """
    paths = [Path(each) for each in files]

    def source() -> Iterator[AccountRequest]:
        for path in paths:
            yield from _requests_of(path)

    first = last = None
    for request in source():
        first = request.at if first is None else min(first, request.at)
        last = request.at if last is None else max(last, request.at)
    since = window.since if window.since is not None else first
    until = window.until if window.until is not None or last is None else last + 1
    return RequestSource(file_names(files), RequestWindow(since, until), source)


def bill_from_files(
    files: Iterable[str], zone: tzinfo, models: Sequence[str]
) -> Iterator[BilledLine]:
    """Yield the lines of exported cost tables, with days in the time zone `zone`.

    Raises InvalidInputError if a file cannot be read.
    """
    for file in files:
        path = Path(file)
        yield from named(path, read_bill(text_lines(path), zone, models))


def file_names(files: Iterable[str]) -> str:
    """Return the names of the files without their folders, as the name of the source."""
    return ", ".join(Path(each).name for each in files)


def _requests_of(path: Path) -> Iterator[AccountRequest]:
    def read() -> Iterator[AccountRequest]:
        for record in objects_listed(text_chunks(path), "requests", "request"):
            found = read_request(record)
            if found is not None:
                yield found

    return named(path, read())
