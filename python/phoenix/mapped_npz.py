"""Arrays of an .npz file: mapped from disk where they are large, and read through where they must
be checked. A table may be larger than memory.
"""

import contextlib
import math
import zipfile
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import cast

import numpy as np

# Length of a zip member's local header before its name, and where the two lengths stand in it.
_LOCAL_HEADER = 30
_NAME_LENGTH = slice(26, 28)
_EXTRA_LENGTH = slice(28, 30)
# Read at a time when a member is read through.
_CHUNK_BYTES = 8 * 1024 * 1024


def _read_header(file: BufferedIOBase, name: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, is_fortran, dtype = read(file)
    if dtype.hasobject:
        raise ValueError(f"{name} holds objects, not numbers")
    return shape, is_fortran, dtype


def _map_member(path: Path, member: zipfile.ZipInfo) -> np.ndarray:
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(_LOCAL_HEADER)
        name_length = int.from_bytes(header[_NAME_LENGTH], "little")
        file.seek(name_length + int.from_bytes(header[_EXTRA_LENGTH], "little"), 1)
        start = file.tell()
        shape, is_fortran, dtype = _read_header(file, member.filename)
        offset = file.tell()
    found = member.file_size - (offset - start)
    if math.prod(shape) * dtype.itemsize != found:
        raise ValueError(f"{member.filename} says shape {shape} of {dtype}, and has {found} bytes")
    if found == 0:
        return np.zeros(shape, dtype)
    order = "F" if is_fortran else "C"
    mapped = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape, order=order)
    return np.asarray(mapped)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive, whose faults are all ValueError."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(str(error)) from error


def map_npz(path: Path) -> dict[str, np.ndarray]:
    """Every array of an .npz, by name. Stored members are mapped, compressed ones read.

    The contents of a mapped one are not looked at: `chunks_of` does that.

    Raises:
      OSError: The file cannot be opened.
      ValueError: It is torn, or holds something else than arrays of numbers.
    """
    arrays: dict[str, np.ndarray] = {}
    with _opened(path) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if member.compress_type == zipfile.ZIP_STORED:
                arrays[name] = _map_member(path, member)
            else:
                with archive.open(member) as file:
                    arrays[name] = np.lib.format.read_array(file, allow_pickle=False)
    return arrays


def member_checksums(path: Path) -> dict[str, int]:
    """The checksum of every array, as the archive says it. Errors as `map_npz`."""
    with _opened(path) as archive:
        return {member.filename: member.CRC for member in archive.infolist()}


def chunks_of(path: Path, name: str) -> Iterator[np.ndarray]:
    """The numbers of one array in the order of the file, flat, some megabytes at a time.

    They are read and not mapped, so that looking at a whole table takes no memory; the checksum
    that the archive holds is verified on the way.

    Raises:
      OSError, ValueError: As `map_npz`, or the checksum is wrong.
    """
    with _opened(path) as archive, archive.open(f"{name}.npy") as opened:
        file = cast(BufferedIOBase, opened)
        _, _, dtype = _read_header(file, name)
        size = _CHUNK_BYTES - _CHUNK_BYTES % dtype.itemsize
        while content := _read_fully(file, size):
            yield np.frombuffer(content, dtype)


def _read_fully(file: BufferedIOBase, size: int) -> bytes:
    """`size` bytes, fewer only at the end."""
    parts = []
    while size > 0 and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
