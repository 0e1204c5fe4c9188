"""Reads all settings once, from the environment and one TOML file, into one immutable object."""

from quotakeeper.config.loader import file_to_edit, load_settings
from quotakeeper.config.settings import Settings

__all__ = ["Settings", "file_to_edit", "load_settings"]
