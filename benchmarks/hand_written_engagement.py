"""The twenty activity rules as people write them without a library: polars, and SQL."""

# ruff: noqa: PLR2004 - the numbers are the policy

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from benchmarks.policy import AT, NOW

__all__ = ["SQL", "by_polars", "lazily"]

DAY = 86_400_000_000
PAGES = ("view", "pricing", "docs", "long_visit", "blog")
MAILS = ("opened", "opened_fair", "clicked", "clicked_now", "clicked_first")
OTHERS = (
    "careers",
    "download",
    "download_read",
    "webinar",
    "webinar_stayed",
    "form",
    "form_web",
    "demo",
    "demo_again",
    "unsubscribed",
)
AGE = NOW - pl.col("time").dt.epoch("us")
LOCAL = pl.col("time").dt.convert_time_zone("Europe/Berlin")
PERIODS = {
    "day": LOCAL.dt.date(),
    "week": LOCAL.dt.truncate("1w").dt.date(),
    "month": LOCAL.dt.truncate("1mo").dt.date(),
}


def _halved(days: int) -> pl.Expr:
    return pl.lit(0.5).pow(AGE / (days * DAY))


def _linear(days: int) -> pl.Expr:
    return (1 - AGE / (days * DAY)).clip(lower_bound=0)


def _window(days: int) -> pl.Expr:
    return (days * DAY > AGE).cast(pl.Float64)


