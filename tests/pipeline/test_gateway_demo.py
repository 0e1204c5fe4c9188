"""`./dev demo --gateway`: three clients with keys of their own, one runs out, and all is exact."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from examples.gateway_provider import PATH, WORDS, ChatProvider
from tools import verbs


def demo(
    repository: Path, *arguments: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("QUOTAKEEPER") and not name.endswith("_API_KEY")
    }
    command = [sys.executable, *options, str(repository / "examples" / "demo.py"), "--gateway"]
    return subprocess.run(
        [*command, *arguments], env=clean | {"PYTHONUTF8": "1"}, capture_output=True,
        encoding="utf-8", check=False, timeout=240,
    )  # fmt: skip


def test_a_key_runs_out_in_the_middle_and_nothing_is_past_a_limit(
    repository: Path, tmp_path: Path
) -> None:
    done = demo(repository, "--keep", str(tmp_path / "d"), options=("-X", "dev"))
    print(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "ok: binh's socket ended in the middle, at the limit of its key",
        "closed with 1008: quotakeeper: limit 'sound of a key [key=binh]'",
        "ok: an is refused, and nothing is sent",
        "sound of a key [key=binh]          5 of 5 seconds",
        "overshoot: 0\n",
        "deepgram  audio_milliseconds       5,000     5,000  equal",
        "openai    requests                     2         2  equal",
        "ok: every figure is equal",
        "Demo: all of it happened as it should.",
    ):
        assert part in done.stdout, part
    assert not re.search(r"NOT SO|DIFFERENT|Traceback", done.stdout)
    log = (tmp_path / "d" / "access.log").read_text(encoding="utf-8")
    assert log.count('"key": "binh"') == 3 and "qk_" not in log + done.stdout


def test_without_the_library_it_says_what_to_install(repository: Path) -> None:
    done = demo(repository, options=("-S",))  # sees no installed library
    assert done.returncode == 1 and done.stdout.count("\n") == 1
    assert done.stdout.startswith("demo: --gateway: needs aiohttp")
    assert "pip install '.[cli,gateway]'" in done.stdout


def test_help_names_it(repository: Path) -> None:
    assert "demo --gateway" in verbs.HELP
    assert "a key for each client" in demo(repository, "--help").stdout


def test_the_small_provider_bills_what_it_answers_and_nothing_without_a_key() -> None:
    import json
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "one two"}]}).encode()
    with ChatProvider() as provider:
        try:
            urlopen(Request(provider.url + PATH, body), timeout=10)
        except HTTPError as error:
            with error:
                assert error.code == 404
        assert provider.bill == {}
        named = {"Authorization": "Bearer any"}
        with urlopen(Request(provider.url + PATH, body, named), timeout=10) as got:
            told = json.load(got)
        assert told["usage"]["prompt_tokens"] == 2
        assert provider.bill == {"requests": 1, "input_tokens": 2, "output_tokens": len(WORDS)}
