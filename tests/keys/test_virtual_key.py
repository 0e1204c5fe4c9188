"""What a key may do: lists, networks, labels and the limits that a label selects."""

from __future__ import annotations

import pytest

from quotakeeper.domain.keys.virtual_key import VirtualKey, checked, limits_of
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.windows import MAX_INSTANT, Window
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import replace

KEY = VirtualKey("k1", "lan", project="phim", labels=(("team", "sub"),))


def test_an_empty_list_denies_everything_and_a_star_allows_everything() -> None:
    assert KEY.allows_call("gemini", "gemini-2.5-flash")
    assert KEY.allows_call("gemini", "")
    assert not replace(KEY, models=()).allows_call("gemini", "gemini-2.5-flash")
    assert not replace(KEY, providers=()).allows_call("gemini", "gemini-2.5-flash")
    assert KEY.allows_address("192.0.2.7")
    assert not replace(KEY, networks=()).allows_address("192.0.2.7")


@pytest.mark.parametrize(
    ("model", "allowed"),
    [
        ("gemini-2.5-flash", True),
        ("gemini-2.5-", True),
        ("gemini-2.5", False),
        ("nova-3", True),
        ("nova-3-medical", False),
        ("", False),
        ("xgemini-2.5-flash", False),
    ],
)
def test_a_model_is_listed_by_its_name_or_by_a_prefix(model: str, allowed: bool) -> None:
    key = checked(replace(KEY, models=("gemini-2.5-*", "nova-3")))
    assert key.allows_call("Gemini", model) is allowed


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.1.2.3", True),
        ("11.1.2.3", False),
        ("::ffff:10.1.2.3", True),  # as a socket for both versions of IP shows it
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("10.1.2.3.4", False),
        ("010.1.2.3", False),
        ("", False),
        ("10.1.2.3\0", False),
        ("localhost", False),
    ],
)
def test_an_address_must_be_in_a_network(address: str, allowed: bool) -> None:
    key = checked(replace(KEY, networks=("10.0.0.0/8", "2001:db8::/32")))
    assert key.allows_address(address) is allowed


def test_the_labels_of_a_call_are_those_of_the_key_its_project_and_its_name() -> None:
    assert KEY.scope == (("key", "lan"), ("project", "phim"), ("team", "sub"))
    assert VirtualKey("k2", "an").scope == (("key", "an"),)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("name", "", "NAME: is empty"),
        ("labels", (("key", "x"),), "the label 'key' cannot be given here"),
        ("labels", (("project", "x"),), "the label 'project' cannot be given here"),
        ("labels", tuple((f"l{n}", "x") for n in range(15)), "has 15 labels"),
        ("networks", ("10.0.0.1/8",), "is not an IP address or network"),
        ("networks", ("10.0.0.*",), "is not an IP address or network"),
        ("models", ("*-flash",), "has a * that is not at the end"),
        ("models", tuple(map(str, range(65))), "has 65 entries"),
        ("concurrency", 0, "0 is out of range"),
        ("expires_at", MAX_INSTANT, "is after the year 9999 in UTC"),
        ("on_limit", "stop", "'stop' is not a valid value"),
    ],
)
def test_a_wrong_value_is_refused(field: str, value: object, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem.replace("*", r"\*")):
        checked(replace(KEY, **{field: value}))  # type: ignore[arg-type]


def limit(name: str, **given: object) -> Limit:
    return Limit(name, "requests", Window("day"), 5, **given)  # type: ignore[arg-type]


def test_the_limits_of_a_key_are_those_that_one_of_its_labels_selects() -> None:
    limits = (
        limit("all"),
        limit("each key", per="key"),
        limit("lan", scope=(("key", "lan"),)),
        limit("an", scope=(("key", "an"),)),
        limit("phim", scope=(("project", "phim"),)),
        limit("each user", per="user"),
        limit("each key of phim", per="key", scope=(("project", "phim"),)),
        limit("each key of other", per="key", scope=(("project", "other"),)),
    )
    found = [each.name for each in limits_of(KEY, limits)]
    assert found == ["each key [key=lan]", "lan", "phim", "each key of phim [key=lan]"]
