"""Settings: read once, from the environment and one TOML file, into one immutable object."""

from quotakeeper.config.loader import load_settings
from quotakeeper.config.settings import Settings

__all__ = ["Settings", "load_settings"]
