"""python -m phoenix.benchmarks ranking|retrieval [--json]

Prints the device on standard error first, then what the chosen benchmark prints.
"""

import importlib
import sys

import jax

_BENCHMARKS = ("ranking", "retrieval")


def main(argv: list[str]) -> int:
    """The command line; the exit status."""
    if not argv or argv[0] not in _BENCHMARKS:
        print(
            f"usage: python -m phoenix.benchmarks {'|'.join(_BENCHMARKS)} [--json]",
            file=sys.stderr,
        )
        return 2
    [device, *_] = jax.devices()
    print(f"device: {device.platform}, {device.device_kind}", file=sys.stderr, flush=True)
    # Only the chosen benchmark is loaded, with what it needs.
    module = importlib.import_module(f"phoenix.benchmarks.{argv[0]}")
    return module.main(argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
