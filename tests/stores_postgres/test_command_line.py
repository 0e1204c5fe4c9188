"""The command line says of a ledger in PostgreSQL what it says of one in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.cli import context
from quotakeeper.testing import FakeClock
from tests.docs.documents import NULL_ON_A_SERVER
from tests.stores_postgres.conftest import CANARY

SHOWING = (
    "today",
    "today --json",
    "status",
    "status --json",
    "statusline",
    "report --by day --by model",
    "report --json",
    "events",
    "events --json",
    "limits list",
    "metrics",
)
LIMITS = """
[[limit]]
name = "team's tokens"
meter = "input_tokens"
window = "day"
amount = 20000
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on a ledger in an empty home; gives its code and what it printed."""
    clock = FakeClock("2026-11-23T12:00:00+00:00")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quotakeeper.toml").write_text(LIMITS, encoding="utf-8")
    for name, value in {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "QUOTAKEEPER_TIMEZONE": "UTC",
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        context, "open_keeper", lambda session: Keeper(config=session.settings(), clock=clock)
    )

    def run(ledger: str, *words: object) -> tuple[int, str, str]:
        monkeypatch.setenv("QUOTAKEEPER_LEDGER", ledger)
        capsys.readouterr()
        code = main([str(each) for each in words])
        found = capsys.readouterr()
        return code, found.out, found.err

    return run


def fill(ledger: str) -> None:
    clock = FakeClock("2026-11-23T11:00:00+00:00")
    config = {"default_limits": False, "timezone": "UTC"}
    with Keeper(ledger, config, clock=clock) as keeper:
        keeper.record(
            "gemini", model="gemini-2.5-flash", operation="translate", event_id="e1",
            scope={"project": "phim-01", "user": "an"}, input_tokens=12_000, output_tokens=300,
        )  # fmt: skip
        clock.advance(minutes=20)
        keeper.record("deepgram", model="nova-2", event_id="e2", audio_seconds=120.5)
        held = keeper.reserve(
            "gemini", model="gemini-9-argon", event_id="e3", input_tokens=500, output_tokens=50
        )
        clock.advance(minutes=5)
        held.settle(input_tokens=400, output_tokens=10, duration_ms=3_000)
        keeper.reserve("gemini", model="gemini-2.5-flash", event_id="e4", input_tokens=7)


def test_every_view_is_the_same_as_on_a_file(run: Run, ledger_url: str, tmp_path: Path) -> None:
    file = str(tmp_path / "ledger.db")
    for ledger in (file, ledger_url):
        fill(ledger)
    shown = run(ledger_url, "config", "show", "--json")[1]
    name = json.loads(shown)["settings"]["ledger"]["value"]
    assert name.startswith("postgresql://***@/postgres?host=")
    for words in SHOWING:
        one, other = (run(ledger, *words.split()) for ledger in (file, ledger_url))
        assert one[0] == 0, one
        assert other[1].replace(name, file) == one[1], words
        assert other[::2] == one[::2], words
    sheets = [tmp_path / "file.csv", tmp_path / "server.csv"]
    for ledger, sheet in zip((file, ledger_url), sheets, strict=True):
        assert run(ledger, "export", "--out", sheet)[0] == 0
    assert sheets[0].read_text("utf-8") == sheets[1].read_text("utf-8") != ""
    assert run(ledger_url, "verify")[:2] == (0, f"{name}: no problems\n")


def test_orders_hold_for_all_processes(run: Run, ledger_url: str) -> None:
    fill(ledger_url)
    assert run(ledger_url, "pause", "--provider", "gemini", "--why", "the bill")[0] == 0
    assert "PAUSED" in run(ledger_url, "status")[1]
    assert run(ledger_url, "resume", "--provider", "gemini")[0] == 0
    raised = run(
        ledger_url,
        "limits",
        "raise",
        "team's tokens",
        "--to",
        "30000",
        "--for",
        "1h",
        "--why",
        "demo",
    )
    assert raised[0] == 0, raised
    assert "30,000" in run(ledger_url, "status")[1]


def test_compaction_tells_no_size(run: Run, ledger_url: str) -> None:
    fill(ledger_url)
    code, out, _ = run(ledger_url, "compact", "--keep", "40d")
    assert code == 0
    assert out.splitlines()[1] == (
        "balances and reports did not change; the server reuses the freed space"
    )
    told = json.loads(run(ledger_url, "compact", "--keep", "40d", "--json")[1])
    assert [key for key, value in told.items() if value is None] == [*NULL_ON_A_SERVER["compact"]]


def test_what_needs_a_file_is_refused_with_what_to_do(
    run: Run, ledger_url: str, tmp_path: Path
) -> None:
    fill(ledger_url)
    code, out, err = run(ledger_url, "backup", "--out", tmp_path / "copy.db")
    assert (code, out) == (2, "")
    assert err.splitlines()[1:] == [
        "  why: ledger: a ledger on a server is not a file, so it cannot be copied",
        "  try: back up its database: pg_dump",
    ]
    code, out, err = run(ledger_url, "forget", "--label", "user=an", "--yes")
    assert (code, out) == (2, "")
    assert "which processes use it" in err
    assert not [each for each in tmp_path.iterdir() if each.suffix in (".db", ".part")]


def test_a_limit_names_labels_that_the_ledger_knows(run: Run, ledger_url: str) -> None:
    fill(ledger_url)
    words = ("limits", "set", "film", "--meter", "cost", "--amount", "5", "--window", "day")
    code, out, err = run(ledger_url, *words, "--scope", "projct=phim-01")
    assert code == 0, err
    assert "project" in out + err  # the name that calls have


EVERYTHING = (
    *SHOWING, "watch --once", "verify", "doctor", "doctor --json", "doctor --paths", "config show",
    "config show --json", "backup", "compact", "forget --label user=an", "pause --why x", "resume",
    "limits set x --meter cost --amount 1 --window day", "-v status",
)  # fmt: skip
WRONG = (
    f"postgresql://lan:{CANARY}@127.0.0.1:1/team",
    f"postgresql://lan:{CANARY}@127.0.0.1:port/team",
    f"PostgreSQL://lan:{CANARY}@127.0.0.1:1/team",
    f"postgresql:lan:{CANARY}@127.0.0.1/team",
    f"postgresql:/lan:{CANARY}@127.0.0.1/team",
    f"postgresql+psycopg://lan:{CANARY}@127.0.0.1/team",
    f"mysql://lan:{CANARY}@127.0.0.1/team",
    f"host=127.0.0.1 user=lan password={CANARY}",
    f"password = {CANARY} host=127.0.0.1",
)


def test_no_command_shows_the_password(
    run: Run, ledger_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(ledger_url)
    for words in EVERYTHING:
        code, out, err = run(ledger_url, *words.split())
        assert CANARY not in out + err, words
        assert out + err, words
        assert code in (0, 2), (words, err)
    assert CANARY not in caplog.text
    for path in tmp_path.rglob("*"):
        assert CANARY not in path.name
        assert path.is_dir() or CANARY.encode() not in path.read_bytes()


@pytest.mark.parametrize("ledger", WRONG)
def test_a_wrong_address_is_told_without_the_password(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture, ledger: str
) -> None:
    for words in ("status", "doctor", "config show", "verify", "pause --why x"):
        code, out, err = run(ledger, *words.split())
        assert CANARY not in out + err, words
        if words != "config show":
            assert code != 0
            assert "ledger" in out + err, words
            assert "try:" in err or words == "doctor"
    assert CANARY not in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["quotakeeper.toml"]


def test_a_clock_is_repaired_without_a_copy(
    run: Run, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(ledger_url)
    ahead = FakeClock("2027-11-23T11:00:00+00:00")
    with Keeper(ledger_url, {"default_limits": False, "timezone": "UTC"}, clock=ahead) as keeper:
        keeper.record("deepgram", model="nova-2", event_id="e9", audio_seconds=1)
    code, _, err = run(ledger_url, "doctor", "--repair-clock", "--why", "the clock")
    assert code == 0, err
    assert "first back up its database with pg_dump" in err
    assert "copies" not in err
    code, _, err = run(ledger_url, "doctor", "--repair-clock", "--why", "the clock", "--yes")
    assert code == 0, err
    assert "no call is lost" in err and "as it was" not in err
    assert run(ledger_url, "verify")[0] == 0
    assert not list(tmp_path.glob("*.bak"))
