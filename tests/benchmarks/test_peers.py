"""Peers are pinned and hashed, and only the benchmarks install them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import admission, footprint, pricing
from benchmarks.peers import SHELF
from tools import environments
from tools.environments import Shelf, UnavailableError
from tools.lock import ROOT, locks

USED = (
    {who.home for who in admission.CONTENDERS} - {admission.OURS}
    | set(footprint.PEERS)
    | set(pricing.PEERS)
    | {"numpy", "redis", "litellm-proxy"}
)


def _asked(name: str) -> set[str]:
    lines = (SHELF.requirements / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return {re.split(r"[<>=!~\[ ]", each)[0] for each in lines if each and not each.startswith("#")}


def test_the_environments_in_use_are_exactly_those_with_requirements() -> None:
    assert {path.stem for path in SHELF.requirements.glob("*.in")} == USED
    assert {path.stem for path in SHELF.requirements.glob("*.txt")} == USED


def test_the_lock_tool_writes_every_environment() -> None:
    found = {name for name in locks(ROOT) if name.startswith("requirements/peers/")}
    assert found == {f"requirements/peers/{name}.txt" for name in USED}


@pytest.mark.parametrize("name", sorted(USED))
def test_every_pin_is_exact_and_hashed(name: str) -> None:
    text = SHELF.pins(name).read_text(encoding="utf-8")
    pins = [each for each in re.split(r"\n(?=[a-z])", text) if not each.startswith("#")]
    assert pins
    for pin in pins:
        assert re.match(r"[a-z0-9._-]+==\S+", pin), pin
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", pin), pin
    assert {pin.split("==")[0] for pin in pins} >= _asked(name)


def _shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "pins").mkdir()
    (tmp_path / "pins" / "peer.txt").write_text(
        "peer==1 \\\n    --hash=sha256:0\n", encoding="utf-8"
    )
    return Shelf(tmp_path / "pins", tmp_path / "kept")


def test_an_environment_is_made_once_for_the_same_pins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = _shelf(tmp_path)
    made: list[list[str]] = []

    def ran(command: list[str]) -> None:
        made.append(command)
        if "venv" in command:
            Path(command[-1]).mkdir()

    monkeypatch.setattr(environments, "_run", ran)
    first = shelf.prepare("peer")
    assert shelf.prepare("peer") == first
    assert len(made) == 2
    assert {"--no-deps", "--require-hashes"} <= set(made[1])
    shelf.pins("peer").write_text("peer==2 \\\n    --hash=sha256:1\n", encoding="utf-8")
    second = shelf.prepare("peer")
    assert second != first
    assert [path for path in shelf.cache.iterdir() if path.is_dir()] == [second.parent.parent]
    assert shelf.version("peer", "peer") == "2"
    with pytest.raises(LookupError):
        shelf.version("peer", "nobody")


def test_an_unfinished_environment_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = _shelf(tmp_path)
    tries: list[int] = []

    def ran(command: list[str]) -> None:
        if "venv" in command:
            Path(command[-1]).mkdir()
            return
        tries.append(len(tries))
        if len(tries) == 1:
            raise UnavailableError("the package index can't be reached")

    monkeypatch.setattr(environments, "_run", ran)
    with pytest.raises(UnavailableError):
        shelf.prepare("peer")
    shelf.prepare("peer")
    assert len(tries) == 2
