"""Which language a caption is in, from its commonest small words. Empty when it cannot be told."""

from __future__ import annotations

from collections.abc import Iterable

from domain.text import words

_SMALL_WORDS = {
    "en": "the and is are was this that with for you your my of to it in on have so we our from but"
    " not all they be at i a when what how can will just more",
    "de": "der die das und ist ich mit fur ein eine nicht auf von zu im den dem es sich auch wir"
    " mein meine euch ihr bei so wie aber noch hat heute mehr",
    "fr": "le la les et est je avec pour un une des du de pas sur dans que qui mon ma mes vous nous"
    " tres plus au aux ce cette c'est j'ai en sont",
    "es": "el la los las y es con para un una de del que en mi mis por no muy este esta su se como"
    " mas pero lo al os hoy yo son cuando",
    "it": "il la lo gli le e con per un una di del della che in mi non questo questa ho sono anche"
    " piu ma come alla nel oggi molto mio mia ai",
    "pt": "o a os as e com para um uma de do da que em no na meu minha nao muito este esta mais por"
    " voce eu se como ao hoje sou seu",
    "nl": "de het een en is ik met voor van niet op in dat die zijn mijn je jullie ook maar heb wat"
    " naar bij nog dit deze om te we zo heel",
}
_SETS = {language: frozenset(text.split()) for language, text in _SMALL_WORDS.items()}
ENOUGH_SMALL_WORDS = 3
"""Fewer small words than this say nothing about a language."""


def guess_language(texts: Iterable[str]) -> str:
    """The ISO 639-1 code of the language that most small words belong to; empty if unclear."""
    found = [word for text in texts for word in words(text)]
    scores = {language: sum(word in small for word in found) for language, small in _SETS.items()}
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    (best, first), (_, second) = ranked[0], ranked[1]
    return best if first >= ENOUGH_SMALL_WORDS and first > second else ""


def reads_like_letters_of(texts: Iterable[str]) -> bool:
    """True if most letters are Latin ones: the only script that our word lists can read."""
    letters = [char for text in texts for char in text if char.isalpha()]
    latin = sum(char.isascii() or "À" <= char <= "ɏ" for char in letters)
    return not letters or latin * 2 >= len(letters)
