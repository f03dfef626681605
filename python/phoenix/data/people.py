"""The people: interests, style, habits. All of it depends on (seed, person), never on now."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from phoenix.data.counted_random import choices, normals, uniforms
from phoenix.data.personas import FIRST_USER_ID, PERSONAS
from phoenix.data.topics import LANGUAGES, TOPIC_COUNT, TOPICS, topic_affinity

STYLE_SIZE = 3
"""Axes of style (tone, length, humour, ...): an author has a place on them, a reader a liking."""

TOPICS_OF_LANGUAGE = {
    "en": tuple(range(TOPIC_COUNT)),
    "de": tuple(TOPICS.index(t) for t in (
        "football", "history", "trains", "cycling", "cooking", "gardening", "software",
        "board games", "books", "classical music")),
    "es": tuple(TOPICS.index(t) for t in (
        "football", "film", "cooking", "travel", "running", "astronomy", "books",
        "city life", "coffee", "photography")),
    "ja": tuple(TOPICS.index(t) for t in (
        "video games", "trains", "photography", "cooking", "birds", "coffee", "travel",
        "machine learning", "jazz", "climbing")),
}  # fmt: skip
"""What is written about in each language; the lexicon has words for these topics."""

_LANGUAGE_SHARES = (0.80, 0.08, 0.07, 0.05)
_PERSON = 11
POSTS_PER_DAY_MEAN = 4.2
SESSIONS_PER_DAY_MEAN = 1.2


@dataclass(frozen=True)
class People:
    """Columns by person number; person i has user id 101 + i.

    interests: what they read, shares that sum to 1. affinity: the same as liking in [0, 1].
    topic_mix: what they write about. media_share: of their posts, (none, picture, video).
    media_taste: what each kind adds to the interest. popularity: weight of being followed.
    post_rate, read_rate: posts and reading sessions a day. time_zone_hours: local minus UTC.
    """

    seed: int
    user_ids: Int64[np.ndarray, " n"]
    language: Int64[np.ndarray, " n"]
    interests: Float64[np.ndarray, "n t"]
    affinity: Float64[np.ndarray, "n t"]
    topic_mix: Float64[np.ndarray, "n t"]
    style: Float64[np.ndarray, "n k"]
    style_liking: Float64[np.ndarray, "n k"]
    quality: Float64[np.ndarray, " n"]
    media_share: Float64[np.ndarray, "n 3"]
    media_taste: Float64[np.ndarray, "n 3"]
    generosity: Float64[np.ndarray, " n"]
    popularity: Float64[np.ndarray, " n"]
    post_rate: Float64[np.ndarray, " n"]
    read_rate: Float64[np.ndarray, " n"]
    time_zone_hours: Int64[np.ndarray, " n"]
    spammer: Bool[np.ndarray, " n"]
    adult: Bool[np.ndarray, " n"]
    protected: Bool[np.ndarray, " n"]
    sells_subscriptions: Bool[np.ndarray, " n"]
    suspended: Bool[np.ndarray, " n"]
    deactivated: Bool[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.user_ids)

    def index_of(self, user_ids: Int64[np.ndarray, " m"]) -> Int64[np.ndarray, " m"]:
        """Person numbers of user ids. Raises ValueError for an id outside the world."""
        index = np.asarray(user_ids, np.int64) - FIRST_USER_ID
        if len(index) and (index.min() < 0 or index.max() >= len(self)):
            raise ValueError(f"user ids must be {FIRST_USER_ID} .. {FIRST_USER_ID + len(self) - 1}")
        return index


def _language(seed: int, person: np.ndarray) -> np.ndarray:
    edges = np.cumsum(_LANGUAGE_SHARES)[:-1]
    language = np.searchsorted(edges, uniforms(seed, _PERSON, person, 1), side="right")
    for index, persona in enumerate(PERSONAS):
        language[index] = LANGUAGES.index(persona.language)
    return language


def _interests(seed: int, language: np.ndarray) -> np.ndarray:
    """Dirichlet(1) over one to four topics of the person's language."""
    count = len(language)
    person = np.arange(count)
    allowed = np.zeros((len(LANGUAGES), TOPIC_COUNT), bool)
    for index, code in enumerate(LANGUAGES):
        allowed[index, list(TOPICS_OF_LANGUAGE[code])] = True
    # Some topics are more loved than others, mildly.
    appeal = 1.0 + 0.5 * normals(seed, _PERSON, 7, np.arange(TOPIC_COUNT)).clip(-1.2, 1.5)
    order = uniforms(seed, _PERSON, person[:, None], 2, np.arange(TOPIC_COUNT)) ** (1 / appeal)
    order = np.where(allowed[language], order, -1.0)
    how_many = 1 + np.searchsorted((0.25, 0.65, 0.9), uniforms(seed, _PERSON, person, 3))
    rank = np.argsort(np.argsort(-order, axis=1), axis=1)
    weight = -np.log1p(-uniforms(seed, _PERSON, person[:, None], 4, np.arange(TOPIC_COUNT))) + 0.05
    weight = np.where(rank < how_many[:, None], weight, 0.0)
    interests = weight / weight.sum(axis=1, keepdims=True)
    for index, persona in enumerate(PERSONAS):
        interests[index] = 0.0
        for topic, share in persona.interests.items():
            interests[index, TOPICS.index(topic)] = share
    return interests


