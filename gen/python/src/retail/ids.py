"""Identifiers such as `prd_01h455vb4pex5vsknk084sn02q`: a prefix that tells what is named, an
underscore, and 128 bits as 26 digits of Crockford's base32 in lower case.

One id has one text, so ids may be stored and compared as they come. This module is for those who
check input early or store UUIDs.
"""

import enum
import uuid

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGITS = 26


class Problem(enum.Enum):
    """Why a text is not the wanted id."""

    WRONG_PREFIX = "the text names something else, or is no id at all"
    WRONG_LENGTH = "not exactly 26 digits follow the prefix"
    WRONG_CHARACTER = "a character is not a digit of the alphabet, which lacks i, l, o and u"
    TOO_LARGE = "the first digit is above 7, which is more than 128 bits"


class IdError(ValueError):
    """Says that a text is not the wanted id."""

    def __init__(self, problem: Problem, prefix: str, text: str) -> None:
        super().__init__(f"{text!r} is not an id {prefix}_…: {problem.value}")
        self.problem = problem


def parse(prefix: str, text: str) -> uuid.UUID:
    """Returns the UUID of an id with the given prefix, or raises an IdError."""
    problem = _problem(prefix, text)
    if problem is not None:
        raise IdError(problem, prefix, text)
    bits = 0
    for letter in text[len(prefix) + 1 :]:
        bits = bits << 5 | _ALPHABET.index(letter)
    return uuid.UUID(int=bits)


def format(prefix: str, value: uuid.UUID) -> str:
    """Returns the text of the id with the given prefix and UUID."""
    places = reversed(range(_DIGITS))
    return f"{prefix}_" + "".join(_ALPHABET[value.int >> 5 * place & 31] for place in places)


def _problem(prefix: str, text: str) -> Problem | None:
    if not text.startswith(f"{prefix}_"):
        return Problem.WRONG_PREFIX
    digits = text[len(prefix) + 1 :]
    if len(digits) != _DIGITS:
        return Problem.WRONG_LENGTH
    if any(letter not in _ALPHABET for letter in digits):
        return Problem.WRONG_CHARACTER
    return Problem.TOO_LARGE if digits[0] > "7" else None