def _sums(acts: pl.LazyFrame) -> list[pl.LazyFrame]:
    """Return the points of each rule by lead."""
    col = pl.col
    by_type = {
        name: acts.filter(col("type") == name)
        for name in (
            "page_view", "email_open", "email_click", "download", "webinar", "form",
            "demo_request", "unsubscribe",
        )
    }  # fmt: skip
    views, clicks = by_type["page_view"], by_type["email_click"]
    opens, forms = by_type["email_open"], by_type["form"]

    def last(found: pl.LazyFrame, per: str | None, points: pl.Expr, name: str) -> pl.LazyFrame:
        """Of each period, or of all time, the last."""
        keys = ["lead_id"] if per is None else ["lead_id", PERIODS[per].alias("period")]
        found = found.group_by(keys).agg(col("time").max())
        return found.group_by("lead_id").agg(points.sum().alias(name))

    def latest(
        found: pl.LazyFrame, count: int, per: str | None, points: pl.Expr, name: str
    ) -> pl.LazyFrame:
        """Of each period, or of all time, the latest few."""
        keys = [col("lead_id")] if per is None else [col("lead_id"), PERIODS[per]]
        place = col("time").rank("ordinal", descending=True).over(keys)
        return found.filter(place <= count).group_by("lead_id").agg(points.sum().alias(name))

    blog = views.filter(col("path").str.starts_with("/blog"))
    careers = views.filter(col("path") == "/careers")
    return [
        last(views, "day", _halved(30), "view"),
        latest(views.filter(col("path") == "/pricing"), 2, "week", 4 * _linear(60), "pricing"),
        last(views.filter(col("path") == "/docs"), "day", 2 * _window(90), "docs"),
        views.filter(col("seconds") >= 300)
        .group_by("lead_id")
        .agg((2 * _halved(30)).sum().alias("long_visit")),
        blog.group_by("lead_id", PERIODS["month"].alias("period"))
        .agg(pl.len().clip(upper_bound=3).alias("blog"))
        .group_by("lead_id")
        .agg(col("blog").sum() * 0.5),
        careers.group_by("lead_id").agg(
            (PERIODS["month"].n_unique().cast(pl.Int64) * -3).alias("careers")
        ),
        last(opens, "day", 0.5 * _linear(30), "opened"),
        opens.filter(col("campaign") == "fair")
        .group_by("lead_id")
        .agg(_window(180).sum().alias("opened_fair")),
        clicks.group_by("lead_id").agg(
            (2 * _halved(45)).sum().alias("clicked"),
            (col("campaign").is_in(["spring", "fair"]).any().cast(pl.Float64) * 3).alias(
                "clicked_now"
            ),
            (2 * pl.len().clip(upper_bound=5)).alias("clicked_first"),
        ),
        last(by_type["download"], "week", 5 * pl.lit(0.8).pow(AGE // (30 * DAY)), "download"),
        by_type["download"]
        .filter(col("seconds") >= 120)
        .group_by("lead_id")
        .agg(
            ((1 - 0.25 * (AGE // (30 * DAY))).clip(lower_bound=0) * 3).sum().alias("download_read")
        ),
        by_type["webinar"]
        .group_by("lead_id")
        .agg(
            (8 * _linear(180)).sum().alias("webinar"),
            (6 * (col("seconds") >= 240).sum()).alias("webinar_stayed"),
        ),
        last(forms, "month", 6 * _halved(60), "form"),
        forms.filter(col("campaign") == "web")
        .group_by("lead_id")
        .agg((4 * _window(120)).sum().alias("form_web")),
        last(by_type["demo_request"], None, 25 * _window(180), "demo"),
        latest(by_type["demo_request"], 3, None, 5 * _halved(30), "demo_again"),
        by_type["unsubscribe"].group_by("lead_id").agg(pl.lit(-20.0).first().alias("unsubscribed")),
    ]  # fmt: skip


def lazily(leads: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    """Return leads with `score` and `engagement`, each rule joined to them."""
    past = events.filter(pl.col("time") <= AT)
    gone = past.filter(pl.col("kind") == "retraction").select("lead_id", pl.col("of").alias("id"))
    acts = (
        past.filter(pl.col("kind") == "activity")
        .select("lead_id", "id", "time", "type", "path", "seconds", "campaign")
        .unique(["lead_id", "id"])
        .join(gone, on=["lead_id", "id"], how="anti")
    )
    found = leads
    for sums in _sums(acts):
        found = found.join(
            sums, left_on="id", right_on="lead_id", how="left", maintain_order="left"
        )
    points = {name: pl.col(name).fill_null(0) for name in (*PAGES, *MAILS, *OTHERS)}
    points["view"] = points["view"].clip(upper_bound=20)
    points["clicked"] = points["clicked"].clip(upper_bound=30)
    points["careers"] = points["careers"].clip(lower_bound=-9)
    engagement = (
        _sum(points, PAGES).clip(upper_bound=40)
        + _sum(points, MAILS).clip(upper_bound=25)
        + _sum(points, OTHERS)
    ).clip(upper_bound=90)
    score = (engagement.clip(0, 100) + 0.5).floor().cast(pl.Int64)
    return found.select("id", score=score, engagement=engagement)


def _sum(points: Mapping[str, pl.Expr], names: tuple[str, ...]) -> pl.Expr:
    return pl.sum_horizontal(*(points[name] for name in names))


def by_polars(
    leads: pl.DataFrame, events: pl.DataFrame, *, streaming: bool = False
) -> pl.DataFrame:
    """Return the frame with `score` and `engagement`, by one engine of polars or the other."""
    found = lazily(leads.lazy(), events.lazy())
    return found.collect(engine="streaming") if streaming else found.collect(engine="in-memory")


SQL = f"""
WITH past AS (
  SELECT * FROM events WHERE time <= make_timestamptz({NOW})
), acts AS MATERIALIZED (
  SELECT lead_id, id, any_value(time) AS time, any_value(type) AS type,
    any_value(path) AS path, any_value(seconds) AS seconds, any_value(campaign) AS campaign,
    ({NOW} - epoch_us(any_value(time))) / {DAY}.0 AS age,
    any_value(time) AT TIME ZONE 'Europe/Berlin' AS local
  FROM past WHERE kind = 'activity'
  GROUP BY lead_id, id
), live AS MATERIALIZED (
  SELECT * FROM acts ANTI JOIN
    (SELECT lead_id, "of" AS id FROM past WHERE kind = 'retraction') USING (lead_id, id)
), unlimited AS (
  SELECT lead_id,
    sum(2 * pow(0.5, age / 30)) FILTER (type = 'page_view' AND seconds >= 300) AS long_visit,
    count(*) FILTER (type = 'email_open' AND campaign = 'fair' AND age < 180) AS opened_fair,
    sum(2 * pow(0.5, age / 45)) FILTER (type = 'email_click') AS clicked,
    max(3) FILTER (type = 'email_click' AND campaign IN ('spring', 'fair')) AS clicked_now,
    2 * least(5, count(*) FILTER (type = 'email_click')) AS clicked_first,
    sum(3 * greatest(0, 1 - 0.25 * floor(age / 30)))
      FILTER (type = 'download' AND seconds >= 120) AS download_read,
    sum(8 * greatest(0, 1 - age / 180)) FILTER (type = 'webinar') AS webinar,
    6 * count(*) FILTER (type = 'webinar' AND seconds >= 240) AS webinar_stayed,
    4 * count(*) FILTER (type = 'form' AND campaign = 'web' AND age < 120) AS form_web,
    CASE WHEN min(age) FILTER (type = 'demo_request') < 180 THEN 25 END AS demo,
    max(-20) FILTER (type = 'unsubscribe') AS unsubscribed
  FROM live GROUP BY lead_id
), days AS (
  SELECT lead_id, min(age) FILTER (type = 'page_view') AS view,
    min(age) FILTER (type = 'page_view' AND path = '/docs') AS docs,
    min(age) FILTER (type = 'email_open') AS opened
  FROM live WHERE type IN ('page_view', 'email_open')
  GROUP BY lead_id, local::DATE
), daily AS (
  SELECT lead_id, sum(pow(0.5, view / 30)) AS view, 2 * count(*) FILTER (docs < 90) AS docs,
    sum(0.5 * greatest(0, 1 - opened / 30)) AS opened
  FROM days GROUP BY lead_id
), weeks AS (
  SELECT lead_id, min(age) AS age FROM live WHERE type = 'download'
  GROUP BY lead_id, date_trunc('week', local)
), weekly AS (
  SELECT lead_id, sum(5 * pow(0.8, floor(age / 30))) AS download FROM weeks GROUP BY lead_id
), months AS (
  SELECT lead_id,
    least(3, count(*) FILTER (type = 'page_view' AND starts_with(path, '/blog'))) AS blog,
    max(1) FILTER (type = 'page_view' AND path = '/careers') AS careers,
    min(age) FILTER (type = 'form') AS form
  FROM live WHERE type = 'form'
    OR type = 'page_view' AND (path = '/careers' OR starts_with(path, '/blog'))
  GROUP BY lead_id, date_trunc('month', local)
), monthly AS (
  SELECT lead_id, 0.5 * sum(blog) AS blog, greatest(-9, -3 * coalesce(sum(careers), 0)) AS careers,
    sum(6 * pow(0.5, form / 60)) AS form
  FROM months GROUP BY lead_id
), priced AS (
  SELECT lead_id, age, row_number() OVER
    (PARTITION BY lead_id, date_trunc('week', local) ORDER BY time DESC, id DESC) AS place
  FROM live WHERE type = 'page_view' AND path = '/pricing'
), pricing AS (
  SELECT lead_id, sum(4 * greatest(0, 1 - age / 60)) AS pricing
  FROM priced WHERE place <= 2 GROUP BY lead_id
), demos AS (
  SELECT lead_id, age, row_number() OVER
    (PARTITION BY lead_id ORDER BY time DESC, id DESC) AS place
  FROM live WHERE type = 'demo_request'
), again AS (
  SELECT lead_id, sum(5 * pow(0.5, age / 30)) AS demo_again
  FROM demos WHERE place <= 3 GROUP BY lead_id
), sums AS (
  SELECT leads.id,
    least(40, least(20, coalesce(view, 0)) + coalesce(pricing, 0) + coalesce(docs, 0)
      + coalesce(long_visit, 0) + coalesce(blog, 0)) AS pages,
    least(25, coalesce(opened, 0) + coalesce(opened_fair, 0) + least(30, coalesce(clicked, 0))
      + coalesce(clicked_now, 0) + coalesce(clicked_first, 0)) AS mails,
    coalesce(careers, 0) + coalesce(download, 0) + coalesce(download_read, 0)
      + coalesce(webinar, 0) + coalesce(webinar_stayed, 0) + coalesce(form, 0)
      + coalesce(form_web, 0) + coalesce(demo, 0) + coalesce(demo_again, 0)
      + coalesce(unsubscribed, 0) AS others
  FROM leads
  LEFT JOIN unlimited ON unlimited.lead_id = leads.id
  LEFT JOIN daily ON daily.lead_id = leads.id
  LEFT JOIN weekly ON weekly.lead_id = leads.id
  LEFT JOIN monthly ON monthly.lead_id = leads.id
  LEFT JOIN pricing ON pricing.lead_id = leads.id
  LEFT JOIN again ON again.lead_id = leads.id
), totals AS (
  SELECT id, least(90, pages + mails + others)::DOUBLE AS engagement FROM sums
)
SELECT id, floor(least(100, greatest(0, engagement)) + 0.5)::BIGINT AS score, engagement
FROM totals
"""  # noqa: S608 - made of constants
"""Reads the tables `leads` and `events`."""
