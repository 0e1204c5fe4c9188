"""Reports what the hooks cannot meter: connections of other libraries, and children without the
meter.

Python calls an audit hook (PEP 578) for every look-up and connection through `socket`, and for
every child process. The audit hook changes nothing, except the PYTHONPATH of a child. If another
launcher has put its own folder first, the hook moves quotakeeper's folder to the front again.

`sitecustomize` loads this module in every Python process of a run, so it imports little and never
raises.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from threading import get_ident
from types import FrameType
from typing import Any

_STREAM = 1  # socket.SOCK_STREAM
_MOST_NOTES = 1_000  # the most notes of one process
# Libraries whose connections a hook meters, with the packages that connect for aiohttp.
_HOOKED = frozenset((
    "aiohappyeyeballs", "aiohttp", "httpx", "httpx2", "quotakeeper", "urllib3", "websocket",
    "websockets",
))  # fmt: skip
# Libraries that open connections for another library.
_CARRIERS = frozenset(("httpcore", "httpcore2", "httpx", "httpx2", "quotakeeper"))
# Modules between a library and the socket: they do not show which library connects.
_PLUMBING = frozenset((
    "anyio", "asyncio", "concurrent", "contextlib", "eventlet", "functools", "gevent", "importlib",
    "quotakeeper_unseen", "runpy", "selectors", "sniffio", "socket", "ssl", "threading", "trio",
    "uvloop",
))  # fmt: skip
# Above these modules, the stack shows which code started the event loop, not which code connects.
_LOOPS = frozenset(("asyncio.events", "trio._core._run", "uvloop"))
_CLIENTS = frozenset(("aria2c", "curl", "grpcurl", "websocat", "wget", "wget2"))
_UNSEEABLE = frozenset(("curl_cffi", "grpc", "pycurl"))  # they connect without Python's `socket`
_SEEN = "\0"


class UnseenWatch:
    """The state of the audit hook.

    `hosts` are the hosts to watch: "host", "host:port", or the end of a name (".ending",
    "-ending"). `note` writes a line for the summary of the run. `folder` is quotakeeper's folder on
    PYTHONPATH.
    """

    def __init__(self, note: Callable[[str, str], None], hosts: str, folder: str) -> None:
        rules = [rule for rule in hosts.lower().split(",") if rule]
        self._hosts = frozenset(rule for rule in rules if rule[0] not in ".-")
        self._endings = tuple(rule for rule in rules if rule[0] in ".-")
        self._write = note
        self._notes_left = _MOST_NOTES
        self._folder = folder
        self._looked: list[tuple[int, str, str]] = []  # thread id (0: any), host, library
        self._pending: dict[str, int] = {}  # host -> connections that no hook has claimed yet
        self._credit: dict[str, int] = {}  # host -> calls of hooks that used no new connection yet
        self._verbs: dict[str, Callable[..., None]] = {
            "socket.getaddrinfo": self._looks_up,
            "socket.connect": self._connects,
            "subprocess.Popen": lambda path, args, cwd, env: self._starts(path, args, env),
            "os.exec": self._starts,
            "os.posix_spawn": self._spawns,
            "os.spawn": lambda mode, path, args, env: self._starts(path, args, env),
            "import": self._imports,
        }

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Handle an audit event. Python calls this for every event. Never raises."""
        verb = self._verbs.get(event)
        if verb is not None:
            try:  # noqa: SIM105 - contextlib would be imported in every program
                verb(*arguments)
            except Exception:  # noqa: BLE001 - must not stop the program
                pass

    def asked(self, url: str) -> None:
        """Record that a hook handles a request to this URL. One connection to the host of the URL
        is then not reported.
        """
        host = _host_of(url)
        if not self._is_listed(host, _port_of(url)):
            return
        if self._pending.get(host):
            self._pending[host] -= 1
            self._note("asked", host)
        else:
            self._credit[host] = self._credit.get(host, 0) + 1

    def unmetered(self, url: str) -> None:
        """Report a WebSocket to this URL. A hook saw the WebSocket open, but cannot meter its
        messages."""
        self.asked(url)
        self._note("unseen", f"{_host_of(url)} {_user_of_httpx()}")

    # -- connections

    def _looks_up(self, host: Any, port: Any, *_: Any) -> None:
        name = _text(host).lower()
        if not name or _is_literal(name) or not self._is_listed(name, port):
            return
        library = _caller()
        if library != _SEEN:
            self._looked.append((get_ident() if library else 0, name, library))

    def _connects(self, socket: Any, address: Any) -> None:
        if not isinstance(address, tuple) or socket.type & 0xF != _STREAM:
            return
        host = _text(address[0]).lower()
        if self._is_listed(host, address[1]):
            library = _caller()
            if library != _SEEN:
                self._opened(host, library)
            return
        # The connection goes to an address that the host's name was resolved to.
        here = get_ident()
        for thread in (here, 0):
            for looked in self._looked:
                if looked[0] == thread:
                    self._looked.remove(looked)
                    self._opened(*looked[1:])
                    return

    def _opened(self, host: str, library: str) -> None:
        if library:
            self._note("unseen", f"{host} {library}")
        elif self._credit.get(host):
            self._credit[host] -= 1
        else:
            self._pending[host] = self._pending.get(host, 0) + 1
            self._note("opened", host)

    def _is_listed(self, host: str, port: Any) -> bool:
        if host in self._hosts or f"{host}:{port}" in self._hosts:
            return True
        return any((f".{host}" if end[0] == "." else host).endswith(end) for end in self._endings)

    # -- children

    def _starts(self, path: Any, arguments: Any, env: Any) -> None:
        words = _words(arguments)
        program = os.path.basename(_text(path) or (words[0] if words else ""))
        if program in ("sh", "bash", "dash", "zsh") and words[1:2] == ["-c"]:
            words = _words(words[2] if len(words) > 2 else "")
            program = os.path.basename(words[0]) if words else ""
        inherits = env is None or env is os.environ  # noqa: TID251 - config/ is not loaded yet
        if inherits:
            self._go_first()
        if _is_python(program):
            reason = _flag(words[1:]) or ("" if self._is_on(env) else "environment")
            if reason:
                self._note("child", f"{reason} {program}")
        elif program in _CLIENTS:
            for word in words[1:]:
                host = _host_of(word)
                if host and self._is_listed(host, _port_of(word)):
                    self._note("unseen", f"{host} {program}")

    def _spawns(self, path: Any, arguments: Any, env: Any) -> None:
        # `subprocess` also causes this event. Its child was reported by the event of `Popen`.
        if sys._getframe(2).f_globals.get("__name__") != "subprocess":
            self._starts(path, arguments, env)

    def _is_on(self, env: Mapping[Any, Any] | None) -> bool:
        """Return whether the PYTHONPATH of a child with the environment `env` has quotakeeper's
        folder."""
        if env is None:
            env = os.environ  # noqa: TID251 - as above
        paths = env.get("PYTHONPATH")
        if paths is None and not isinstance(env, os._Environ):  # os.environ accepts only texts
            paths = env.get(b"PYTHONPATH")
        return self._folder in _text(paths).split(os.pathsep)

    def _go_first(self) -> None:
        paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)  # noqa: TID251 - as above
        if self._folder in paths[1:]:
            others = [path for path in paths if path != self._folder]
            os.environ["PYTHONPATH"] = os.pathsep.join([self._folder, *others])  # noqa: TID251

    def _imports(self, module: Any, *_: Any) -> None:
        if module in _UNSEEABLE:
            self._note("loaded", module)

    def _note(self, word: str, text: str) -> None:
        if self._notes_left > 0:
            self._notes_left -= 1
            self._write(word, " ".join(text.split()))


