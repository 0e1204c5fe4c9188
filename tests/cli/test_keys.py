"""`quotakeeper keys`: the secret is printed once, and no other output of any command has it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from quotakeeper.domain.keys.key_text import digest_of
from tests.cli.conftest import CommandLine, golden

CONFIG = """
timezone = "UTC"

[[limit]]
name = "each key"
per = "key"
meter = "cost"
window = "day"
amount = 1

[[limit]]
name = "lan prepaid"
scope = { key = "lan" }
meter = "requests"
window = "none"
amount = 100

[[limit]]
name = "everybody"
meter = "requests"
window = "day"
amount = 1000
"""


def created(cli: CommandLine, name: str = "lan", *arguments: str) -> str:
    """Create a key; gives its secret."""
    ran = cli.run("keys", "create", name, *arguments)
    assert ran.code == 0, ran.err
    secret = ran.out.rstrip("\n")
    assert ran.out == f"{secret}\n", "the secret is alone on stdout, for a script"
    assert digest_of(secret) is not None
    assert secret not in ran.err
    return secret


def with_calls(cli: CommandLine) -> None:
    with cli.keeper(on_warning=lambda verdict: None) as keeper:
        for number in range(3):
            keeper.record("gemini", model="gemini-2.5-flash", input_tokens=500_000,
                          scope={"key": "lan", "project": "phim-01"}, event_id=f"e{number}")  # fmt: skip


def test_the_secret_is_shown_once_and_by_no_other_command(cli: CommandLine) -> None:
    cli.write_config(CONFIG)
    secrets = [created(cli, "lan", "--project", "phim-01")]
    secrets.append(cli.run("keys", "rotate", "lan").out.strip())
    ran = json.loads(cli.run("keys", "create", "an", "--json").out)
    secrets.append(ran["secret"])
    ran = json.loads(cli.run("keys", "rotate", "an", "--json").out)
    secrets.append(ran["secret"])
    assert len(set(secrets)) == 4
    with_calls(cli)
    said = "".join(
        ran.out + ran.err
        for line in (
            "keys list --all", "keys list --all --json", "keys show lan", "keys show lan --json",
            "keys show an --lang vi", "keys disable an --json", "keys enable an", "keys revoke an --json",
            "status --json", "report --json", "report --by scope.key", "events --json", "verify",
            "export --format csv --out calls.csv", "export --format json --out calls.json",
            "backup --out backups", "doctor", "config show", "limits list", "keys create lan",
            f"keys show {secrets[0][:20]}",
        )
        for ran in [cli.run(*line.split())]
    )  # fmt: skip
    on_disk = b"".join(each.read_bytes() for each in cli.folder.parent.rglob("*") if each.is_file())
    for secret in secrets:
        assert secret not in said
        assert secret.encode() not in on_disk
        assert secret[-4:] in said


def test_the_list_has_the_state_the_expiry_and_what_is_left_of_each_limit(cli: CommandLine) -> None:
    cli.write_config(CONFIG)
    created(cli, "lan", "--project", "phim-01", "--expires", "2026-12-31")
    created(cli, "binh")
    created(cli, "old")
    cli.run("keys", "disable", "binh")
    cli.run("keys", "revoke", "old")
    with_calls(cli)
    found = json.loads(cli.run("keys", "list", "--json").out)
    assert [key["name"] for key in found["keys"]] == ["binh", "lan"]
    binh, lan = found["keys"]
    assert (lan["status"], lan["expires_at"]) == ("active", "2027-01-01T00:00:00Z")
    assert (binh["status"], binh["expires_at"]) == ("disabled", None)
    left = {each["name"]: (each["used"], each["remaining"]) for each in lan["limits"]}
    assert left == {"each key [key=lan]": ("0.45", "0.55"), "lan prepaid": ("3", "97")}
    assert [each["name"] for each in binh["limits"]] == ["each key [key=binh]"]
    whole = json.loads(cli.run("keys", "list", "--all", "--json").out)
    assert [key["status"] for key in whole["keys"]] == ["disabled", "active", "revoked"]
    cli.clock.advance(days=60)
    expired = json.loads(cli.run("keys", "list", "--json").out)["keys"][1]
    assert (expired["state"], expired["status"]) == ("active", "expired")
    assert [each["valid"] for each in expired["secrets"]] == [False]


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_table_and_the_page_of_a_key(
    cli: CommandLine, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(range(1, 100))
    monkeypatch.setattr(
        "quotakeeper.app.virtual_keys.managing.random_bytes",
        lambda count: next(drawn).to_bytes(count, "big"),
    )
    monkeypatch.setattr(
        "quotakeeper.app.virtual_keys.managing.user_at_host", lambda: "an@host"
    )  # fmt: skip
    cli.write_config(CONFIG)
    created(cli, "lan", "--project", "phim-01", "--label", "team=sub", "--expires", "2026-12-31",
            "--model", "gemini-2.5-*", "--model", "nova-3", "--provider", "", "--concurrency", "4",
            "--on-limit", "wait", "--why", "she joins")  # fmt: skip
    created(cli, "binh")
    cli.run("keys", "disable", "binh")
    with_calls(cli)
    cli.clock.advance(hours=1)
    cli.run("keys", "rotate", "lan", "--grace", "1h")
    cli.clock.advance(minutes=30)
    cli.run("keys", "rotate", "lan", "--grace", "0m", "--why", "the laptop was stolen")
    said = [
        f"$ quotakeeper {line}\n{cli.run(*line.split(), '--lang', lang).out}"
        for line in ("keys list", "keys show lan", "keys show binh")
    ]
    golden(f"keys_{lang}.txt", "\n".join(said))


def test_an_empty_text_denies_all(cli: CommandLine) -> None:
    created(cli, "lan", "--model", "", "--network", "10.0.0.0/8")
    key = json.loads(cli.run("keys", "show", "lan", "--json").out)["key"]
    assert (key["models"], key["providers"], key["networks"]) == ([], ["*"], ["10.0.0.0/8"])


def test_the_audit_says_who_did_what_and_why(cli: CommandLine) -> None:
    created(cli)
    cli.clock.advance(minutes=5)
    assert cli.run("keys", "revoke", "lan", "--why", "she left").code == 0
    first, second = json.loads(cli.run("keys", "show", "lan", "--json").out)["audit"]
    assert (first["act"], first["before"], first["after"]["state"]) == ("create", None, "active")
    assert (second["act"], second["why"], second["after"]["state"]) == (
        "revoke", "she left", "revoked",
    )  # fmt: skip
    assert second["before"] == first["after"]
    assert (first["at"], second["at"]) == ("2026-11-23T12:00:00Z", "2026-11-23T12:05:00Z")


def test_the_messages_say_what_happens_now(cli: CommandLine) -> None:
    created(cli)
    rotated = cli.run("keys", "rotate", "lan", "--grace", "2h")
    assert "older secrets are refused from 2026-11-23 14:00:00 on" in rotated.err
    assert "within 5 seconds" in cli.run("keys", "disable", "lan").err
    assert "accepts it within 5 seconds" in cli.run("keys", "enable", "lan").err
    assert "thu hồi khóa 'lan'" in cli.run("keys", "revoke", "lan", "--lang", "vi").err


@pytest.mark.parametrize(
    ("line", "code", "problem"),
    [
        ("keys create lan", 2, "there is already a key 'lan' (active)"),
        ("keys create an --label key=x", 2, "the label 'key' cannot be given here"),
        ("keys create an --label team", 2, "is not NAME=VALUE"),
        ("keys create an --label a=1 --label a=2", 2, "'a' is given twice"),
        ("keys create an --expires 2026-11-01", 2, "is not in the future"),
        ("keys create an --expires 9999-12-31T23:59:59-14:00", 2, "is after the year 9999 in UTC"),
        ("keys create an --network 10.0.0.0/33", 2, "is not an IP address or network"),
        ("keys create an --concurrency 0", 2, "0 is out of range"),
        ("keys rotate lan --grace 99d", 2, "is longer than 90 days"),
        ("keys rotate lam", 2, "did you mean 'lan'"),
        ("keys show nobody", 2, "there is no key 'nobody'"),
        ("keys enable lan", 2, "is already active"),
        ("keys list --ledger memory:", 69, "is in the memory of one process"),
        ("keys create an --ledger memory:", 2, "so it cannot have virtual keys"),
        ("keys create an --ledger ./other.db", 2, "other.db"),
        ("keys list --ledger ./other.db", 69, "does not exist"),
    ],
)
def test_a_mistake_is_explained_and_changes_nothing(
    cli: CommandLine, line: str, code: int, problem: str
) -> None:
    created(cli)
    ran = cli.run(*line.split())
    assert (ran.code, ran.out) == (code, "")
    assert problem in ran.err
    assert not (cli.folder / "other.db").exists()
    assert len(json.loads(cli.run("keys", "show", "lan", "--json").out)["audit"]) == 1


def test_without_keys_the_list_says_how_to_make_one(cli: CommandLine) -> None:
    with_calls(cli)
    assert cli.run("keys", "list").out == "There are no keys. See: quotakeeper keys create --help\n"
    assert json.loads(cli.run("keys", "list", "--json").out)["keys"] == []


def test_a_key_without_a_limit_is_not_blocked(cli: CommandLine) -> None:
    """litellm#20615, #22726: a key without a budget was refused."""
    cli.write_config("default_limits = false\n")
    created(cli)
    with_calls(cli)
    assert json.loads(cli.run("keys", "list", "--json").out)["keys"][0]["limits"] == []


