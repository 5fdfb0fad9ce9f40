"""One policy of 20 rules, and leads to score by it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from leadrules import Account, Company, Lead, Money, Policy, load_policy
from leadrules.values import Cash, instant_of

__all__ = ["AT", "DOCUMENT", "NOW", "RULES", "lead_of", "make_leads", "policy", "record_of"]

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
NOW = int(instant_of(AT))
RULES = 20

DOCUMENT = """\
leadrules: 1
policy: {id: benchmark, version: 1, effective: 2026-01-01}
fields:
  months: {type: integer, unit: months, description: until they want to buy}
  visits: {type: integer, description: of our pages}
scoring:
  total: {min: 0, max: 100}
  fit:
    min: -20
    groups:
      demand: {of: [need, origin], max: 24}
    characteristics:
      size:
        - when: >-
            company.employees >= 1000 and company.revenue >= money("50000000 EUR")
            and country in ["DE", "AT", "CH"] and known(email)
          points: 25
        - when: >-
            company.employees >= 250 and country in ["DE", "AT", "CH", "NL", "FR", "BE"]
            and company.industry != "public" and language in ["de", "en"]
          points: 18
        - when: >-
            company.employees >= 50 and company.industry not in ["public", "education"]
            and known(company.revenue) and not contains(title, "freelance")
          points: 10
        - when: >-
            company.employees < 10 and not company.revenue >= money("1000000 EUR")
            and missing(account.id) and lead_type != "demo"
          points: -5
      role:
        - when: >-
            seniority in ["c_level", "vp"] and function in ["finance", "operations", "it"]
            and not contains(title, "assistant") and known(phone)
          points: 20
        - when: >-
            seniority == "director" and function in ["finance", "operations", "it"]
            and (company.employees >= 100 or known(account.id))
          points: 14
        - when: >-
            seniority == "manager" and (function == "it" or function == "operations")
            and months <= 12
          points: 8
        - when: >-
            contains(title, "student") or contains(title, "intern")
            or ends_with(email, ".edu") or function == "education"
          points: -15
      need:
        - when: >-
            budget >= money("50000 EUR") and months <= 6 and consent
            and lead_type in ["demo", "quote", "pricing"]
          points: 20
        - when: >-
            budget >= money("10000 EUR") and months <= 12 and visits >= 3
            and lead_type != "newsletter"
          points: 12
        - when: missing(budget) and months <= 3 and visits >= 5 and seniority != "staff"
          points: 6
        - when: months > 24 and not lead_type == "demo" and visits < 2 and not consent
          points: -8
      origin:
        - when: >-
            source in ["referral", "partner"] and known(campaign)
            and within(created, duration("90 days")) and consent
          points: 15
        - when: >-
            source == "web" and campaign in ["spring", "autumn", "fair"] and visits >= 4
            and within(created, duration("30 days"))
          points: 8
        - when: >-
            source == "list" and older_than(created, duration("180 days"))
            and missing(campaign) and not consent
          points: -10
      market:
        - when: >-
            country == "DE" and language == "de"
            and company.industry in ["manufacturing", "logistics"] and company.employees >= 20
          points: 10
        - when: >-
            country in ["NL", "FR", "BE", "US"] and language == "en"
            and company.employees >= 20 and company.industry in ["software", "finance"]
          points: 6
        - when: >-
            country not in ["DE", "AT", "CH", "NL", "FR", "BE", "US"] and language != "en"
            and missing(account.id) and company.employees < 500
          points: -6
      freshness:
        - when: >-
            within(created, duration("7 days")) and visits >= 2 and known(email)
            and lead_type in ["demo", "quote"]
          points: 10
        - when: >-
            older_than(created, duration("365 days")) and visits < 3
            and (missing(phone) or missing(email)) and not lead_type == "quote"
          points: -9
