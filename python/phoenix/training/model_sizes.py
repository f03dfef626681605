"""How large the tables are and how long training lasts, by the size of the log.

table rows   a prime of at least 1.25 rows an entity, so that few share one: users and authors from
             4,093 rows up; posts get 1 row for 256 of them, from 2,039 up, since a post's rows
             matter only until it is old. At most 1,048,573 rows, then they are shared more.
epochs       as many as look at about 900,000 impressions in all, from 1 to 8; three more for
             retrieval, whose targets are only the liked ones. The ranker's go over the newest part
             of the log alone (ranker_training.py)
"""

from dataclasses import dataclass

import numpy as np

from phoenix.config import EntityHash, HashParameters
from phoenix.data.training_log import TrainingLog
from phoenix.training.initialise import ITEM_ROWS, PEOPLE_ROWS, demo_hashes

ROWS_MAX = 1_048_573
_ROWS_AN_ENTITY = 1.25
_POSTS_A_ROW = 256
_IMPRESSIONS_SEEN = 900_000
_EPOCHS_MAX = 8
_MODULUS = 2_147_483_647


@dataclass(frozen=True)
class LogSize:
    """Different ids in a log, and its rows."""

    viewers: int
    authors: int
    posts: int
    impressions: int


def log_size(log: TrainingLog) -> LogSize:
    """Counts a log."""
    return LogSize(
        viewers=len(np.unique(log.viewer_id)),
        authors=len(np.unique(log.author_id)),
        posts=len(np.unique(log.post_id)),
        impressions=len(log),
    )


def _is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def _rows(wanted: float, least: int) -> int:
    """The first prime that is large enough, within least .. ROWS_MAX (primes both)."""
    number = min(max(int(wanted), least), ROWS_MAX)
    while not _is_prime(number):
        number += 1
    return number


def hashes_for(size: LogSize) -> HashParameters:
    """Hashes into tables that fit the log; those of the demo for a log that fits into them."""
    user = _rows(size.viewers * _ROWS_AN_ENTITY, PEOPLE_ROWS)
    author = _rows(size.authors * _ROWS_AN_ENTITY, PEOPLE_ROWS)
    item = _rows(size.posts / _POSTS_A_ROW, ITEM_ROWS)
    if (user, author, item) == (PEOPLE_ROWS, PEOPLE_ROWS, ITEM_ROWS):
        return demo_hashes()
    return HashParameters(
        user=EntityHash((1_000_000_007, 1_500_450_271), (239, 401), _MODULUS, user + 1),
        item=EntityHash((1_000_000_007, 1_500_450_271), (577, 1_201), _MODULUS, item + 1),
        author=EntityHash((998_244_353, 1_610_612_741), (23, 197), _MODULUS, author + 1),
    )


def ranker_epochs(size: LogSize) -> int:
    """How often the ranker sees each impression."""
    wanted = round(_IMPRESSIONS_SEEN / max(size.impressions, 1))
    return min(max(wanted, 1), _EPOCHS_MAX)


def retrieval_epochs(size: LogSize) -> int:
    """How often the retrieval model sees each liked impression."""
    return ranker_epochs(size) + 3
