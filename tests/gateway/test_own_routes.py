"""Every path that the gateway itself answers: a key, or a written reason why it needs none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quotakeeper.gateway import service
from quotakeeper.gateway.key_usage import USAGE_PATH
from quotakeeper.gateway.service import LIVE_PATH, READY_PATH
from quotakeeper.gateway.uploads import PREFIX
from quotakeeper.http_server import heads
from quotakeeper.sandbox.server import Sandbox
from tests.gateway.harness import GENERATE, gate, run

# Path -> why it needs no key, or "" if it needs one; and why it is not metered, or "" if it is.
ROUTES: dict[str, tuple[str, str]] = {
    LIVE_PATH: ("an orchestrator asks it, and it tells only that the process runs", "no call"),
    READY_PATH: ("an orchestrator asks it, and it names no key and no value", "no call"),
    f"{PREFIX}unknown": ("the address itself is the credential of one upload", "uploads are free"),
    USAGE_PATH: ("", "it must work at a budget of zero"),
    GENERATE: ("", ""),
    "/gemini/v1beta/models": ("", "lists of models are free"),
    "/v1/listen": ("", ""),
    "/openai/v1/chat/completions": ("", ""),
    "/anthropic/v1/messages": ("", ""),
    "/admin/v1/keys": ("", "the admin API has a listener of its own"),
    "/": ("", "no provider"), "/metrics": ("", "no provider"), "/v2/none": ("", "no provider"),
}  # fmt: skip
OPEN = (LIVE_PATH, READY_PATH)


@pytest.mark.parametrize("method", heads._METHODS)
def test_without_a_key_no_path_tells_or_spends_anything(method: str) -> None:
    async def test() -> None:
        with Sandbox() as sandbox:
            async with gate(sandbox.base_url) as gateway:
                for path, (open_because, _) in ROUTES.items():
                    async with gateway.client.request(method, f"{gateway.url}{path}") as got:
                        assert (got.status == 200) == (path in OPEN), path
                        assert got.status in (200, 401), path
                        assert bool(open_because) == (path in OPEN or path.startswith(PREFIX)), path
                assert sandbox.bill.charges == ()
                assert await gateway.events() == []

    run(test)


def test_each_path_in_the_code_of_the_service_is_walked() -> None:
    """A new branch of `_answer` or `_serve` must come with its row above."""
    source = Path(service.__file__).read_text(encoding="utf-8")
    compared = set(re.findall(r"(?:path|target) == (\w+)|startswith\((\w+)\)", source))
    named = {one or two for one, two in compared}
    assert named == {"LIVE_PATH", "READY_PATH", "PREFIX", "USAGE_PATH"}
