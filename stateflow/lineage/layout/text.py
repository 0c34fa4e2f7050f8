"""How wide a text is, on every machine: never less than what its usual sans-serif fonts need."""

from __future__ import annotations

import math
import unicodedata

# hundredths of an em for the characters from space to tilde: the wider one of DejaVu Sans and Helvetica
_WIDTHS = (
    *(32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64),
    *(64, 64, 34, 34, 84, 84, 84, 56, 102, 69, 69, 73, 77, 67, 62, 78, 76, 30, 50, 67, 56, 87, 75, 79),
    *(67, 79, 73, 67, 62, 74, 69, 99, 69, 67, 69, 40, 34, 40, 84, 56, 50, 62, 64, 55, 64, 62, 36, 64),
    *(64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60, 82, 60, 60, 53, 64, 34, 64, 84),
)
_BOLD = 1.13
_WIDE, _OTHER, _LETTER = 140, 110, 100


def width(text: str, size: float, bold: bool = False) -> float:
    """Return the width of a text in pixels, at a font size in pixels, rounded up to a half."""
    hundredths = sum(_hundredths(character) for character in text)
    return math.ceil(hundredths * size * (_BOLD if bold else 1) / 50) / 2


def fitted(text: str, limit: float, size: float, bold: bool = False) -> str:
    """Return the text, with its middle left out where it is wider than ``limit`` pixels."""
    if width(text, size, bold) <= limit:
        return text
    low, high = 0, len(text) - 1
    while low < high:
        kept = (low + high + 1) // 2
        low, high = (kept, high) if width(_cut(text, kept), size, bold) <= limit else (low, kept - 1)
    return _cut(text, low)


def _cut(text: str, kept: int) -> str:
    tail = kept // 2
    return f"{text[: kept - tail]}…{text[len(text) - tail :]}"


def _hundredths(character: str) -> int:
    code = ord(character) - 32
    if 0 <= code < len(_WIDTHS):
        return _WIDTHS[code]
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE
    return _LETTER if unicodedata.category(character) == "Ll" else _OTHER
