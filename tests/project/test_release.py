"""A release builds twice to the same bytes and lists its contents; the workflows call these scripts."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from tools import release, verbs

EPOCH = 1_790_000_000
HOOK = """
import os
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        with open(os.path.join(self.root, "src", "small", "built.txt"), "w") as file:
            file.write({what})
        build_data["artifacts"].append("src/small/built.txt")
"""
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "small"
version = "1.0"
license = "Apache-2.0"
[tool.hatch.build.targets.wheel]
packages = ["src/small"]
[tool.hatch.build.hooks.custom]
"""


@pytest.fixture(scope="module")
def made(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release") / "dist"
    release.release(repository, out, EPOCH, "v" + _version(repository))
    return out


def _version(repository: Path) -> str:
    text = (repository / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def _small(folder: Path, what: str) -> Path:
    root = folder / "project"
    (root / "src" / "small").mkdir(parents=True)
    (root / "src" / "small" / "__init__.py").touch()
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (root / "hatch_build.py").write_text(HOOK.format(what=what), encoding="utf-8")
    return root


def test_two_builds_have_the_same_bytes(made: Path, repository: Path) -> None:
    version = _version(repository)
    names = [f"quotakeeper-{version}-py3-none-any.whl", f"quotakeeper-{version}.tar.gz"]
    bill = f"quotakeeper-{version}.cdx.json"
    assert sorted(path.name for path in made.iterdir()) == sorted([*names, bill, "SHA256SUMS"])
    sums = (made / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    assert sums == [f"{release.sha256(made / name)}  {name}" for name in [*names, bill]]


@pytest.mark.parametrize("what", ["self.root", "os.environ['TZ']", "os.environ['PYTHONHASHSEED']"])
def test_a_build_that_depends_on_its_surroundings_is_refused(tmp_path: Path, what: str) -> None:
    out = tmp_path / "dist"
    with pytest.raises(release.ReleaseError, match=r"two builds differ: small-1\.0"):
        release.build_twice(_small(tmp_path, what), out, EPOCH)
    assert list(out.iterdir()) == []


def test_a_reproducible_build_is_accepted_and_overwrites_nothing(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    assert len(release.build_twice(_small(tmp_path, "'same'"), out, EPOCH)) == 2
    with pytest.raises(release.ReleaseError, match="is not empty"):
        release.build_twice(tmp_path / "project", out, EPOCH)


def test_a_tag_must_match_the_version(
    repository: Path, tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = {path.name: "0" * 64 for path in made.iterdir() if path.suffix in {".whl", ".gz"}}
    monkeypatch.setattr(release, "build_twice", lambda root, out, epoch: sums)
    with pytest.raises(release.ReleaseError, match=r"the tag is v0\.0\.9"):
        release.release(repository, made, EPOCH, "v0.0.9")


def test_the_archive_time_is_given_or_that_of_the_commit(repository: Path, tmp_path: Path) -> None:
    assert release.source_date(repository, {"SOURCE_DATE_EPOCH": "5"}) == 5
    assert release.source_date(tmp_path, {}) == release.NO_COMMIT


def test_the_sbom_names_every_locked_library(made: Path, repository: Path) -> None:
    (path,) = made.glob("*.cdx.json")
    bill = json.loads(path.read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    product = bill["metadata"]["component"]
    assert (product["name"], product["version"]) == ("quotakeeper", _version(repository))
    assert bill["metadata"]["timestamp"] == "2026-09-21T14:13:20Z"
    lock = (repository / release.LOCK).read_text(encoding="utf-8")
    pinned = re.findall(r"^([a-z][\w.-]*)==([^\s;]+)", lock, re.MULTILINE)
    assert [(each["name"], each["version"]) for each in bill["components"]] == pinned
    references = [each["bom-ref"] for each in bill["components"]]
    assert len(set(references)) == len(references)
    (depends,) = bill["dependencies"]
    assert depends["ref"] == product["bom-ref"]
    assert set(depends["dependsOn"]) <= set(references)
    direct = {each.rpartition("/")[2].partition("@")[0] for each in depends["dependsOn"]}
    assert {"click", "rich", "tomlkit", "platformdirs", "sentencepiece", "apsw", "tzdata"} <= direct
    assert "idna" not in direct, "only what the metadata asks for is a direct dependency"
    by_name = {each["name"]: each for each in bill["components"]}
    (marker,) = by_name["tzdata"]["properties"]
    assert marker["value"] == "sys_platform == 'win32'"
    for each in product["components"]:
        (found,) = each["hashes"]
        assert found == {"alg": "SHA-256", "content": release.sha256(made / each["name"])}


# -- the workflows: the lock has no YAML parser, so the tests search the text


def workflow(repository: Path, name: str) -> str:
    return (repository / ".github" / "workflows" / name).read_text(encoding="utf-8")


def test_the_test_workflow_covers_every_system_and_python(repository: Path) -> None:
    text = workflow(repository, "test.yml")
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = [
        each.rpartition(" ")[2]
        for each in project["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", each)
    ]
    assert f"python: [{', '.join(json.dumps(each) for each in promised)}]" in text
    assert "os: [ubuntu-latest, windows-latest, macos-latest]" in text
    assert "run: ./dev test\n" in text and "          py -3 dev.py test\n" in text
    assert "test" in verbs.VERBS


def test_the_release_workflow_calls_the_script_and_stores_no_password(repository: Path) -> None:
    text = workflow(repository, "release.yml")
    assert "run: .venv/bin/python tools/release.py --out dist --tag" in text
    assert "id-token: write" in text and "--trusted-publishing always" in text
    assert "--require-hashes" in text and "-r requirements/release.lock" in text
    assert "secrets." not in text and "password:" not in text
    lock = (repository / "requirements" / "release.lock").read_text(encoding="utf-8")
    assert re.search(r"^uv==\S+ \\\n    --hash=sha256:", lock, re.MULTILINE)


@pytest.mark.parametrize("name", ["test.yml", "release.yml"])
def test_a_workflow_that_has_not_run_says_so_and_has_few_permissions(
    repository: Path, name: str
) -> None:
    text = workflow(repository, name)
    assert text.startswith("# not run yet:")
    top = text.partition("\njobs:")[0]
    assert "\npermissions:\n  contents: read\n" in top
    assert text.count(": write") == (1 if name == "release.yml" else 0)
    for number, line in enumerate(text.splitlines(), 1):
        assert "\t" not in line, number
        value = re.fullmatch(r"\s*(?:- )?[\w-]+: ([^\"'#\[{|].*)", line)
        plain = value[1].partition(" # ")[0] if value else ""
        assert ": " not in plain and not plain.endswith(":"), f"{name}:{number} is no plain scalar"


def test_pre_commit_calls_dev_check_and_no_external_hook(repository: Path) -> None:
    text = (repository / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo: (.*)", text) == ["local"]
    assert re.findall(r"entry: (.*)", text) == ["./dev check"]
    assert "check" in verbs.VERBS
