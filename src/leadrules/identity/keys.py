"""Match keys: two leads that share one may be one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from leadrules.errors import EvaluationError, as_written
from leadrules.identity.phones import phone_number
from leadrules.lead import Lead

__all__ = ["PUBLIC_DOMAINS", "MatchKey", "domain_of", "folded", "match_keys"]

PUBLIC_DOMAINS = frozenset(
    {
        *("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com"),
        *("yahoo.com", "icloud.com", "me.com", "mac.com", "aol.com", "proton.me"),
        *("protonmail.com", "gmx.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de"),
        *("t-online.de", "freenet.de", "orange.fr", "free.fr", "laposte.net", "libero.it"),
        *("mail.ru", "yandex.ru", "qq.com", "163.com", "126.com"),
        *("facebook.com", "instagram.com", "linkedin.com", "xing.com"),
    }
)
"""Domains that many share, so that they tell no company."""

_LABEL = r"[^\s./:?#@]+"
_DOMAIN = rf"(?:{_LABEL}\.)+{_LABEL}"
_EMAIL = re.compile(rf"[^\s@]+@{_DOMAIN}")
_SITE = re.compile(rf"(?:[a-z][a-z0-9+.-]*://)?(?:www\.)?({_DOMAIN})\.?(?:[:/?#].*)?")


@dataclass(frozen=True, slots=True, order=True)
class MatchKey:
    """What two leads have in common if they may be one.

    Attributes:
        kind: What it is, such as `email`.
        value: The value, spelt in the one way that makes equal values equal texts.
    """

    kind: str
    value: str


def match_keys(lead: Lead, *, region: str | None = None) -> tuple[MatchKey, ...]:
    """Return the keys by which a lead is found to be another one.

    - `email`: the address in small letters; dots and what follows a `+` stay.
    - `phone`: the number with its country code, where that can be told.
    - `company_and_name`: the domain of the company, or of its website, with the name of the
      person in small letters. A domain of `PUBLIC_DOMAINS` tells no company, and the domain of
      the email is not asked.

    Args:
        lead: The lead.
        region: The region, such as `DE`, of phone numbers without a country code. It needs the
            extra `phones`. By default such numbers are no keys.

    Raises:
        EvaluationError: If it is no lead, or there is no such region.

    Examples:
        >>> match_keys(Lead(id="17", email=" Ada@Example.org"))
        (MatchKey(kind='email', value='ada@example.org'),)
    """
    if not isinstance(lead, Lead):
        message = f"lead: '{as_written(lead)}' is no lead; make one with Lead(...)"
        raise EvaluationError(message, field="lead")
    return tuple(
        MatchKey(kind, value)
        for kind, value in (
            ("email", _email(lead.email)),
            ("phone", phone_number(lead.phone, region=region) if lead.phone else None),
            ("company_and_name", _company_and_name(lead)),
        )
        if value is not None
    )


def folded(text: str) -> str:
    """Return a text without what differs by case, spaces or the way Unicode spells it.

    Examples:
        >>> folded("  Jörg\N{NO-BREAK SPACE}STRASSER ") == folded("Jo\u0308rg Straßer")
        True
    """
    upper = unicodedata.normalize("NFKD", text).upper()
    return " ".join(unicodedata.normalize("NFKC", upper.casefold()).split())


def domain_of(domain: str | None, website: str | None = None) -> str | None:
    """Return the domain that tells a company, or None if there is none that does.

    Examples:
        >>> domain_of(None, "https://www.Example.org/about")
        'example.org'
        >>> domain_of("gmail.com") is None
        True
    """
    for text in (domain, website):
        match = _SITE.fullmatch(_small(text)) if text else None
        if match and not _is_public(match[1]):
            return match[1]
    return None


def _is_public(domain: str) -> bool:
    parts = domain.split(".")
    return any(".".join(parts[start:]) in PUBLIC_DOMAINS for start in range(len(parts)))


def _email(text: str | None) -> str | None:
    small = _small(text) if text else ""
    return small if _EMAIL.fullmatch(small) else None


def _company_and_name(lead: Lead) -> str | None:
    domain = domain_of(lead.company.domain, lead.company.website)
    name = folded(lead.name) if lead.name else ""
    return f"{domain} {name}" if domain and name else None


def _small(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()
