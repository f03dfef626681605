"""A cache that holds the most recently used entries within so many bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteBoundedCache(Generic[Key, Value]):
    """Entries by key. The least recently used leave first; for one thread, counters for any."""

    def __init__(self, byte_count_max: int) -> None:
        self._byte_count_max = byte_count_max
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        # What the entries say that they hold; never above the bound.
        self.byte_count = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        """The entry, which thereby is the most recently used."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Key, value: Value, byte_count: int) -> None:
        """Adds or replaces an entry. One that alone is above the bound is not kept."""
        _, held = self._entries.pop(key, (None, 0))
        self.byte_count -= held
        if byte_count > self._byte_count_max:
            return
        while self.byte_count + byte_count > self._byte_count_max:
            _, (_, freed) = self._entries.popitem(last=False)
            self.byte_count -= freed
        self._entries[key] = (value, byte_count)
        self.byte_count += byte_count
