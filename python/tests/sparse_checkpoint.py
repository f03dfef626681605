"""A published directory with a table that would not fit beside itself: 1.4 GB, nearly all holes."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np

ROWS = 11_000_000
_ZEROS = bytes(8 * 1024 * 1024)


class _SparseFile(io.FileIO):
    """A file in which long runs of zeros take no room."""

    def write(self, data: object, /) -> int:
        content = memoryview(data)  # type: ignore[arg-type]
        if content.nbytes == len(_ZEROS) and content == _ZEROS:
            self.seek(content.nbytes, io.SEEK_CUR)
            return content.nbytes
        return super().write(content)


def _write_zeros(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        member.write(header.getvalue())
        left = 4 * int(np.prod(shape))
        while left > 0:
            left -= member.write(_ZEROS[: min(left, len(_ZEROS))])


def write_sparse_checkpoint(published: Path, directory: Path) -> int:
    """Copies a published directory and gives its ranker a huge item table; the table's bytes."""
    shutil.copytree(published, directory)
    config_file = directory / "ranker" / "config.json"
    config = json.loads(config_file.read_text()) | {"item_vocab_size": ROWS}
    config_file.write_text(json.dumps(config))
    tables_file = directory / "ranker" / "embedding_tables.npz"
    with np.load(tables_file) as tables:
        small = {name: tables[name] for name in ("user_embeddings", "author_embeddings")}
    tables_file.unlink()
    width = config["emb_size"]
    with _SparseFile(tables_file, "w") as file, zipfile.ZipFile(file, "w") as archive:
        for name, table in small.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, table)
        _write_zeros(archive, "item_embeddings", (ROWS, width))
    return 4 * ROWS * width
