"""The shipped package: a core with only the standard library, few public names, a complete wheel."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ALLOWED_PUBLIC_NAMES = 25
CLI_FOLDER = "cli"
LOADED = """
import importlib, os, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
tops = {name.split(".")[0] for name in sys.modules}
# A distribution adds modules to the standard library's own folder, such as its sitecustomize.
home = os.path.dirname(os.__file__)
added = {top for top in tops
         if os.path.dirname(getattr(sys.modules.get(top), "__file__", None) or "") == home}
print(*sorted(tops - added), sep="\\n")
"""


def _foreign(repository: Path, modules: list[str]) -> set[str]:
    """The modules outside the standard library that these imports load, in a Python without site-packages."""
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LOADED, str(repository / "src"), *modules],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    # Our sitecustomize for child processes imports the distribution's, if there is one.
    known = sys.stdlib_module_names | {"__main__", "quotakeeper", "sitecustomize"}
    return {
        name
        for name in ran.stdout.split()
        if name not in known and not name.startswith("_sysconfig")
    }


def needs_aiohttp(part: tuple[str, ...]) -> bool:
    """Whether a module is one of the few that import aiohttp, which is an extra."""
    listens = (
        ("dashboard", "running"), ("gateway", "running"), ("gateway", "attending"),
        ("gateway", "admin", "listening"),
    )  # fmt: skip
    return part[-1].startswith("aiohttp_") or part in listens


def _core_modules(repository: Path) -> list[str]:
    package = repository / "src" / "quotakeeper"
    parts = [path.relative_to(package).with_suffix("").parts for path in package.rglob("*.py")]
    names = {
        ".".join(("quotakeeper", *part)).removesuffix(".__init__")
        for part in parts
        if CLI_FOLDER not in part and not needs_aiohttp(part)
    }
    return sorted(names)


def test_importing_the_package_loads_the_standard_library_only(repository: Path) -> None:
    assert _foreign(repository, ["quotakeeper"]) == set()


def test_the_whole_core_loads_without_any_library(repository: Path) -> None:
    assert _foreign(repository, _core_modules(repository)) == set()


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["verify"], ["export"], ["--help"], ["translate", "--help"]],
    ids=" ".join,
)
def test_the_plain_commands_work_without_any_library(
    repository: Path, tmp_path: Path, arguments: list[str]
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(repository / "src"), "HOME": str(tmp_path)}
    environment |= {
        "QUOTAKEEPER_LEDGER": str(tmp_path / "ledger.db"),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    ran = subprocess.run(
        [sys.executable, "-s", "-S", "-m", "quotakeeper", *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""


def test_public_names_are_few_and_can_all_be_imported() -> None:
    package = importlib.import_module("quotakeeper")
    public = package.__all__
    assert 0 < len(public) <= ALLOWED_PUBLIC_NAMES
    assert len(set(public)) == len(public)
    assert [name for name in public if not hasattr(package, name)] == []


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    ran = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=repository,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def _metadata(wheel: zipfile.ZipFile, name: str) -> str:
    (found,) = (member for member in wheel.namelist() if member.endswith(f".dist-info/{name}"))
    return wheel.read(found).decode("utf-8")


def test_the_wheel_has_exactly_the_files_of_the_package(
    wheel: zipfile.ZipFile, repository: Path
) -> None:
    source = repository / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert "quotakeeper/py.typed" in shipped
    assert shipped == wanted
    assert [name for name in wheel.namelist() if name.endswith(".pth")] == []


def test_the_wheel_requires_only_python(wheel: zipfile.ZipFile) -> None:
    metadata = _metadata(wheel, "METADATA")
    base = [
        line
        for line in metadata.splitlines()
        if line.startswith("Requires-Dist") and "extra ==" not in line
    ]
    assert base == ["Requires-Dist: tzdata; sys_platform == 'win32'"]
    assert "License-Expression: Apache-2.0" in metadata
    assert "quotakeeper = quotakeeper.__main__:main" in _metadata(wheel, "entry_points.txt")
    assert "Apache License" in _metadata(wheel, "licenses/LICENSE")


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as an installed wheel has it."""
    folder = tmp_path_factory.mktemp("site-packages")
    wheel.extractall(folder)
    return folder


