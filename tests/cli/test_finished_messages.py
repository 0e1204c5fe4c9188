"""Whatever error or finding the command line shows has its Vietnamese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotakeeper.cli.text.finished import in_vietnamese
from quotakeeper.cli.text.vietnamese import VIETNAMESE
from quotakeeper.cli.text.vietnamese_errors import FINISHED
from quotakeeper.cli.text.words import Words
from tests.cli.conftest import CommandLine

PACKAGE = Path("src/quotakeeper")
# The arguments of these calls that are shown: the problem, then the fix.
SHOWN = {
    "InvalidInputError": (1, 2), "ConfigError": (1, 2), "LedgerError": (1, 2),
    "LedgerUnavailableError": (1, 2), "LedgerCorruptError": (1, 2), "LedgerVersionError": (1, 2),
    "OutcomeUnknownError": (1, 2), "TokenizerError": (0, 1), "ProviderError": (2,),
    "MissingExtraError": (1,), "Finding": (2, 3), "Problem": (0,), "DamagedRowError": (0,),
}  # fmt: skip
# No command shows an error of these: they are interfaces for programs, or have their own texts.
ELSEWHERE = (
    "sandbox/", "testing/", "pipeline/", "intercept/", "metering/", "launch/", "value_classes/",
    "calculator/", "function_meter.py", "providers/audio/", "providers/registry.py",
)  # fmt: skip
# Commands, versions and names, which are the same in every language.
SAME = re.compile(r"chmod .*|chgrp .*|pip install .*|quotakeeper \w+|\{\} \{\} on \{\}|\W*")
VALUE = re.compile(r"\{[^}]*\}")


def files(repository: Path) -> Iterator[Path]:
    root = repository / PACKAGE
    for file in sorted(root.rglob("*.py")):
        if not file.relative_to(root).as_posix().startswith(ELSEWHERE):
            yield file


Names = dict[str, list[ast.expr]]


def assigned(body: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(body):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = zip(target.elts, node.value.elts, strict=True)
                    yield from ((each.id, at) for each, at in pairs if isinstance(each, ast.Name))


def forms(node: ast.expr, names: Names, depth: int = 0) -> list[str]:
    """Every text that an expression can have; a value in it is `{}`, an unknown text is empty."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            found = [""]
            for part in parts:
                inner = ["{}"]
                if isinstance(part, ast.Constant):
                    inner = [str(part.value)]
                elif isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.IfExp):
                    inner = forms(part.value, names, depth)
                found = [text + each for text in found for each in inner]
            return found
        case ast.IfExp(body=one, orelse=other):
            return [*forms(one, names, depth), *forms(other, names, depth)]
        case ast.BoolOp(values=several):
            return [text for each in several for text in forms(each, names, depth)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            ends = [text or "{}" for text in forms(right, names, depth)]
            return [(a or "{}") + b for a in forms(left, names, depth) for b in ends]
        case ast.Name(id=name) if name in names and depth < 4:
            return [text for each in names[name] for text in forms(each, names, depth + 1)]
    return [""]


def shown(tree: ast.Module) -> Iterator[str]:
    """The forms of every message that a file passes to one of `SHOWN`."""
    constants: Names = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            constants |= {name: [value] for name, value in assigned(node)}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            messages = list(passed(function))
            names = {name: list(values) for name, values in constants.items() if messages}
            for name, value in assigned(function) if messages else ():
                names.setdefault(name, []).append(value)
            for message in messages:
                yield from forms(message, names)


def passed(function: ast.AST) -> Iterator[ast.expr]:
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
            called = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
            yield from (call.args[at] for at in SHOWN.get(called, ()) if len(call.args) > at)


def has_vietnamese(form: str) -> bool:
    if form in VIETNAMESE or form in FINISHED or SAME.fullmatch(form):
        return True
    filled = VALUE.sub("7", form)
    return in_vietnamese(filled) != filled


def test_every_error_and_finding_is_translated(repository: Path) -> None:
    messages = {
        form
        for file in files(repository)
        for form in shown(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert len(messages) > 450
    assert sorted(form for form in messages if not has_vietnamese(form)) == []


def test_a_translation_uses_only_values_that_its_message_has() -> None:
    for form, translation in FINISHED.items():
        values = len(re.findall(r"\{(?:\.\.\.)?\}", form))
        used = [int(number) for number in re.findall(r"\{(\d)(?:!t)?\}", translation)]
        assert all(number < values for number in used), form


@pytest.mark.parametrize(
    ("english", "vietnamese"),
    [
        ("'x' is not a folder", "'x' không phải là thư mục"),
        (
            "limit 'a' of 10 USD per day is used up: asked 1, remaining 0 (used 10, reserved 0); "
            "resets at 2026-11-24T00:00:00+00:00; waited 3 s. The call reserves 1 request: "
            'set on_limit = "wait", or raise the limit',
            "đã hết hạn mức 'a' (10 US$ mỗi ngày): cần 1, còn 0 (đã dùng 10, giữ chỗ 0); "
            "làm mới lúc 2026-11-24T00:00:00+00:00; đã chờ 3 s. Lượt gọi này giữ chỗ 1 request: "
            'đặt on_limit = "wait", hoặc nâng hạn mức',
        ),
        (
            "limit 'minutes of a day; per day' of 10.3 minutes per day: remaining 1 (used 9, "
            "reserved 0)",
            "hạn mức 'minutes of a day; per day' (10,3 phút mỗi ngày): còn 1 (đã dùng 9, "
            "giữ chỗ 0)",
        ),
        (
            "limit 'm' is at 98.90 %: 1234.5 of 10,000 characters per rolling 24h used, 0 reserved",
            "hạn mức 'm' đã dùng 98,90 %: 1234,5 trên 10.000 ký tự mỗi 24 giờ gần nhất, đang giữ 0",
        ),
        (
            "limit 'm' of 1 request prepaid: remaining 0 (used 1, reserved 0)",
            "hạn mức trả trước 'm' (1 yêu cầu): còn 0 (đã dùng 1, giữ chỗ 0)",
        ),
        (
            "entry 7 crosses 8 with 9 used, but the journal adds up to 6",
            "mục 7 vượt ngưỡng 8 khi đã dùng 9, nhưng tổng theo nhật ký là 6",
        ),
        ("a message of another program", "a message of another program"),
    ],
)
def test_a_finished_message_is_translated_with_its_values(english: str, vietnamese: str) -> None:
    assert Words("vi").finished(english) == vietnamese
    assert Words("en").finished(english) == english


def test_an_error_is_in_the_chosen_language(cli: CommandLine) -> None:
    assert "không phải khoảng thời gian" in cli.run("report", "--last", "x", "--lang", "vi").err
    assert "is not a time span" in cli.run("report", "--last", "x", "--lang", "en").err
