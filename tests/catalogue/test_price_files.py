"""A user's own price files: what they change, and the errors for wrong files."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from quotakeeper.catalogue import load_snapshot
from quotakeeper.errors import ConfigError

ROW = {
    "provider": '"gemini"',
    "model": '"gemini-2.5-flash"',
    "meter": '"input_tokens"',
    "usd": '"0.20"',
    "per": "1_000_000",
    "from": "2026-11-01",
    "source": '"our agreement of 2026-10"',
}
DISCOUNT = {"provider": '"gemini"', "from": "2026-01-01"}
MILLION = {"input_tokens": 10**6}


def table(kind="price", base=ROW, /, **changes):
    rows = {**base, **changes}
    return f"[[{kind}]]\n" + "".join(f"{k} = {v}\n" for k, v in rows.items() if v is not None)


@pytest.fixture
def write(tmp_path):
    def save(text, name="mine.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return save


@pytest.fixture
def load(write):
    return lambda *texts: load_snapshot([write(t, f"file{n}.toml") for n, t in enumerate(texts, 1)])


def test_a_contract_price_applies_from_its_instant_and_to_its_row_only(load, at):
    snapshot = load(table(**{"from": "2026-11-01T00:00:00+07:00"}))
    change = at("2026-10-31T17:00:00Z")

    def price(when, used):
        return snapshot.price("gemini", "gemini-2.5-flash", used, when)

    assert price(change - 1, MILLION).cost_pico == 300 * 10**9
    assert price(change, MILLION).cost_pico == 200 * 10**9
    assert price(change, {"output_tokens": 10**6}).cost_pico == 2_500 * 10**9
    assert price(change, {"input_tokens@audio": 10**6}).cost_pico == 1_000 * 10**9
    listed = snapshot.price("gemini", "gemini-2.5-flash", MILLION, change, {"kind": "list"})
    assert listed.cost_pico == 300 * 10**9


def test_a_contract_may_end(load, at):
    snapshot = load(table(until="2026-12-01"))
    end = at("2026-12-01")
    prices = [
        snapshot.price("gemini", "gemini-2.5-flash", MILLION, when).cost_pico // 10**9
        for when in (end - 1, end)
    ]
    assert prices == [200, 300]


def test_a_contract_without_mode_language_or_plan_applies_to_all(load, now):
    row = {**ROW, "model": '"nova-3"', "provider": '"deepgram"', "meter": '"audio_minutes"',
           "per": "1", "usd": '"0.0030"'}  # fmt: skip
    minute = {"audio_milliseconds": 60_000}
    for options in ({}, {"mode": "streaming"}, {"plan": "growth"}, {"language": "multi"}):
        snapshot = load(table("price", row))
        assert snapshot.price("deepgram", "nova-3", minute, now, options).cost_pico == 3 * 10**9
    snapshot = load(table("price", row, mode='"streaming"'))
    assert snapshot.price("deepgram", "nova-3", minute, now).cost_pico == 4_300 * 10**6
    streaming = snapshot.price("deepgram", "nova-3", minute, now, {"mode": "streaming"})
    assert streaming.cost_pico == 3 * 10**9


def test_a_file_may_add_a_model_an_alias_and_a_provider(load, now):
    snapshot = load(
        'providers = ["mistral"]\n'
        + table(provider='"mistral"', model='"mistral-large"')
        + table(model='"gemini-4-carbon"', usd="3")
        + '[[alias]]\nprovider = "gemini"\nname = "carbon-*"\nmodel = "gemini-4-carbon"\n'
    )
    assert snapshot.price("mistral", "mistral-large", MILLION, now).cost_pico == 200 * 10**9
    assert snapshot.price("gemini", "models/carbon-fast", MILLION, now).cost_pico == 3 * 10**12
    assert "mistral-large" in snapshot.models("mistral")


def test_the_price_of_calls_without_a_model_can_be_set(load, now):
    snapshot = load(table(model='""', usd='"0.10"'))
    assert snapshot.price("gemini", "", MILLION, now).cost_pico == 100 * 10**9


def test_of_two_names_with_a_star_the_longer_one_applies(load):
    alias = '[[alias]]\nprovider = "gemini"\nname = "{}"\nmodel = "{}"\n'
    short = alias.format("carbon-*", "gemini-2.5-pro")
    long = alias.format("carbon-lite-*", "gemini-2.5-flash-lite")
    for text in (short + long, long + short):
        snapshot = load(text)
        assert snapshot.canonical_model("gemini", "carbon-lite-1") == "gemini-2.5-flash-lite"
        assert snapshot.canonical_model("gemini", "carbon-1") == "gemini-2.5-pro"


def test_the_highest_price_changes_at_its_instant(load, at):
    snapshot = load(table(model='"gemini-9"', usd="500", **{"from": "2030-01-01"}))
    change = at("2030-01-01")
    costs = [
        snapshot.highest("gemini", MILLION, when).cost_pico // 10**12
        for when in (change - 1, change, change - 1)
    ]
    assert costs == [4, 500, 4]


@pytest.mark.parametrize(
    ("discount", "model", "expected"),
    [
        ({"percent": '"12.5"'}, "gemini-2.5-pro", 1_093_750_000_000),
        ({"percent": "100"}, "gemini-2.5-pro", 0),
        ({"percent": '"10"', "model": '"gemini-2.5-*"'}, "gemini-2.5-pro", 1_125 * 10**9),
        ({"percent": '"10"', "model": '"*"'}, "gemini-2.5-pro", 1_125 * 10**9),
        ({"percent": '"10"', "model": '"gemini-3*"'}, "gemini-2.5-pro", 1_250 * 10**9),
        ({"percent": '"10"', "meters": '["input_tokens"]'}, "gemini-2.5-pro", 1_250 * 10**9),
        ({"percent": '"10"', "from": "2030-01-01"}, "gemini-2.5-pro", 1_250 * 10**9),
    ],
)
def test_a_discount_is_exact(load, now, discount, model, expected):
    base = {"provider": '"gemini"', "from": "2026-01-01"}
    snapshot = load(table("discount", base, **discount))
    used = {"output_tokens": 125_000}  # 1.25 USD
    assert snapshot.price("gemini", model, used, now).cost_pico == expected


def test_of_two_discounts_the_more_specific_one_applies_alone(load, now):
    base = {"provider": '"gemini"', "from": "2026-01-01"}
    snapshot = load(
        table("discount", base, percent='"50"')
        + table("discount", base, percent='"10"', model='"gemini-2.5-flash"')
    )
    assert snapshot.price("gemini", "gemini-2.5-flash", MILLION, now).cost_pico == 270 * 10**9
    assert snapshot.price("gemini", "gemini-2.0-flash", MILLION, now).cost_pico == 50 * 10**9


def test_a_discount_leaves_contract_prices_and_the_list_view_unchanged(load, now):
    snapshot = load(
        table() + table("discount", {"provider": '"gemini"', "from": "2026-01-01"}, percent="50")
    )

    def cost(used, **options):
        return snapshot.price("gemini", "gemini-2.5-flash", used, now, options).cost_pico

    assert cost(MILLION) == 200 * 10**9
    assert cost({"output_tokens": 10**6}) == 1_250 * 10**9
    assert cost({"output_tokens": 10**6}, kind="list") == 2_500 * 10**9
    assert cost({"output_tokens": 10**6}, tier="batch") == 625 * 10**9


def test_later_files_replace_earlier_ones_by_date_and_a_conflict_is_an_error(load):
    second = table(usd='"0.19"', **{"from": "2026-11-20"})
    assert load(table(), second)
    with pytest.raises(ConfigError) as caught:
        load(table(), table(usd='"0.19"'))
    assert caught.value.where == "file2.toml: price[1]"
    assert "price[1] of file1.toml" in str(caught.value)


def test_two_files_of_one_name_are_distinguished(tmp_path):
    paths = [tmp_path / folder / "mine.toml" for folder in "ab"]
    for path in paths:
        path.parent.mkdir()
        path.write_text(table(), encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"mine\.toml \(2\): price\[1\].*price\[1\] of mine\.toml"
    ):
        load_snapshot(paths)


def test_a_users_prices_leave_the_shipped_ones_unchanged(load, now):
    load(table())
    shipped = load_snapshot()
    assert shipped is load_snapshot([])
    assert shipped.price("gemini", "gemini-2.5-flash", MILLION, now).cost_pico == 300 * 10**9


def test_a_price_id_of_another_file_is_refused(load, now):
    mine = load(table())
    priced = mine.price("gemini", "gemini-2.5-flash", MILLION, now)
    assert "own-" in priced.price_id
    line = next(ln for ln in mine.lines(priced.price_id) if ln.key == "input_tokens")
    assert (line.row.source, line.row.kind) == ("our agreement of 2026-10", "contract")
    for other in (load_snapshot(), load(table(usd='"0.21"'))):
        with pytest.raises(ValueError, match="price_id"):
            other.lines(priced.price_id)
    assert load(table(), table(usd="9", **{"from": "2030-01-01"})).lines(priced.price_id)


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("[[price]]\nusd = \nper = 1", "line 2", ""),
        ("[[price]]\nusd = ", "the end of the file", "Invalid value"),
        ("price = 5", "price", "not a list"),
        ("price = [5]", "price[1]", "not a table"),
        ("prices = []", "prices", "not a known key"),
        (table(usd='"-0.30"'), "price[1].usd", "negative"),
        (table(usd='"NaN"'), "price[1].usd", "not finite"),
        (table(usd='"inf"'), "price[1].usd", "not finite"),
        (table(usd="nan"), "price[1].usd", "quote it"),
        (table(usd="0.30"), "price[1].usd", "quote it"),
        (table(usd="1e-7"), "price[1].usd", "quote it"),
        (table(usd="true"), "price[1].usd", "not a price"),
        (table(usd='"thirty"'), "price[1].usd", "not a number"),
        (table(usd='"1e999999"'), "price[1].usd", "out of range"),
        (table(usd='"1e-999"'), "price[1].usd", "out of range"),
        (table(usd="99999999999"), "price[1].usd", "out of range"),
        (table(usd=None), "price[1].usd", "missing"),
        (table(source=None), "price[1].source", "missing"),
        (table(source='""'), "price[1].source", "empty"),
        (table(model=None), "price[1].model", "missing"),
        (table(model='"gemini-*"'), "price[1].model", "cannot be a model name"),
        (table(model='"a#b"'), "price[1].model", "cannot be a model name"),
        (table(per=None), "price[1].per", "missing"),
        (table(per="0"), "price[1].per", "out of range"),
        (table(per='"1000"'), "price[1].per", "not whole"),
        (table(**{"from": None}), "price[1].from", "missing"),
        (table(**{"from": '"2026-11-01"'}), "price[1].from", "without quotes"),
        (table(**{"from": "2026-11-01T10:00:00"}), "price[1].from", "offset"),
        (table(**{"from": "1969-12-31"}), "price[1].from", "before 1970"),
        (table(until="2026-11-01"), "price[1].until", "not after the date in from"),
        (table(meter='"input_token"'), "price[1].meter", "did you mean 'input_tokens'"),
        (table(meter='"tokens"'), "price[1].meter", "unknown meter"),
        (table(meter='"cost"'), "price[1].meter", "unknown meter"),
        (table(meter='"input_tokens@smell"'), "price[1].meter", "unknown modality"),
        (table(meter='"input_tokens@"'), "price[1].meter", "unknown modality"),
        (table(provider='"gemni"'), "price[1].provider", 'providers = ["gemni"]'),
        (table(tier='"bulk"'), "price[1].tier", "unknown 'bulk'"),
        (table(mode='"live"'), "price[1].mode", "unknown"),
        (table(plan='"gold"'), "price[1].plan", "unknown"),
        (table(kind='"gift"'), "price[1].kind", "unknown"),
        (table(confidence='"sure"'), "price[1].confidence", "unknown"),
        (table(above="-1"), "price[1].above", "out of range"),
        (table(usdd="1"), "price[1].usdd", "did you mean 'usd'"),
        (table() + table(), "price[2]", "a second price for the same kind of call"),
        (table() + table(usd='"-1"'), "price[2].usd", "negative"),
        (table(source="5"), "price[1].source", "not text"),
        (table(source=f'"{"x" * 501}"'), "price[1].source", "too long"),
        (table(addon='"Two Words"'), "price[1].addon", "not a name"),
        (table(usd="1e99999999999999999999"), "price[1].usd", "quote it"),
        (table("discount", DISCOUNT, percent="5", meters="5"), "discount[1].meters", "not a list"),
        (
            table("discount", DISCOUNT, percent="5", meters='["tokens"]'),
            "discount[1].meters",
            "unknown meter",
        ),
        (
            table("tier", DISCOUNT, tier='"batch"', factor="101", source='"x"'),
            "tier[1].factor",
            "more than 100",
        ),
        (
            table("tier", DISCOUNT, tier='"standard"', factor="1", source='"x"'),
            "tier[1].tier",
            "unknown",
        ),
        ("as_of = 5", "as_of", "not a date"),
        ("providers = [5]", "providers", "plain names"),
        ("defaults = 5", "defaults", "not a table"),
        (
            table("discount", {"provider": '"gemini"', "from": "2026-01-01"}, percent="101"),
            "discount[1].percent",
            "more than 100",
        ),
        (
            table("discount", {"provider": '"gemini"', "percent": "1"}),
            "discount[1].from",
            "missing",
        ),
        (
            table("alias", {"provider": '"gemini"', "name": '"x"', "model": '"nothing"'}),
            "alias[1].model",
            "has no price",
        ),
        (
            table(
                "alias",
                {"provider": '"gemini"', "name": '"gemini-2.5-pro"', "model": '"gemini-2.5-flash"'},
            ),
            "alias[1].name",
            "already the name of a model",
        ),
    ],
)
def test_an_error_names_file_table_and_field(write, text, where, problem):
    with pytest.raises(ConfigError) as caught:
        load_snapshot([write(text)])
    assert caught.value.where.startswith(f"mine.toml: {where}"), caught.value
    assert problem in str(caught.value)
    assert caught.value.fix


def test_unreadable_files_are_refused(tmp_path, write):
    for path, problem in [
        (tmp_path / "absent.toml", "cannot be read"),
        (tmp_path, "cannot be read"),
        (write(b"\xff\xfe\x00", "utf16.toml"), "UTF-8"),
        (write(b"#" * (4 * 1024 * 1024 + 1), "big.toml"), "larger than 4 MB"),
        (write("x = " + "[" * 100_000, "deep.toml"), "deep"),
        (write("x = " + "9" * 5_000, "long.toml"), "smaller number"),
    ]:
        with pytest.raises(ConfigError, match=problem):
            load_snapshot([path])


def test_a_file_with_windows_line_ends_and_a_byte_order_mark_loads(write, now):
    path = write(b"\xef\xbb\xbf" + table().replace("\n", "\r\n").encode())
    assert load_snapshot([path]).price("gemini", "gemini-2.5-flash", MILLION, now).cost_pico


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(st.sampled_from([*ROW, "until", "tier", "above", "note"]), st.text(max_size=30))
@example("usd", "0x10")
@example("from", "2026-02-30")
@example("usd", "-0")
def test_any_value_is_accepted_or_refused_with_its_place(write, field, value):
    try:
        load_snapshot([write(table(**{field: value}))])
    except ConfigError as error:
        assert error.where.startswith("mine.toml")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("unknown_models_only = 1\n", "unknown_models_only: is not true or false"),
        ("unknown_models_only = true\n" + table(model='"*"'), "price[1].model: names no model"),
        ("unknown_models_only = true\n" + table(model='""'), "price[1].model: names no model"),
        (
            "unknown_models_only = true\n" + table("discount", DISCOUNT, percent='"5"'),
            "allows only prices and aliases of single models",
        ),
    ],
)
def test_a_file_for_unknown_models_cannot_change_known_ones(load, text, problem):
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert problem in str(caught.value)


def test_a_file_for_unknown_models_prices_no_spelling_of_a_known_model(load, prices, now):
    text = "unknown_models_only = true\n" + "".join(
        table(model=f'"{name}"') for name in ("gemini-2.5-flash", "gemini-2.5-flash-001", "new-one")
    )
    snapshot = load(text)
    for name in ("gemini-2.5-flash", "gemini-2.5-flash-001"):
        mine, shipped = (each.price("gemini", name, MILLION, now) for each in (snapshot, prices))
        assert mine == shipped
    assert snapshot.price("gemini", "new-one", MILLION, now).cost_pico == 200 * 10**9
