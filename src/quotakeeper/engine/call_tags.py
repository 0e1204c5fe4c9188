"""Labels for all calls in a `with` block. Each thread and task has its own labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import MappingProxyType

from quotakeeper.domain.usage import check_scope

TAGS: ContextVar[Mapping[CallTags, Mapping[str, str]]] = ContextVar(
    "quotakeeper_tags", default=MappingProxyType({})
)


class CallTags:
    """The labels that one keeper adds to the calls of the current thread or task."""

    @contextmanager
    def block(self, labels: Mapping[str, str]) -> Iterator[None]:
        """Add these labels to all calls in a `with` block.

        A label of an inner block overrides the same label of an outer block. Raises
        InvalidInputError for a label that cannot be stored.
        """
        checked = dict(check_scope(labels))
        before = TAGS.get()
        token = TAGS.set({**before, self: {**before.get(self, {}), **checked}})
        try:
            yield
        finally:
            # A generator may be closed in another context, where these labels were not set.
            with suppress(ValueError):
                TAGS.reset(token)

    def added_to(self, scope: Mapping[str, str] | None) -> Mapping[str, str] | None:
        """Return the labels of the current block and of `scope`. A label in `scope` overrides the
        block's."""
        tags = TAGS.get()
        if not tags:
            return scope
        ours = tags.get(self)
        return {**ours, **(scope or {})} if ours else scope
