"""A tracer of system calls in pure Python: watches a child, makes its n-th call fail, kills it there.

The child is forked from this process and asks to be traced, so a parent needs no additional right. The
child sends messages by writing to a file descriptor that cannot exist: the kernel refuses the write,
and the tracer reads its data. So messages come in order with the system calls. Each message is in
shared memory too, where the tracer finds it after a kill, or after the end of tracing.

Linux on x86-64 only. On other systems `why_not()` says so, and the parts that need the tracer are
skipped.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from tests.proof.linux import NAMES

EARS = -77  # a descriptor that only the tracer reads
_TRACEME, _POKEUSER, _DETACH, _SYSCALL = 0, 6, 17, 24
_SETOPTIONS, _GETEVENTMSG, _GET_SYSCALL_INFO = 0x4200, 0x4201, 0x420E
_TRACESYSGOOD, _TRACECLONE, _TRACEFORK, _EXITKILL = 0x1, 0x8, 0x2, 0x100000
_ORIG_RAX, _RAX = 15 * 8, 10 * 8  # offsets in struct user
_SYSTEM_CALL_STOP = signal.SIGTRAP | 0x80
_WALL = 0x40000000
_ENTRY, _EXIT = 1, 2

WRITES = frozenset({"write", "pwrite64", "writev", "pwritev"})

UNLOCK = "fcntl unlock"
_SETTING_LOCKS = (6, 7)  # F_SETLK, F_SETLKW
_F_UNLCK = (2).to_bytes(2, "little")
_BOARD_BYTES = 1 << 16
_boards: list[mmap.mmap] = []  # shared with the traced child

if sys.platform.startswith("linux"):
    _libc = ctypes.CDLL(None, use_errno=True)
    _libc.ptrace.restype = ctypes.c_long
    _libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def why_not() -> str:
    """Why nothing can be traced here; "" if it can."""
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        return "system calls are traced on Linux with an x86-64 processor only"
    try:
        heard = trace(lambda: say("hello")).said
    except OSError as error:
        return f"this machine lets nobody trace system calls ({error})"
    return "" if heard == ["hello"] else "this machine does not trace system calls rightly"


def say(text: str) -> None:
    """In the child: send a message to the tracer."""
    with suppress(OSError):
        os.write(EARS, text.encode())
    if _boards:
        _boards[-1].write(text.replace("\n", " ").encode()[:1_000] + b"\n")


@dataclass(frozen=True, slots=True)
class Call:
    """One system call on a file. `number` counts from 1; messages are not counted."""

    number: int
    name: str
    arguments: tuple[int, ...]
    result: int
    text: str = ""  # the path, for calls that take one
    other: str = ""  # the second path of a rename
    data: bytes = b""  # the bytes that were written

    @property
    def worked(self) -> bool:
        """Whether the kernel carried it out."""
        return self.result >= 0


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the call with this number: it fails, or is carried out in part."""

    number: int
    errno: int = 0
    short: bool = False
    kill: bool = False  # kill the process instead of the call
    signal: int = 0  # send this signal as the call begins
    meanwhile: Callable[[], object] | None = None  # run this while the process is stopped
    calls_after: int = -1  # kill after this many more calls


