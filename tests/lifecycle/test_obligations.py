"""What was owed until some time, and what became of it: for compliance and freshness."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from leadrules import Event, Lead, Obligation
from tests.lifecycle.test_owed import A_DAY, ASKED, EVERYTHING, INSTANT, at, event, machine_of

WON = event("03 12:00", "moved", to="won", by="zoe")


def trailed(
    *events: Event, now: datetime, data: Mapping[str, Any] = EVERYTHING
) -> list[Obligation]:
    machine = machine_of(data)
    lead = Lead(id="17", created=at("02 09:00"), lead_type="demo")
    found = machine.trail(lead, events=events, at=now)
    assert found.state == machine.replay(lead, events=events, at=now)
    assert [x.opened for x in found.obligations] == sorted(x.opened for x in found.obligations)
    return list(found.obligations)


def became(*events: Event, now: datetime) -> dict[tuple[str, str], tuple[str, datetime | None]]:
    found = trailed(ASKED, *events, now=now)
    assert {x.due for x in found} == {at("02 17:00")}
    return {(x.kind, x.name): (x.status, x.closed) for x in found}


KEYS = [
    ("touches", "calls"),
    ("accept", "won"),
    ("requirement", "draft"),
    ("requirement", "review"),
    ("approval", "boss"),
    ("update", "work"),
    ("acknowledge", "prices"),
    ("send", "prices"),
]


def test_what_is_not_done_is_open_then_at_risk_then_breached() -> None:
    for now, status in (
        (at("02 15:00"), "open"),
        (at("02 17:00"), "at_risk"),
        (at("02 17:00") + INSTANT, "breached"),
    ):
        assert became(now=now) == dict.fromkeys(KEYS, (status, None))


@pytest.mark.parametrize(
    ("when", "status"), [("02 17:00", "met"), ("02 17:01", "met_late"), ("03 10:00", "met_late")]
)
def test_what_is_done_is_met_in_time_or_late(when: str, status: str) -> None:
    done = [
        event(when, "completed", item="draft"),
        event(when, "approval", role="boss", verdict="approved"),
        event(when, "fulfilment", item="price_list", channel="email"),
    ]
    review = event(when, "completed", item="review", role="boss")
    done.append(review.model_copy(update={"id": f"{when} completed too"}))
    kinds = {"requirement", "approval", "send", "acknowledge"}
    found = {
        (x.kind, x.name): (x.status, x.closed)
        for x in trailed(ASKED, *done, now=at("04 10:00"))
        if x.kind in kinds
    }
    assert found == dict.fromkeys([*KEYS[2:5], *KEYS[6:]], (status, at(when)))


def test_a_list_that_was_sent_late_leaves_a_trace() -> None:
    heard = event("02 09:30", "touch", channel="email", direction="outbound")
    sent = event("10 10:00", "fulfilment", item="price_list", channel="email")
    moved = event("03 10:00", "moved", to="won")
    found = trailed(ASKED, heard, moved, sent, now=at("20 10:00"))
    told = {x.kind: x for x in found if x.name == "prices"}
    assert (told["acknowledge"].status, told["acknowledge"].closed) == ("met", at("02 09:30"))
    assert (told["send"].status, told["send"].closed) == ("met_late", at("10 10:00"))
    assert (told["send"].stage, told["send"].due) == ("work", at("02 17:00"))


def test_what_a_lead_leaves_behind_is_unmet_or_breached() -> None:
    early = event("02 12:00", "moved", to="won", by="zoe")
    found = became(early, now=at("02 13:00"))
    left = at("02 12:00")
    assert found == {
        **dict.fromkeys(KEYS[:5], ("unmet", left)),
        ("accept", "won"): ("met", left),
        ("update", "work"): ("met", left),
        ("acknowledge", "prices"): ("open", None),
        ("send", "prices"): ("open", None),
    }
    late = became(WON, now=at("03 13:00"))
    assert late["requirement", "draft"] == ("breached", at("03 12:00"))
    assert late["touches", "calls"] == ("breached", at("03 12:00"))
    assert late["accept", "won"] == late["update", "work"] == ("met_late", at("03 12:00"))


def test_where_the_policy_moves_a_lead_nobody_accepted_it() -> None:
    silent = event("02 17:00", "moved", to="won", by="policy")
    found = became(silent, now=at("03 10:00"))
    assert found["accept", "won"] == found["update", "work"] == ("unmet", at("02 17:00"))
    later = event("02 17:01", "moved", to="won", by="policy")
    assert became(later, now=at("03 10:00"))["accept", "won"] == ("breached", at("02 17:01"))


def test_every_interval_of_updates_is_counted() -> None:
    data = {**EVERYTHING, "stages": {**EVERYTHING["stages"]}}
    data["stages"]["work"] = {"owner": "sales", "update_every": A_DAY}
    updates = [event(when, "update") for when in ("02 11:00", "03 11:00", "04 11:01")]
    found = [x for x in trailed(*updates, now=at("05 10:00"), data=data) if x.kind == "update"]
    assert [(x.opened, x.due, x.closed, x.status) for x in found] == [
        (at("02 09:00"), at("02 17:00"), at("02 11:00"), "met"),
        (at("02 11:00"), at("03 11:00"), at("03 11:00"), "met"),
        (at("03 11:00"), at("04 11:00"), at("04 11:01"), "met_late"),
        (at("04 11:01"), at("05 11:01"), None, "at_risk"),
    ]


def test_what_has_no_deadline_is_not_kept() -> None:
    stages = {"work": {"owner": "sales", "requires": ["draft"], "approvals": ["boss"]},
              "won": {"kind": "won"}}  # fmt: skip
    data = {"stages": stages, "moves": [{"from": "work", "to": "won", "by": ["sales"]}]}
    assert trailed(WON, now=at("04 10:00"), data=data) == []