def _topic_mix(language: np.ndarray, interests: np.ndarray) -> np.ndarray:
    """What a person writes about: their interests, sharpened, and a twelfth of anything."""
    sharp = interests**1.3
    sharp = sharp / sharp.sum(axis=1, keepdims=True)
    anything = np.zeros((len(LANGUAGES), TOPIC_COUNT))
    for index, code in enumerate(LANGUAGES):
        anything[index, list(TOPICS_OF_LANGUAGE[code])] = 1 / len(TOPICS_OF_LANGUAGE[code])
    return 0.92 * sharp + 0.08 * anything[language]


def _media_share(seed: int, person: np.ndarray) -> np.ndarray:
    """Mean about 25 % pictures and 8 % video, very uneven: a few people film everything."""
    picture = 0.06 + 0.64 * uniforms(seed, _PERSON, person, 21)
    films = uniforms(seed, _PERSON, person, 22) < 0.10
    video = np.where(films, 0.35 + 0.5 * uniforms(seed, _PERSON, person, 23), 0.05)
    picture = picture * (1 - video)
    return np.stack([1 - picture - video, picture, video], axis=1)


def create_people(seed: int, count: int) -> People:
    """The people of one world.

    Args:
      seed: The world's seed.
      count: How many, at least 100.

    Raises:
      ValueError: If count is less than 100.
    """
    if count < 100:
        raise ValueError("scale: a world needs at least 100 people")
    person = np.arange(count)
    persona = person < len(PERSONAS)
    language = _language(seed, person)
    interests = _interests(seed, language)
    axes = np.arange(STYLE_SIZE)
    rank = np.argsort(np.argsort(uniforms(seed, _PERSON, person, 31))) + 1.0
    popularity = (rank / count + 0.002) ** -0.8
    chance = uniforms(seed, _PERSON, person, 41)
    plain = ~persona
    spammer = plain & (chance < 0.01)
    post_rate = np.exp(0.9 * normals(seed, _PERSON, person, 51)) * popularity**0.35
    read_rate = np.exp(0.55 * normals(seed, _PERSON, person, 52))
    media_taste = 0.2 * normals(seed, _PERSON, person[:, None], 53, np.arange(3))
    post_rate *= POSTS_PER_DAY_MEAN / post_rate.mean()
    post_rate = np.where(spammer, 14.0, post_rate.clip(0.1, 22.0))
    read_rate *= SESSIONS_PER_DAY_MEAN / read_rate.mean()
    for index, each in enumerate(PERSONAS):
        post_rate[index], read_rate[index] = each.post_rate, each.read_rate
        if any(each.media_taste):
            media_taste[index] = each.media_taste
    zones = {"en": (-8, -5, 0, 0, 5, 10), "de": (1,), "es": (1, 1, -6, -4), "ja": (9,)}
    zone = choices(1000, seed, _PERSON, person, 54)
    time_zone = [zones[LANGUAGES[k]][z % len(zones[LANGUAGES[k]])]
                 for k, z in zip(language.tolist(), zone.tolist(), strict=True)]  # fmt: skip
    return People(
        seed=seed,
        user_ids=person + FIRST_USER_ID,
        language=language,
        interests=interests,
        affinity=topic_affinity(interests),
        topic_mix=_topic_mix(language, interests),
        style=normals(seed, _PERSON, person[:, None], 61, axes) / np.sqrt(STYLE_SIZE),
        style_liking=normals(seed, _PERSON, person[:, None], 62, axes),
        quality=np.where(spammer, -1.0, normals(seed, _PERSON, person, 63)),
        media_share=_media_share(seed, person),
        media_taste=media_taste,
        generosity=0.3 * normals(seed, _PERSON, person, 64),
        popularity=np.where(spammer, 0.02, popularity),
        post_rate=post_rate,
        read_rate=read_rate,
        time_zone_hours=np.array(time_zone),
        spammer=spammer,
        adult=plain & (chance >= 0.010) & (chance < 0.016),
        protected=plain & (chance >= 0.10) & (chance < 0.13),
        sells_subscriptions=plain & (chance >= 0.20) & (chance < 0.22),
        suspended=plain & (chance >= 0.30) & (chance < 0.303),
        deactivated=plain & (chance >= 0.31) & (chance < 0.314),
    )
