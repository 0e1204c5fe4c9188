"""`dataclass`, `field`, `fields`, `replace` and `asdict` as in the standard library, faster to import.

`maker` implements what this package uses of them. Type checkers read the standard
library's own definitions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import asdict, dataclass, field, fields, replace
else:
    from quotakeeper.value_classes.maker import asdict, dataclass, field, fields, replace

__all__ = ["asdict", "dataclass", "field", "fields", "replace"]
