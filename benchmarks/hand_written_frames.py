"""The policy of 20 rules as people write it without a library: polars in two spellings, and SQL."""

# ruff: noqa: PLR2004 - the numbers are the policy

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from benchmarks.policy import AT, NOW

__all__ = ["SQL", "by_chains", "by_flags"]

DAY = 86_400_000_000
CORE = ["DE", "AT", "CH"]
NEAR = ["DE", "AT", "CH", "NL", "FR", "BE"]
OURS = ["DE", "AT", "CH", "NL", "FR", "BE", "US"]
ENGLISH = ["NL", "FR", "BE", "US"]
BUYERS = ["finance", "operations", "it"]

Case = tuple[pl.Expr, int]
"""A condition, null where it is unknown, and its points."""


def _cases() -> dict[str, list[Case]]:
    col, lit = pl.col, pl.lit
    employees, revenue = col("company_employees"), col("company_revenue")
    industry, country, language = col("company_industry"), col("country"), col("language")
    title, email, function = col("title"), col("email"), col("function")
    seniority, lead_type, consent = col("seniority"), col("lead_type"), col("consent")
    months, visits, source, campaign = col("months"), col("visits"), col("source"), col("campaign")
    age = lit(AT) - col("created")
    revenue = pl.when(col("company_revenue_currency") == "EUR").then(revenue)
    euros = pl.when(col("budget_currency") == "EUR").then(col("budget"))
    no_account = col("account_id").is_null()

    def days(count: int) -> pl.Expr:
        return pl.duration(days=count)

    return {
        "size": [
            (
                (employees >= 1000)
                & (revenue >= 5_000_000_000)
                & country.is_in(CORE)
                & email.is_not_null(),
                25,
            ),
            (
                (employees >= 250)
                & country.is_in(NEAR)
                & (industry != "public")
                & language.is_in(["de", "en"]),
                18,
            ),
            (
                (employees >= 50)
                & ~industry.is_in(["public", "education"])
                & col("company_revenue").is_not_null()
                & ~title.str.contains("freelance", literal=True),
                10,
            ),
            (
                (employees < 10) & (revenue < 100_000_000) & no_account & (lead_type != "demo"),
                -5,
            ),
        ],
        "role": [
            (
                seniority.is_in(["c_level", "vp"])
                & function.is_in(BUYERS)
                & ~title.str.contains("assistant", literal=True)
                & col("phone").is_not_null(),
                20,
            ),
            (
                (seniority == "director")
                & function.is_in(BUYERS)
                & ((employees >= 100) | ~no_account),
                14,
            ),
            (
                (seniority == "manager")
                & ((function == "it") | (function == "operations"))
                & (months <= 12),
                8,
            ),
            (
                title.str.contains("student", literal=True)
                | title.str.contains("intern", literal=True)
                | email.str.ends_with(".edu")
                | (function == "education"),
                -15,
            ),
        ],
        "need": [
            (
                (euros >= 5_000_000)
                & (months <= 6)
                & consent
                & lead_type.is_in(["demo", "quote", "pricing"]),
                20,
            ),
            (
                (euros >= 1_000_000) & (months <= 12) & (visits >= 3) & (lead_type != "newsletter"),
                12,
            ),
            (
                col("budget").is_null() & (months <= 3) & (visits >= 5) & (seniority != "staff"),
                6,
            ),
            ((months > 24) & (lead_type != "demo") & (visits < 2) & ~consent, -8),
        ],
        "origin": [
            (
                source.is_in(["referral", "partner"])
                & campaign.is_not_null()
                & (age >= days(0))
                & (age < days(90))
                & consent,
                15,
            ),
            (
                (source == "web")
                & campaign.is_in(["spring", "autumn", "fair"])
                & (visits >= 4)
                & (age >= days(0))
                & (age < days(30)),
                8,
            ),
            ((source == "list") & (age >= days(180)) & campaign.is_null() & ~consent, -10),
        ],
        "market": [
            (
                (country == "DE")
                & (language == "de")
                & industry.is_in(["manufacturing", "logistics"])
                & (employees >= 20),
                10,
            ),
            (
                country.is_in(ENGLISH)
                & (language == "en")
                & (employees >= 20)
                & industry.is_in(["software", "finance"]),
                6,
            ),
            (
                ~country.is_in(OURS) & (language != "en") & no_account & (employees < 500),
                -6,
            ),
        ],
        "freshness": [
            (
                (age >= days(0))
                & (age < days(7))
                & (visits >= 2)
                & email.is_not_null()
                & lead_type.is_in(["demo", "quote"]),
                10,
            ),
            (
                (age >= days(365))
                & (visits < 3)
                & (col("phone").is_null() | email.is_null())
                & (lead_type != "quote"),
                -9,
            ),
        ],
    }


def _added(leads: pl.DataFrame, points: Mapping[str, pl.Expr]) -> pl.DataFrame:
    demand = (points["need"] + points["origin"]).clip(upper_bound=24)
    rest = points["size"] + points["role"] + points["market"] + points["freshness"]
    fit = (rest + demand).clip(lower_bound=-20)
    results = {"score": fit.clip(0, 100), "fit": fit.cast(pl.Float64)}
    return leads.lazy().with_columns(**results).collect()


