"""Reads all settings once, from arguments, the environment and one TOML file, into a Settings
object.
"""

from quotakeeper.config.loader import file_to_edit, load_settings
from quotakeeper.config.settings import Settings

__all__ = ["Settings", "file_to_edit", "load_settings"]
