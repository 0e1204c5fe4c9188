"""Limits that belong to a key: in force before its first call, changed while the gateway runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotakeeper.domain.keys.key_limit import KeyLimit
from quotakeeper.domain.limits import Mode
from quotakeeper.keeper_limits import give_back_leases
from quotakeeper.sandbox.server import Sandbox
from tests.gateway.harness import GENERATE, gate, prompt, run

TWO = (KeyLimit("calls", "requests", "none", 2, mode=Mode.HARD),)
FOUR = (KeyLimit("calls", "requests", "none", 4),)


@pytest.mark.parametrize("lease", ["off", "auto"])
def test_a_limit_of_a_key_holds_for_its_calls_alone_and_follows_each_change(
    lease: str, tmp_path: Path
) -> None:
    async def test() -> None:
        with Sandbox() as sandbox:
            ledger = tmp_path / "ledger.db"
            async with gate(sandbox.base_url, {"lease": lease}, ledger=ledger) as gateway:
                own, other = gateway.key("an", 1, limits=TWO), gateway.key("binh", 2)

                async def call(key: str) -> int:
                    return (await gateway.post(GENERATE, prompt(), key))[0]

                assert [await call(own) for _ in range(3)] == [200, 200, 402]
                assert [await call(other) for _ in range(3)] == [200] * 3
                gateway.change("an", limits=FOUR)
                assert [await call(own) for _ in range(3)] == [200, 200, 402]
                gateway.change("an", limits=TWO)  # lower than what is used
                assert await call(own) == 402
                gateway.change("an", limits=())
                assert await call(own) == 200
                assert gateway.keeper.limits == ()
                await gateway.events()
                give_back_leases(gateway.keeper)  # so that the ledger has no open reservation

    run(test)


def test_the_holder_of_a_key_sees_its_own_limits(tmp_path: Path) -> None:
    async def test() -> None:
        with Sandbox() as sandbox:
            async with gate(sandbox.base_url, ledger=tmp_path / "ledger.db") as gateway:
                key = gateway.key("an", 1, limits=TWO)
                await gateway.post(GENERATE, prompt(), key)
                await gateway.events()  # each finished call is in the ledger
                named = {"authorization": f"Bearer {key}"}
                async with gateway.client.get(f"{gateway.url}/v1/me/usage", headers=named) as got:
                    limits = (await got.json())["limits"]
                assert [(each["name"], each["used"], each["remaining"]) for each in limits] == [
                    ("an: calls", "1", "1")
                ]

    run(test)
