"""Public holidays of countries and their parts, by the `holidays` package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from leadrules.errors import as_written, did_you_mean

__all__ = ["YEARS", "holidays_of", "wrong_places"]

YEARS = range(1970, 2100)
"""The years whose holidays are known; that others have is not."""

MISSING = "needs the package 'holidays', which is not installed; pip install 'leadrules[holidays]'"


def wrong_places(places: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the positions of the places that have no holidays, with a message.

    Raises:
        ModuleNotFoundError: If the `holidays` package is not installed.
    """
    known = _package().list_supported_countries()
    for index, place in enumerate(places):
        country, dash, part = place.partition("-")
        if country not in known:
            hint = did_you_mean(country, known) or "; expected a code of ISO 3166: 'DE' or 'US-NY'"
            yield index, f"no holidays of a country '{as_written(country)}'{hint}"
        elif dash and part not in known[country]:
            hint = did_you_mean(part, known[country])
            yield index, f"no holidays of a part '{as_written(part)}' of '{country}'{hint}"


def holidays_of(places: Sequence[str]) -> frozenset[date]:
    """Return the public holidays of places, such as `DE` or `US-NY`."""
    found: set[date] = set()
    for place in places:
        country, _, part = place.partition("-")
        found |= set(_of(country, part or None))
    return frozenset(found)


def _of(country: str, part: str | None) -> Mapping[date, str]:
    found: Mapping[date, str] = _package().country_holidays(country, subdiv=part, years=YEARS)
    return found


def _package() -> Any:
    import holidays  # noqa: PLC0415 - an extra

    return holidays
