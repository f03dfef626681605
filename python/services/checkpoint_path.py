"""Which directories a network peer may have loaded: the served path, or below one allowed root.

Nothing here asks who calls. A path of the caller's choice would let it test which files exist and
read some of them back in error messages, so that a directory must be below `--checkpoint-root`,
which whoever starts the service names, or is not looked at.
"""

from dataclasses import dataclass
from pathlib import Path


class ForbiddenPathError(Exception):
    """A peer asked for a directory that it may not have loaded."""


@dataclass(frozen=True)
class CheckpointPaths:
    """The path that is served, and the root below which others may be asked for."""

    served: Path
    # None = none but the served path.
    root: Path | None = None

    def resolve(self, directory: str) -> Path:
        """The directory that a peer means: the served path for an empty name.

        Symbolic links are followed first, so that none leads outside.

        Raises:
          ForbiddenPathError: In the same words whether or not it exists.
        """
        if directory == "":
            return self.served
        if self.root is None:
            raise ForbiddenPathError(
                "directory must be empty (the served path): the service was started without "
                "--checkpoint-root"
            )
        root = self.root.resolve()
        if "\0" not in directory:
            resolved = (root / directory).resolve()
            if resolved != root and resolved.is_relative_to(root):
                return resolved
        raise ForbiddenPathError("directory must be below the service's --checkpoint-root")
