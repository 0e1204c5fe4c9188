"""Labels for all calls in a block: kept by context, so each thread and each task has its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import MappingProxyType

from quotakeeper.domain.usage import check_scope

_TAGS: ContextVar[Mapping[CallTags, Mapping[str, str]]] = ContextVar(
    "quotakeeper_tags", default=MappingProxyType({})
)


class CallTags:
    """The labels that one keeper adds to the calls of the context it is asked in."""

    @contextmanager
    def block(self, labels: Mapping[str, str]) -> Iterator[None]:
        """Add these labels until the block ends; in a block within a block, the inner ones win.

        Raises InvalidInputError for a label that cannot be stored.
        """
        checked = dict(check_scope(labels))
        before = _TAGS.get()
        token = _TAGS.set({**before, self: {**before.get(self, {}), **checked}})
        try:
            yield
        finally:
            # A generator may be closed in another context, where these labels never were.
            with suppress(ValueError):
                _TAGS.reset(token)

    def added_to(self, scope: Mapping[str, str] | None) -> Mapping[str, str] | None:
        """A call's own labels, which win, with those of the context."""
        tags = _TAGS.get()
        if not tags:
            return scope
        ours = tags.get(self)
        return {**ours, **(scope or {})} if ours else scope
