"""The options of the command."""

import argparse
import dataclasses
from dataclasses import dataclass
from pathlib import Path

from phoenix.evaluation.policy_section import NEW_WEIGHTS
from phoenix.evaluation.subject import DEMO_CHECKPOINT, QUICK, Sizes

WHAT = ("ranking", "retrieval", "feed", "policy", "personas", "all")
_FEED_ALONE_VIEWERS = 500


@dataclass(frozen=True)
class Settings:
    """What was asked for. checkpoints: one, or the two of --compare."""

    what: str
    checkpoints: tuple[Path, ...]
    sizes: Sizes
    days_later: float
    log_path: Path | None
    report: Path | None
    weights: str
    permute: bool
    as_json: bool
    quick: bool

    @property
    def caveat(self) -> str:
        """What a reader of the title must know."""
        marks = [" (quick: too noisy to judge by)"] if self.quick else []
        return "".join([*marks, *([" (rows shuffled)"] if self.permute else [])])

    @property
    def compares(self) -> bool:
        """Whether two checkpoints are compared."""
        return len(self.checkpoints) == 2

    def measures(self, section: str) -> bool:
        """Whether a section is part of what was asked for.

        With a log, "all" is what a log alone can tell.
        """
        needs_world = section in ("feed", "policy")
        return self.what == section or (
            self.what == "all" and not (needs_world and self.log_path is not None)
        )

    def describe_sizes(self) -> str:
        """The sizes that say how far the figures can be trusted."""
        named = {
            each.name.replace("_", " "): getattr(self.sizes, each.name)
            for each in dataclasses.fields(Sizes)
        }
        return ", ".join(
            f"{name} {'all' if value is None else f'{value:,}'}" for name, value in named.items()
        )


_DESCRIPTION = """
ranking    AUC, log loss and calibration of every action on impressions after the data's end
retrieval  recall and NDCG of leave-one-out over the whole index
feed       NDCG@20 of whole feeds of the demo world, under its true tastes
policy     what other weights would earn, estimated from the log, beside the truth
personas   how alike the orders of two personas are over one fixed pool
all        the first four, and the learning curve; the default
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m phoenix.evaluation",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", choices=WHAT, default="all")
    parser.add_argument("--checkpoint", type=Path, default=DEMO_CHECKPOINT, metavar="DIR")
    parser.add_argument("--log", type=Path, help="a training log instead of the demo world")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write the report there")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("A", "B"), help="checkpoints")
    parser.add_argument("--quick", action="store_true", help="small and noisy, for a try")
    parser.add_argument("--requests", type=int, help="of ranking, at most; default all")
    parser.add_argument("--viewers", type=int, help="of feed, drawn with a seed")
    parser.add_argument("--pool", type=int, help="candidates a viewer at most, drawn; default all")
    parser.add_argument("--days-later", type=float, default=3.0, help="after the data's end")
    parser.add_argument("--weights", default=NEW_WEIGHTS, help="of policy: favorite=1,reply=13.5")
    parser.add_argument("--permute", action="store_true", help="shuffle user and author rows")
    parser.add_argument("--json", action="store_true", help="JSON lines")
    return parser


def _sizes(arguments: argparse.Namespace) -> Sizes:
    sizes = QUICK if arguments.quick else Sizes()
    if arguments.what == "feed" and not arguments.quick:
        sizes = dataclasses.replace(sizes, feed_viewers=_FEED_ALONE_VIEWERS)
    given = {
        "ranking_requests": arguments.requests,
        "feed_viewers": arguments.viewers,
        "feed_pool": arguments.pool,
    }
    return dataclasses.replace(
        sizes, **{name: value for name, value in given.items() if value is not None}
    )


def parse_settings(argv: list[str]) -> Settings:
    """Settings of a command line; ends the process with 2 and a sentence when they are wrong."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    for name in ("requests", "viewers", "pool"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            parser.error(f"--{name}: expected 1 or more, found {value}")
    if arguments.days_later <= 0:
        parser.error(f"--days-later: expected more than 0, found {arguments.days_later}")
    if arguments.log is not None and arguments.what in ("feed", "policy", "personas"):
        parser.error(
            f"{arguments.what} needs the demo world, where it is known what people truly like "
            "and what could have been shown: leave out --log"
        )
    compared = arguments.compare
    return Settings(
        what=arguments.what,
        checkpoints=(arguments.checkpoint,) if compared is None else tuple(compared),
        sizes=_sizes(arguments),
        days_later=arguments.days_later,
        log_path=arguments.log,
        report=arguments.report,
        weights=arguments.weights,
        permute=arguments.permute,
        as_json=arguments.json,
        quick=arguments.quick,
    )
