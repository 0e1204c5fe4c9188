"""The files in deploy/ name what exists: the image's steps, the unit's settings, the compose file."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest

from quotakeeper.cli.serve.options import serve
from quotakeeper.config.private_files import check_private
from quotakeeper.errors import ConfigError
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.gateway.running import Listening
from quotakeeper.sandbox.server import Sandbox
from tests.gateway.serve_process import served

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
UNIT = DEPLOY / "quotakeeper-gateway.service"
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
needs_systemd = pytest.mark.skipif(
    not (shutil.which("systemd-analyze") or (IN_CI and sys.platform == "linux")),
    reason="no systemd-analyze here",
)


def _steps() -> list[list[str]]:
    """The steps of the Dockerfile, in words."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if line.strip()]


def _of(kind: str) -> list[list[str]]:
    return [words[1:] for words in _steps() if words[0] == kind]


def _array(kind: str, text: str | None = None) -> list[str]:
    """A step in the form of a JSON array, as words."""
    found = re.search(rf"^\s*{kind} (\[.*\])$", text or _dockerfile(), re.MULTILINE)
    assert found is not None, kind
    made: list[str] = ast.literal_eval(found[1])
    return made


def _dockerfile() -> str:
    return (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def _sent_to_docker(path: str) -> bool:
    """Whether .dockerignore lets a path through: the last line that fits decides."""
    passes = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!").strip()
        if pattern and not line.startswith("#") and any(
            fnmatch(part, pattern) for part in (path, path.partition("/")[0])
        ):  # fmt: skip
            passes = line.startswith("!")
    return passes


def test_the_image_is_made_of_what_is_in_the_repository() -> None:
    copied = [words for words in _of("COPY") if not words[0].startswith("--from")]
    sources = [source for words in copied for source in words[:-1]]
    assert "src" in sources and "requirements/gateway.lock" in sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert _sent_to_docker(source), source
    assert not _sent_to_docker("docs") and not _sent_to_docker("requirements/dev.lock")
    assert not _sent_to_docker("deploy/gateway.env")  # keys


def test_the_image_installs_hashed_packages_only_and_runs_without_root() -> None:
    installs = [words for words in _of("RUN") if any(each.endswith("/pip") for each in words)]
    for words in installs:
        is_hashed = {"--require-hashes", "--only-binary"} <= {*words}
        is_offline = {"--no-deps", "--no-index"} <= {*words} or words[1] == "uninstall"
        assert is_hashed or is_offline, words
    named = {each for words in installs for each in words if each.endswith(".lock")}
    assert named == {"requirements/build.lock", "requirements/gateway.lock"}
    kinds = [words[0] for words in _steps()]
    assert kinds.index("USER") > len(kinds) - kinds[::-1].index("FROM") - 1  # in the last stage
    assert _of("USER") == [["10001:10001"]]
    for image, *_ in [*_of("FROM"), [_of("ARG")[0][0].partition("=")[2]]]:
        assert "." not in image.partition("/")[0].partition(":")[0], "the name of a registry"


@POSIX
@pytest.mark.slow
def test_the_steps_that_build_the_image_make_a_program_that_runs(tmp_path: Path) -> None:
    """The first stage, step by step in a folder, because no test can run Docker."""
    build, made = tmp_path / "build", tmp_path / "opt" / "quotakeeper"
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    environ |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    environ["PIP_NO_COMPILE"] = "1"  # for a quicker test
    made.parent.mkdir()
    (build / "requirements").mkdir(parents=True)
    steps = _steps()
    for kind, *words in steps[: [words[0] for words in steps].index("FROM", 2)]:
        if kind == "COPY":
            *sources, target = words
            for source in sources:
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, build / target)
                else:
                    shutil.copy(ROOT / source, build / target)
        elif kind == "RUN":
            line = re.sub(r"(?<!\S)/build/", f"{build}/", " ".join(words))
            line = line.replace("/opt/quotakeeper", str(made))
            line = line.replace("python -m venv", f"'{sys.executable}' -m venv")
            ran = subprocess.run(
                ["sh", "-c", line], cwd=build, env=environ, capture_output=True, text=True,
                check=False, timeout=300,
            )  # fmt: skip
            assert ran.returncode == 0, ran.stderr[-2_000:]
    ran = subprocess.run(
        [made / "bin" / "quotakeeper", "serve", "--help"], env=environ, cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0 and "--public-url" in ran.stdout, ran.stderr
    assert not (made / "bin" / "pip").exists()


def test_the_images_command_is_a_command_of_ours() -> None:
    assert _array("ENTRYPOINT") == ["quotakeeper"]
    name, *options = _array("CMD", _dockerfile().rpartition("ENTRYPOINT")[2])
    assert name == "serve"
    assert serve.make_context("serve", options).params["host"] == "0.0.0.0"
    assert _of("EXPOSE") == [[str(Listening().port)]]


@POSIX
def test_the_images_health_check_passes_while_the_gateway_runs(tmp_path: Path) -> None:
    python, *words = _array("CMD", _dockerfile().partition("HEALTHCHECK")[2])
    assert python == "python"

    def check(url: str) -> int:
        asked = [each.replace("http://127.0.0.1:8787", url) for each in words]
        assert asked != words
        return subprocess.run(
            [sys.executable, *asked], capture_output=True, check=False, timeout=60
        ).returncode

    with (
        Sandbox() as sandbox,
        served(tmp_path, {"gemini": sandbox.base_url}, makes_key=False) as gateway,
    ):
        assert check(gateway.url) == 0
        assert gateway.stop()[0] == 0
    assert check(gateway.url) != 0


def test_the_compose_file_names_what_exists() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    for mounted in re.findall(r"- \./([\w.-]+):", text):
        assert (DEPLOY / mounted).exists(), mounted
    assert re.findall(r"dockerfile: (\S+)", text) == ["deploy/Dockerfile"]
    images = re.findall(r"image: (\S+)", text)
    assert set(images) == {"postgres:18", "quotakeeper-gateway"}
    commands = [ast.literal_eval(each) for each in re.findall(r"command: (\[.*\])", text)]
    given = [words[1:] for words in commands if words[0] == "serve"]
    assert [serve.make_context("serve", words).params["host"] for words in given] == ["0.0.0.0"]
    assert text.count("127.0.0.1:8787:8787") == 1  # this machine only
    waited = re.search(r"stop_grace_period: (\d+)s", text)
    assert waited is not None and int(waited[1]) > GatewaySettings().drain_seconds + 10


def _unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_starts_reloads_and_stops_the_gateway() -> None:
    unit = _unit()
    (start,) = unit["ExecStart"]
    program, name, *options = start.split()
    assert (program, name) == ("/opt/quotakeeper/bin/quotakeeper", "serve")
    params = serve.make_context("serve", options).params
    (credential,) = unit["LoadCredential"]
    assert params["key_file"] == f"${{CREDENTIALS_DIRECTORY}}/{credential.partition(':')[0]}"
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert int(unit["TimeoutStopSec"][0]) > GatewaySettings().drain_seconds + 10
    assert unit["KillMode"] == ["mixed"]
    state = f"/var/lib/{unit['StateDirectory'][0]}"
    assert f"QUOTAKEEPER_LEDGER={state}/ledger.db" in unit["Environment"]
    assert f"XDG_DATA_HOME={state}" in unit["Environment"]


@needs_systemd
def test_systemd_accepts_the_unit_and_calls_it_confined(tmp_path: Path) -> None:
    """`systemd-analyze verify`, and `security`: at most 1.5 of 10."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/quotakeeper/bin/quotakeeper", "/bin/true"), encoding="utf-8")
    for words in (["verify"], ["security", "--offline=true", "--threshold=15", "--no-pager"]):
        ran = subprocess.run(
            ["systemd-analyze", *words, str(unit)], capture_output=True, text=True, check=False,
            timeout=60,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout[-2_000:] + ran.stderr
        assert UNIT.name not in ran.stderr, ran.stderr  # it says nothing of the unit


@POSIX
def test_the_units_command_serves_with_a_credential_of_systemd(tmp_path: Path) -> None:
    """As systemd 254 and newer give it: mode 0440, in a folder of the service."""
    given = tmp_path / "credentials"
    given.mkdir()
    (credential,) = _unit()["LoadCredential"]
    file = given / credential.partition(":")[0]
    file.write_text('gemini = "AIza-a-key-of-the-operator"\n', encoding="utf-8")
    file.chmod(0o440)
    options = _unit()["ExecStart"][0].split()[2:]
    named = [each.replace("${CREDENTIALS_DIRECTORY}", str(given)) for each in options]
    with Sandbox() as sandbox, served(
        tmp_path, {"gemini": sandbox.base_url}, *named, makes_key=False,
        variables={"CREDENTIALS_DIRECTORY": str(given), "GEMINI_API_KEY": ""},
    ) as gateway:  # fmt: skip
        assert gateway.stop()[0] == 0


@POSIX
def test_a_credential_of_systemd_may_have_its_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd 254 gives it the mode 0440, and an access list with the service's user alone."""
    file, other = tmp_path / "providers.toml", tmp_path / "deeper" / "providers.toml"
    with pytest.raises(ConfigError, match="mode 0440"):
        check_private(str(file), 0o100440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    check_private(str(file), 0o100440)
    for path, mode in ((file, 0o100444), (file, 0o100460), (other, 0o100440)):
        with pytest.raises(ConfigError, match="can be used by other users"):
            check_private(str(path), mode)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "")
    with pytest.raises(ConfigError):
        check_private(str(file), 0o100440)


def test_the_options_of_the_examples_exist() -> None:
    """nginx.conf and Caddyfile say how the gateway in the back is started."""
    for name in ("nginx.conf", "Caddyfile"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        (line,) = re.findall(r"#\s+quotakeeper serve (.*)", text)
        with serve.make_context("serve", line.split()) as context:
            assert isinstance(context, click.Context)
            assert context.params["public_url"] == "https://ai.example.com"
            assert context.params["proxies"] == ("127.0.0.1",)
