"""`quotakeeper ledger init` and `check` on a server: tables, roles, and what each may do."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from itertools import count

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.errors import InvalidInputError, LedgerUnavailableError
from quotakeeper.schemas import Schema
from quotakeeper.stores.postgres.administration import ServerLedger
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.roles import LedgerRoles

NO_LIMITS = {"default_limits": False, "timezone": "UTC"}
WRONG = (
    "UPDATE SCHEMA.entry SET cost_pico = 0",
    "DELETE FROM SCHEMA.entry",
    "INSERT INTO SCHEMA.compacting VALUES (1)",
    "INSERT INTO SCHEMA.rewriting VALUES (1)",
    "TRUNCATE SCHEMA.entry",
    "DROP TABLE SCHEMA.entry",
    "ALTER TABLE SCHEMA.entry DISABLE TRIGGER ALL",
    "CREATE TABLE SCHEMA.own (x int)",
    "UPDATE SCHEMA.meta SET value = '9'",
    "CREATE OR REPLACE FUNCTION SCHEMA.ledger_clock(asked_at bigint) RETURNS bigint "
    "LANGUAGE sql AS 'SELECT 1::bigint'",
)
_numbers = count(1)

Execute = Callable[..., None]


@pytest.fixture
def url(server: str) -> str:
    """The URL of a ledger that is not there yet."""
    return f"{server}made_{os.getpid()}_{next(_numbers)}"


@pytest.fixture
def execute(url: str) -> Execute:
    """Carries out SQL as the server's owner, or as another user."""

    def execute(sql: str, user: str = "postgres") -> None:
        address = parse_dsn(url.replace("postgres@", f"{user}@", 1))
        raw = open_connection(address.parameters, prepares=False)
        try:
            raw.execute(sql)
        finally:
            raw.close()

    return execute


def member(url: str, execute: Execute, role: str) -> str:
    """The URL for a new user who is a member of a role."""
    user = f"u_{os.getpid()}_{next(_numbers)}"
    execute(f"CREATE ROLE {user} LOGIN; GRANT {role} TO {user}")
    return url.replace("postgres@", f"{user}@", 1)


def user_of(url: str) -> str:
    return url.partition("//")[2].partition("@")[0]


def roles() -> tuple[str, str]:
    number = next(_numbers)
    return f"counting_{os.getpid()}_{number}", f"reading_{os.getpid()}_{number}"


def cli(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_role_that_counts_may_not_change_the_journal(url: str, execute: Execute) -> None:
    app, reader = roles()
    server = ServerLedger(parse_dsn(url))
    assert server.make(app, reader)
    assert not server.make(app, reader)  # again: no tables are made, and no role is made twice
    theirs = member(url, execute, app)
    with Keeper(theirs, NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="a")
        held = keeper.reserve("gemini", model="gemini-2.0-flash", input_tokens=7)
        held.settle(input_tokens=5)
        assert keeper.verify() == []
    for wrong in WRONG:
        with pytest.raises(driver().errors.InsufficientPrivilege):
            execute(wrong.replace("SCHEMA", server.schema), user_of(theirs))


def test_an_auditor_reads_and_counts_nothing(url: str, execute: Execute) -> None:
    auditor, _ = roles()
    ServerLedger(parse_dsn(url)).make(auditor=auditor)
    with Keeper(url, NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="a")
    theirs = member(url, execute, auditor)
    with Keeper(theirs) as keeper:
        assert [event.id for event in keeper.events()] == ["a"]
        assert keeper.status().limits[0].used == 7
        assert keeper.verify() == []
        with pytest.raises(LedgerUnavailableError, match="has no right"):
            keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7)
    with Keeper(url, NO_LIMITS) as keeper:
        assert [event.id for event in keeper.events()] == ["a"]


def test_the_printed_sql_makes_the_same(
    url: str, execute: Execute, capsys: pytest.CaptureFixture[str]
) -> None:
    app, reader = roles()
    words = ("--ledger", url, "ledger", "init", "--app", app, "--reader", reader)
    code, sql, err = cli(capsys, *words, "--sql")
    assert (code, err) == (0, "")
    with pytest.raises(driver().errors.UndefinedTable):
        execute("SELECT * FROM SCHEMA.head".replace("SCHEMA", parse_dsn(url).schema))
    execute(sql)
    code, out, _ = cli(capsys, *words)
    assert code == 0
    assert out.splitlines()[0].endswith(": the tables already exist")
    with Keeper(member(url, execute, app), NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7)


