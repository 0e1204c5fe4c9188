"""The functions of `dataclasses` that this package uses, with a faster import.

`dataclass`, `field`, `fields`, `replace` and `asdict` support only the options that this package
needs; see `maker`. Type checkers read the definitions of `dataclasses`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import asdict, dataclass, field, fields, replace
else:
    from quotakeeper.value_classes.maker import asdict, dataclass, field, fields, replace

__all__ = ["asdict", "dataclass", "field", "fields", "replace"]