"""

_DAY = 86_400_000_000
_INDUSTRIES = ["manufacturing", "logistics", "software", "finance", "public", "education", "retail"]
_TEXTS: Mapping[str, tuple[float, list[str]]] = {
    "seniority": (0.2, ["c_level", "vp", "director", "manager", "staff", "staff"]),
    "function": (0.2, ["finance", "operations", "it", "sales", "education", "marketing"]),
    "company_industry": (0.25, _INDUSTRIES),
    "country": (0.05, ["DE", "DE", "DE", "AT", "CH", "NL", "FR", "BE", "US", "PL", "IT", "ES"]),
    "language": (0.1, ["de", "de", "en", "en", "fr", "it"]),
    "lead_type": (0.05, ["demo", "quote", "pricing", "newsletter", "white_paper", "webinar"]),
    "source": (0.05, ["web", "web", "referral", "partner", "list", "fair"]),
    "campaign": (0.4, ["spring", "summer", "autumn", "fair", "winter"]),
    "title": (
        0.3,
        [
            "Chief Financial Officer",
            "Head of Operations",
            "Head of IT",
            "Plant Manager",
            "Controller",
            "Purchasing Manager",
            "System Administrator",
            "assistant to the board",
            "freelance consultant",
            "working student",
        ],
    ),
}
"""For each column of text how often it is missing, and what else it is."""


@cache
def policy() -> Policy:
    """Return the policy, loaded once."""
    return load_policy(DOCUMENT)


def make_leads(count: int, *, seed: int = 20260105) -> pl.DataFrame:
    """Return made-up leads, the same for the same seed, with gaps such as CRMs have."""
    draw = np.random.default_rng(seed)

    def gaps(values: pl.Series, share: float) -> pl.Series:
        kept = pl.Series(draw.random(count) >= share)
        return pl.select(pl.when(kept).then(values).alias(values.name)).to_series()

    def text(name: str, share: float, choices: list[str]) -> pl.Series:
        picked = pl.Series(draw.integers(0, len(choices), count))
        return gaps(pl.Series(name, choices).gather(picked), share)

    def number(name: str, share: float, values: Any) -> pl.Series:
        return gaps(pl.Series(name, values.astype(np.int64)), share)

    emails = [
        f"person{index}@example.{'edu' if index % 15 == 0 else 'org'}" for index in range(5_000)
    ]
    employees = np.exp(draw.normal(4.5, 2.0, count))
    age = (draw.exponential(150 * _DAY, count)).astype(np.int64) - _DAY
    columns = [
        pl.Series("id", np.arange(count)).cast(pl.String),
        text("email", 0.15, emails),
        text("phone", 0.45, [f"+49 30 {index:06}" for index in range(2_000)]),
        *(text(name, share, choices) for name, (share, choices) in _TEXTS.items()),
        text("account_id", 0.7, [f"A{index}" for index in range(500)]),
        number("company_employees", 0.3, employees),
        number("months", 0.35, draw.integers(0, 40, count)),
        number("visits", 0.05, draw.poisson(2.5, count)),
        gaps(pl.Series("consent", draw.random(count) < 0.6), 0.1),  # noqa: PLR2004
        gaps(pl.Series("created", NOW - age).cast(pl.Datetime("us", "UTC")), 0.02),
    ]
    revenue = employees * np.exp(draw.normal(11.8, 0.7, count))
    budget = np.exp(draw.normal(9.8, 1.6, count))
    for name, share, euros in (("company_revenue", 0.4, revenue), ("budget", 0.4, budget)):
        amount = number(name, share, np.round(euros) * 100)
        currency = text(f"{name}_currency", 0.0, ["EUR"] * 9 + ["USD"])
        known = pl.select(pl.when(amount.is_not_null()).then(currency)).to_series()
        columns += [amount, known.alias(currency.name)]
    return pl.DataFrame(columns)


def lead_of(row: Mapping[str, Any]) -> Lead:
    """Return the lead that a row of the frame is."""
    return Lead(
        **{name: row[name] for name in _PLAIN},
        budget=_money(row, "budget"),
        company=Company(
            employees=row["company_employees"],
            industry=row["company_industry"],
            revenue=_money(row, "company_revenue"),
        ),
        account=Account(id=row["account_id"]),
        fields={"months": row["months"], "visits": row["visits"]},
    )


def record_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as what an engine without times takes: the age instead of the moment."""
    created = row["created"]
    age = None if created is None else (AT - created) // timedelta(microseconds=1)
    return {**{name: value for name, value in row.items() if name != "created"}, "age": age}


_PLAIN = (
    "id",
    "email",
    "phone",
    "title",
    "seniority",
    "function",
    "country",
    "language",
    "lead_type",
    "source",
    "campaign",
    "created",
    "consent",
)


def _money(row: Mapping[str, Any], name: str) -> Money | None:
    if row[name] is None:
        return None
    return Money.of_minor(Cash(row[name], row[f"{name}_currency"]))
