"""`./dev` from the outside: it finds a Python, explains a failure, and starts fast."""

from __future__ import annotations

import ast
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools import verbs
from tools.checkout import Checkout, CheckoutError
from tools.interpreters import Interpreter
from tools.verbs import Step

needs_sh = pytest.mark.skipif(
    os.name == "nt", reason="./dev is a POSIX sh script; Windows: py -3 dev.py"
)


@pytest.fixture
def checkout(tmp_path: Path, repository: Path) -> Path:
    """A copy of the files of `./dev`, in a folder whose name needs quoting."""
    copy = tmp_path / "mã nguồn $HOME 'x' y"
    copy.mkdir()
    for name in ("dev", "dev.py"):
        shutil.copy(repository / name, copy)
    shutil.copytree(repository / "tools", copy / "tools")
    return copy


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for PATH with only the programs that the script needs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "dirname"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return folder


def _shim(folder: Path, name: str, body: str) -> None:
    shim = folder / name
    shim.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)


def _dev(
    checkout: Path, programs: Path, *arguments: str, **more: str
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(programs), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", **more}
    return subprocess.run(
        [str(checkout / "dev"), *arguments],
        cwd=checkout.parent,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@needs_sh
def test_a_python_that_is_too_old_gives_one_line_and_exit_code_69(
    checkout: Path, programs: Path
) -> None:
    _shim(programs, "python3", "exit 1")
    ran = _dev(checkout, programs, "test")
    assert ran.returncode == 69
    assert ran.stdout == ""
    assert ran.stderr.startswith("dev: needs Python 3.11 or newer")
    assert ran.stderr.count("\n") == 1


@needs_sh
def test_the_first_python_new_enough_is_taken(checkout: Path, programs: Path) -> None:
    _shim(programs, "python3.13", "exit 1")
    _shim(programs, "python3", f'exec "{sys.executable}" "$@"')
    ran = _dev(checkout, programs, "help")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("usage: ./dev VERB")


@needs_sh
def test_a_chosen_python_is_the_only_one_that_is_tried(checkout: Path, programs: Path) -> None:
    _shim(programs, "python3", f'exec "{sys.executable}" "$@"')
    _shim(programs, "old python", "exit 1")
    chosen = str(programs / "old python")
    ran = _dev(checkout, programs, "help", PYTHON=chosen)
    assert ran.returncode == 69
    assert chosen in ran.stderr
    assert _dev(checkout, programs, "help", PYTHON=sys.executable).returncode == 0


@needs_sh
def test_arguments_are_passed_on_unchanged(checkout: Path, programs: Path) -> None:
    (checkout / "dev.py").write_text("import sys; print(sys.argv[1:])\n", encoding="utf-8")
    arguments = ["test", "--", "-k", "a b", "*", "", "$HOME"]
    ran = _dev(checkout, programs, *arguments, PYTHON=sys.executable)
    assert ran.stdout.strip() == str(arguments)


@needs_sh
def test_an_unknown_verb_lists_the_verbs(checkout: Path, programs: Path) -> None:
    ran = _dev(checkout, programs, "tset", PYTHON=sys.executable)
    assert ran.returncode == 2
    assert "demo, test, proof, check, bench, circles, fmt" in ran.stderr


def test_old_pythons_can_parse_the_entry_and_are_refused(repository: Path) -> None:
    entry = repository / "dev.py"
    ast.parse(entry.read_text(encoding="utf-8"), feature_version=(3, 4))
    pretend = "import runpy, sys; sys.version_info = (3, 10, 9); runpy.run_path(sys.argv[1])"
    ran = subprocess.run(
        [sys.executable, "-c", pretend, str(entry)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.returncode == 69
    assert ran.stderr.startswith("dev: needs Python 3.11 or newer")
    assert ran.stderr.count("\n") == 1


@needs_sh
def test_dev_adds_less_than_a_second(repository: Path) -> None:
    def seconds() -> float:
        """Processor time, so that other programs on the machine do not matter."""
        before = os.times()
        subprocess.run([str(repository / "dev"), "help"], check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        used = after.children_user - before.children_user
        return used + after.children_system - before.children_system

    assert min(seconds() for _ in range(3)) < 1


def _steps(*codes: int) -> list[Step]:
    return [
        Step(
            f"step {place}",
            [sys.executable, "-c", f"print('told {place}'); raise SystemExit({code})"],
        )
        for place, code in enumerate(codes)
    ]


@pytest.fixture
def dev_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    monkeypatch.setattr(verbs, "prepare", lambda _: Path(sys.executable))
    return Checkout(tmp_path)


def test_check_runs_every_step_and_names_the_failed_ones(
    dev_checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verbs, "check_steps", lambda *_: _steps(0, 3, 0))
    assert verbs.check(dev_checkout, []) == 1
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok", "FAIL", "told", "ok"]
    assert "told 1" in told.out and "told 0" not in told.out
    assert told.err == "dev: check failed: step 1\n"


def test_check_prints_one_line_a_step_and_returns_0_if_all_pass(
    dev_checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verbs, "check_steps", lambda *_: _steps(0, 0))
    assert verbs.check(dev_checkout, []) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 2 and told.err == ""


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["tests/project", "-k", "stamp"], ["-n", "auto", "tests/project", "-k", "stamp"]),
        (["-n0"], ["-n0"]),
        (["-p", "no:xdist"], ["-p", "no:xdist"]),
        (["--pdb"], ["--pdb"]),
    ],
)
def test_test_passes_its_arguments_to_pytest(
    dev_checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    command: list[str],
) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(verbs, "_hand_over", lambda words, _: calls.append(words) or 0)
    assert verbs.test(dev_checkout, arguments) == 0
    assert calls == [[sys.executable, "-m", "pytest", *command]]


@pytest.mark.parametrize(
    ("arguments", "ci", "folder", "every"),
    [
        ([], "", ".venv", False),
        (["--every-python"], "", ".venv", True),
        ([], "true", ".venv", True),
        (["--every-python"], "true", ".venv", True),
        ([], "true", ".cache/pythons/3.13.0", False),
    ],
)
def test_test_without_arguments_runs_everything_and_other_pythons_on_request(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    ci: str,
    folder: str,
    every: bool,
) -> None:
    asked: list[Any] = []
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(
        verbs.suite, "whole", lambda *_, **more: asked.append((more, more["every_python"])) or 3
    )
    assert verbs.test(Checkout(tmp_path, folder), arguments) == 3
    ((more, asked_for),) = asked
    assert asked_for is every
    assert more["coverage"] is (ci == "true" and folder == ".venv")


@pytest.mark.parametrize(
    "arguments", [["--python", "3.13", "-k", "x"], ["--python=3.13", "-k", "x"]]
)
def test_another_python_runs_dev_in_its_own_environment(
    dev_checkout: Checkout, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    other = Interpreter(sys.executable, "/opt/python", (3, 13, 0))
    monkeypatch.setattr(verbs.interpreters, "resolve", lambda *_: other)
    (dev_checkout.root / "dev.py").write_text(
        "import json, sys; open('told', 'w').write(json.dumps(sys.argv[1:])); sys.exit(4)\n"
    )
    assert verbs.test(dev_checkout, arguments) == 4
    told = json.loads((dev_checkout.root / "told").read_text())
    assert told == ["--environment", ".cache/pythons/3.13.0", "test", "-k", "x"]


def test_the_environment_of_another_python_has_its_own_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    houses: list[Checkout] = []
    monkeypatch.setitem(verbs.VERBS, "test", lambda checkout, _: houses.append(checkout) or 0)
    assert verbs.main(["--environment", ".cache/pythons/3.13.0", "test"]) == 0
    assert verbs.main(["test"]) == 0
    other, own = houses
    assert other.venv == verbs.ROOT / ".cache" / "pythons" / "3.13.0"
    assert own.venv == verbs.ROOT / ".venv"


def test_a_missing_python_gives_one_line_and_exit_code_69(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verbs.interpreters, "resolve", lambda *_: None)
    assert verbs.main(["test", "--python", "3.99"]) == 69
    told = capsys.readouterr().err
    assert told.startswith("dev: there is no Python 3.99 here (promised: 3.11 ")
    assert told.count("\n") == 1


def test_the_demo_runs_offline_with_a_bare_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def offline(_: Checkout) -> Path:
        raise CheckoutError("can't reach the package index")

    monkeypatch.setattr(verbs, "prepare", offline)
    monkeypatch.setenv("QUOTAKEEPER_LANG", "vi")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "quotakeeper.py").write_text("NAME = 'found'\n", encoding="utf-8")
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "demo.py").write_text(
        "import os, sys, quotakeeper\n"
        "print(quotakeeper.NAME, sys.argv[1:], os.environ['QUOTAKEEPER_LANG'])\n"
        "raise SystemExit(7)\n",
        encoding="utf-8",
    )
    assert verbs.demo(Checkout(tmp_path), ["--fast"]) == 7
    told = capfd.readouterr()
    assert told.out.strip() == "found ['--fast'] vi"
    assert told.err.startswith("dev: can't reach the package index\n")


@pytest.mark.parametrize("verb", ["demo", "bench", "proof"])
def test_a_command_without_its_script_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    monkeypatch.setattr(verbs, "ROOT", tmp_path)
    assert verbs.main([verb]) == 69
    assert capsys.readouterr().err.startswith("dev: there is no ")


@needs_sh
def test_the_end_by_a_signal_gives_the_exit_code_of_a_shell(dev_checkout: Checkout) -> None:
    assert (
        verbs._hand_over(
            [sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"], dev_checkout
        )
        == 143
    )


def test_ci_runs_the_same_commands_as_a_person(repository: Path) -> None:
    lines = (repository / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [
        line for line in lines if line and not line.startswith(("#", "set ", "cd ", "export "))
    ]
    assert commands == ["exec ./dev test </dev/null"]
    if os.name != "nt":
        assert os.access(repository / ".ci" / "run", os.X_OK)
        assert os.access(repository / "dev", os.X_OK)