def by_chains(leads: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with `score` and `fit`, each characteristic as one when/then chain."""
    points = {}
    for name, cases in _cases().items():
        chain: Any = pl
        for condition, given in cases:
            chain = chain.when(condition).then(pl.lit(given, pl.Int64))
        points[name] = chain.otherwise(pl.lit(0, pl.Int64))
    return _added(leads, points)


def by_flags(leads: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with `score` and `fit`, each rule as a flag times its points."""
    points = {}
    for name, cases in _cases().items():
        total, earlier = pl.lit(0, pl.Int64), pl.lit(False)  # noqa: FBT003 - a value
        for condition, given in cases:
            fires = condition.fill_null(value=False) & ~earlier
            earlier |= fires
            total += fires.cast(pl.Int64) * given
        points[name] = total
    return _added(leads, points)


SQL = f"""
WITH aged AS (
  SELECT *, {NOW} - epoch_us(created) AS age,
    CASE WHEN company_revenue_currency = 'EUR' THEN company_revenue END AS revenue,
    CASE WHEN budget_currency = 'EUR' THEN budget END AS euros
  FROM {{leads}}
), points AS (
  SELECT *,
    CASE
      WHEN company_employees >= 1000 AND revenue >= 5000000000
        AND country IN ('DE', 'AT', 'CH') AND email IS NOT NULL THEN 25
      WHEN company_employees >= 250 AND country IN ('DE', 'AT', 'CH', 'NL', 'FR', 'BE')
        AND company_industry <> 'public' AND language IN ('de', 'en') THEN 18
      WHEN company_employees >= 50 AND company_industry NOT IN ('public', 'education')
        AND company_revenue IS NOT NULL AND NOT contains(title, 'freelance') THEN 10
      WHEN company_employees < 10 AND revenue < 100000000
        AND account_id IS NULL AND lead_type <> 'demo' THEN -5
      ELSE 0
    END AS size,
    CASE
      WHEN seniority IN ('c_level', 'vp') AND function IN ('finance', 'operations', 'it')
        AND NOT contains(title, 'assistant') AND phone IS NOT NULL THEN 20
      WHEN seniority = 'director' AND function IN ('finance', 'operations', 'it')
        AND (company_employees >= 100 OR account_id IS NOT NULL) THEN 14
      WHEN seniority = 'manager' AND (function = 'it' OR function = 'operations')
        AND months <= 12 THEN 8
      WHEN contains(title, 'student') OR contains(title, 'intern')
        OR suffix(email, '.edu') OR function = 'education' THEN -15
      ELSE 0
    END AS role,
    CASE
      WHEN euros >= 5000000 AND months <= 6 AND consent
        AND lead_type IN ('demo', 'quote', 'pricing') THEN 20
      WHEN euros >= 1000000 AND months <= 12 AND visits >= 3
        AND lead_type <> 'newsletter' THEN 12
      WHEN budget IS NULL AND months <= 3 AND visits >= 5 AND seniority <> 'staff' THEN 6
      WHEN months > 24 AND NOT lead_type = 'demo' AND visits < 2 AND NOT consent THEN -8
      ELSE 0
    END AS need,
    CASE
      WHEN source IN ('referral', 'partner') AND campaign IS NOT NULL
        AND age >= 0 AND age < {90 * DAY} AND consent THEN 15
      WHEN source = 'web' AND campaign IN ('spring', 'autumn', 'fair') AND visits >= 4
        AND age >= 0 AND age < {30 * DAY} THEN 8
      WHEN source = 'list' AND age >= {180 * DAY} AND campaign IS NULL AND NOT consent THEN -10
      ELSE 0
    END AS origin,
    CASE
      WHEN country = 'DE' AND language = 'de'
        AND company_industry IN ('manufacturing', 'logistics') AND company_employees >= 20 THEN 10
      WHEN country IN ('NL', 'FR', 'BE', 'US') AND language = 'en'
        AND company_employees >= 20 AND company_industry IN ('software', 'finance') THEN 6
      WHEN country NOT IN ('DE', 'AT', 'CH', 'NL', 'FR', 'BE', 'US') AND language <> 'en'
        AND account_id IS NULL AND company_employees < 500 THEN -6
      ELSE 0
    END AS market,
    CASE
      WHEN age >= 0 AND age < {7 * DAY} AND visits >= 2 AND email IS NOT NULL
        AND lead_type IN ('demo', 'quote') THEN 10
      WHEN age >= {365 * DAY} AND visits < 3 AND (phone IS NULL OR email IS NULL)
        AND NOT lead_type = 'quote' THEN -9
      ELSE 0
    END AS freshness
  FROM aged
), sums AS (
  SELECT *,
    greatest(size + role + market + freshness + least(need + origin, 24), -20) AS total
  FROM points
)
SELECT id, greatest(least(total, 100), 0)::BIGINT AS score, total::DOUBLE AS fit FROM sums
"""  # noqa: S608 - made of constants
"""Takes the name of a table; the columns that nobody asks for are not computed."""