def _run_from(installed: Path, folder: Path, *line: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONUTF8": "1", "LANG": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, *map(str, line)], cwd=folder, env=environment, capture_output=True,
        encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.mark.parametrize("bare", [True, False], ids=["bare", "with click"])
def test_the_wheel_has_the_pipeline_as_a_module_and_a_command(
    installed: Path, tmp_path: Path, bare: bool
) -> None:
    switches = ["-S"] if bare else []
    program = "import quotakeeper.pipeline as p; print(p.__file__, p.TranslationRun.__module__)"
    ran = _run_from(installed, tmp_path, *switches, "-c", program)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [
        str(installed / "quotakeeper" / "pipeline" / "__init__.py"),
        "quotakeeper.pipeline.translation_run",
    ]
    ran = _run_from(installed, tmp_path, *switches, "-m", "quotakeeper", "translate", "--help")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "quotakeeper translate" in ran.stdout and "--no-tracking" in ran.stdout


def test_the_briefs_scripts_run_beside_an_installed_package(
    installed: Path, repository: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "scripts" / "run"
    folder.mkdir(parents=True)
    for script in (repository / "run").glob("*.py"):
        (folder / script.name).write_bytes(script.read_bytes())
    ran = _run_from(installed, tmp_path, "-S", folder / "all_in_one_backup.py", "--help")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "usage: all_in_one_backup.py" in ran.stdout
    ran = _run_from(installed, tmp_path, "-S", folder / "test_quota_simple.py")
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _project(repository: Path) -> dict[str, list[str]]:
    text = (repository / "pyproject.toml").read_text(encoding="utf-8")
    extras: dict[str, list[str]] = tomllib.loads(text)["project"]["optional-dependencies"]
    return extras


def _names(requirements: list[str]) -> set[str]:
    found = (re.match(r"[\w.-]+", requirement) for requirement in requirements)
    return {match[0].lower() for match in found if match} - {"quotakeeper"}


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("dev.lock", ("dev", "cli")),
        ("extras.lock", ("exact", "language", "apsw", "postgres", "alerts")),
        ("gateway.lock", ("cli", "gateway", "postgres")),
    ],
)
def test_each_lock_covers_its_extras_with_hashes(
    repository: Path, lock: str, extras: tuple[str, ...]
) -> None:
    text = (repository / "requirements" / lock).read_text(encoding="utf-8")
    entries = re.findall(r"^([a-z][\w.-]*)==[^\n]*\n((?: {4}--hash=[^\n]*\n)*)", text, re.MULTILINE)
    declared = _project(repository)
    assert {name for extra in extras for name in _names(declared[extra])} <= {
        name for name, _ in entries
    }
    assert [name for name, hashes in entries if "sha256:" not in hashes] == []


def test_all_locks_have_the_same_versions(repository: Path) -> None:
    pins: dict[str, set[str]] = {}
    locks = ("dev", "extras", "servers", "browser", "sockets", "gateway", "build")
    for lock in locks:
        text = (repository / "requirements" / f"{lock}.lock").read_text(encoding="utf-8")
        for name, version in re.findall(r"^([a-z][\w.-]*)==(\S+)", text, re.MULTILINE):
            pins.setdefault(name, set()).add(version)
    assert {name: sorted(found) for name, found in pins.items() if len(found) > 1} == {}


def test_the_lock_of_the_javascript_packages_has_hashes_and_no_host(repository: Path) -> None:
    folder = repository / "requirements" / "javascript"
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    locked = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert locked.pop("")["dependencies"] == wanted
    for name, version in wanted.items():  # or npm:NAME@VERSION
        assert locked[f"node_modules/{name}"]["version"] == version.rpartition("@")[2]
    assert [name for name, each in locked.items() if "resolved" in each] == []
    assert [
        name for name, each in locked.items() if not each["integrity"].startswith("sha512-")
    ] == []
