"""The development environment is made once, updated only where something changed, and explains its errors."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import checkout as house_module
from tools.checkout import Checkout, CheckoutError, prepare, read_stamp, wanted_stamp

Answer = Callable[[list[str]], tuple[int, str]]
OPTIONAL = ("extras", "servers", "browser", "sockets")  # in the order of installation


class Machine:
    """Replaces every program that `prepare` starts, and records the commands."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, str]] = {}

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        kind = self._kind(command)
        self.asked.append(kind)
        code, output = self.answers.get(kind, (0, ""))
        if kind.startswith("venv") and code == 0:
            self.checkout.scripts.mkdir(parents=True, exist_ok=True)
            self.checkout.python.touch()
        return subprocess.CompletedProcess(command, code, output)

    def installed(self) -> list[str]:
        """The recorded steps that made or installed something. Clears the record."""
        done = [kind for kind in self.asked if kind not in {"pip?", "outer pip?"}]
        self.asked.clear()
        return done

    def _kind(self, command: list[str]) -> str:
        words = " ".join(command)
        if "-m venv" in words:
            return "venv bare" if "--without-pip" in words else "venv"
        if "--version" in words:
            return "outer pip?" if "--python" in words else "pip?"
        locks = [name for name in OPTIONAL if f"{name}.lock" in words]
        what = "project" if " -e " in words else locks[0] if locks else "lock"
        if Path(command[0]).name.startswith("uv"):
            return f"uv {what}"
        return f"outer {what}" if "--python" in words else what


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "a checkout"
    (root / "requirements").mkdir(parents=True)
    locks = [f"requirements/{name}.lock" for name in ("dev", *OPTIONAL)]
    for name in (*locks, "pyproject.toml"):
        (root / name).write_text("first\n", encoding="utf-8")
    return Checkout(root)


