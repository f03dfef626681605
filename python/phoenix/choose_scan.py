"""Which scan the retrieval index uses: the fastest that this machine can run."""

import functools
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from phoenix.index_scan import NumpyScan, Scan
from phoenix.native.build import BuildError, build_scan, default_directory
from phoenix.native.native_scan import NativeScan, native_scans

# Names one scan, for comparisons; unset or empty = the fastest.
SCAN_VARIABLE = "HOMEFEED_RETRIEVAL_SCAN"

_logger = logging.getLogger(__name__)


def load_scans(directory: Path) -> Mapping[str, Scan]:
    """Every scan of this machine by name, the fastest first; compiled in `directory` if need be.

    `numpy` alone where nothing can be compiled, which is logged with its reason.
    """
    scans: list[Scan] = []
    try:
        scans.extend(_load_native(directory))
    except (BuildError, OSError) as error:
        _logger.warning("retrieval scans with numpy, several times slower: %s", error)
    return {scan.name: scan for scan in [*scans, NumpyScan()]}


def _load_native(directory: Path) -> Sequence[NativeScan]:
    library = build_scan(directory)
    try:
        return native_scans(library)
    except (OSError, AttributeError):
        # Torn by a crash of the machine, or not ours.
        return native_scans(build_scan(directory, again=True))


@functools.cache
def available_scans() -> Mapping[str, Scan]:
    """`load_scans` from the data directory, once a process."""
    return load_scans(default_directory())


def default_scan() -> Scan:
    """The scan that HOMEFEED_RETRIEVAL_SCAN names, else the fastest.

    Raises:
      ValueError: It names one that this machine does not have.
    """
    scans = available_scans()
    name = os.environ.get(SCAN_VARIABLE, "").strip()
    if name and name not in scans:
        raise ValueError(f"{SCAN_VARIABLE} must be one of {', '.join(scans)}, found {name!r}")
    return scans[name] if name else next(iter(scans.values()))
