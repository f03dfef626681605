"""Words and sentence forms of the demo world, read from lexicon/<language>.txt.

File format: `[topic]` or `[*]` (any topic) starts a section; `slot: a | b | c` gives a slot's
choices; in `[*]`, `form: sentence with {slot}s` adds one sentence to a form; `#` is a comment.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

from phoenix.data.topics import LANGUAGES, TOPICS

FORMS = (
    "question", "opinion", "diary", "link", "picture", "video", "thread", "announcement",
    "burst", "reply", "quote", "spam",
)  # fmt: skip
"""Forms of a post; the index is the form's number. Only English has spam."""

SPAM_TOPIC = len(TOPICS)
"""Number of the section `[spam]`, after the topics."""

TEXTS_AN_HOUR_MAX = 8
"""Posts of one sentence and subject in one hour that are sure to differ."""

UNEQUAL_HOURS = 7 * 24
"""Within so many hours no two texts are equal."""

_SECTIONS = (*TOPICS, "spam")


@dataclass(frozen=True)
class Sentence:
    """One sentence form: its text, the slots that vary it, whether it names the subject."""

    text: str
    slots: tuple[str, ...]
    names_subject: bool


@dataclass(frozen=True)
class Lexicon:
    """Words of one language: by section number and slot, the general ones, the sentences."""

    words: dict[int, dict[str, tuple[str, ...]]]
    general: dict[str, tuple[str, ...]]
    sentences: dict[str, tuple[Sentence, ...]]

    def choices(self, topic: int, slot: str) -> tuple[str, ...]:
        """The choices of a slot for a topic, the topic's own first."""
        return self.words[topic].get(slot) or self.general[slot]

    def variants(self, topic: int, sentence: Sentence) -> int:
        """Number of different texts of a sentence about one subject of a topic."""
        product = 1
        for slot in sentence.slots:
            product *= len(self.choices(topic, slot))
        return product


def _sentence(text: str) -> Sentence:
    names = [name for _, name, _, _ in Formatter().parse(text) if name]
    plain = [name.removesuffix("_cap") for name in names]
    slots = tuple(dict.fromkeys(name for name in plain if name not in ("s", "slug")))
    return Sentence(text, slots, "s" in plain or "slug" in plain)


def parse_lexicon(text: str) -> Lexicon:
    """Reads the file format above.

    Raises:
      ValueError: For an unknown section, a line without a colon, or a sentence with so few
        variants that a week would hold two equal texts.
    """
    words: dict[int, dict[str, tuple[str, ...]]] = {}
    general: dict[str, tuple[str, ...]] = {}
    sentences: dict[str, tuple[Sentence, ...]] = {}
    target = general
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            name = line.strip("[] ")
            if name != "*" and name not in _SECTIONS:
                raise ValueError(f"line {number}: unknown section {name!r}")
            target = general if name == "*" else words.setdefault(_SECTIONS.index(name), {})
            continue
        key, colon, value = line.partition(": ")
        if not colon:
            raise ValueError(f"line {number}: expected `slot: a | b` or `form: sentence`")
        if key in FORMS:
            sentences[key] = (*sentences.get(key, ()), _sentence(value))
        else:
            target[key] = tuple(choice.strip() for choice in value.split("|"))
    lexicon = Lexicon(words, general, sentences)
    _check_variants(lexicon)
    return lexicon


def _check_variants(lexicon: Lexicon) -> None:
    needed = TEXTS_AN_HOUR_MAX * UNEQUAL_HOURS
    for form, forms in lexicon.sentences.items():
        for sentence in forms:
            for topic in lexicon.words:
                if (topic == SPAM_TOPIC) != (form == "spam") or "{slug}" in sentence.text:
                    continue
                found = lexicon.variants(topic, sentence)
                if found < needed:
                    raise ValueError(
                        f"{sentence.text!r} has {found} variants on {_SECTIONS[topic]}, "
                        f"needs {needed}: add a slot or more choices"
                    )


@cache
def load_lexicon(language: str) -> Lexicon:
    """The lexicon of a language code of LANGUAGES."""
    if language not in LANGUAGES:
        raise ValueError(f"language: expected one of {', '.join(LANGUAGES)}, found {language!r}")
    path = Path(__file__).parent / "lexicon" / f"{language}.txt"
    return parse_lexicon(path.read_text(encoding="utf-8"))
