"""The import files of the demo world: valid line by line, unequal texts, parts, one command."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from phoenix.data.demo_world import main, parse_time
from phoenix.data.keywords import PERSONA_KEYWORDS
from phoenix.data.lexicon import load_lexicon, parse_lexicon
from phoenix.data.people import TOPICS_OF_LANGUAGE
from phoenix.data.personas import FIRST_USER_ID, PERSONA_INDEX
from phoenix.data.posts import HOUR_MS
from phoenix.data.tastes import ACTION_NAMES
from phoenix.data.topics import LANGUAGES, TOPICS

NOW_MS = 1_795_478_437_123
PEOPLE = 600
_COLUMNS = {
    "users": "id! handle! display_name bio created_at language country birth_year protected state "
    "adult sensitive_opt_in sells_subscriptions followers_count",
    "follows": "follower_id! followee_id! created_at",
    "relations": "viewer_id! kind! target_id topic phrase match surfaces expires_at",
    "posts": "id! author_id! created_at text language reply_to_post_id reply_to_user_id "
    "conversation_id repost_of_post_id repost_of_user_id quoted_post_id media topics "
    "subscribers_only sensitive deleted_at",
    "labels": "subject! label! expires_at source",
    "takedowns": "post_id! countries!",
    "engagements": "viewer_id! post_id! action! at! post_author_id dwell_ms",
    "impressions": "viewer_id! post_id! at! post_author_id position surface source propensity "
    "request_id outcomes dwell_ms",
}
"""Columns of the import door; ! = required."""

Rows = dict[str, list[dict]]


def _read(directory: Path, names: str = "*") -> Rows:
    return {
        path.name.removesuffix(".jsonl.gz"): [
            json.loads(line) for line in gzip.open(path, "rt", encoding="utf-8")
        ]
        for path in sorted(directory.glob(f"{names}.jsonl.gz"))
    }


def _run(directory: Path, *options: str) -> Rows:
    assert main(["--out", str(directory), "--scale", "0.2", "--quiet", *options]) == 0
    return _read(directory)


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("world")
    _run(path, "--now", str(NOW_MS), "--oracle", str(path / "oracle"))
    return path


@pytest.fixture(scope="module")
def rows(directory) -> Rows:
    return _read(directory)


@pytest.fixture(scope="module")
def full_rows(tmp_path_factory) -> Rows:
    """The world of 3,000 people that a first start makes."""
    path = tmp_path_factory.mktemp("full")
    assert main(["--out", str(path), "--quiet", "--now", str(NOW_MS)]) == 0
    return {name: _read(path, name)[name] for name in ("posts", "follows", "relations")}


def test_every_line_has_the_columns_of_the_import_door(rows):
    assert set(rows) == set(_COLUMNS)
    for name, lines in rows.items():
        columns = _COLUMNS[name].split()
        known = {column.rstrip("!") for column in columns}
        required = {column[:-1] for column in columns if column.endswith("!")}
        assert lines, name
        for line in lines:
            assert required <= set(line) <= known, (name, line)


def test_users_are_unique_and_readable(rows):
    users = rows["users"]
    assert len(users) == len({user["id"] for user in users}) == PEOPLE
    assert len({user["handle"] for user in users}) == PEOPLE
    assert {user["language"] for user in users} == set(LANGUAGES)
    assert {"active", "suspended", "deactivated"} >= {user["state"] for user in users}
    assert all(user["bio"] and user["display_name"] for user in users)
    counted = Counter(edge["followee_id"] for edge in rows["follows"])
    assert all(user["followers_count"] == counted[user["id"]] for user in users)
    assert users[0]["handle"] == "ada"
    assert users[3]["created_at"] == NOW_MS - 2 * 24 * HOUR_MS


def test_every_kind_of_relation_is_there(rows):
    kinds = Counter(line["kind"] for line in rows["relations"])
    assert set(kinds) == {
        "block", "mute", "mute_reposts", "subscribe", "follow_topic", "muted_keyword",
    }  # fmt: skip
    keywords = [line for line in rows["relations"] if line["kind"] == "muted_keyword"]
    assert {line["match"] for line in keywords} == {"word", "phrase", "hashtag", "domain"}
    topics = [line["topic"] for line in rows["relations"] if line["kind"] == "follow_topic"]
    assert set(topics) <= set(TOPICS)


def test_posts_are_of_seven_days_in_order_and_unique(rows):
    posts = rows["posts"]
    ids = [int(post["id"]) for post in posts]
    assert ids == sorted(set(ids))
    created = [post["created_at"] for post in posts]
    assert NOW_MS - 7 * 24 * HOUR_MS <= min(created) < NOW_MS - 7 * 24 * HOUR_MS + HOUR_MS
    assert NOW_MS - HOUR_MS < max(created) < NOW_MS
    users = {user["id"] for user in rows["users"]}
    assert all(post["author_id"] in users for post in posts)
    assert {topic for post in posts for topic in post.get("topics", [])} == set(TOPICS)


def test_no_two_texts_are_equal(rows):
    texts = [post["text"] for post in rows["posts"] if "repost_of_post_id" not in post]
    assert all(len(text) > 15 for text in texts)
    assert len(set(texts)) == len(texts)
    assert not any("{" in text or "  " in text for text in texts)


def test_no_two_texts_of_the_full_world_are_equal(full_rows):
    texts = [post["text"] for post in full_rows["posts"] if post["text"]]
    assert len(texts) > 70_000
    assert len(set(texts)) == len(texts)


def test_posts_point_to_earlier_posts(rows):
    by_id = {post["id"]: post for post in rows["posts"]}
    seen = Counter()
    for post in rows["posts"]:
        for name in ("reply_to_post_id", "quoted_post_id", "repost_of_post_id"):
            target = post.get(name)
            if target is not None:
                seen[name] += 1
                assert int(target) < int(post["id"])
                if target in by_id:
                    assert by_id[target]["created_at"] < post["created_at"]
        parent = by_id.get(post.get("reply_to_post_id"))
        if parent is not None:
            assert post["reply_to_user_id"] == parent["author_id"]
            assert post["topics"] == parent["topics"]
            root = parent.get("conversation_id", parent["id"])
            assert post["conversation_id"] == root
    assert min(seen.values()) > 100
    assert len(seen) == 3


def test_media_are_local_and_described(rows):
    media = [item for post in rows["posts"] for item in post.get("media", [])]
    assert {item["kind"] for item in media} == {"image", "video"}
    for item in media:
        assert item["url"].startswith("/media/")
        assert item["alt_text"]
        assert item["width"] > 0
        assert item["height"] > 0
        assert (item["kind"] == "video") == ("duration_ms" in item)
    urls = [item["url"] for item in media]
    assert len(set(urls)) == len(urls)


def test_labels_and_takedowns_are_few_of_each_kind(rows):
    labels = Counter(line["label"] for line in rows["labels"])
    assert set(labels) == {"spam", "adult", "gore", "do_not_amplify", "malicious_url"}
    posts = {post["id"] for post in rows["posts"]}
    users = {str(user["id"]) for user in rows["users"]}
    for line in rows["labels"]:
        kind, _, subject = line["subject"].partition(":")
        assert subject in (posts if kind == "post" else users)
    assert len(rows["labels"]) < 0.08 * len(posts)
    assert 0 < len(rows["takedowns"]) < 60


def test_engagements_are_the_newest_256_before_now(rows):
    engagements = rows["engagements"]
    assert {line["action"] for line in engagements} == set(ACTION_NAMES)
    assert max(line["at"] for line in engagements) < NOW_MS
    counts = Counter(line["viewer_id"] for line in engagements)
    assert max(counts.values()) == counts[FIRST_USER_ID + PERSONA_INDEX["chiyo"]] == 256
    assert counts[FIRST_USER_ID + PERSONA_INDEX["dora"]] == 0
    assert all(line["at"] > _created_ms(line["post_id"]) for line in engagements[::50])


def _created_ms(post_id: str) -> int:
    return (int(post_id) >> 22) + 1_288_834_974_657


def test_impressions_are_recent_with_outcomes(rows):
    for line in rows["impressions"]:
        assert NOW_MS - 48 * HOUR_MS <= line["at"] < NOW_MS
        assert 0 < line["propensity"] <= 1
        assert set(line["outcomes"]) <= set(ACTION_NAMES)


def test_thirty_percent_of_what_is_near_fatima_is_hidden(full_rows):
    rows = full_rows
    fatima = FIRST_USER_ID + PERSONA_INDEX["fatima"]
    mine = [line for line in rows["relations"] if line["viewer_id"] == fatima]
    hidden = {line["target_id"] for line in mine if line["kind"] in ("block", "mute")}
    follows = {e["followee_id"] for e in rows["follows"] if e["follower_id"] == fatima}
    words = [f"#{phrase}" if match == "hashtag" else phrase
             for phrase, match in PERSONA_KEYWORDS["fatima"]]  # fmt: skip
    near = [
        post
        for post in rows["posts"]
        if post["author_id"] in follows or {"film", "cooking"} & set(post.get("topics", []))
    ]
    gone = [
        post
        for post in near
        if post["author_id"] in hidden or any(word in post["text"].lower() for word in words)
    ]
    assert 0.25 < len(gone) / len(near) < 0.35
    assert {line["kind"] for line in mine} >= {"block", "mute", "mute_reposts", "muted_keyword"}


def test_the_same_command_writes_the_same_bytes(directory, tmp_path):
    _run(tmp_path, "--now", str(NOW_MS))
    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (directory / path.name).read_bytes(), path.name
    assert (directory / "oracle" / "oracle.npz").exists()


def test_a_gap_is_the_same_part_of_a_later_world(tmp_path):
    later_ms = NOW_MS + 9 * HOUR_MS + 1_234_567
    gap = _run(tmp_path / "gap", "--now", str(later_ms), "--posts-from", str(NOW_MS))
    whole = _run(tmp_path / "whole", "--now", str(later_ms))
    assert set(gap) == {"posts", "labels", "takedowns", "engagements"}
    assert gap["posts"] == [p for p in whole["posts"] if p["created_at"] >= NOW_MS]
    assert len(gap["posts"]) > 500
    newest = {(e["viewer_id"], e["post_id"], e["action"], e["at"])
              for e in whole["engagements"] if e["at"] >= NOW_MS}  # fmt: skip
    mine = {(e["viewer_id"], e["post_id"], e["action"], e["at"]) for e in gap["engagements"]}
    assert newest <= mine
    assert len(mine) < 1.2 * len(newest)


def test_a_long_gap_is_cut_to_its_newest_48_hours(tmp_path):
    gap = _run(tmp_path, "--now", str(NOW_MS), "--posts-from", str(NOW_MS - 30 * 24 * HOUR_MS))
    assert min(p["created_at"] for p in gap["posts"]) >= NOW_MS - 48 * HOUR_MS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--now", "yesterday"], "--now: expected a time"),
        (["--days", "40"], "--days: expected 1 to 28"),
        (["--posts-until", "1"], "--posts-until: needs --posts-from"),
    ],
)
def test_bad_options_are_named(options, message, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), *options])
    assert message in capsys.readouterr().err


def test_progress_goes_to_standard_error(tmp_path, capsys):
    main(["--out", str(tmp_path), "--scale", "0.05", "--now", str(NOW_MS), "--days", "1"])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "progress 6/6 the world is written" in captured.err


def test_times_are_read_as_utc():
    assert parse_time("2026-11-24T00:00:00Z") == parse_time("2026-11-24T00:00:00")
    assert parse_time("1795478400000") == parse_time("2026-11-24T00:00:00+00:00")


def test_lexicon_has_words_for_what_each_language_writes_about():
    for code in LANGUAGES:
        assert set(TOPICS_OF_LANGUAGE[code]) <= set(load_lexicon(code).words)


def test_a_lexicon_with_too_few_variants_is_refused():
    with pytest.raises(ValueError, match="variants on jazz"):
        parse_lexicon("[jazz]\ns: a | b\nd: c\n[*]\nopinion: {s} and {d}\n")
    with pytest.raises(ValueError, match="unknown section"):
        parse_lexicon("[jazzz]\n")
    with pytest.raises(ValueError, match="language"):
        load_lexicon("fr")
