"""Every Python process of a run executes this file first: `quotakeeper run` puts it on PYTHONPATH.

The file installs the hooks when the process imports a library that has a hook. The Python may be an
old version or in another environment. So this file uses old syntax, imports nothing at first,
prints nothing and never raises.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # noqa: F401 - in type comments

_HERE = os.path.dirname(os.path.abspath(__file__))
_OLDEST = (3, 11)
_unseen = None  # type: Any


def _variable(name):
    # type: (str) -> str
    return os.environ.get("QUOTAKEEPER_RUN_" + name, "")  # noqa: TID251 - config/ is not loaded yet


def _note(word, text):
    # type: (str, str) -> None
    """Append the line "word text" to the file of notes, which the summary of the run is made from."""
    try:
        file = os.open(_variable("NOTES"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, (word + " " + text + "\n").encode("utf-8", "replace"))
        finally:
            os.close(file)
    except OSError:
        pass


def _is_here(entry):
    # type: (object) -> bool
    return isinstance(entry, str) and bool(entry) and os.path.abspath(entry) == _HERE


class _Waiting:
    """A finder that finds no module itself. It installs the hooks when the program first imports a
    library that has a hook."""

    def __init__(self, names):
        # type: (frozenset[str]) -> None
        self.names = names

    def find_spec(self, name, path=None, target=None):
        # type: (str, Any, Any) -> Any
        """For a library with a hook, install the hooks and return the library's spec; else return
        None.

        Python calls this for every import.
        """
        if name not in self.names:
            return None
        try:
            sys.meta_path.remove(self)
        except ValueError:  # another thread has removed it already
            return None
        for finder in _hooked():
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None


def _hooked():
    # type: () -> list[Any]
    """Install the hooks. Returns the import finders that the hooks added to `sys.meta_path`."""
    before = list(sys.meta_path)
    try:
        _load_package()
        from quotakeeper.intercept.http_gate import switch  # noqa: PLC0415 - only if it is needed
        from quotakeeper.intercept.import_hook import install  # noqa: PLC0415 - as above

        if _unseen is not None:
            switch.asked = _unseen.asked
            switch.unmetered = _unseen.unmetered
        install()
    except Exception as error:  # noqa: BLE001 - must not stop the program
        _note("failed", type(error).__name__)
    return [finder for finder in sys.meta_path if finder not in before]


def _load_package():
    # type: () -> None
    """Import the quotakeeper package of the launcher. The import path does not change."""
    if "quotakeeper" in sys.modules:
        return
    from importlib.util import module_from_spec, spec_from_file_location  # noqa: PLC0415

    folder = _variable("PACKAGE")
    spec = spec_from_file_location(
        "quotakeeper", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise ImportError(folder)
    module = module_from_spec(spec)
    sys.modules["quotakeeper"] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop("quotakeeper", None)
        raise


def _leave_last():
    # type: () -> None
    """Register the exit handler of the hooks before any other exit handler.

    Python runs exit handlers in reverse order, so the handler of the hooks runs last.
    """
    import atexit  # noqa: PLC0415 - built in

    module = type(sys)("_quotakeeper_run")
    handlers = module.exit_handlers = []  # type: ignore[attr-defined]

    def leave():
        # type: () -> None
        while handlers:
            try:  # noqa: SIM105 - this file imports nothing
                handlers.pop()()
            except Exception:  # noqa: BLE001 - must not change how the program ends
                pass

    sys.modules["_quotakeeper_run"] = module
    atexit.register(leave)


def _wait_for_libraries():
    # type: () -> None
    version = ".".join(str(part) for part in sys.version_info[:2])
    if sys.version_info < _OLDEST:
        _note("old", version)
        return
    names = frozenset(_variable("HOOKS").split(","))
    _note("started", version)
    _leave_last()
    _watch_the_unseen()
    if any(name in sys.modules for name in names):
        _hooked()
    else:
        sys.meta_path.insert(0, _Waiting(names))


def _watch_the_unseen():
    # type: () -> None
    """Start to report connections that no hook meters.

    Must run while quotakeeper's folder is still on the import path.
    """
    global _unseen  # noqa: PLW0603 - a module that runs once
    try:
        # Not an import statement: the module can be imported only at this moment.
        _unseen = __import__("quotakeeper_unseen").install(_note, _variable("HOSTS"), _HERE)
    except Exception as error:  # noqa: BLE001 - as above
        _note("blind", type(error).__name__)


def _go_on_to_the_next():
    # type: () -> None
    """Run the next sitecustomize on the import path, which this file hides. Errors of that file are
    raised.
    """
    sys.path[:] = [entry for entry in sys.path if not _is_here(entry)]
    ours = sys.modules.pop("sitecustomize", None)
    try:
        __import__("sitecustomize")
    except ImportError as error:
        if getattr(error, "name", "sitecustomize") != "sitecustomize":
            raise
    finally:
        if ours is not None:
            sys.modules.setdefault("sitecustomize", ours)


if _variable("PACKAGE"):
    _wait_for_libraries()
_go_on_to_the_next()
