"""The contract's own assertions are explained like those of a test."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("quotakeeper.testing")