@pytest.fixture
def machine(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(checkout)
    monkeypatch.setattr(house_module, "_run", machine.run)
    monkeypatch.setattr(house_module.shutil, "which", lambda _: None)
    return machine


def test_the_first_run_makes_everything_and_the_second_nothing(
    checkout: Checkout, machine: Machine
) -> None:
    assert prepare(checkout) == checkout.python
    assert machine.installed() == ["venv", "lock", *OPTIONAL, "project"]
    assert prepare(checkout) == checkout.python
    assert machine.asked == []


def test_only_the_changed_part_is_done_again(checkout: Checkout, machine: Machine) -> None:
    prepare(checkout)
    machine.installed()
    (checkout.root / "pyproject.toml").write_text("second\n", encoding="utf-8")
    prepare(checkout)
    assert machine.installed() == ["project"]
    checkout.lock.write_text("second\n", encoding="utf-8")
    prepare(checkout)
    assert machine.installed() == ["lock", *OPTIONAL, "project"]
    assert prepare(checkout) and machine.installed() == []


def test_another_interpreter_or_a_moved_checkout_makes_the_environment_again(
    checkout: Checkout, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(checkout)
    machine.installed()
    left_over = checkout.venv / "left-over"
    left_over.touch()
    monkeypatch.setattr(house_module.sys, "version", "3.99.0 (somewhen)")
    prepare(checkout)
    assert machine.installed() == ["venv", "lock", *OPTIONAL, "project"]
    assert not left_over.exists()
    moved = Checkout(checkout.root.rename(checkout.root.with_name("moved")))
    assert read_stamp(moved) != wanted_stamp(moved)


def test_an_interrupted_run_continues_at_the_unfinished_step(
    checkout: Checkout, machine: Machine
) -> None:
    machine.answers["project"] = (1, "no space left")
    with pytest.raises(CheckoutError, match="no space left"):
        prepare(checkout)
    machine.installed()
    machine.answers.clear()
    prepare(checkout)
    assert machine.installed() == ["project"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '"text"'])
def test_a_damaged_stamp_counts_as_missing(
    checkout: Checkout, machine: Machine, damage: str
) -> None:
    prepare(checkout)
    machine.installed()
    checkout.stamp.write_text(damage, encoding="utf-8")
    prepare(checkout)
    assert machine.installed() == ["venv", "lock", *OPTIONAL, "project"]


def test_an_environment_without_its_python_counts_as_missing(
    checkout: Checkout, machine: Machine
) -> None:
    prepare(checkout)
    machine.installed()
    checkout.python.unlink()
    prepare(checkout)
    assert machine.installed()[0] == "venv"


def test_an_offline_machine_gets_a_message_of_one_line(
    checkout: Checkout, machine: Machine
) -> None:
    machine.answers["lock"] = (1, "ERROR: Temporary failure in name resolution\nERROR: more")
    with pytest.raises(CheckoutError, match="can't reach the package index") as caught:
        prepare(checkout)
    assert "\n" not in str(caught.value)


def test_optional_libraries_may_be_missing_on_a_developers_machine(
    checkout: Checkout,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("CI", raising=False)
    machine.answers["extras"] = (1, "no matching wheel")
    assert prepare(checkout) == checkout.python
    assert "their tests skip" in capsys.readouterr().err
    machine.installed()
    prepare(checkout)
    assert machine.asked == []


def test_optional_libraries_may_not_be_missing_in_ci(
    checkout: Checkout, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    machine.answers["extras"] = (1, "no matching wheel")
    with pytest.raises(CheckoutError, match=r"(?s)Python 3\.\d+, and CI .*no matching wheel"):
        prepare(checkout)


def test_an_environment_in_another_folder_leaves_this_one_alone(
    checkout: Checkout, machine: Machine
) -> None:
    prepare(checkout)
    machine.installed()
    other = checkout._replace(folder=".cache/pythons/3.13.0")
    machine.checkout = other
    assert prepare(other) == other.python != checkout.python
    assert machine.installed() == ["venv", "lock", *OPTIONAL, "project"]
    assert prepare(checkout) == checkout.python
    assert machine.asked == []


def test_uv_is_used_if_present_and_pip_if_uv_fails(
    checkout: Checkout, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house_module.shutil, "which", lambda _: "uv")
    machine.answers["uv extras"] = (1, "another index")
    prepare(checkout)
    assert machine.installed() == [
        "venv",
        "uv lock",
        "uv extras",
        "extras",
        *(f"uv {name}" for name in OPTIONAL[1:]),
        "uv project",
    ]


def test_without_ensurepip_the_outer_pip_installs(checkout: Checkout, machine: Machine) -> None:
    machine.answers = {"venv": (1, "ensurepip is not available"), "pip?": (1, "no module")}
    prepare(checkout)
    assert machine.installed() == [
        "venv",
        "venv bare",
        "outer lock",
        "outer extras",
        *(f"outer {name}" for name in OPTIONAL[1:]),
        "outer project",
    ]


def test_without_any_pip_one_line_says_what_to_install(
    checkout: Checkout, machine: Machine
) -> None:
    machine.answers = {"venv": (1, "ensurepip is not available"), "outer pip?": (1, "no module")}
    with pytest.raises(CheckoutError, match="python3-venv") as caught:
        prepare(checkout)
    assert "\n" not in str(caught.value)
    assert not checkout.venv.exists()


def test_a_hosts_environment_variables_are_not_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "run_in_thread")
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    names = "PYTHONPATH", "PIP_REQUIRE_VIRTUALENV"
    command = ["-c", f"import os; print([os.environ.get(name) for name in {names}])"]
    ran = house_module._run([house_module.sys.executable, *command])
    assert ran.stdout.strip() == "[None, None]"


def test_child_processes_find_the_environment_and_use_utf8(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    environment = house_module.child_environment(checkout)
    assert "PYTHONDONTWRITEBYTECODE" not in environment  # or each child would compile all modules
    assert environment["PYTHONUTF8"] == "1"
    assert environment["PATH"].split(os.pathsep)[0] == str(checkout.scripts)
