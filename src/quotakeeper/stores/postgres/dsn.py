"""Parses the URL of a ledger in PostgreSQL, so that no message quotes a part that may be a
password.

postgresql://user:password@host:5432/database?schema=quotakeeper&sslmode=verify-full

The driver's own parser is not used: four of its eight messages about a malformed URL quote the
password.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from quotakeeper.errors import ConfigError
from quotakeeper.stores.postgres.service_file import service_values
from quotakeeper.value_classes import dataclass, field

_DEFAULT_SCHEMA = "quotakeeper"
_SHAPE = "write it as postgresql://user@host:5432/database; keep the password in a password file"
# The parameters of a URL that are passed to libpq.
_PASSED = frozenset(
    {"host", "port", "user", "dbname", "service", "passfile", "sslmode", "sslrootcert",
     "sslcert", "sslkey", "sslcrl", "sslnegotiation", "channel_binding", "require_auth", "gssencmode",
     "connect_timeout", "target_session_attrs", "tcp_user_timeout", "keepalives",
     "keepalives_idle", "keepalives_interval", "keepalives_count", "application_name",
     "load_balance_hosts"}
)  # fmt: skip
_OURS = ("schema", "prepared_statements")
_DEFAULTS = {
    "connect_timeout": "5",
    "target_session_attrs": "read-write",
    "tcp_user_timeout": "5000",
    # A server that is gone without a word is noticed after 25 s, even while its reply is awaited.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "application_name": "quotakeeper",
}
# Variables of libpq that say where the ledger is. The URL comes before them, and a service file too.
_PLACE_VARIABLES = {
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "user": "PGUSER",
    "dbname": "PGDATABASE",
}  # fmt: skip
# Variables of libpq in place of a default of ours.
_DEFAULT_VARIABLES = {
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "application_name": "PGAPPNAME",
}
_SCHEMA = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}")
_PORT = re.compile(r"[0-9]{1,5}")
_LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|::1|[/@].*")
_MASK = "***"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The location of a ledger. Only `parameters`, for libpq, contains the password.

    `name` is for messages. `prepares` is whether statements may be prepared on the server. `service`
    is the name of a service that only libpq finds, or "".
    """

    name: str  # for people
    schema: str
    prepares: bool
    parameters: dict[str, str] = field(repr=False)
    service: str = ""

    @property
    def place(self) -> str:
        """The servers, the database and the schema. It is the same for all users of the database,
        for any order of the servers.

        For a service that only libpq finds, it has the name of the service.
        """
        given = self.parameters
        hosts = [
            # In the path of a socket, capital letters count.
            host if host.startswith(("/", "@")) else host.lower()
            for host in given.get("host", "").split(",")
        ]
        ports = given.get("port", "").split(",")
        ports = ports * len(hosts) if len(ports) == 1 else ports
        servers = sorted(
            f"{host}:{port or '5432'}" for host, port in zip(hosts, ports, strict=False)
        )
        database = given.get("dbname") or given.get("user", "")  # as libpq chooses it
        found = "/".join((",".join(servers), database, self.schema))
        also = {"hostaddr": given.get("hostaddr"), "service": self.service}
        return " ".join((found, *(f"{key}={value}" for key, value in also.items() if value)))

    def without_password(self, text: str) -> str:
        """Return a text of the driver with the password masked."""
        secret = self.parameters.get("password")
        return text.replace(secret, _MASK) if secret else text


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: a loopback address, the folder of a socket, or ""."""
    return not host or bool(_LOOPBACK.fullmatch(host))


def parse_dsn(url: str, environ: Mapping[str, str] = os.environ) -> ServerAddress:
    """Parse the URL of a ledger. Raises ConfigError, which quotes no part of the URL.

    What the URL leaves out is taken from the variables of libpq in `environ`, such as PGPORT. libpq
    itself reads the others, such as PGPASSWORD.
    """
    _, slashes, rest = url.partition("://")
    if not slashes:
        raise _wrong("the URL has no // after its scheme", _SHAPE)
    if not url.isprintable() or " " in url:
        raise _wrong("the URL has a space or a control character", "write it as %20, %09 and so on")
    authority, _, tail = rest.partition("/")
    if "?" in authority or "#" in rest or "@" in tail:
        raise _wrong(
            "the URL has one of / ? # @ where it is not expected, such as in a password",
            "write them as %2F, %3F, %23 and %40; better, keep the password in a password file",
        )
    try:
        parts = urlsplit(f"//{authority.rpartition('@')[2]}/{tail}")
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise _wrong("the URL cannot be read", _SHAPE) from None
    parameters = _of_authority(authority)
    if database := unquote(parts.path.removeprefix("/")):
        parameters["dbname"] = database
    ours: dict[str, str] = {}
    for key, value in given:
        if key not in _PASSED and key not in _OURS:
            known = ", ".join(sorted((*_PASSED, *_OURS)))
            raise _wrong("the URL has an unknown parameter after its ?", f"use one of: {known}")
        (ours if key in _OURS else parameters)[key] = value
    unread_service = _use_variables(parameters, environ)
    _use_tls(parameters, environ)
    defaults = {
        key: value
        for key, value in _DEFAULTS.items()
        if not environ.get(_DEFAULT_VARIABLES.get(key, ""))
    }
    return ServerAddress(
        _name(parameters, ours), _schema(ours), _prepares(ours), {**defaults, **parameters},
        unread_service,
    )  # fmt: skip


def _use_variables(parameters: dict[str, str], environ: Mapping[str, str]) -> str:
    """Add what the URL leaves out: from a service file, and then from variables of libpq.

    Returns the name of a service that was not found, or "". Its file comes before the variables, so
    libpq must read them then.
    """
    if environ.get("PGSERVICE"):
        parameters.setdefault("service", environ["PGSERVICE"])
    if service := parameters.get("service"):
        values = service_values(service, environ)
        if values is None:
            return service
        for key in (_PASSED | {"hostaddr"}) & values.keys():
            parameters.setdefault(key, values[key])
    for key, variable in _PLACE_VARIABLES.items():
        if value := parameters.get(key) or environ.get(variable):
            parameters[key] = value
    return ""


def _of_authority(authority: str) -> dict[str, str]:
    found: dict[str, str] = {}
    user_part, at, hosts = authority.rpartition("@")
    if at:
        user, colon, password = user_part.partition(":")
        found["user"] = unquote(user)
        if colon and password:
            found["password"] = unquote(password)
    if not hosts:
        return found
    names, ports = [], []
    for each in hosts.split(","):
        bracketed = re.fullmatch(r"\[([0-9A-Fa-f:.%]+)\](?::(.*))?", each)
        name, port = bracketed.groups() if bracketed else (each.partition(":")[::2])
        if port and not (_PORT.fullmatch(port) and 0 < int(port) < 65_536):
            raise _wrong("the port in the URL is not a number from 1 to 65535",
                         "is there a : or @ in the password? write them as %3A and %40")  # fmt: skip
        names.append(unquote(name))
        ports.append(port)
    found["host"] = ",".join(names)
    if any(ports):
        found["port"] = ",".join(port or "5432" for port in ports)
    return found


def _use_tls(parameters: dict[str, str], environ: Mapping[str, str]) -> None:
    # On another machine, the server must have a valid certificate, unless the URL or PGSSLMODE says
    # something else. `hostaddr` is the address that libpq connects to, whatever the host's name.
    hosts = [each for key in ("host", "hostaddr") for each in parameters.get(key, "").split(",")]
    if not environ.get("PGSSLMODE") and not all(map(is_loopback, hosts)):
        parameters.setdefault("sslmode", "verify-full")


def _schema(ours: dict[str, str]) -> str:
    schema = ours.get("schema", _DEFAULT_SCHEMA)
    if not _SCHEMA.fullmatch(schema) or schema.startswith("pg_"):
        raise _wrong(
            "the name of its schema has other characters than letters, digits and _",
            "use letters, digits and _, at most 63",
        )
    return schema


def _prepares(ours: dict[str, str]) -> bool:
    chosen = ours.get("prepared_statements", "on")
    if chosen not in ("on", "off"):
        raise _wrong(
            "prepared_statements is not on or off",
            "set it to on; if an old pgbouncer is in use, to off",
        )
    return chosen == "on"


def _name(parameters: dict[str, str], ours: dict[str, str]) -> str:
    hosts = parameters.get("host", "").split(",")
    ports = parameters.get("port", "").split(",")
    if len(ports) < len(hosts):
        ports = [ports[0] if ports else ""] * len(hosts)
    places = ",".join(
        f"{host}:{port}" if port not in ("", "5432") else host
        for host, port in zip(hosts, ports, strict=False)
    )
    user = f"{parameters['user']}@" if parameters.get("user") else ""
    schema = ours.get("schema", _DEFAULT_SCHEMA)
    tail = "" if schema == _DEFAULT_SCHEMA else f"?schema={schema}"
    return f"postgresql://{user}{places}/{parameters.get('dbname', '')}{tail}"


def _wrong(problem: str, fix: str) -> ConfigError:
    return ConfigError("ledger", problem, fix)
