"""A library is hooked when the program imports it, or at once if it was imported before,
and later unhooked.
"""

from __future__ import annotations

import http.client
import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import quotakeeper
from quotakeeper.intercept import import_hook
from quotakeeper.intercept.hooks.patching import Patches
from tests.intercept.conftest import Watched

MARK = "_quotakeeper_instead_of"


def _python(code: str, *options: str) -> str:
    source = str(Path(__file__).resolve().parents[2] / "src")
    ran = subprocess.run(
        [sys.executable, *options, "-c", f"import sys; sys.path.insert(0, {source!r})\n{code}"],
        capture_output=True, encoding="utf-8", check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_watch_imports_no_library_for_the_program() -> None:
    said = _python(
        """
from quotakeeper.intercept import import_hook
import_hook.install()
print([name for name in import_hook.HOOKS if name in sys.modules])
""",
        "-S",
    )
    assert said == "[]\n"


def test_a_library_imported_later_is_hooked_and_keeps_its_loader() -> None:
    said = _python(
        f"""
from quotakeeper.intercept import import_hook
import_hook.install()
import http.client, httpx, httpx2, aiohttp, requests, inspect
import urllib3.connection
hooked = [
    http.client.HTTPConnection.endheaders, urllib3.connection.HTTPConnection.request,
    httpx.HTTPTransport.handle_request, httpx2.AsyncHTTPTransport.handle_async_request,
    aiohttp.ClientRequest.send,
]
print([hasattr(each, {MARK!r}) for each in hooked])
print([vars(module.__spec__.loader).get("exec_module") for module in (http.client, httpx)])
print(inspect.getsource(httpx).startswith("from"), httpx.__spec__.origin == httpx.__file__)
"""
    )
    assert said == f"{[True] * 5}\n[None, None]\nTrue True\n"


def test_a_library_imported_before_is_hooked_once_and_unhooked(watched: Watched) -> None:
    import aiohttp
    import httpx

    def hooked() -> list[bool]:
        verbs = (
            http.client.HTTPConnection.request,
            httpx.HTTPTransport.handle_request,
            aiohttp.ClientResponse.start,
        )
        return [hasattr(verb, MARK) for verb in verbs]

    assert hooked() == [False] * 3
    watched()
    import_hook.install()
    import_hook.install()
    assert hooked() == [True] * 3
    assert not hasattr(getattr(http.client.HTTPConnection.request, MARK), MARK)
    assert sum(isinstance(each, import_hook.HookFinder) for each in sys.meta_path) == 1
    watched.watching[-1].close()
    assert hooked() == [False] * 3
    assert not any(isinstance(each, import_hook.HookFinder) for each in sys.meta_path)


def test_nested_watches_end_with_the_outer_one(watched: Watched) -> None:
    watched()
    watched()
    watched.watching[-1].close()
    assert hasattr(http.client.HTTPConnection.request, MARK)


def test_watch_is_a_public_name_that_loads_nothing_until_used() -> None:
    said = _python(
        """
import quotakeeper
print("quotakeeper.intercept" in sys.modules, "watch" in quotakeeper.__all__)
quotakeeper.watch
print("quotakeeper.intercept.watch" in sys.modules)
"""
    )
    assert said == "False True\nTrue\n"
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = quotakeeper.nothing_like_it


def test_a_library_that_cannot_be_hooked_is_still_imported(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "odd_library.py").write_text("VALUE = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(
        import_hook.HOOKS, "odd_library", ("quotakeeper.intercept.hooks.httpx_client", "install")
    )
    import_hook.install()
    try:
        assert importlib.import_module("odd_library").VALUE == 7
    finally:
        import_hook.uninstall()
        sys.modules.pop("odd_library")
    assert "calls through odd_library are not metered" in caplog.text


def test_an_error_during_an_import_is_the_programs_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "broken_library.py").write_text("raise ZeroDivisionError\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(
        import_hook.HOOKS, "broken_library", ("quotakeeper.intercept.hooks.httpx_client", "install")
    )
    monkeypatch.setitem(
        import_hook.HOOKS, "absent_library", ("quotakeeper.intercept.hooks.httpx_client", "install")
    )
    import_hook.install()
    try:
        with pytest.raises(ZeroDivisionError):
            importlib.import_module("broken_library")
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("absent_library")
    finally:
        import_hook.uninstall()


def test_unhooking_leaves_other_patches_in_place() -> None:
    class Library(ModuleType):
        def verb(self) -> int:
            return 1

    patches = Patches()
    assert patches.wrap(Library, "verb", lambda original: lambda self: original(self) + 1)
    assert not patches.wrap(Library, "verb", lambda original: lambda self: 0)
    assert not patches.wrap(Library, "no_such_verb", lambda original: original)
    library = Library("library")
    assert library.verb() == 2
    ours = Library.verb
    Library.verb = lambda self: ours(self) + 10  # type: ignore[method-assign]
    patches.undo()
    assert library.verb() == 12