@dataclass
class Trace:
    """What a child did: its calls (on request), its messages, and how it ended."""

    events: list[Call | str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    count: int = 0
    struck: str = ""  # the name of the call that the fault hit
    status: int = 0  # as of `os.waitstatus_to_exitcode`; -9 for a kill

    @property
    def calls(self) -> list[Call]:
        """Only the calls."""
        return [event for event in self.events if isinstance(event, Call)]


def trace(
    act: Callable[[], object], fault: Fault | None = None, *, record: bool = False,
    begins: str = "", heard: Callable[[str], object] | None = None,
) -> Trace:  # fmt: skip
    """Run a function in a forked child and trace it to its end. This process must have one thread.

    Calls are counted from the message `begins` on, or from the first if that is empty. `heard` gets
    each message while the child is stopped.
    """
    with mmap.mmap(-1, _BOARD_BYTES) as board:
        _boards.append(board)
        try:
            pid = os.fork()
            if pid == 0:
                _be_traced(act)
        finally:
            _boards.pop()
        try:
            found = _Tracer(pid, fault, record, begins, heard).run()
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            raise
        found.said = bytes(board).rstrip(b"\0").decode(errors="replace").splitlines()
        return found


def _be_traced(act: Callable[[], object]) -> None:
    status = 1
    try:
        if _libc.ptrace(_TRACEME, 0, None, None) != 0:
            os._exit(77)
        os.kill(os.getpid(), signal.SIGSTOP)
        act()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # noqa: BLE001 - a forked child must not return
        say(f"raised {type(error).__name__}: {error}")
    finally:
        os._exit(status)


def _ptrace(request: int, pid: int, address: int = 0, data: int | None = None) -> None:
    if _libc.ptrace(request, pid, address or None, data) == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


class _Tracer:
    """One traced run. It follows the child's threads too."""

    def __init__(
        self, pid: int, fault: Fault | None, record: bool, begins: str,
        heard: Callable[[str], object] | None,
    ) -> None:  # fmt: skip
        self._pid = pid
        self._heard = heard
        self._fault = fault
        self._record = record
        self._begins = begins
        self._counting = not begins
        self._info = ctypes.create_string_buffer(96)
        self._under_way: dict[int, tuple[int, str, tuple[int, ...]]] = {}  # by thread
        self._results: dict[int, int] = {}  # the result of a call that fails, by thread
        self._new: set[int] = set()
        self._memory = -1
        self._threads = 1
        self.found = Trace()

    def run(self) -> Trace:
        _, status = os.waitpid(self._pid, 0)
        if not os.WIFSTOPPED(status):
            raise PermissionError(errno.EPERM, "tracing was refused")
        _ptrace(_SETOPTIONS, self._pid, 0, _TRACESYSGOOD | _TRACECLONE | _EXITKILL)
        _ptrace(_SYSCALL, self._pid)
        self._memory = os.open(f"/proc/{self._pid}/mem", os.O_RDONLY)
        try:
            self._watch()
        finally:
            os.close(self._memory)
        return self.found

    def _watch(self) -> None:
        seen = {self._pid}
        while True:
            thread, status = os.waitpid(-1, _WALL)
            if not os.WIFSTOPPED(status):
                if thread == self._pid:
                    self.found.status = os.waitstatus_to_exitcode(status)
                    return
                continue
            number = os.WSTOPSIG(status)
            deliver = 0
            if number == _SYSTEM_CALL_STOP:
                self._stopped(thread)
            elif number == signal.SIGTRAP and status >> 16:
                pass  # a thread was started; it stops by itself
            elif thread not in seen:
                seen.add(thread)  # its first stop
            elif number != signal.SIGSTOP:
                deliver = number
            self._threads = len(seen)
            with suppress(ProcessLookupError):  # killed meanwhile
                _ptrace(_DETACH if self._is_over() else _SYSCALL, thread, 0, deliver)

    def _is_over(self) -> bool:
        """Whether no later call matters, so that the child may run without tracing."""
        fault = self._fault
        return (
            fault is not None and fault.calls_after < 0 and not self._record
            and self.found.count >= fault.number and not self._results and self._threads == 1
        )  # fmt: skip

    def _stopped(self, thread: int) -> None:
        size = _libc.ptrace(_GET_SYSCALL_INFO, thread, 96, self._info)
        if size <= 0:
            return  # killed meanwhile
        kind = self._info.raw[0]
        if kind == _ENTRY:
            nr, *arguments = struct.unpack_from("<7Q", self._info.raw, 24)
            self._enters(thread, nr, tuple(arguments))
        elif kind == _EXIT:
            (result,) = struct.unpack_from("<q", self._info.raw, 24)
            self._leaves(thread, result)

    def _enters(self, thread: int, nr: int, arguments: tuple[int, ...]) -> None:
        name = NAMES.get(nr)
        if name is None or (name == "mmap" and arguments[4] >> 31 & 1) or name == "munmap":
            return  # memory without a file
        if name == "write" and _signed(arguments[0]) == EARS:
            self._hear(self._read(arguments[1], arguments[2]).decode())
            return
        if not self._counting:
            return
        if name == "fcntl" and arguments[1] in _SETTING_LOCKS:
            name = UNLOCK if self._read(arguments[2], 2) == _F_UNLCK else name
        self.found.count += 1
        self._under_way[thread] = (self.found.count, name, arguments)
        if self._fault is not None:
            self._strike(thread, self._fault, name, arguments)

    def _hear(self, text: str) -> None:
        self.found.events.append(text)
        if text == self._begins:
            self._counting = True
        if self._heard is not None:
            self._heard(text)

    def _strike(self, thread: int, fault: Fault, name: str, arguments: tuple[int, ...]) -> None:
        if 0 <= fault.calls_after == self.found.count - fault.number:
            self._kill(thread)
            return
        if self.found.count != fault.number:
            return
        self.found.struck = name
        if fault.kill:
            self._kill(thread)
        elif fault.meanwhile is not None:
            fault.meanwhile()
        elif fault.signal:
            os.kill(self._pid, fault.signal)
        elif fault.short:
            if name in WRITES and arguments[2] > 1 and name in ("write", "pwrite64"):
                _ptrace(_POKEUSER, thread, 12 * 8, arguments[2] // 2)
            else:
                self.found.struck = ""
        else:
            self._results[thread] = -fault.errno
            if name != "close":  # close() releases the descriptor even if it fails
                _ptrace(_POKEUSER, thread, _ORIG_RAX, 2**64 - 1)

    def _kill(self, thread: int) -> None:
        _ptrace(_POKEUSER, thread, _ORIG_RAX, 2**64 - 1)  # the call is not carried out
        os.kill(self._pid, signal.SIGKILL)

    def _leaves(self, thread: int, result: int) -> None:
        forced = self._results.pop(thread, None)
        if forced is not None:
            result = forced
            _ptrace(_POKEUSER, thread, _RAX, forced & (2**64 - 1))
        under_way = self._under_way.pop(thread, None)
        if under_way is not None and self._record:
            self.found.events.append(self._call(*under_way, result))

    def _call(self, number: int, name: str, arguments: tuple[int, ...], result: int) -> Call:
        text = other = ""
        data = b""
        if name in ("openat", "unlinkat", "mkdirat", "newfstatat", "faccessat2"):
            text = self._text(arguments[1])
        elif name in ("open", "unlink", "mkdir", "rmdir", "stat", "lstat", "access", "creat"):
            text = self._text(arguments[0])
        elif name == "rename":
            text, other = self._text(arguments[0]), self._text(arguments[1])
        elif name in ("renameat", "renameat2"):
            text, other = self._text(arguments[1]), self._text(arguments[3])
        elif name in ("write", "pwrite64") and result > 0:
            data = self._read(arguments[1], result)
        elif name in WRITES and result > 0:
            data = b"".join(self._gathered(arguments[1], arguments[2]))[:result]
        return Call(number, name, arguments, result, text, other, data)

    def _gathered(self, address: int, count: int) -> Iterator[bytes]:
        vectors = struct.iter_unpack("<QQ", self._read(address, 16 * count))
        return (self._read(base, size) for base, size in vectors)

    def _text(self, address: int) -> str:
        # One page at a time, because the next page may not exist.
        found = b""
        while b"\0" not in found:
            at = address + len(found)
            found += self._read(at, 4096 - at % 4096)
        return found.partition(b"\0")[0].decode()

    def _read(self, address: int, size: int) -> bytes:
        return os.pread(self._memory, size, address)


def _signed(value: int) -> int:
    return ctypes.c_int(value & 0xFFFFFFFF).value
