"""The URL of a ledger is read here, and no message quotes the password in it. Needs no server."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotakeeper.app.records.settings import redacted, shown_values
from quotakeeper.config import Settings, load_settings
from quotakeeper.errors import ConfigError
from quotakeeper.server_store import host_files
from quotakeeper.stores.postgres.dsn import ServerAddress, is_loopback, parse_dsn
from quotakeeper.stores.postgres.errors import translated

CANARY = "canary-8f3a"


def given(url: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    """What libpq is told, without what is always told."""
    always = (
        "connect_timeout", "target_session_attrs", "tcp_user_timeout", "keepalives_idle",
        "keepalives_interval", "keepalives_count", "application_name",
    )  # fmt: skip
    parameters = parse_dsn(url, environ or {}).parameters
    return {key: value for key, value in parameters.items() if key not in always}


@pytest.mark.parametrize(
    ("url", "expected", "name"),
    [
        (
            "postgresql://lan:p%40ss@db.example:6432/team",
            {"host": "db.example", "port": "6432", "user": "lan", "password": "p@ss",
             "dbname": "team", "sslmode": "verify-full"},
            "postgresql://lan@db.example:6432/team",
        ),
        (
            "postgres://localhost/team?schema=phim",
            {"host": "localhost", "dbname": "team"},
            "postgresql://localhost/team?schema=phim",
        ),
        (
            "postgresql://lan@a,b:5433/team?sslmode=require",
            {"host": "a,b", "port": "5432,5433", "user": "lan", "dbname": "team",
             "sslmode": "require"},
            "postgresql://lan@a,b:5433/team",
        ),
        (
            "postgresql://[::1]:5433/team",
            {"host": "::1", "port": "5433", "dbname": "team"},
            "postgresql://::1:5433/team",
        ),
        ("postgresql:///?service=team", {"service": "team"}, "postgresql:///"),
        (
            "postgresql://lan@/team?host=/run/postgresql",
            {"host": "/run/postgresql", "user": "lan", "dbname": "team"},
            "postgresql://lan@/run/postgresql/team",
        ),
    ],
)  # fmt: skip
def test_a_url_says_where_the_ledger_is(url: str, expected: dict[str, str], name: str) -> None:
    assert given(url) == expected
    assert parse_dsn(url).name == name


PLACE = {"PGHOST": "db.example", "PGPORT": "6432", "PGUSER": "lan", "PGDATABASE": "team"}


@pytest.mark.parametrize(
    ("url", "environ", "expected", "name"),
    [
        (
            "postgresql://",
            PLACE,
            {"host": "db.example", "port": "6432", "user": "lan", "dbname": "team",
             "sslmode": "verify-full"},
            "postgresql://lan@db.example:6432/team",
        ),
        (
            "postgresql://localhost/team",
            {"PGPORT": "6432"},
            {"host": "localhost", "port": "6432", "dbname": "team"},
            "postgresql://localhost:6432/team",
        ),
        (
            "postgresql://an@other:5433/films",
            PLACE,
            {"host": "other", "port": "5433", "user": "an", "dbname": "films",
             "sslmode": "verify-full"},
            "postgresql://an@other:5433/films",
        ),
        (
            "postgresql://other/films",  # libpq reads PGSSLMODE
            {"PGSSLMODE": "require"},
            {"host": "other", "dbname": "films"},
            "postgresql://other/films",
        ),
        ("postgresql:///team", {"PGHOSTADDR": "10.0.0.7"},
         {"hostaddr": "10.0.0.7", "dbname": "team", "sslmode": "verify-full"},
         "postgresql:///team"),
        ("postgresql:///?service=team", PLACE, {"service": "team"}, "postgresql:///"),
        ("postgresql://", {**PLACE, "PGSERVICE": "team"}, {"service": "team"}, "postgresql:///"),
        ("postgresql:///team", dict.fromkeys(PLACE, ""), {"dbname": "team"}, "postgresql:///team"),
    ],
)  # fmt: skip
def test_what_a_url_leaves_out_comes_from_the_environment(
    url: str, environ: dict[str, str], expected: dict[str, str], name: str
) -> None:
    assert given(url, environ) == expected
    assert parse_dsn(url, environ).name == name


SERVICES = f"""
# our databases
[team]
host=db.example
dbname=team

user=lan
password={CANARY}
 connect_timeout=7
