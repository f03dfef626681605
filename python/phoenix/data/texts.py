"""Texts of posts from their columns: sentence forms of the lexicon with counted choices.

No two texts of a week are equal: the posts of one sentence and subject are numbered by hour and
rank in the hour, and the number is decoded into choices by a permutation of all combinations.
"""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from phoenix.data.counted_random import uniforms
from phoenix.data.lexicon import (
    FORMS,
    SPAM_TOPIC,
    TEXTS_AN_HOUR_MAX,
    Lexicon,
    Sentence,
    load_lexicon,
)
from phoenix.data.people import People
from phoenix.data.posts import ORIGINAL, PICTURE, QUOTE, REPLY, REPOST, VIDEO, Posts
from phoenix.data.topics import LANGUAGES

_PLAIN_FORMS = ("question", "opinion", "diary", "link", "thread", "announcement")
_PLAIN_SHARES = (0.22, 0.56, 0.78, 0.90, 0.95)
_STRIDE = 1_000_003
_HASHTAG_CHANCE = 0.22
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class TextPlan:
    """What each text is made of, by post position; -1 form = no text (a repost).

    ordinal: number of the text among those of its sentence and subject.
    """

    language: Int64[np.ndarray, " p"]
    form: Int64[np.ndarray, " p"]
    sentence: Int64[np.ndarray, " p"]
    topic: Int64[np.ndarray, " p"]
    subject: Int64[np.ndarray, " p"]
    ordinal: Int64[np.ndarray, " p"]


def _form(people: People, posts: Posts) -> np.ndarray:
    number = {name: index for index, name in enumerate(FORMS)}
    plain = np.array([number[name] for name in _PLAIN_FORMS])
    form = plain[np.searchsorted(_PLAIN_SHARES, posts.uniform(71), side="right")]
    form = np.where(posts.media == PICTURE, number["picture"], form)
    form = np.where(posts.media == VIDEO, number["video"], form)
    form = np.where(posts.burst, number["burst"], form)
    form = np.where(posts.kind == REPLY, number["reply"], form)
    form = np.where(posts.kind == QUOTE, number["quote"], form)
    form = np.where(posts.kind == REPOST, -1, form)
    return np.where(people.spammer[posts.author], number["spam"], form)


def _subject(language: np.ndarray, posts: Posts, counts: np.ndarray) -> np.ndarray:
    """A reply keeps the subject of its conversation, a quote that of the quoted post."""
    own = np.arange(len(posts))
    anchor = np.where((posts.kind == REPLY) & (posts.root >= 0), posts.root, own)
    quoted = posts.parent[anchor]
    anchor = np.where((posts.kind[anchor] == QUOTE) & (quoted >= 0), quoted, anchor)
    same = (language[anchor] == language) & (posts.topic[anchor] == posts.topic)
    anchor = np.where(same, anchor, own)
    return (uniforms(posts.key[anchor], 72) * counts).astype(np.int64)


def plan_texts(people: People, posts: Posts) -> TextPlan:
    """Plans the texts of whole hours of posts; parents must be exact (posts.MARGIN_HOURS)."""
    lexicons = [load_lexicon(code) for code in LANGUAGES]
    form = _form(people, posts)
    spam = people.spammer[posts.author]
    language = np.where(spam, 0, people.language[posts.author])
    topic = np.where(spam, SPAM_TOPIC, posts.topic)
    subjects = np.ones((len(LANGUAGES), SPAM_TOPIC + 1), np.int64)
    sentences = np.ones((len(LANGUAGES), len(FORMS)), np.int64)
    names_subject = np.zeros((len(LANGUAGES), len(FORMS), 16), bool)
    for index, lexicon in enumerate(lexicons):
        for section, words in lexicon.words.items():
            subjects[index, section] = len(words["s"])
        for name, found in lexicon.sentences.items():
            sentences[index, FORMS.index(name)] = len(found)
            for place, sentence in enumerate(found):
                names_subject[index, FORMS.index(name), place] = sentence.names_subject
    subject = _subject(language, posts, subjects[language, topic])
    sentence = (posts.uniform(73) * sentences[language, form]).astype(np.int64)
    named = np.where(names_subject[language, form, sentence], subject, 0)
    group = ((language * 16 + form) * 16 + sentence) * 32 + topic
    order = np.lexsort((posts.id, posts.hour, named, group))
    places = np.stack([group[order], named[order], posts.hour[order]], axis=1)
    starts = np.concatenate([[True], (np.diff(places, axis=0) != 0).any(axis=1)])[: len(order)]
    first = np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - first
    ordinal = posts.hour * TEXTS_AN_HOUR_MAX + rank
    return TextPlan(language, form, sentence, topic, subject, ordinal)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _slug(subject: str, ordinal: int) -> str:
    """Last part of a link: words of the subject and the text's number, so links differ."""
    folded = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode().lower()
    words = [word for word in re.findall(r"[a-z0-9]+", folded) if len(word) > 2][:4]
    code, rest = "", ordinal * 7_919 % 36**5
    for _ in range(5):
        rest, digit = divmod(rest, 36)
        code += _DIGITS[digit]
    return "-".join([*words, code])


def _filled(lexicon: Lexicon, sentence: Sentence, place: tuple[int, int, int]) -> str:
    """A sentence with its slots filled. place: (topic, subject, ordinal)."""
    topic, subject, ordinal = place
    offset = subject * 7_717 if sentence.names_subject else 0
    rest = (ordinal * _STRIDE + offset) % lexicon.variants(topic, sentence)
    values = {"s": lexicon.words[topic]["s"][subject]}
    for slot in sentence.slots:
        found = lexicon.choices(topic, slot)
        rest, digit = divmod(rest, len(found))
        values[slot] = found[digit]
    for slot, value in tuple(values.items()):
        values[f"{slot}_cap"] = _capitalised(value)
    if "{slug}" in sentence.text:
        values["slug"] = _slug(values["s"], ordinal)
    return _capitalised(sentence.text.format_map(values))


def write_texts(plan: TextPlan, posts: Posts, wanted: Int64[np.ndarray, " w"]) -> list[str]:
    """The texts of the wanted positions; empty for a repost."""
    lexicons = [load_lexicon(code) for code in LANGUAGES]
    tagged = (uniforms(posts.key[wanted], 74) < _HASHTAG_CHANCE) & (posts.kind[wanted] == ORIGINAL)
    tag = uniforms(posts.key[wanted], 75)
    texts = []
    rows = zip(
        plan.language[wanted].tolist(), plan.form[wanted].tolist(),
        plan.sentence[wanted].tolist(), plan.topic[wanted].tolist(),
        plan.subject[wanted].tolist(), plan.ordinal[wanted].tolist(),
        tagged.tolist(), tag.tolist(), strict=True,
    )  # fmt: skip
    for language, form, number, topic, subject, ordinal, has_tag, point in rows:
        if form < 0:
            texts.append("")
            continue
        lexicon = lexicons[language]
        sentence = lexicon.sentences[FORMS[form]][number]
        text = _filled(lexicon, sentence, (topic, subject, ordinal))
        if has_tag:
            tags = lexicon.words[topic]["t"]
            text = f"{text} #{tags[int(point * len(tags))]}"
        texts.append(text)
    return texts


def picture_description(plan: TextPlan, posts: Posts, place: int, number: int) -> str:
    """Alternative text of the number-th picture or video of a post."""
    lexicon = load_lexicon(LANGUAGES[int(plan.language[place])])
    found = lexicon.choices(int(plan.topic[place]), "p")
    first = int(posts.key[place] >> np.uint64(9)) % len(found)
    return _capitalised(found[(first + number) % len(found)])
