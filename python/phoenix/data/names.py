"""Names, countries and bios of the people of the demo world."""

import re
import unicodedata

import numpy as np

from phoenix.data.counted_random import choices
from phoenix.data.topics import LANGUAGES, TOPICS

_FIRST = {
    "en": "Amara Beth Caleb Daisy Elliot Fern Gideon Hazel Imani Jonah Kezia Leo Maeve "
    "Nadia Owen "
    "Priya Quentin Rosa Silas Tess Umar Vera Wes Xenia Yusuf Zoe Anil Bridget Cormac "
    "Delia Ewan "
    "Freya Grace Hugo Iris Jasper Kofi Lena Milo Nora Oscar Pearl Rafi Sunita Theo "
    "Uma Violet Will",
    "de": "Anke Bernd Clara Dieter Elif Frauke Georg Hanna Ingo Jana Klaus Lotte Malte "
    "Nele Olaf "
    "Petra Rainer Silke Timo Ulla Veit Wiebke Yasemin Falk Greta Henrik Ida Jonas Katrin Lukas",
    "es": "Alba Bruno Carmen Diego Elena Felipe Gloria Hector Ines Javier Karina Luis "
    "Marta Nicolas "
    "Olga Pablo Quico Raquel Sergio Teresa Ulises Valeria Ximena Yolanda Andres Beatriz Camila",
    "ja": "Aiko Chihiro Daichi Emi Fumio Haruka Ichiro Jun Kaede Makoto Nao Ren Sakura "
    "Takumi Umi "
    "Yui Akira Hinata Kenta Mei Riku Sora Tomo Yuki Asahi Kazuo Midori Shiori",
}
_LAST = {
    "en": "Abara Bell Carver Doyle Easton Finch Grant Hale Iqbal Jarvis Keane Lowry Marsh "
    "North "
    "Okafor Pike Quill Reyes Sharma Thorne Underhill Vance Walsh Yates Brook Chandra "
    "Dunn Ellery "
    "Fox Gray Holt Ivers Joshi Kerr Lane Moss Nash Osei Price Rowe Stone Tully Vale "
    "Wren York Zafar",
    "de": "Albrecht Brandt Conrad Dreyer Engel Fuchs Gruber Hartmann Issler Jung Keller "
    "Lorenz Maier "
    "Neumann Otto Peters Roth Schulte Thiele Vogt Wagner Yilmaz Ziegler Bergmann "
    "Demir Frank Kraus",
    "es": "Aguilar Bravo Castro Dominguez Escobar Fuentes Garrido Herrera Ibarra Jimenez "
    "Lozano Mora "
    "Navarro Ortega Prieto Quiroga Rivas Serrano Torres Urrutia Vega Yanez Zamora "
    "Campos Molina",
    "ja": "Abe Chiba Endo Fujita Goto Hayashi Inoue Kato Maeda Nakano Oda Sato Tanaka Ueda "
    "Wada Yamada "
    "Aoki Honda Ishii Kimura Mori Nomura Okada Saito Takeda Uchida Yoshida Hirano",
}
_COUNTRIES = {
    "en": ("us", "gb", "ca", "ie", "in", "ng", "nz", "au"),
    "de": ("de", "de", "at", "ch"),
    "es": ("es", "mx", "ar", "cl", "co"),
    "ja": ("jp",),
}
_BIO_FORMS = {
    "en": (
        "Mostly {a} and {b}. {quirk}",
        "{a}, {b}, and the occasional rant. {quirk}",
        "Here for the {a}. Staying for the {b}. {quirk}",
        "I write about {a}. {b} on weekends. {quirk}",
        "Will talk about {a} until you leave the room. {quirk}",
    ),
    "de": ("{a} und {b}. {quirk}", "Meist {a}, manchmal {b}. {quirk}"),
    "es": ("{a} y {b}. {quirk}", "Sobre todo {a}; a ratos {b}. {quirk}"),
    "ja": ("{a}と{b}が好き。{quirk}", "{a}の話ばかり。たまに{b}。{quirk}"),
}
_QUIRKS = {
    "en": (
        "Opinions brewed daily.", "Bad at small talk.", "Owner of one loud parrot.",
        "Typos are a feature.", "Slow replies, warm heart.", "Usually on a train.",
        "Collects maps.", "Left-handed.", "Two cats, no plan.", "Learning to listen.",
        "Ask me about my worst idea.", "Views from the cheap seats.",
    ),
    "de": ("Antwortet langsam.", "Kaffee zuerst.", "Zwei Katzen, kein Plan.", "Meist im Zug."),
    "es": ("Respondo tarde.", "Primero el desayuno.", "Dos gatos y ninguna prisa.", "De paso."),
    "ja": ("猫と暮らす。", "返事はゆっくり。", "早起きは苦手。", "散歩が日課。"),
}  # fmt: skip
_TOPIC_NAMES = {
    "de": "Jazz|klassische Musik|Film|Astronomie|Biologie|Geschichte|Fußball|Laufen"
    "|Klettern|Radfahren"
    "|Eisenbahn|Stadtleben|Kochen|Kaffee|Garten|Software|maschinelles Lernen|Schach|Videospiele"
    "|Brettspiele|Bücher|Fotografie|Vögel|Reisen",
    "es": "jazz|música clásica|cine|astronomía|biología|historia|fútbol|correr|escalada"
    "|ciclismo|trenes"
    "|vida urbana|cocina|café|jardín|software|aprendizaje automático|ajedrez|videojuegos"
    "|juegos de mesa|libros|fotografía|aves|viajes",
    "ja": "ジャズ|クラシック音楽|映画|天文|生物|歴史|サッカー|ランニング"
    "|クライミング|自転車|鉄道|街歩き|料理"
    "|コーヒー|園芸|ソフトウェア|機械学習|チェス|ゲーム|ボードゲーム|読書|写真|野鳥|旅",
}


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", folded.lower())


def named_people(
    seed: int, languages: np.ndarray, interests: np.ndarray
) -> list[tuple[str, str, str, str]]:
    """(handle, display name, bio, country) of every person, in order; handles are unique.

    Args:
      seed: The world's seed.
      languages: Language number of each person, [n].
      interests: Shares of the topics, [n, 24]; the bio names the two largest.
    """
    count = len(languages)
    person = np.arange(count)
    draws = [choices(2**30, seed, 901, person, stream).tolist() for stream in range(5)]
    best = np.argsort(-interests, axis=1, kind="stable")[:, :2].tolist()
    taken: dict[str, int] = {}
    result = []
    for i in range(count):
        code = LANGUAGES[int(languages[i])]
        first, last = _FIRST[code].split(), _LAST[code].split()
        given, family = first[draws[0][i] % len(first)], last[draws[1][i] % len(last)]
        handle = f"{_plain(given)}_{_plain(family)}"
        taken[handle] = taken.get(handle, 0) + 1
        if taken[handle] > 1:
            handle = f"{handle}{taken[handle]}"
        names = _TOPIC_NAMES[code].split("|") if code in _TOPIC_NAMES else list(TOPICS)
        form = _BIO_FORMS[code][draws[2][i] % len(_BIO_FORMS[code])]
        quirk = _QUIRKS[code][draws[3][i] % len(_QUIRKS[code])]
        bio = form.format(a=names[best[i][0]], b=names[best[i][1]], quirk=quirk)
        country = _COUNTRIES[code][draws[4][i] % len(_COUNTRIES[code])]
        result.append((handle, f"{given} {family}", bio[:1].upper() + bio[1:], country))
    return result