def _caller() -> str:
    """Return the name of the package that opens the present connection; "" if it is not known.

    The name is found on the call stack. Returns `_SEEN` if a hook meters the connection.
    """
    suppression = sys.modules.get("quotakeeper.intercept.suppression")
    if suppression is not None and suppression.is_suppressed():
        return _SEEN
    library = ""
    for name in _modules_above(sys._getframe(3)):
        top = name.partition(".")[0]
        if name == "http.client" or top in _HOOKED:
            return _SEEN
        if not library and top not in _PLUMBING:
            library = top
    return library


def _user_of_httpx() -> str:
    """Return the name of the package that opens the present connection through httpx; "" if not
    known.

    The name is found on the call stack.
    """
    tops = (name.partition(".")[0] for name in _modules_above(sys._getframe(2)))
    return next((top for top in tops if top not in _PLUMBING and top not in _CARRIERS), "")


def _modules_above(frame: FrameType | None) -> Iterator[str]:
    """Yield the names of the modules on the call stack, from `frame` outwards, up to an event loop."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name in _LOOPS or name.partition(".")[0] in _LOOPS:
            return
        yield name
        frame = frame.f_back


def _host_of(url: str) -> str:
    place = url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
    if place.startswith("["):
        return place[1:].partition("]")[0].lower()
    return place.partition(":")[0].lower()


def _port_of(url: str) -> str:
    place = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return place.rpartition("]")[2].partition(":")[2]


def _is_literal(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _is_python(program: str) -> bool:
    name = program.lower().removesuffix(".exe")
    version = name.removeprefix("python").removeprefix("pypy")
    is_named = version != name and not version.rstrip("t").strip("0123456789.")
    return is_named or (bool(program) and program == os.path.basename(sys.executable or ""))


def _flag(words: list[str]) -> str:
    """Return the flag that disables the meter, from a Python command's arguments; "" if there is
    none.

    Does the same as `blocking_flag` in `launch/preflight`.
    """
    skips = False
    for word in words:
        if skips:
            skips = False
            continue
        if not word.startswith("-") or word in ("-", "--"):
            return ""
        for index, letter in enumerate(word[1:], 2):
            if letter in "ISE":
                return f"-{letter}"
            if letter in "cm":
                return ""
            if letter in "-WXQ":
                skips = letter != "-" and index == len(word)
                break
    return ""


def _words(arguments: Any) -> list[str]:
    if isinstance(arguments, str | bytes):
        return _text(arguments).split()
    return [_text(word) for word in arguments or ()]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else os.fsdecode(value)


def install(note: Callable[[str, str], None], hosts: str, folder: str) -> UnseenWatch:
    """Add the audit hook to this process, and return its state. Python cannot remove an audit hook."""
    watch = UnseenWatch(note, hosts, folder)
    sys.addaudithook(watch.audit)
    return watch
