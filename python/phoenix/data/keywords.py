"""Muted words of the demo world: (phrase, match), match being word, phrase, hashtag or domain."""

PERSONA_KEYWORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "fatima": (
        ("dumplings", "word"),
        ("garlic", "word"),
        ("lighthouse", "word"),
        ("the ending of", "phrase"),
        ("black-and-white", "phrase"),
        ("cinema", "hashtag"),
        ("longread.example", "domain"),
    ),
    "ada": (("crypto", "word"),),
    "chiyo": (("spoiler", "word"), ("giveaway", "word")),
}
"""What the personas mute. fatima's words are common in what is written near her."""

MUTED_KEYWORDS: tuple[tuple[str, str], ...] = (
    ("crypto", "word"),
    ("giveaway", "word"),
    ("simple trick", "phrase"),
    ("free", "hashtag"),
    ("marathontraining", "hashtag"),
    ("derby", "word"),
    ("patch", "word"),
    ("slug", "word"),
    ("off-by-one", "phrase"),
    ("notasemanal.example", "domain"),
    ("weeknote.example", "domain"),
    ("Elfer", "word"),
    ("ダイヤ改正", "phrase"),
)
"""What some of the others mute, one each."""