options=-c jit=off
host=second.example
[plain]
host = db.example
[weak]
host=db.example
sslmode=require
[here]
host=localhost
[named]
host=localhost
hostaddr=10.0.0.7
[team]
host=third.example
"""


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("postgresql:///?service=team", PLACE,
         {"host": "db.example", "port": "6432", "user": "lan", "dbname": "team",
          "service": "team", "sslmode": "verify-full"}),
        ("postgresql://an@other/films", {"PGSERVICE": "team"},
         {"host": "other", "user": "an", "dbname": "films", "service": "team",
          "sslmode": "verify-full"}),
        ("postgresql:///a?service=weak", {"PGSSLMODE": "disable"},
         {"host": "db.example", "dbname": "a", "service": "weak", "sslmode": "require"}),
        ("postgresql:///a?service=here", {}, {"host": "localhost", "dbname": "a", "service": "here"}),
        ("postgresql:///a?service=named", {},
         {"host": "localhost", "hostaddr": "10.0.0.7", "dbname": "a", "service": "named",
          "sslmode": "verify-full"}),
        # libpq says that there is no such service, or finds it in a folder of its own.
        ("postgresql:///a?service=absent", PLACE, {"dbname": "a", "service": "absent"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("variable", ["PGSERVICEFILE", "HOME", "PGSYSCONFDIR"])
def test_a_service_file_says_where_the_ledger_is(
    url: str, environ: dict[str, str], expected: dict[str, str], variable: str, tmp_path: Path
) -> None:
    name = "pg_service.conf" if variable == "PGSYSCONFDIR" else ".pg_service.conf"
    (tmp_path / name).write_text(SERVICES)
    where = tmp_path / name if variable == "PGSERVICEFILE" else tmp_path
    found = {**environ, variable: str(where)}
    assert given(url, found) == expected
    address = parse_dsn(url, found)
    assert CANARY not in repr(address.parameters)
    assert (address.service == "absent") == ("absent" in url)
    if "service=team" in url:
        assert address.parameters["connect_timeout"] == "7"
        assert address.name == "postgresql://lan@db.example:6432/team"
        assert address.place == parse_dsn("postgresql://db.example:6432/team", {}).place


def test_variables_of_libpq_replace_our_defaults() -> None:
    ours = parse_dsn("postgresql://localhost/team", {}).parameters
    variables = {
        "connect_timeout": "PGCONNECT_TIMEOUT",
        "target_session_attrs": "PGTARGETSESSIONATTRS",
        "application_name": "PGAPPNAME",
    }
    theirs = parse_dsn("postgresql://localhost/team", dict.fromkeys(variables.values(), "x"))
    assert ours.keys() - theirs.parameters.keys() == variables.keys()


def test_a_place_without_a_port_is_that_with_the_usual_port() -> None:
    places = {parse_dsn(f"postgresql://{host}/team", {}).place for host in ("DB", "db", "db:5432")}
    assert places == {"db:5432/team/quotakeeper"}
    assert parse_dsn("postgresql://db/team", {"PGPORT": "1"}).place == "db:1/team/quotakeeper"


def test_two_ledgers_have_two_places() -> None:
    """The files of a host carry the place in their names: two ledgers must not share them."""
    without = [
        "postgresql://", "postgresql://db", "postgresql://db:1", "postgresql://db/films",
        "postgresql://db/team", "postgresql://db/team?schema=phim", "postgresql:///team?service=a",
        "postgresql:///team?service=b", "postgresql:///team?host=/run/A",
        "postgresql:///team?host=/run/a", "postgresql:///team?host=%40a",
    ]  # fmt: skip
    places = [parse_dsn(url, {}).place for url in without]
    for variable in ("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE"):
        places += [parse_dsn("postgresql://", {variable: value}).place for value in ("6", "7")]
    assert len(set(places)) == len(places) == 21
    # One ledger has one place, however it is named.
    for url, environ in (
        ("postgresql://lan@DB/team", {}),
        ("postgresql://", {"PGHOST": "db", "PGDATABASE": "team", "PGUSER": "an"}),
        ("postgresql:///team", {"PGHOST": "db", "PGPORT": "5432"}),
    ):
        assert parse_dsn(url, environ).place == "db:5432/team/quotakeeper"
    named = {
        parse_dsn("postgresql:///?service=a", {}).place,
        parse_dsn("postgresql://", {"PGSERVICE": "a"}).place,
    }
    assert len(named) == 1


@pytest.mark.parametrize(
    ("host", "expected"),
    [("", True), ("localhost", True), ("127.1.2.3", True), ("::1", True), ("/run", True),
     ("@qk", True), ("10.0.0.1", False), ("localhost.example", False), ("128.0.0.1", False)],
)  # fmt: skip
def test_a_loopback_address_is_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) == expected


def test_parameters_of_our_own_are_not_for_libpq() -> None:
    address = parse_dsn("postgresql://localhost/team?schema=phim&prepared_statements=off")
    assert (address.schema, address.prepares) == ("phim", False)
    assert "schema" not in address.parameters
    assert parse_dsn("postgresql://localhost/team").prepares
    assert parse_dsn("postgresql://localhost/team?connect_timeout=2").parameters[
        "connect_timeout"
    ] == "2"  # fmt: skip


MALFORMED = (
    "postgresql://lan:{}@db:port/team",
    "postgresql://lan:{}@db:70000/team",
    "postgresql://lan:a/{}@db/team",
    "postgresql://lan:a?{}@db/team",
    "postgresql://lan:a#{}@db/team",
    "postgresql://lan:a@{}/b@db/team",
    "postgresql://lan:{}",
    "postgresql://lan:{}/team",
    "postgresql://lan:a {}@db/team",
    "postgresql://lan:a\t{}@db/team",
    "postgresql://lan@db/team?password={}",
    "postgresql://lan@db/team?{}",
    "postgresql://lan@db/team?sslmode=a&{}=b",
    "postgresql://lan@db/team?schema={}%22",
    "postgresql://lan@db/team?prepared_statements={}",
    "postgresql://lan:[{}@db/team",
)


@pytest.mark.parametrize("url", MALFORMED)
def test_no_message_about_a_malformed_url_quotes_the_password(url: str) -> None:
    try:
        address = parse_dsn(url.format(CANARY))
    except ConfigError as error:
        assert CANARY not in str(error)
        assert error.fix
    else:
        assert CANARY not in address.name
        assert CANARY not in repr(address)


@pytest.mark.parametrize("url", [*MALFORMED[:10], "postgresql://lan:{}@db/team"])
def test_no_setting_that_is_shown_has_the_password(url: str) -> None:
    settings = Settings(url.format(CANARY))
    assert CANARY not in str(shown_values(settings)["ledger"])
    assert CANARY not in repr(settings)


def test_what_is_shown_of_a_ledger_says_where_it_is() -> None:
    assert redacted("/data/ledger.db") == "/data/ledger.db"
    assert redacted("memory:") == "memory:"
    assert redacted("sqlite:////data/a b@c.db") == "sqlite:////data/a b@c.db"
    url = "postgresql://db.example:6432/team?schema=phim"
    assert redacted(url) == url
    assert redacted(f"postgresql://lan:{CANARY}@db/team") == "postgresql://***@db/team"


def test_what_the_driver_says_is_told_without_the_password() -> None:
    address: ServerAddress = parse_dsn(f"postgresql://lan:{CANARY}@localhost/team")
    pytest.importorskip("psycopg")
    said = str(translated(address, OSError(f"no such host: lan:{CANARY}")))
    assert CANARY not in said
    assert "lan:***" in said


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("postgresql://lan@db.example/team", True),
        ("postgresql://minh:secret@DB.example:5432/team", True),
        ("postgresql://lan@db.example/team?schema=other", False),
        ("postgresql://lan@db.example:5433/team", False),
        ("postgresql://lan@db.example/other", False),
    ],
)
def test_the_files_of_a_host_have_the_same_name_for_every_user(url: str, same: bool) -> None:
    usual = parse_dsn("postgresql://an@db.example/team")
    assert (parse_dsn(url).place == usual.place) is same
    first, second = "postgresql://a,b:6000/team", "postgresql://b:6000,a/team"
    assert parse_dsn(first).place == parse_dsn(second).place
    assert "secret" not in parse_dsn(url).place


def test_another_user_of_a_ledger_finds_the_files_of_this_host(tmp_path: Path) -> None:
    def files(url: str) -> Path | None:
        return host_files(load_settings(url, {}, {"XDG_DATA_HOME": str(tmp_path)}))

    usual = files("postgresql://an@db.example/team")
    assert usual is not None and usual == files("postgresql://lan:secret@db.example/team")
    assert usual != files("postgresql://an@db.example/team?schema=other")
