"""`./dev test` as a whole: order, exit code, coverage minimums, table, and the user without rights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools import floors, layout, suite, system
from tools.checkout import Checkout, CheckoutError
from tools.interpreters import Interpreter
from tools.suite import Run

OTHER = Interpreter("/opt/python/bin/python3", "/opt/python", (3, 13, 0))
SYSTEM = Interpreter("/usr/bin/python3", "/usr", (3, 11, 2))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    root = tmp_path / "checkout"
    (root / "requirements").mkdir(parents=True)
    (root / "requirements" / "system.txt").touch()
    for name in ("tests/domain", "tests/proof"):
        (root / name).mkdir(parents=True)
    monkeypatch.setattr(suite, "prepare", lambda _: Path(sys.executable))
    monkeypatch.setattr(suite, "_provide_tokenizer", lambda *_: None)
    return Checkout(root)


@pytest.mark.parametrize(
    ("checked", "tested", "floor", "rest", "core", "code"),
    [
        (0, 0, 0, 0, 0, 0),
        (1, 0, 0, 0, 0, 1),
        (0, 5, 0, 0, 0, 5),
        (0, 0, 1, 0, 0, 1),
        (0, 0, 0, 143, 0, 143),
        (0, 0, 0, 0, 2, 2),
    ],
)
def test_the_whole_fails_if_any_part_fails_and_every_part_runs(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    checked: int, tested: int, floor: int, rest: int, core: int, code: int,
) -> None:  # fmt: skip
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        kind = core if "dev.py" in command else tested if "tests" in command else rest
        return subprocess.CompletedProcess(command, kind)

    monkeypatch.setattr(suite.subprocess, "run", run)
    monkeypatch.setattr(suite.floors, "report", lambda *_: floor)
    monkeypatch.setattr(suite, "_announced", lambda _: [OTHER])
    assert suite.whole(checkout, lambda: checked, every_python=True, coverage=True) == code
    first, second, third = asked
    assert first[1:] == ["-m", "pytest", "-n", "auto", "tests", "--ignore=tests/proof"]
    assert second[1:] == ["-m", "pytest", "-n", "auto", "tests/proof"]
    assert third == [
        OTHER.program, "dev.py", "--environment", ".cache/pythons/3.13.0", "test", "tests/domain",
    ]  # fmt: skip
    assert ("dev: failed: " in capsys.readouterr().err) == bool(code)


def test_without_every_python_only_one_python_runs(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> list[Interpreter]:
        raise AssertionError("nobody asked for other Pythons")

    monkeypatch.setattr(suite, "_announced", refused)
    monkeypatch.setattr(suite, "_measured", lambda *_, **__: [])
    assert suite.whole(checkout, lambda: 0, every_python=False) == 0


def test_a_missing_python_is_named_and_is_no_failure(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = Interpreter("python3", "/own", (3, 12, 1))
    monkeypatch.setattr(suite.interpreters, "current", lambda: first)
    monkeypatch.setattr(suite.interpreters, "found", lambda _: [OTHER, first])
    assert suite._announced(repository) == [OTHER]
    lines = capsys.readouterr().out.splitlines()
    assert "dev: not tested: Python 3.14 is not on this machine" in lines
    assert not any("3.13" in line for line in lines)


def test_every_folder_pattern_of_the_suite_exists(repository: Path) -> None:
    for pattern in (*layout.CORE_TESTS, *layout.DIVIDED_TESTS, *layout.UNMEASURED_TESTS):
        assert list(repository.glob(pattern)), pattern
    assert set(suite.core_tests(repository, 0, 1)).isdisjoint(layout.UNMEASURED_TESTS)


def test_each_file_of_the_divided_tests_runs_with_exactly_one_of_the_other_pythons(
    repository: Path,
) -> None:
    whole = suite.core_tests(repository, 0, 1)
    parts = [suite.core_tests(repository, part, 3) for part in range(3)]
    folders = {"tests/engine", "tests/intercept", "tests/intercept_sockets", "tests/stores"}
    assert set(whole) >= folders
    common = set(whole) - folders
    assert all(common < set(part) for part in parts)
    files = sorted(file for part in parts for file in part if file not in common)
    assert files == sorted(
        path.relative_to(repository).as_posix()
        for folder in folders
        for path in (repository / folder).rglob("test_*.py")
    )


def test_the_table_has_a_row_for_each_folder_and_a_column_for_each_run() -> None:
    told = suite.table(
        [
            Run("check", 0, 30.0, {}),
            Run("3.11.7", 0, 300.0, {"tests/domain": 60.0, "tests/cli": 480.0}),
            Run("3.13.0", 0, 120.0, {"tests/domain": 90.0}),
        ]
    )
    rows = [line.split() for line in told.strip().splitlines()]
    assert rows[0] == ["minutes", "3.11.7", "3.13.0"]
    assert rows[1:3] == [["tests/cli", "8.0"], ["tests/domain", "1.0", "1.5"]]
    assert rows[3] == ["elapsed", "5.0", "2.0"]
    assert told.endswith("besides: check 0.5; all together 7.5 minutes")


# -- a user without rights


def test_only_root_runs_the_systems_python_as_another_user(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways: list[str] = []
    monkeypatch.setattr(suite, "_as_outsider", lambda *_: ways.append("outsider") or 0)
    monkeypatch.setattr(suite, "_elsewhere", lambda *_: ways.append("itself") or 0)
    for is_root in (True, False):
        monkeypatch.setattr(suite, "_is_root", lambda is_root=is_root: is_root)
        for each in (OTHER, SYSTEM):
            suite._core(checkout, each, [])
    assert ways == ["itself", "outsider", "itself", "itself"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such users")
def test_the_copy_has_the_checkout_and_no_generated_files(checkout: Checkout) -> None:
    for name in (".venv/lib", ".git", "src/out", ".cache/tokenizer"):
        (checkout.root / name).mkdir(parents=True)
        (checkout.root / name / "file").touch()
    (checkout.root / layout.TOKENIZER).touch()
    (checkout.root.parent / "shared").mkdir()
    (checkout.root.parent / "shared" / "fact").touch()
    with suite._copied(checkout.root, os.geteuid(), os.getegid()) as copy:
        names = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}
        assert names == {"requirements/system.txt", "src/out/file", layout.TOKENIZER}
        assert (copy.parent / "shared" / "fact").is_file() and (copy.parent / "home").is_dir()
    assert not copy.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such users")
def test_the_user_without_rights_gets_its_own_environment(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[dict[str, Any]] = []

    def run(command: list[str], **how: Any) -> subprocess.CompletedProcess[bytes]:
        started.append({"command": command, **how})
        Path(how["env"][layout.MINUTES_VARIABLE]).write_text("{}", encoding="utf-8")
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(suite.subprocess, "run", run)
    monkeypatch.setattr(suite.os, "chown", lambda *_, **__: None)
    monkeypatch.setenv("PYTHONPATH", "run_in_thread")
    monkeypatch.setenv("CI", "true")
    assert suite._as_outsider(checkout, SYSTEM, ["tests/domain"], tmp_path / "notes") == 3
    (how,) = started
    assert how["command"] == ["./dev", "test", "tests/domain"]
    assert how["user"] not in (0, os.geteuid()) or not suite._is_root()
    assert how["extra_groups"] == [] and how["cwd"].name == "checkout"
    environment = how["env"]
    assert "PYTHONPATH" not in environment and environment["CI"] == "true"
    assert environment["PYTHON"] == SYSTEM.program and environment["PATH"] == "/usr/bin:/bin"
    assert Path(environment["HOME"]).parent == how["cwd"].parent
    assert (tmp_path / "notes").read_text(encoding="utf-8") == "{}"


# -- coverage minimums


def measured(lines: tuple[int, int], branches: tuple[int, int]) -> dict[str, Any]:
    """The coverage report of one file: covered and possible lines, covered and possible branches."""
    return {
        "summary": {
            "covered_lines": lines[0], "num_statements": lines[1],
            "covered_branches": branches[0], "num_branches": branches[1],
        },
        "missing_lines": list(range(lines[1] - lines[0])),
        "missing_branches": [[each, each + 1] for each in range(branches[1] - branches[0])],
    }  # fmt: skip


DOMAIN = "src/quotakeeper/domain/"
WHOLE = measured((10, 10), (4, 4))


@pytest.mark.parametrize(
    ("files", "holds"),
    [
        ({DOMAIN + "a.py": WHOLE, "src/quotakeeper/b.py": measured((84, 90), (40, 48))}, [True, True]),
        ({DOMAIN + "a.py": measured((9, 10), (4, 4)), "src/quotakeeper/b.py": WHOLE}, [False, True]),
        ({DOMAIN + "deep/a.py": measured((10, 10), (3, 4))}, [False, True]),
        ({DOMAIN + "a.py": WHOLE, "src/quotakeeper/b.py": measured((80, 90), (40, 48))}, [True, False]),
        ({}, [False, False]),
    ],
)  # fmt: skip
def test_coverage_at_or_above_the_minimum_passes(files: dict[str, Any], holds: list[bool]) -> None:
    wanted = {DOMAIN + "*": 100.0, "src/quotakeeper/*": 90.0}
    assert [each.holds for each in floors.standings(files, wanted)] == holds


def test_gaps_are_listed_with_the_largest_first() -> None:
    files = {
        DOMAIN + "a.py": measured((9, 10), (4, 4)),
        DOMAIN + "b.py": measured((7, 10), (4, 4)),
        DOMAIN + "c.py": WHOLE,
    }
    (standing,) = floors.standings(files, {DOMAIN + "*": 100.0})
    assert [gap.split(":")[0] for gap in standing.gaps] == [DOMAIN + "b.py", DOMAIN + "a.py"]


def test_the_minimums_are_the_promised_ones() -> None:
    assert layout.FLOORS == {DOMAIN + "*": 100.0, "src/quotakeeper/*": 90.0}


@pytest.mark.parametrize(("calls", "code"), [("f(1); f(-1)", 0), ("f(1)", 1)])
def test_a_report_combines_the_data_of_all_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    calls: str, code: int,
) -> None:  # fmt: skip
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "signs.py").write_text(
        "def f(x):\n    if x > 0:\n        return 1\n    return 0\n", encoding="utf-8"
    )
    (tmp_path / ".coveragerc").write_text(
        "[run]\nbranch = true\nparallel = true\nsource = parts\nrelative_files = true\n",
        encoding="utf-8",
    )
    data = tmp_path / "data" / "data"
    data.parent.mkdir()
    script = f"from parts.signs import f; {calls}"
    (tmp_path / "act.py").write_text(script, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "coverage", "run", f"--data-file={data}", "act.py"],
        cwd=tmp_path, check=True,
    )  # fmt: skip
    monkeypatch.setattr(floors, "FLOORS", {"parts/*": 100.0})
    assert floors.report(tmp_path, sys.executable, data) == code
    told = capfd.readouterr().out
    assert told.startswith("FAIL coverage  66.67 %" if code else "ok   coverage 100.00 %")
    assert ("parts/signs.py: lines [4], branches [[2, 4]]" in told) == bool(code)


def test_missing_coverage_data_is_a_failure(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data" / "data"
    data.parent.mkdir()
    assert floors.report(tmp_path, sys.executable, data) == 1
    assert "dev: coverage combine failed" in capfd.readouterr().err


# -- packages of the system


@pytest.fixture
def apt(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A Debian with only curl installed, which records the commands to apt-get."""
    asked: list[list[str]] = []
    (checkout.root / "requirements" / "system.txt").write_text(
        "# what tests need\ncurl\nffmpeg  # films\n\npython3-venv\n", encoding="utf-8"
    )

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        if command[0] == "dpkg-query":
            known = command[-1] == "curl"
            return subprocess.CompletedProcess(command, 0, "install ok installed" if known else "")
        asked.append(command)
        return subprocess.CompletedProcess(command, 100 if "broken" in command else 0, "no space")

    monkeypatch.setattr(system.subprocess, "run", run)
    monkeypatch.setattr(system.shutil, "which", lambda name: name)
    monkeypatch.setattr(system.sys, "platform", "linux")
    monkeypatch.setattr(system.os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setenv("CI", "true")
    return asked


def test_root_in_ci_installs_missing_packages_once(
    checkout: Checkout, apt: list[list[str]]
) -> None:
    system.provide(checkout.root)
    assert [" ".join(each) for each in apt] == [
        "apt-get -q -y update",
        "apt-get -q -y install --no-install-recommends ffmpeg python3-venv",
    ]


@pytest.mark.parametrize(("ci", "user"), [("", 0), ("true", 1000)])
def test_a_developer_gets_one_line_with_the_command(
    checkout: Checkout, apt: list[list[str]], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], ci: str, user: int,
) -> None:  # fmt: skip
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(system.os, "geteuid", lambda: user)
    system.provide(checkout.root)
    assert apt == []
    told = capsys.readouterr().err
    assert told.endswith("sudo apt-get install ffmpeg python3-venv\n") and told.count("\n") == 1


def test_nothing_is_installed_if_nothing_is_missing_or_without_debian(
    checkout: Checkout, apt: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system.shutil, "which", lambda _: None)
    system.provide(checkout.root)
    (checkout.root / "requirements" / "system.txt").write_text("curl\n", encoding="utf-8")
    monkeypatch.setattr(system.shutil, "which", lambda name: name)
    system.provide(checkout.root)
    assert apt == []


def test_a_package_that_cannot_be_installed_stops_ci(
    checkout: Checkout, apt: list[list[str]]
) -> None:
    (checkout.root / "requirements" / "system.txt").write_text("broken\n", encoding="utf-8")
    with pytest.raises(CheckoutError, match=r"(?s)install .*broken failed:.*no space"):
        system.provide(checkout.root)
