"""Phone numbers as keys: the same number, however it is written."""

from __future__ import annotations

import re
import unicodedata

from leadrules.errors import EvaluationError, as_written

__all__ = ["phone_number"]

_PUNCTUATION = re.compile(r"\(0\)|[\s().\-/\u2010-\u2015]")
_INTERNATIONAL = re.compile(r"(?:\+|00)([1-9][0-9]{6,14})")


def phone_number(text: str, *, region: str | None = None) -> str | None:
    """Return a phone number with its country code and nothing but digits, if that can be told.

    Args:
        text: The number as somebody wrote it.
        region: The region, such as `DE`, of numbers that begin neither with `+` nor with `00`;
            None if it is not known, which leaves such numbers out.

    Returns:
        The number, such as `+4930123456`, with its extension if the text tells one and a region
        is given; None if it cannot be told.

    Raises:
        EvaluationError: If there is no such region.
        ModuleNotFoundError: If a region is given and `phonenumbers` is not installed.

    Examples:
        >>> phone_number("0049 (0)30 / 123-456")
        '+4930123456'
        >>> phone_number("030 123456") is None
        True
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if region is not None:
        return _parsed(plain, region)
    digits = _INTERNATIONAL.fullmatch(_PUNCTUATION.sub("", plain))
    return f"+{digits[1]}" if digits else None


def _parsed(plain: str, region: str) -> str | None:
    try:
        import phonenumbers as library  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        message = f"region needs the package '{error.name}'; install leadrules[phones]"
        raise ModuleNotFoundError(message, name=error.name) from None
    if region not in library.SUPPORTED_REGIONS:
        message = f"region: '{as_written(region)}' is no region; expected a code such as 'DE'"
        raise EvaluationError(message, field="region")
    try:
        found = library.parse(re.sub("^00", "+", plain), region)
    except library.NumberParseException:
        return None
    number = str(library.format_number(found, library.PhoneNumberFormat.E164))
    if not library.is_possible_number(found) or not _INTERNATIONAL.fullmatch(number):
        return None
    return f"{number} ext. {found.extension}" if found.extension else number
