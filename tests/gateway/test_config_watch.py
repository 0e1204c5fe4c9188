"""A config that changes while the gateway runs: the whole of it is in force, or none of it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.config import Settings, load_settings
from quotakeeper.domain.keys.key_limit import KeyLimit
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.errors import LimitExceeded
from quotakeeper.gateway.config_watch import ConfigWatch
from quotakeeper.gateway.limit_book import LimitBook
from quotakeeper.keeper import engine_of

BASE = 'default_limits = false\ntimezone = "UTC"\nlease = "LEASE"\n'
TABLE = '[[limit]]\nname = "NAME"\nmeter = "requests"\nwindow = "none"\namount = AMOUNT\n'
NOT_VALID = [
    ("[[limit]\n", "quotakeeper.toml"),
    (BASE + TABLE.replace("AMOUNT", "-1"), "amount"),
    (BASE + TABLE.replace("AMOUNT", "2").replace("requests", "reqests"), "meter"),
    (BASE + TABLE.replace("AMOUNT", "2") * 2, "name"),
    (BASE + 'price_files = ["none.toml"]\n', "price_files"),
    (BASE + 'price_files = ["bad.toml"]\n', "bad.toml"),
    (BASE.replace("UTC", "Asia/Ho_Chi_Minh"), "timezone"),
    (BASE + 'durability = "process"\n', "durability"),
    (BASE + 'on_limit = "warn"\n', "on_limit"),
    (BASE + "more = 1\n", "more"),
]


class World:
    """A keeper with a config file, and its watch."""

    def __init__(self, folder: Path, lease: str = "off") -> None:
        self.file, self.lease = folder / "quotakeeper.toml", lease
        (folder / "bad.toml").write_text("prices = 3\n", encoding="utf-8")
        self.told: list[str] = []
        self.ledger = folder / "ledger.db"
        self.write(limit("all", 2))
        self.keeper = Keeper(config=self.load())
        self.book = LimitBook(self.keeper)
        self.watch = ConfigWatch(self.keeper, self.book, self.load, self.told.append)

    def load(self) -> Settings:
        return load_settings(self.ledger, str(self.file), {}, self.file.parent)

    def write(self, text: str) -> None:
        """Replace the file, as an editor does."""
        new = self.file.with_suffix(".new")
        new.write_text(text.replace("LEASE", self.lease), encoding="utf-8")
        os.replace(new, self.file)

    async def calls(self, most: int = 10, **scope: str) -> int:
        """Make calls until one is refused. Returns how many were admitted."""
        for number in range(most):
            try:
                call = await self.keeper.areserve(
                    "gemini", model="gemini-2.5-flash", scope=scope, at_once=True
                )
            except LimitExceeded:
                return number
            await call.asettle(input_tokens=1)
        return most


def limit(name: str, amount: int) -> str:
    return BASE + TABLE.replace("NAME", name).replace("AMOUNT", str(amount))


def run(folder: Path, test: Any, lease: str = "off") -> None:
    async def whole() -> None:
        world = World(folder, lease)
        try:
            await test(world)
        finally:
            await world.keeper.aclose()

    asyncio.run(asyncio.wait_for(whole(), 60))


@pytest.mark.parametrize("lease", ["off", "auto"])
def test_changed_limits_are_in_force_for_the_next_call(lease: str, tmp_path: Path) -> None:
    async def test(world: World) -> None:
        assert await world.calls() == 2
        world.write(limit("all", 5))
        await world.watch.reload()
        assert (world.watch.problem, await world.calls()) == ("", 3)
        world.write(limit("all", 1))  # below what is used
        await world.watch.reload()
        assert await world.calls() == 0
        world.write(BASE + TABLE.replace("NAME", "other").replace("AMOUNT", "7"))
        await world.watch.reload()
        assert await world.calls() == 2  # five calls were before
        assert [each.limit.name for each in world.keeper.status().limits] == ["other"]
        assert world.told == ["", "", ""]

    run(tmp_path, test, lease)


@pytest.mark.parametrize(("text", "where"), NOT_VALID)
def test_a_config_that_is_not_valid_changes_nothing(text: str, where: str, tmp_path: Path) -> None:
    async def test(world: World) -> None:
        before = (world.keeper.limits, world.keeper.settings, world.watch.state()["loaded_at"])
        world.write(text)
        await world.watch.reload()
        assert where in world.watch.where
        assert world.watch.where in world.watch.problem
        assert world.told == [world.watch.problem]
        state = world.watch.state()
        assert (world.keeper.limits, world.keeper.settings, state["loaded_at"]) == before
        assert await world.calls() == 2
        world.write(limit("all", 3))
        await world.watch.reload()
        assert (world.watch.problem, world.watch.where, await world.calls()) == ("", "", 1)

    run(tmp_path, test)


def test_limits_of_keys_stay_through_a_reload_and_take_its_thresholds(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        key = VirtualKey("1", "an", limits=(KeyLimit("calls", "requests", "none", 1),))
        await world.book.learn(key)
        world.write("warn_at = 0.5\n" + limit("all", 9))
        await world.watch.reload()
        assert world.watch.problem == ""
        assert [each.name for each in world.keeper.limits] == ["all", "an: calls"]
        assert {each.levels[0] for each in world.keeper.limits} == {5, 1}
        await world.book.learn(VirtualKey("2", "binh", limits=key.limits))
        assert [each.amount for each in world.keeper.limits] == [9, 1, 1]
        assert (await world.calls(key="an"), await world.calls(key="chi")) == (1, 8)

    run(tmp_path, test)


def test_a_file_is_read_when_it_has_stopped_changing(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        await world.watch.look()
        assert world.told == []
        world.write(limit("all", 4))
        await world.watch.look()
        world.write(limit("all", 6))
        await world.watch.look()
        assert world.told == []  # it was another file at each look
        await world.watch.look()
        await world.watch.look()
        assert (world.told, await world.calls()) == ([""], 6)
        world.file.unlink()  # an editor may remove it for a moment
        await world.watch.look()
        await world.watch.look()
        assert (len(world.told), world.keeper.limits[0].amount) == (2, 6)
        assert world.watch.problem != ""

    run(tmp_path, test)


def test_the_running_watch_answers_a_signal(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        task = asyncio.create_task(world.watch.run())
        world.write(limit("all", 4))
        world.watch.ask()
        while not world.told:
            await asyncio.sleep(0)
        task.cancel()
        assert (world.told, await world.calls()) == ([""], 4)

    run(tmp_path, test)


def test_no_call_is_admitted_on_a_lease_of_an_older_limit(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        world.write(limit("all", 1_000))
        await world.watch.reload()
        leases = engine_of(world.keeper).leases
        assert leases is not None
        leases._paused_until = 0.0  # leases can be requested again at once
        assert await world.calls(43) == 43  # seven of a block are left
        assert leases.active
        world.write(limit("all", 20))
        await world.watch.reload()
        leases._paused_until = 0.0  # leases can be requested again at once
        assert await world.calls() == 0

    run(tmp_path, test, "10")


def test_a_fault_of_another_kind_keeps_the_old_config_and_is_told(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        def fails() -> Settings:
            raise OSError("the disk is gone")

        watch = ConfigWatch(world.keeper, world.book, fails, world.told.append)
        await watch.reload()
        assert (watch.problem, watch.where) == ("the disk is gone", "OSError")
        assert (world.told, await world.calls()) == (["the disk is gone"], 2)

    run(tmp_path, test)
