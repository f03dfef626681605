"""A table too large to be copied is looked at once, mapped, and never held twice."""

import json
import subprocess
import sys
from pathlib import Path

from tests.sparse_checkpoint import ROWS, write_sparse_checkpoint

ROOT = Path(__file__).resolve().parents[2]
# Loads, asks, and says what that did to its memory.
ASK = """
import json, pathlib, sys
import numpy as np
from phoenix.checkpoints import load_checkpoint, verify_checkpoint

def memory():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {name: int(fields[name].split()[0]) * 1_024 for name in ("VmHWM", "RssAnon")}

small, large = map(pathlib.Path, sys.argv[1:])
# Programs are compiled by the small one, so that only the table is left to tell them apart.
verify_checkpoint(small)
before = memory()
checkpoint = load_checkpoint(large)
loaded = memory()
verify_checkpoint(large)
table = checkpoint.ranker.tables.item
rows = checkpoint.ranker.lookup_posts(np.arange(1, 5_000, dtype=np.int64))
asked = memory()
print(json.dumps({
    "shape": table.shape,
    "rows": rows.shape,
    "loading": loaded["VmHWM"] - before["VmHWM"],
    "all": asked["VmHWM"] - before["VmHWM"],
    "own": asked["RssAnon"] - before["RssAnon"],
}))
"""


def test_a_table_of_1_4_gb_is_never_copied(tmp_path: Path) -> None:
    published = ROOT / "test" / "golden" / "published"
    size = write_sparse_checkpoint(published, tmp_path / "large")
    assert size > 1.4e9
    done = subprocess.run(
        [sys.executable, "-c", ASK, published, tmp_path / "large"],
        cwd=ROOT / "python",
        capture_output=True,
        text=True,
        check=True,
    )
    said = json.loads(done.stdout)
    assert said["shape"] == [ROWS, 32]
    assert said["rows"] == [4_999, 2, 32]
    # To load and check it leaves nothing in memory.
    assert said["loading"] < size / 10
    # Rows that are looked up bring their pages in: the file's own, which the kernel may drop. Of
    # them some file systems map 2 MB at a time, so that the whole table may be there, once.
    assert said["own"] < size / 10
    assert said["all"] < size * 1.1
