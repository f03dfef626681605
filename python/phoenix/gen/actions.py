"""Generated from schema/actions.json by tools/generate.ts. Do not edit."""

from typing import NamedTuple


class Action(NamedTuple):
    """One entry of the engagement vocabulary; `index` is the model's output order."""

    index: int
    name: str
    aliases: tuple[str, ...]
    kind: str
    sign: str
    taxonomy_slot: int | None


ACTIONS: tuple[Action, ...] = (
    Action(0, "favorite", ("like",), "discrete", "positive", 1),
    Action(1, "reply", (), "discrete", "positive", 4),
    Action(2, "repost", ("retweet",), "discrete", "positive", 6),
    Action(3, "photo_expand", (), "discrete", "positive", None),
    Action(4, "click", (), "discrete", "positive", None),
    Action(5, "profile_click", (), "discrete", "positive", None),
    Action(6, "video_quality_view", ("vqv",), "discrete", "positive", 13),
    Action(7, "share", (), "discrete", "positive", None),
    Action(8, "share_via_dm", (), "discrete", "positive", None),
    Action(9, "share_via_copy_link", (), "discrete", "positive", None),
    Action(10, "dwell", (), "discrete", "positive", 11),
    Action(11, "quote", (), "discrete", "positive", 5),
    Action(12, "quoted_click", (), "discrete", "positive", None),
    Action(13, "follow_author", (), "discrete", "positive", None),
    Action(14, "not_interested", (), "discrete", "negative", None),
    Action(15, "block_author", (), "discrete", "negative", None),
    Action(16, "mute_author", (), "discrete", "negative", None),
    Action(17, "report", (), "discrete", "negative", None),
    Action(18, "dwell_time", (), "continuous", "positive", None),
)

DISCRETE_COUNT = 18

ACTIONS_SHA256 = "d2ad3e372cc1144ef7860f1e1cf299d217cc1ad6cbc612369c61e33b1dae084e"
