"""The eight people that a newcomer is offered: who they are and what their feed should show."""

from dataclasses import dataclass

FIRST_USER_ID = 101
"""User id of the first person; person i has id 101 + i. Personas are the first eight people."""

LAPSED_DAYS = 20
"""Days since hana did anything."""


@dataclass(frozen=True)
class Persona:
    """One persona. `interests` are shares by topic name; `sees` is one sentence for people.

    follows: accounts followed. read_rate: sessions a day (others have about one).
    media_taste: what plain text, pictures and video add to the taste, in units of interest.
    """

    handle: str
    display_name: str
    bio: str
    language: str
    country: str
    interests: dict[str, float]
    follows: int
    read_rate: float
    sees: str
    media_taste: tuple[float, float, float] = (0.0, 0.0, 0.0)
    post_rate: float = 2.0


PERSONAS = (
    Persona(
        handle="ada",
        display_name="Ada Lindqvist",
        bio="Tenor sax, a small telescope, long nights for both.",
        language="en",
        country="gb",
        interests={"jazz": 0.55, "astronomy": 0.45},
        follows=150,
        read_rate=5.0,
        sees="Jazz and astronomy on top, from followed accounts and from strangers alike.",
    ),
    Persona(
        handle="bruno",
        display_name="Bruno Hartmann",
        bio="Fußball, zweite Reihe, Stehplatz. Sonst Bratwurst.",
        language="de",
        country="de",
        interests={"football": 0.85, "cycling": 0.15},
        follows=120,
        read_rate=5.0,
        sees="Football first, much of it in German; hardly a post that ada would be shown.",
    ),
    Persona(
        handle="chiyo",
        display_name="Chiyo Okada",
        bio="Reads everything. Books, films, cities, photographs.",
        language="en",
        country="jp",
        interests={"books": 0.4, "film": 0.25, "city life": 0.2, "photography": 0.15},
        follows=600,
        read_rate=30.0,
        sees="A wide, long feed out of 600 followed accounts; seen posts do not come back.",
    ),
    Persona(
        handle="dora",
        display_name="Dora Finch",
        bio="New here.",
        language="en",
        country="us",
        interests={"gardening": 0.6, "cooking": 0.4},
        follows=3,
        read_rate=0.0,
        post_rate=0.0,
        sees="Three followed accounts and a mixed rest: there is no history to go by yet.",
    ),
    Persona(
        handle="emil",
        display_name="Emil Sorensen",
        bio="I follow nobody. I like trains, chess and quiet.",
        language="en",
        country="ca",
        interests={"trains": 0.6, "chess": 0.4},
        follows=0,
        read_rate=5.0,
        sees="Only strangers, yet trains and chess: all of it comes from retrieval.",
    ),
    Persona(
        handle="fatima",
        display_name="Fatima Rahman",
        bio="Film and cooking. I mute generously.",
        language="en",
        country="us",
        interests={"film": 0.5, "cooking": 0.5},
        follows=150,
        read_rate=5.0,
        sees="Film and cooking with about 30 % taken out: blocks, mutes and muted words at work.",
    ),
    Persona(
        handle="gus",
        display_name="Gus Moreau",
        bio="If it does not move, I scroll.",
        language="en",
        country="ie",
        interests={"climbing": 0.35, "cycling": 0.35, "birds": 0.3},
        follows=80,
        read_rate=6.0,
        media_taste=(-2.5, -2.5, 2.0),
        sees="Accounts that post video rise to the top, whatever the topic.",
    ),
    Persona(
        handle="hana",
        display_name="Hana Weiss",
        bio="On and off. Mostly off. Coffee and travel.",
        language="en",
        country="nz",
        interests={"coffee": 0.5, "travel": 0.5},
        follows=60,
        read_rate=8.0,
        sees=f"Coffee and travel from a history that ends {LAPSED_DAYS} days ago.",
    ),
)

PERSONA_INDEX = {persona.handle: index for index, persona in enumerate(PERSONAS)}
"""Person number of each persona; its user id is FIRST_USER_ID + that."""