def test_check_says_what_a_user_may_do(
    url: str, execute: Execute, capsys: pytest.CaptureFixture[str]
) -> None:
    app, reader = roles()
    auditor, _ = roles()

    def ledger_line(url: str) -> tuple[str, str]:
        _, out, _ = cli(capsys, "--ledger", url, "ledger", "check", "--json")
        document = json.loads(out)
        assert next(iter(document.items())) == ("schema", Schema.DOCTOR)
        (found,) = (each for each in document["findings"] if each["name"] == "ledger")
        return found["state"], found["text"].partition(": ")[2].partition(" ")[2]

    user = f"stranger_{next(_numbers)}"
    execute(f"CREATE ROLE {user} LOGIN")
    stranger = url.replace("postgres@", f"{user}@", 1)
    assert ledger_line(url)[0] == "note"
    assert ledger_line(stranger) == (
        "fail",
        f"not exist yet, and {user} has no right to create it",
    )
    ServerLedger(parse_dsn(url)).make(app, reader, auditor=auditor)
    assert ledger_line(url) == ("ok", "can record calls")
    assert ledger_line(member(url, execute, app)) == ("ok", "can record calls")
    assert ledger_line(member(url, execute, auditor)) == (
        "warn",
        "can only read it and cannot record calls",
    )
    assert ledger_line(member(url, execute, reader)) == ("fail", "has no right to read it")
    assert ledger_line(stranger) == ("fail", "has no right to read it")


def test_a_program_that_may_not_make_the_ledger_is_told_that_there_is_none(
    url: str, execute: Execute
) -> None:
    user = f"stranger_{os.getpid()}_{next(_numbers)}"
    execute(f"CREATE ROLE {user} LOGIN")
    with (
        Keeper(url.replace("postgres@", f"{user}@", 1), NO_LIMITS) as keeper,
        pytest.raises(LedgerUnavailableError, match="has no tables yet") as caught,
    ):
        keeper.status()
    assert "quotakeeper ledger init" in str(caught.value)


def test_the_owner_and_the_role_of_programs_are_no_reader(url: str, execute: Execute) -> None:
    """`init --reader` takes the right to read the tables away, and no call would be counted then."""
    app, owner = f"app_{next(_numbers)}", f"owner_{next(_numbers)}"
    execute(f"CREATE ROLE {owner} LOGIN CREATEROLE; GRANT CREATE ON DATABASE postgres TO {owner}")
    mine = ServerLedger(parse_dsn(url.replace("postgres@", f"{owner}@", 1)))
    mine.make(app=app)
    for role in (owner, app):
        with pytest.raises(LedgerUnavailableError, match=f"the role {role} owns .* or counts"):
            mine.make(reader=role)
    with Keeper(ledger=member(url, execute, app), config=NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=1)
        assert keeper.status().limits == ()
    mine.make(reader=f"reader_{next(_numbers)}")


def test_a_role_with_capital_letters_is_quoted_in_the_next_step(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"Reports_{os.getpid()}"
    code, out, _ = cli(capsys, "--ledger", url, "ledger", "init", "--reader", name)
    assert code == 0 and f'GRANT "{name}" TO NAME' in out


def test_whoever_may_not_make_a_ledger_is_told_so(url: str, execute: Execute) -> None:
    user = f"stranger_{next(_numbers)}"
    execute(f"CREATE ROLE {user} LOGIN")
    with pytest.raises(LedgerUnavailableError, match="this user may not make them"):
        ServerLedger(parse_dsn(url.replace("postgres@", f"{user}@", 1))).make()


@pytest.mark.parametrize(
    ("app", "reader"),
    [
        ('x"; DROP TABLE y', ""),
        ("", "a b"),
        ("pg_read_all_data", ""),
        ("same", "same"),
        ("", "public"),
        ("current_user", ""),
        ("", "User"),
        ("", "none"),
    ],
)
def test_a_name_that_is_no_role_is_refused(app: str, reader: str) -> None:
    with pytest.raises(InvalidInputError):
        LedgerRoles(app, reader)


def test_a_file_has_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("ledger", "check"), ("ledger", "init")):
        code, out, err = cli(capsys, "--ledger", "memory:", *words)
        assert (code, out) == (2, "")
        assert "is not on a server" in err