def test_a_label_of_a_usable_key_is_not_forgotten(cli: CommandLine) -> None:
    created(cli, "lan", "--label", "user=nguyen-an")
    ran = cli.run("forget", "--label", "user=nguyen-an", "--yes")
    assert ran.code == 2
    assert "the virtual key 'lan' has this label and is not revoked" in ran.err
    cli.run("keys", "revoke", "lan")
    ran = cli.run("forget", "--label", "user=nguyen-an")
    assert "changed in virtual keys and in their audit: 1\n" in ran.err
    ran = cli.run("forget", "--label", "user=nguyen-an", "--yes", "--json")
    record = json.loads(ran.out)
    assert (record["done"], record["keys"], record["calls"]) == (True, 1, 0)
    for path in cli.folder.rglob("*"):
        assert not path.is_file() or b"nguyen-an" not in path.read_bytes(), path
    assert cli.run("verify").out == f"{cli.ledger}: no problems\n"


def test_a_limit_for_the_label_key_needs_no_warning(cli: CommandLine) -> None:
    ran = cli.run("limits", "set", "lan", "--scope", "key=lan", "--meter", "cost", "--window", "day",
                  "--amount", "1")  # fmt: skip
    assert ran.code == 0
    assert "no call has had the label" not in ran.err


def test_verify_names_a_key_that_was_changed_by_hand(cli: CommandLine) -> None:
    created(cli)
    cli.run("keys", "revoke", "lan")
    with closing(sqlite3.connect(cli.ledger)) as connection, connection:
        connection.execute("UPDATE virtual_key SET state = 'active'")
    ran = cli.run("verify", "--lang", "vi")
    assert ran.code == 1
    assert "khóa ảo 'lan' khác với dòng mới nhất" in ran.out


