"""Put first on PYTHONPATH by `quotakeeper run`: waits for an HTTP library, then has it hooked.

It runs at the start of every Python below the run, perhaps one far older than ours or in another
environment. So: old syntax, nothing imported, no word on any stream, and never an error of ours.
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
    """Leave a line for the summary of the run."""
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
    """A finder that finds nothing: it waits for the first import of a library with a hook."""

    def __init__(self, names):
        # type: (frozenset[str]) -> None
        self.names = names

    def find_spec(self, name, path=None, target=None):
        # type: (str, Any, Any) -> Any
        """Called by every import; only a library with a hook costs more than a look-up."""
        if name not in self.names:
            return None
        try:
            sys.meta_path.remove(self)
        except ValueError:  # another thread was first
            return None
        for finder in _hooked():
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None


def _hooked():
    # type: () -> list[Any]
    """Install the hooks; the finders that this adds, which the import under way has not asked."""
    before = list(sys.meta_path)
    try:
        _load_package()
        from quotakeeper.intercept.http_gate import switch  # noqa: PLC0415 - only when it is needed
        from quotakeeper.intercept.import_hook import install  # noqa: PLC0415 - as above

        if _unseen is not None:
            switch.asked = _unseen.asked
            switch.unmetered = _unseen.unmetered
        install()
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not be the program's error
        _note("failed", type(error).__name__)
    return [finder for finder in sys.meta_path if finder not in before]


def _load_package():
    # type: () -> None
    """Make the launcher's own quotakeeper importable, and nothing else from where it lies."""
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
    """Have our exit handlers called after the program's own: the first registered is the last."""
    import atexit  # noqa: PLC0415 - built in

    module = type(sys)("_quotakeeper_run")
    handlers = module.exit_handlers = []  # type: ignore[attr-defined]

    def leave():
        # type: () -> None
        while handlers:
            try:  # noqa: SIM105 - nothing is imported here
                handlers.pop()()
            except Exception:  # noqa: BLE001 - the program's end is its own
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
    """Have connections noted that no hook sees. Our folder is still on the path."""
    global _unseen  # noqa: PLW0603 - a module that runs once
    try:
        # Not by a statement: the module is importable for this moment alone.
        _unseen = __import__("quotakeeper_unseen").install(_note, _variable("HOSTS"), _HERE)
    except Exception as error:  # noqa: BLE001 - as above
        _note("blind", type(error).__name__)


def _go_on_to_the_next():
    # type: () -> None
    """Run the sitecustomize that would have been found without us, errors and all."""
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
