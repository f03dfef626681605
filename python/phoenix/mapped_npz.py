"""Arrays of an .npz file mapped from disk, not read: a table may be larger than memory."""

import zipfile
from pathlib import Path

import numpy as np

# Length of a zip member's local header before its name, and where the two lengths stand in it.
_LOCAL_HEADER = 30
_NAME_LENGTH = slice(26, 28)
_EXTRA_LENGTH = slice(28, 30)


def _map_member(path: Path, member: zipfile.ZipInfo) -> np.ndarray:
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(_LOCAL_HEADER)
        name_length = int.from_bytes(header[_NAME_LENGTH], "little")
        file.seek(name_length + int.from_bytes(header[_EXTRA_LENGTH], "little"), 1)
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        else:
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
        if dtype.hasobject:
            raise ValueError(f"{member.filename} holds objects, not numbers")
        mapped = np.memmap(
            path,
            dtype=dtype,
            mode="r",
            offset=file.tell(),
            shape=shape,
            order="F" if fortran else "C",
        )
    return np.asarray(mapped)


def map_npz(path: Path) -> dict[str, np.ndarray]:
    """Every array of an .npz, by name. Stored members are mapped, compressed ones read.

    Raises:
      OSError: The file cannot be opened.
      ValueError, zipfile.BadZipFile: It is torn, or holds something else than arrays of numbers.
    """
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if member.compress_type == zipfile.ZIP_STORED and member.file_size > 0:
                arrays[name] = _map_member(path, member)
            else:
                with archive.open(member) as file:
                    arrays[name] = np.lib.format.read_array(file, allow_pickle=False)
    return arrays