@pytest.mark.parametrize(
    "line",
    [
        "keys show SECRET", "keys revoke SECRET", "keys rotate SECRET", "keys create SECRET",
        "keys create x-SECRET-x", "keys create an --project SECRET", "keys create an --label a=SECRET",
        "keys create an --label SECRET=a", "keys disable lan --why SECRET",
        "keys create an --why SECRET",
    ],
)  # fmt: skip
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_a_secret_in_a_wrong_place_is_neither_shown_nor_stored(
    cli: CommandLine, line: str, lang: str
) -> None:
    secret = created(cli)
    ran = cli.run(*line.replace("SECRET", secret).split(), "--lang", lang)
    assert ran.code == 2
    assert secret not in ran.out + ran.err
    assert "keys rotate NAME" in ran.err
    for path in cli.folder.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()


def test_the_audit_lists_every_change_in_order(cli: CommandLine) -> None:
    cli.write_config(CONFIG)
    assert cli.run("keys", "audit").code != 0  # there is no ledger yet
    created(cli, "lan", "--why", "she joins")
    created(cli, "an")
    assert cli.run("keys", "rotate", "lan", "--why", "monthly").code == 0
    lines = cli.run("keys", "audit").out.splitlines()
    assert lines[0].split() == ["NUMBER", "TIME", "KEY", "ACT", "BY", "REASON"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3"]
    assert "she joins" in lines[1]
    assert "rotate" in lines[3]
    only = json.loads(cli.run("keys", "audit", "--key", "lan", "--json").out)
    assert [(row["seq"], row["act"]) for row in only["rows"]] == [(1, "create"), (3, "rotate")]
    page = cli.run("keys", "audit", "--after", "1", "--limit", "1")
    assert [line.split()[0] for line in page.out.splitlines()[1:]] == ["2"]
    assert "--after 2" in page.err
    vietnamese = cli.run("--lang", "vi", "keys", "audit").out
    assert vietnamese.splitlines()[0].split()[0] == "SỐ"
    assert "đổi mã" in vietnamese
