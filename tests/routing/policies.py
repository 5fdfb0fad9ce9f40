"""Random sections `routing` that are valid, and leads that they route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from hypothesis import strategies as st

from leadrules import Assignment, Lead, Rotation
from leadrules.calendars import Calendar
from leadrules.routing.document import Routing
from leadrules.routing.router import Answered, Router
from leadrules.values import Money, Type, Value, instant_of
from leadrules.vocabulary import Declaration, Vocabulary

__all__ = [
    "CALENDARS",
    "MEMBERS",
    "POLICY",
    "START",
    "WORDS",
    "Arrival",
    "Sample",
    "arrivals",
    "ordered",
    "routings",
    "samples",
    "singles",
]

Data = dict[str, Any]

POLICY = "sha256:made-for-a-test"
MEMBERS = ("ann", "ben", "cleo", "dirk", "eva")
ROLES = ("inside", "field")
POOLS = ("p0", "p1", "p2")
PARTNERS = ("nord", "west")
PLACES = ("DE", "AT", "FR")
CODES = ("01067", "10115", "10999", "20095", "80331")
LANGUAGES = ("de", "en", "fr")
WORDS = Vocabulary(
    {"deal": Declaration(Type.MONEY), "tags": Declaration(Type.STRINGS)},
    derived={
        "score": Declaration(Type.INTEGER),
        "band": Declaration(Type.ENUM, ("hot", "cold")),
        "stage_since": Declaration(Type.DATETIME),
    },
    zone="Europe/Berlin",
)
"""What rules may read: what every lead has, and what earlier steps add."""
CALENDARS = {
    "office": Calendar.model_validate({"hours": {"mon-fri": ["09:00-12:00", "13:00-17:00"]}}),
    "night": Calendar.model_validate({"hours": {"mon-sun": ["22:00-06:00"]}}),
    "abroad": Calendar.model_validate(
        {"zone": "America/New_York", "hours": {"mon-sat": ["08:00-18:00"]}}
    ),
}
START = datetime(2026, 3, 27, 7, tzinfo=UTC)
"""A Friday; on Sunday the clocks of Berlin change, and on Wednesday the month does."""

CONDITIONS = (
    "always",
    'country == "DE"',
    'country != "DE"',
    "known(account.owner)",
    "company.employees >= 50",
    "score >= 10",
    'band == "hot"',
    'channel == "partner" and known(channel_partner)',
    'language in ["de", "en"] or missing(language)',
    "days_since(created) < 2",
    'deal >= money("1000 EUR")',
    '"vip" in tags',
    "days_since(stage_since) >= 1",
)
MATCHES = (
    "language in member.languages or missing(language)",
    "country == member.country",
    "score >= member.least or missing(member.least)",
)
LIMITS = (
    "1 per day",
    "2 per day",
    "2 per week",
    "3 per month in America/New_York",
    "1 in 5 hours",
    "2 in 24 hours",
    "1 open",
    "2 open",
)
ABSENCES = ("2026-03-27", "2026-03-28 to 2026-03-29", "2026-03-30 to 2026-04-01", "2026-04-02")

# --- sections


def _some(values: Sequence[Any], most: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True)


def _perhaps(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Data]:
    """Return mappings that have some of the keys."""
    return st.fixed_dictionaries({}, optional=keys)


_limits = _some(LIMITS, 2)

_members = st.fixed_dictionaries(
    {},
    optional={
        "roles": _some(ROLES, 2),
        "calendar": st.sampled_from(tuple(CALENDARS)),
        "limits": _limits,
        "absent": _some(ABSENCES, 2),
        "active": st.sampled_from((True, True, True, False)),
        "attributes": _perhaps(
            languages=_some(LANGUAGES, 2),
            country=st.sampled_from(PLACES),
            least=st.sampled_from((5, 20)),
        ),
    },
)

STRATEGIES = (
    "weighted_rotation",
    "weighted_rotation",
    "longest_waiting",
    "least_loaded",
    "priority",
    "sticky",
)


@st.composite
def _pools(draw: st.DrawFn) -> Data:
    strategy = draw(st.sampled_from(STRATEGIES))
    weights = st.integers(1, 4) if strategy not in {"longest_waiting", "priority"} else st.just(1)
    shares = st.fixed_dictionaries({"weight": weights, "limits": _limits})
    names = draw(st.lists(st.sampled_from(MEMBERS), min_size=1, unique=True))
    more = draw(
        _perhaps(
            match=st.sampled_from(MATCHES),
            limits=_limits,
            on_return=st.sampled_from(("none", "full", 1, 2)),
            share=st.sampled_from(("while_present", "of_all_leads")),
            turns=st.sampled_from(("pool", "everywhere")),
            wait=st.sampled_from(("4 hours", "3 days")),
        )
    )
    if more.get("share") == "of_all_leads" and type(more.get("on_return")) is int:
        more["on_return"] = "full"
    return {"strategy": strategy, "members": {name: draw(shares) for name in names}, **more}


_TARGETS: Sequence[Data] = (
    *({"pool": name} for name in POOLS),
    *({"pool": name} for name in POOLS),
    {"role": "inside"},
    {"owner": "ann"},
    {"owner": {"field": "account.owner"}},
    {"queue": "triage"},
    {"queue": {"field": "lead_type"}},
    {"partner": {"field": "channel_partner"}},
    {"partner": "nord"},
    {"lookup": "countries"},
    {"lookup": "codes"},
    {"lookup": "starts"},
)
_targets = st.sampled_from(_TARGETS)


@st.composite
def _rules(draw: st.DrawFn, index: int) -> Data:
    rule = {"when": draw(st.sampled_from(CONDITIONS)), "to": draw(_targets)}
    more = _perhaps(
        id=st.just(f"rule {index}"),
        otherwise=st.lists(_targets, max_size=2),
        clock=st.just("first_call"),
        packages=_some(("brochure", "prices"), 2),
    )
    return {**rule, **draw(more)}


LOOKUPS: Mapping[str, Data] = {
    "countries": {"equal": {"country": "country"}, "gives": {"pool": "team"}},
    "codes": {
        "equal": {"country": "country"},
        "range": {"field": "postal_code", "from": "from", "to": "to"},
        "gives": {"pool": "team", "owner": "who"},
    },
    "starts": {"prefix": {"field": "postal_code", "column": "start"}, "gives": {"queue": "line"}},
}
TABLES: Mapping[str, Sequence[Data]] = {
    "countries": [{"country": "DE", "team": "p0"}, {"country": "AT", "team": "p1"}],
    "codes": [
        {"country": "DE", "from": None, "to": "10500", "team": "p1", "who": None},
        {"country": "DE", "from": "10900", "to": "29999", "team": None, "who": "ben"},
        {"country": None, "from": "80000", "to": None, "team": "p2", "who": None},
    ],
    "starts": [{"start": "10", "line": "berlin"}, {"start": "109", "line": "kreuzberg"}],
}


@st.composite
def routings(draw: st.DrawFn) -> Data:
    """Return a section as plain data: pools of all strategies, and every kind of target."""
    rules = [draw(_rules(index)) for index in range(draw(st.integers(1, 4)))]
    known = {"ann": {"roles": ["inside"]}}
    return {
        "hit": draw(st.sampled_from(("first", "first", "collect"))),
        "rules": rules,
        "queue": "rest",
        "lookups": LOOKUPS,
        "pools": {name: draw(_pools()) for name in POOLS},
        "members": {name: draw(_members) | known.get(name, {}) for name in MEMBERS},
        "attributes": {
            "languages": {"type": "strings"},
            "country": {},
            "least": {"type": "integer"},
        },
        "partners": {name: {} for name in PARTNERS},
        **draw(_perhaps(sends=st.just([{"when": 'band == "hot"', "send": ["sample"]}]))),
    }


@dataclass(frozen=True)
class Sample:
    """A section as plain data, and what it belongs to."""

    data: Data

    @cached_property
    def routing(self) -> Routing:
        return Routing.model_validate(self.data)

    @cached_property
    def router(self) -> Router:
        return Router(
            self.routing,
            vocabulary=WORDS,
            calendars=CALENDARS,
            tables=TABLES,
            closed=("lost",),
            policy=POLICY,
        )


samples: st.SearchStrategy[Sample] = st.builds(Sample, routings())
"""Sections that are valid."""

# --- leads


@dataclass(frozen=True)
class Arrival:
    """A lead that is to be routed.

    Attributes:
        lead: The lead.
        derived: What earlier steps add to it.
        at: When.
    """

    lead: Lead
    derived: Mapping[str, Value]
    at: datetime


IDS = ("10", "9", "a", "B", "ab", "\N{LATIN SMALL LETTER E WITH ACUTE}", "z", "\uffff", "日本",
       "\N{GRINNING FACE}", "c", "d", "e", "f")  # fmt: skip
"""By code point, U+FFFF comes before the face, and by units of UTF-16 after it."""

_moments = st.builds(
    lambda hours, more: START + timedelta(hours=hours, microseconds=more),
    st.integers(0, 150),
    st.sampled_from((0, 0, 0, 1, -1)),
)
_fields = _perhaps(
    country=st.sampled_from(PLACES),
    postal_code=st.sampled_from(CODES),
    language=st.sampled_from(LANGUAGES),
    channel=st.sampled_from(("partner", "web")),
    channel_partner=st.sampled_from((*PARTNERS, "nobody")),
    lead_type=st.sampled_from(("demo", "rest")),
    created=_moments,
    company=st.sampled_from((10, 50, 500)).map(lambda x: {"employees": x}),
    account=st.sampled_from((*MEMBERS, "nobody")).map(lambda x: {"owner": x}),
    fields=_perhaps(
        deal=st.sampled_from((Money.parse("999.99 EUR"), Money.parse("1000 EUR"))),
        tags=_some(("vip", "eu"), 2),
    ),
)
_derived = _perhaps(
    score=st.sampled_from((-3, 0, 5, 10, 20)),
    band=st.sampled_from(("hot", "cold")),
    stage_since=_moments,
)


@st.composite
def arrivals(draw: st.DrawFn, *, most: int = 12) -> list[Arrival]:
    """Return leads of different ids in any order, many of them at the same moment."""
    times = st.sampled_from(draw(st.lists(_moments, min_size=1, max_size=4)))
    return [
        Arrival(Lead.model_validate({"id": name, **draw(_fields)}), draw(_settled), draw(times))
        for name in draw(st.lists(st.sampled_from(IDS), unique=True, max_size=most))
    ]


def _settle(found: Mapping[str, Any]) -> dict[str, Value]:
    return {
        name: instant_of(value) if isinstance(value, datetime) else value
        for name, value in found.items()
    }


_settled = _derived.map(_settle)


def ordered(found: Sequence[Arrival]) -> list[Arrival]:
    """Return leads in the order in which a batch routes them."""

    def key(one: Arrival) -> tuple[Any, ...]:
        score: Any = one.derived.get("score")
        created = one.lead.record.get("created")
        return (
            instant_of(one.at),
            (True, 0) if score is None else (False, -score),
            (True, 0) if created is None else (False, created),
            one.lead.id,
        )

    return sorted(found, key=key)


def singles(
    router: Router,
    found: Sequence[Arrival],
    state: Rotation,
    load: Mapping[str, int] | None = None,
) -> tuple[list[Answered], Rotation]:
    """Return what is decided of leads one by one, in their order, and the state after them.

    Args:
        router: The router.
        found: The leads.
        state: The state before them.
        load: How many leads each member works on before; what is decided is counted.
    """
    known = None if load is None else dict(load)
    answers = []
    for one in found:
        answer, state = router.route(
            one.lead, at=one.at, state=state, derived=one.derived, load=known
        )
        answers.append(answer)
        if known is not None and isinstance(answer, Assignment) and answer.owner is not None:
            known[answer.owner] = known.get(answer.owner, 0) + 1
    return answers, state
