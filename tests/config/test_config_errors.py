"""Wrong configurations: the message names the place, the error and the fix."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotakeeper.config import load_settings
from quotakeeper.errors import ConfigError

GOOD = {"name": '"a"', "meter": '"tokens"', "window": '"day"', "amount": "10"}


def limit(**changes: str | None) -> str:
    rows = {**GOOD, **changes}
    return "[[limit]]\n" + "".join(f"{k} = {v}\n" for k, v in rows.items() if v is not None)


def problem(tmp_path: Path, text: str | bytes) -> ConfigError:
    data = text.encode() if isinstance(text, str) else text
    (tmp_path / "quotakeeper.toml").write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load_settings(environ={"HOME": str(tmp_path)}, cwd=tmp_path)
    return caught.value


@pytest.mark.parametrize(
    ("changes", "key", "what", "fix"),
    [
        ({"amount": "-5"}, "amount", "is negative", "zero or more"),
        ({"amount": "nan"}, "amount", "NaN is not finite", "finite number"),
        ({"amount": "-inf"}, "amount", "-Infinity is not finite", "finite number"),
        ({"amount": '"inf"'}, "amount", "Infinity is not finite", "finite number"),
        ({"amount": "1e300"}, "amount", "too large", "give"),
        ({"amount": "1e99999999999999999999"}, "amount", "not finite", "finite"),
        ({"amount": "99999999999999999999999"}, "amount", "too large", "give"),
        ({"amount": "0.5"}, "amount", "more decimals than can be counted", "fewer decimals"),
        ({"amount": "true"}, "amount", "bool is not a number", "number"),
        ({"amount": "[1]"}, "amount", "list is not a number", "number"),
        ({"amount": '"ten"'}, "amount", "'ten' is not a number", "10.00"),
        ({"amount": None}, "amount", "is missing", "amount = "),
        ({"name": None}, "name", "is missing", "name = "),
        ({"name": '" "'}, "name", "is empty", "name"),
        ({"name": "3"}, "name", "int is not text", "string"),
        ({"meter": '"token"'}, "meter", "unknown meter 'token'", "tokens"),
        ({"meter": "7"}, "meter", "unknown meter '7'", "tokens"),
        ({"window": '"daily"'}, "window", "unknown window 'daily'", "day"),
        ({"window": '"rolling 500d"'}, "window", "out of range", "400d"),
        ({"window": "1"}, "window", "unknown window '1'", "day"),
        ({"mode": '"hrad"'}, "mode", "'hrad' is not a valid value", "did you mean 'hard'"),
        ({"mode": "1"}, "mode", "'1' is not a valid value", "hard, soft, shadow"),
        ({"timezone": '"Asia/Hanoi2"'}, "timezone", "Asia/Hanoi2", "Asia/Ho_Chi_Minh"),
        ({"timezone": '"../etc/passwd"'}, "timezone", "passwd", "tzdata"),
        ({"timezone": "7"}, "timezone", "int is not text", "Asia/Ho_Chi_Minh"),
        ({"scope": '"x"'}, "scope", "is not a table", "project"),
        ({"scope": "{ a = 1 }"}, "scope", "int is not text", "string"),
        ({"thresholds": "0.8"}, "thresholds", "is not a list", "[0.8"),
        ({"thresholds": "[80]"}, "thresholds", "not between 0 and 1", "0.8"),
        ({"amout": "1"}, "amout", "unknown key 'amout'", "did you mean 'amount'"),
        ({"zzz": "1"}, "zzz", "unknown key 'zzz'", "known keys: name"),
    ],
)
def test_a_wrong_value_in_a_limit_is_named_with_the_fix(
    tmp_path: Path, changes: dict[str, str | None], key: str, what: str, fix: str
) -> None:
    error = problem(tmp_path, limit() + limit(**{"name": '"b"', **changes}))
    assert error.where == f"quotakeeper.toml: limit[2].{key}"
    assert what in error.problem
    assert fix in error.fix


@pytest.mark.parametrize(
    ("text", "where", "what", "fix"),
    [
        ("timezone = 'UTC'\nx = = 1\n", "line 2, column 5", "Invalid value", "TOML"),
        ('ledger = "a', "", "Unterminated", "TOML"),
        ("a = 1\na = 2\n", "line 2", "overwrite", "TOML"),
        (b"a = 1\nb = '\xff'\n", "line 2", "is not UTF-8", "UTF-8"),
        ("timezone = 'UTC'".encode("utf-16"), "quotakeeper.toml", "UTF-16", "UTF-8"),
        ("a = " + "[" * 5_000, "quotakeeper.toml", "", ""),
        ("a = " + "9" * 5_000, "quotakeeper.toml", "digits", "smaller"),
        ("limits = []\n", "limits", "unknown key 'limits'", "did you mean 'limit'"),
        ("[timezne]\n", "timezne", "unknown key", "did you mean 'timezone'"),
        ("limit = 3\n", "limit", "is not a list of tables", "[[limit]]"),
        ("limit = [3]\n", "limit[1]", "is not a table", "[[limit]]"),
        ("timezone = 7\n", "timezone", "int is not text", "Asia/Ho_Chi_Minh"),
        ("timezone = 'Mars/Base'\n", "timezone", "Mars/Base", "tzdata"),
        ("durability = 'full'\n", "durability", "'full' is not a valid value", "power, process"),
        ("lease = 3\n", "lease", "'3' is not a valid lease setting", "off, auto"),
        ("lease = 'fast'\n", "lease", "'fast' is not a valid lease setting", "4 to 10000"),
        ("lease = true\n", "lease", "'True' is not a valid lease setting", "auto"),
        ("on_limit = 'rise'\n", "on_limit", "'rise'", "did you mean 'raise'"),
        ("warn_at = 80\n", "warn_at", "not between 0 and 1", "0.8"),
        ("warn_at = nan\n", "warn_at", "not finite", "finite"),
        ("default_limits = 'no'\n", "default_limits", "true or false", "true"),
        ("price_files = 'a.toml'\n", "price_files", "no file", "create it"),
        ("price_files = 3\n", "price_files", "not a list", "prices.toml"),
        ("ledger = 3\n", "ledger", "int is not text", "memory:"),
        ('ledger = "a\\u0000b"\n', "ledger", "NUL", "memory:"),
    ],
)
def test_a_wrong_file_is_named_with_the_fix(
    tmp_path: Path, text: str | bytes, where: str, what: str, fix: str
) -> None:
    error = problem(tmp_path, text)
    assert error.where.startswith("quotakeeper.toml")
    assert where in error.where
    assert what in error.problem
    assert fix in error.fix


def test_two_limits_with_one_name_are_refused(tmp_path: Path) -> None:
    error = problem(tmp_path, limit() + limit(name='"b"') + limit(name='"A"'))
    assert error.where == "quotakeeper.toml: limit[3].name"
    assert "limit[1]" in error.problem


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "QUOTAKEEPER_DURABILITY": "full"}
    with pytest.raises(ConfigError, match="environment QUOTAKEEPER_DURABILITY: 'full'"):
        load_settings(environ=environ, cwd=tmp_path)


def test_a_configured_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    with pytest.raises(ConfigError, match=r"absent\.toml: does not exist"):
        load_settings(config="absent.toml", environ=environ, cwd=tmp_path)
    with pytest.raises(ConfigError, match=r"gone\.toml: does not exist"):
        load_settings(environ={**environ, "QUOTAKEEPER_CONFIG": "gone.toml"}, cwd=tmp_path)
    with pytest.raises(ConfigError, match=r"is a folder|cannot be read"):
        load_settings(config=tmp_path, environ=environ, cwd=tmp_path)
    with pytest.raises(ConfigError):
        load_settings(config="nul\0byte", environ=environ, cwd=tmp_path)


toml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(
        st.sampled_from(["ledger", "timezone", "warn_at", "price_files", "limit", "on_limit"]),
        toml_values,
    )
    | st.fixed_dictionaries(
        {
            "limit": st.lists(
                st.dictionaries(
                    st.sampled_from([*GOOD, "mode", "timezone", "scope", "thresholds"]),
                    toml_values | st.sampled_from(["tokens", "day", 5, "hard"]),
                )
            )
        }
    )
)
def test_no_mapping_raises_anything_but_a_config_error(
    tmp_path: Path, table: dict[str, object]
) -> None:
    try:
        load_settings(config=table, environ={"HOME": str(tmp_path)}, cwd=tmp_path)
    except ConfigError as error:
        assert error.where
        assert error.problem
