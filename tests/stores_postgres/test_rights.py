"""Which rights the roles of a ledger have: whoever counts calls writes through functions alone."""

# ruff: noqa: S608 - the names of tables and roles are those of the test

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import count

import pytest

from quotakeeper import Keeper
from quotakeeper.app.virtual_keys.managing import KeyManager
from quotakeeper.clocks import zone_named
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.domain.ledger import commands as c
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.stores.postgres.administration import ServerLedger
from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress, parse_dsn
from quotakeeper.stores.postgres.key_store import PostgresKeys, schema_of_keys
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, cap, tokens
from tests.keys.fake_keys import NOW
from tests.stores_postgres.cluster import debians, wheels
from tests.stores_postgres.users import execute, user_with
from tools.postgres_server import running

ROLES = ("app", "reader", "keys", "auditor")
VIEWS = {"call_view", "balance_view", "reservation_view"}
_numbers = count(1)


@pytest.fixture(scope="module", params=[debians, wheels], ids=["oldest", "newest"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a server of its own, as the tests make roles, which belong to a whole server."""
    with running(request.param()) as cluster:
        yield cluster.url


@pytest.fixture
def users(ledger: ServerAddress) -> dict[str, ServerAddress]:
    """A user of each role of a ledger that has virtual keys."""
    made = {role: f"{role}_{os.getpid()}_{next(_numbers)}" for role in ROLES}
    ServerLedger(ledger).make(**made)
    return {role: user_with(ledger, role, **made) for role in ROLES}


def tables(address: ServerAddress, schema: str, kind: str = "r") -> list[str]:
    rows = execute(
        address, f"SELECT c.relname::text FROM pg_class AS c WHERE c.relkind = '{kind}' "
        f"AND c.relnamespace = '{schema}'::regnamespace ORDER BY 1"
    )  # fmt: skip
    return [row[0] for row in rows]


def forbidden(name: str, column: str) -> dict[str, str]:
    """Statements that change a table, by the right that they need."""
    return {
        "INSERT": f"INSERT INTO {name} DEFAULT VALUES",
        "UPDATE": f"UPDATE {name} SET {column} = DEFAULT",
        "DELETE": f"DELETE FROM {name}",
        "TRUNCATE": f"TRUNCATE {name}",
        "LOCK": f"DO $$ BEGIN LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE; END $$",
        "TRIGGER": f"CREATE TRIGGER x BEFORE INSERT ON {name} EXECUTE FUNCTION ledger_x()",
        "CREATE": f'CREATE TABLE {name[:-1]}_own" (LIKE {name})',
        "DROP": f"DROP TABLE {name}",
        "ALTER": f"ALTER TABLE {name} DISABLE TRIGGER ALL",
        "OWNER": f"ALTER TABLE {name} OWNER TO CURRENT_USER",
    }


# What the role for keys may do, on the tables of keys alone.
OF_KEYS = {
    "virtual_key": {"INSERT", "UPDATE", "LOCK"},
    "virtual_key_secret": {"INSERT", "UPDATE", "LOCK"},
    "virtual_key_audit": {"INSERT"},
}


@pytest.mark.parametrize("role", ROLES)
def test_no_role_changes_a_table(
    ledger: ServerAddress, users: dict[str, ServerAddress], role: str
) -> None:
    tried = 0
    with closing(open_connection(users[role].parameters, prepares=False)) as raw:
        for schema in (ledger.schema, schema_of_keys(ledger.schema)):
            for table in tables(ledger, schema):
                may = OF_KEYS.get(table, set[str]()) if role == "keys" else set[str]()
                (column,) = execute(
                    ledger, "SELECT quote_ident(attname) FROM pg_attribute WHERE attnum = 1 "
                    f"AND attrelid = '\"{schema}\".\"{table}\"'::regclass"
                )[0]  # fmt: skip
                assert execute(
                    ledger, f"SELECT has_table_privilege('{users[role].parameters['user']}', "
                    f"'\"{schema}\".\"{table}\"', 'DELETE, TRUNCATE, REFERENCES, TRIGGER')"
                ) == [(False,)]  # fmt: skip
                for right, statement in forbidden(f'"{schema}"."{table}"', column).items():
                    if right in may:
                        continue
                    with pytest.raises(driver().errors.InsufficientPrivilege):
                        raw.execute(statement)
                    tried += 1
    assert tried >= 25 * 10 - 7


@pytest.mark.parametrize("role", ROLES)
def test_no_role_changes_the_schema(
    ledger: ServerAddress, users: dict[str, ServerAddress], role: str
) -> None:
    for statement in (  # S is the schema
        'CREATE FUNCTION "S".own() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
        'CREATE OR REPLACE FUNCTION "S".ledger_clock(asked_at bigint) RETURNS bigint '
        "LANGUAGE sql AS $$ SELECT 1::bigint $$",
        'CREATE OPERATOR "S".+ (leftarg = bigint, rightarg = bigint, function = int8mi)',
        'ALTER FUNCTION "S".lock_v2(bigint) RESET search_path',
        'DROP FUNCTION "S".ledger_clock(bigint)',
        'DROP SCHEMA "S" CASCADE',
        'ALTER SCHEMA "S" RENAME TO taken',
        'SET ROLE "postgres"',
    ):
        with pytest.raises(driver().errors.InsufficientPrivilege):
            execute(users[role], statement.replace('"S"', f'"{ledger.schema}"'))
    # What somebody may not grant is a warning, or an error without any right to the schema.
    with suppress(driver().errors.InsufficientPrivilege):
        execute(users[role], f'GRANT ALL ON SCHEMA "{ledger.schema}" TO PUBLIC')
    assert execute(
        ledger, f"SELECT has_schema_privilege('public', '{ledger.schema}', 'USAGE, CREATE')"
    ) == [(False,)]


@pytest.mark.parametrize("role", ["app", "reader", "auditor"])
def test_only_the_role_for_keys_reads_them(
    ledger: ServerAddress, users: dict[str, ServerAddress], role: str
) -> None:
    schema = schema_of_keys(ledger.schema)
    found = tables(ledger, schema)
    assert len(found) == 4
    for table in found:
        with pytest.raises(driver().errors.InsufficientPrivilege):
            execute(users[role], f'TABLE "{schema}".{table}')
        assert execute(users["keys"], f'SELECT count(*) >= 0 FROM "{schema}".{table}') == [(True,)]
    for table in tables(ledger, ledger.schema):
        with pytest.raises(driver().errors.InsufficientPrivilege):
            execute(users["keys"], f'TABLE "{ledger.schema}".{table}')


def test_a_reader_reads_the_views_alone(
    ledger: ServerAddress, users: dict[str, ServerAddress]
) -> None:
    views = tables(ledger, ledger.schema, "v")
    assert set(views) == VIEWS
    for view in views:
        assert execute(users["reader"], f'TABLE "{ledger.schema}".{view}') == []
    for table in tables(ledger, ledger.schema):
        with pytest.raises(driver().errors.InsufficientPrivilege):
            execute(users["reader"], f'TABLE "{ledger.schema}".{table}')


def test_a_reader_of_an_older_version_loses_the_tables(ledger: ServerAddress) -> None:
    role = f"reader_{os.getpid()}_{next(_numbers)}"
    execute(
        ledger, f'CREATE ROLE {role}; GRANT SELECT ON ALL TABLES IN SCHEMA "{ledger.schema}" TO {role}'
    )  # fmt: skip
    ServerLedger(ledger).make(reader=role)
    theirs = user_with(ledger, "reader", reader=role)
    assert execute(theirs, f'TABLE "{ledger.schema}".call_view') == []
    with pytest.raises(driver().errors.InsufficientPrivilege):
        execute(theirs, f'TABLE "{ledger.schema}".entry')


@pytest.mark.parametrize("role", ["reader", "auditor"])
def test_whoever_only_reads_executes_no_function_that_writes(
    ledger: ServerAddress, users: dict[str, ServerAddress], role: str
) -> None:
    for statement in (
        'SELECT * FROM "S".lock_v2(0)', 'SELECT "S".set_head_v2(0, 0)', 'SELECT "S".recall_v2()',
    ):  # fmt: skip
        with pytest.raises(driver().errors.InsufficientPrivilege):
            execute(users[role], statement.replace('"S"', f'"{ledger.schema}"'))


def test_every_function_that_writes_has_a_fixed_path(
    ledger: ServerAddress, users: dict[str, ServerAddress]
) -> None:
    found = 0
    for name, settings, rights, is_definer in execute(
        ledger, "SELECT p.proname::text, p.proconfig, p.proacl::text, p.prosecdef FROM pg_proc AS p "
        f"WHERE p.pronamespace = '{ledger.schema}'::regnamespace"
    ):  # fmt: skip
        if name in ("quantities_of", "moment_of", "ledger_clock"):
            continue  # the names in the first two are bound; the test has put the third in its place
        paths = [each for each in settings or () if each.startswith("search_path=")]
        assert paths in (
            [f"search_path={ledger.schema}, pg_temp"], [f'search_path="{ledger.schema}", pg_temp']
        ), name  # fmt: skip
        if is_definer:
            assert ",=X" not in rights and not rights.startswith("{=X"), name  # not for PUBLIC
            found += 1
    assert found > 30


def test_a_temporary_table_takes_no_tables_place(
    ledger: ServerAddress, users: dict[str, ServerAddress]
) -> None:
    """Without pg_temp in the path, it would be looked up before the ledger's tables."""
    execute(
        users["app"],
        "CREATE TEMP TABLE head (seq bigint, recalls bigint, account_version bigint)",
        "INSERT INTO head VALUES (0, 41, 41)",
        "CREATE TEMP TABLE rewriting (since_seq bigint)",
        "INSERT INTO rewriting VALUES (1)",
        f'SELECT "{ledger.schema}".recall_v2()',
        f'SELECT "{ledger.schema}".add_account_v2(\'k\', \'tokens\', \'day\', \'UTC\', \'\', \'\', \'\', '
        "'', '', 0)",
    )  # fmt: skip
    assert execute(ledger, f'SELECT recalls, account_version FROM "{ledger.schema}".head') == [
        (1, 1)
    ]


def test_names_of_an_earlier_schema_take_no_effect(server: str) -> None:
    """A user's schema stands first in the path, with names of the ledger and of the server."""
    url = f"{server}app_{os.getpid()}_{next(_numbers)}"
    address = parse_dsn(url)
    theirs = user_with(address, "app")
    user, evil = theirs.parameters["user"], f"evil_{next(_numbers)}_{os.getpid()}"
    refuse = "LANGUAGE plpgsql AS $$ BEGIN RAISE 'a name of another schema was used'; END $$"
    execute(
        address,
        f"CREATE SCHEMA {evil} AUTHORIZATION {user}",
        f'ALTER ROLE {user} SET search_path = {evil}, pg_catalog, "{address.schema}"',
    )
    execute(
        theirs,
        *(f"CREATE TABLE {evil}.{name} (LIKE \"{address.schema}\".{name})"
          for name in ("head", "entry", "balance", "hold", "owner", "rewriting", "meta")),
        f"INSERT INTO {evil}.rewriting VALUES (1)",
        f"CREATE FUNCTION {evil}.lock_v2(bigint) RETURNS bigint {refuse}",
        f"CREATE FUNCTION {evil}.ledger_clock(bigint) RETURNS bigint {refuse}",
        f"CREATE FUNCTION {evil}.to_timestamp(bigint) RETURNS timestamptz {refuse}",
        f"CREATE FUNCTION {evil}.times(bigint, interval) RETURNS interval {refuse}",
        f"CREATE OPERATOR {evil}.* (leftarg = bigint, rightarg = interval, function = {evil}.times)",
        f"CREATE FUNCTION {evil}.plus(bigint, bigint) RETURNS bigint {refuse}",
        f"CREATE OPERATOR {evil}.+ (leftarg = bigint, rightarg = bigint, function = {evil}.plus)",
    )  # fmt: skip
    # The traps work for whoever uses these names without a schema.
    for trap in ("SELECT 1::bigint + 1::bigint", "SELECT lock_v2(0)", "SELECT to_timestamp(0::bigint)",
                 "SELECT 1::bigint * interval '1 second'"):  # fmt: skip
        with pytest.raises(driver().errors.RaiseException, match="of another schema"):
            execute(theirs, trap)
    with Keeper(url.replace("postgres@", f"{user}@", 1), {"timezone": "UTC"}) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="a")
        with keeper.reserve("gemini", model="gemini-2.0-flash", input_tokens=7) as held:
            held.settle(input_tokens=5)
        assert keeper.verify() == []
    assert execute(theirs, f'SELECT id, input_tokens FROM "{address.schema}".call_view '
                           "WHERE id = 'a' AND counted_at > 'epoch'") == [("a", 7)]  # fmt: skip
    for name in ("head", "entry", "balance", "hold", "owner"):
        assert execute(theirs, f"TABLE {evil}.{name}") == []


@pytest.mark.parametrize("of_keys", [False, True])
@pytest.mark.parametrize("way", ["owner", "grant", "public"])
def test_a_schema_in_which_others_may_create_is_refused(
    server: str, way: str, of_keys: bool
) -> None:
    """Its functions would run whatever they put there, with the rights of whoever made the ledger."""
    address = parse_dsn(f"{server}shared_{os.getpid()}_{next(_numbers)}")
    schema = schema_of_keys(address.schema) if of_keys else address.schema
    role = f"other_{os.getpid()}_{next(_numbers)}"
    execute(address, f"CREATE ROLE {role}", {
        "owner": f'CREATE SCHEMA "{schema}" AUTHORIZATION {role}',
        "grant": f'CREATE SCHEMA "{schema}"; GRANT CREATE ON SCHEMA "{schema}" TO {role}',
        "public": f'CREATE SCHEMA "{schema}"; GRANT CREATE ON SCHEMA "{schema}" TO PUBLIC',
    }[way])  # fmt: skip
    named = "PUBLIC" if way == "public" else role
    with pytest.raises(LedgerUnavailableError, match=f"others may create objects.*{named}"):
        ServerLedger(address).make(keys=f"keys_{role}")
    assert tables(address, schema) == []


def test_a_user_makes_a_ledger_in_a_schema_of_their_own(server: str) -> None:
    address = parse_dsn(f"{server}own_{os.getpid()}_{next(_numbers)}")
    team, user = f"team_{next(_numbers)}_{os.getpid()}", f"maker_{next(_numbers)}_{os.getpid()}"
    execute(address, f"CREATE ROLE {team}; CREATE ROLE {user} LOGIN; GRANT {team} TO {user}",
            f'CREATE SCHEMA "{address.schema}" AUTHORIZATION {team}')  # fmt: skip
    theirs = ServerAddress(
        address.name, address.schema, address.prepares, {**address.parameters, "user": user}
    )
    assert ServerLedger(theirs).make()


class TestFunctions:
    @pytest.fixture(autouse=True)
    def a_ledger(self, ledger: ServerAddress, users: dict[str, ServerAddress]) -> Iterator[None]:
        self.schema, self.app, self.owner = ledger.schema, users["app"], ledger
        with closing(PostgresStore(ledger, zone_named, owner="one")) as store:
            store.apply([c.Reserve("a", LABELS, tokens(1), (cap(9),), "one", HOUR, True)], NOW)
            self.before = list(store.entries())
            yield
            assert list(store.entries()) == self.before
            assert store.verify() == []

    def call(self, text: str) -> None:
        with pytest.raises(driver().errors.IntegrityConstraintViolation):
            execute(self.app, text.replace("S.", f'"{self.schema}".'))

    @pytest.mark.parametrize(("seq", "at"), [(0, NOW), (1, NOW), (2, NOW - 1)])
    def test_no_entry_comes_before_the_newest(self, seq: int, at: int) -> None:
        nulls = ", ".join(
            f"ARRAY[NULL]::{kind}[]"
            for kind in ["bigint", "text", "bigint", "text", *["bigint"] * 6, "text",
                         *["bigint"] * 3]
        )  # fmt: skip
        self.call(f"SELECT S.add_entries_v2(ARRAY[{seq}]::bigint[], ARRAY[14]::bigint[], "
                  f"ARRAY[{at}]::bigint[], {nulls})")  # fmt: skip

    @pytest.mark.parametrize(("seq", "at"), [(0, 0), (1, NOW + 1), (2, NOW)])
    def test_the_head_row_says_what_the_journal_says(self, seq: int, at: int) -> None:
        self.call(f"SELECT S.set_head_v2({seq}, {at})")

    def test_names_of_batches_of_the_last_day_stay(self) -> None:
        count = f'SELECT count(*) FROM "{self.schema}".batch'
        before = execute(self.owner, count)
        execute(self.app, f'SELECT "{self.schema}".drop_batches_v2({2**62})')
        assert execute(self.owner, count) == before != [(0,)]


def test_the_role_for_keys_makes_a_key_and_changes_no_audit(
    users: dict[str, ServerAddress],
) -> None:
    with closing(PostgresKeys(users["keys"])) as store:
        KeyManager(store, lambda: NOW, "keys").create(VirtualKey("", "an"))
        assert [key.name for key in store.all_keys()] == ["an"]
    schema = schema_of_keys(users["keys"].schema)
    for statement in ("UPDATE {}.virtual_key_audit SET actor = ''", "DELETE FROM {}.virtual_key"):
        with pytest.raises(driver().errors.InsufficientPrivilege):
            execute(users["keys"], statement.format(f'"{schema}"'))


def test_the_role_that_counts_uses_a_new_limit_on_a_compacted_ledger(ledger: ServerAddress) -> None:
    theirs, clock = user_with(ledger, "app"), FakeClock("2026-11-10T12:00:00Z")
    with closing(PostgresStore(ledger, zone_named, owner="one")) as owner:
        for name in ("a", "b"):
            owner.apply([c.Record(name, LABELS, tokens(4))], clock.now())
            clock.advance(days=3)
        assert owner.compact(clock.now() - 24 * HOUR, clock.now()).calls == 1
    month = cap(9, window="month")
    with closing(PostgresStore(theirs, zone_named, owner="two")) as store:
        store.apply([c.Watch((month.account,))], clock.now())
        assert store.verify() == []
        assert [each.used for each in store.verdicts((month,), clock.now())] == [8]


def test_a_keeper_of_the_role_that_counts_works(server: str) -> None:
    url = f"{server}app_{os.getpid()}_{next(_numbers)}"
    theirs = user_with(parse_dsn(url), "app")
    keeper_url = url.replace("postgres@", f"{theirs.parameters['user']}@", 1)
    with Keeper(keeper_url, {"timezone": "UTC"}) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", input_tokens=7, event_id="a")
        with keeper.reserve("gemini", model="gemini-2.0-flash", input_tokens=7) as held:
            held.settle(input_tokens=5)
        assert next(event.id for event in keeper.events()) == "a"
        assert keeper.verify() == []
