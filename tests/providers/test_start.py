"""What a command loads to know the providers: their facts; no adapter, and no search for plug-ins in
vain."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PLUGIN = """
class Acme:
    name = "acme"
    def recognise(self, request, *, known_hosts, count): return None
    def reader(self, call, status, headers): ...
    def refusal(self, call, *, hard, message, retry_after_seconds=None): ...
    def interruption(self, call, *, message): return b""
    def live(self, request, *, known_hosts, count): return None
"""
NAMES = """
import sys
from quotakeeper.providers.directory import base_url_variables, provider_hosts, provider_names
assert "importlib.metadata" not in sys.modules
print(*sorted(provider_names()))
assert "api.deepgram.com" in provider_hosts() and "OPENAI_BASE_URL" in base_url_variables()
print(*(name for name in sys.modules
        if name.endswith((".adapter", "providers.registry", "importlib.metadata"))))
"""
BUILT_IN = "anthropic deepgram gemini openai"


def told(folder: Path, repository: Path) -> list[str]:
    """What a fresh Python says that finds packages in `folder` and in the source only."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(repository / "src"), str(folder)]),
    }
    command = [sys.executable, "-S", "-c", NAMES]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


def install(folder: Path, entry_points: str) -> None:
    (folder / "acme_plugin.py").write_text(PLUGIN, encoding="utf-8")
    facts = folder / "acme_plugin-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-plugin\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(entry_points, encoding="utf-8")


def test_without_a_plug_in_no_adapter_is_loaded_and_no_package_is_searched(
    tmp_path: Path, repository: Path
) -> None:
    install(tmp_path, "[console_scripts]\nacme = acme_plugin:main\n")
    assert told(tmp_path, repository) == [BUILT_IN, ""]


def test_an_installed_plug_in_is_found(tmp_path: Path, repository: Path) -> None:
    install(tmp_path, "[quotakeeper.providers]\nacme = acme_plugin:Acme\n")
    names, loaded = told(tmp_path, repository)
    assert names == f"acme {BUILT_IN}"
    assert "importlib.metadata" in loaded


def test_a_plug_in_in_a_zip_file_is_found(tmp_path: Path, repository: Path) -> None:
    import zipfile

    folder = tmp_path / "unpacked"
    folder.mkdir()
    install(folder, "[quotakeeper.providers]\nacme = acme_plugin:Acme\n")
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder))
    assert told(packed, repository)[0] == f"acme {BUILT_IN}"
