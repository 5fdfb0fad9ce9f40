"""What other products document of routing, as cases: with the setting that does the same here.

A case has a section `routing` and steps, which are done in their order. Where the default does
something else on purpose, a case beside it says so. Moments are of Europe/Berlin.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leadrules import Assignment, Engine, Event, Lead, PolicyError, Rotation, load_policy

FOLDER = Path(__file__).parents[1] / "cases"
DOCUMENTS = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("routing_*")}
CASES = [
    pytest.param(case, id=f"{name.removeprefix('routing_')}: {case['name']}")
    for name, found in sorted(DOCUMENTS.items())
    for case in found["cases"]
]
BERLIN = ZoneInfo("Europe/Berlin")
LIFECYCLE = {
    "stages": {"open": {"owner": "sales"}, "done": {"kind": "won"}},
    "moves": [{"from": "open", "to": "done"}],
}


def engine_of(case: Any, routing: Any) -> Engine:
    """Return the engine of a case, with one of its sections `routing`."""
    document = {
        "leadrules": 1,
        "policy": {"id": "c", "version": 1, "effective": "2026-01-01", "zone": BERLIN.key},
        "calendars": case.get("calendars", {}),
        "lifecycle": LIFECYCLE,
        "routing": routing,
    }
    return Engine(load_policy(document))


class Desk:
    """Does the steps of a case: what a host does with a router."""

    def __init__(self, case: Any) -> None:
        self.case = case
        self.router = engine_of(case, case["routing"]).router
        self.state = self.router.start()
        self.made = 0
        self.history: dict[str, list[Assignment]] = {}
        self.open: dict[str, list[str]] = {}
        self.got: Counter[str] = Counter()

    def do(self, step: Any) -> None:
        """Do a step, as often as it says; what it expects is asserted."""
        at = moment(step["at"]) if "at" in step else None
        for number in range(step.get("times", 1)):
            later = None if at is None else at + number * timedelta(days=1)
            self._do({**step, "at": later})
            self.state = Rotation.from_dict(json.loads(json.dumps(self.state.to_dict())))

    def _do(self, step: Any) -> None:
        at = step["at"]
        for name in ("by_hand", "created"):
            if name in step:
                self._noted(step[name], at, own=name == "created", lead=step.get("lead"))
        for name, count in step.get("works_on", {}).items():
            for _ in range(count):
                self._noted(name, at, own=False)
        for name, count in step.get("closes", {}).items():
            for _ in range(count):
                moved = {"to": "done"}
                lead, self.made = self.open[name].pop(), self.made + 1
                self._note(lead, at, kind="moved", properties=moved)
        if "absent" in step:
            self.state = self.router.absent(
                self.state, member=step["absent"], start=at, end=moment(step["until"])
            )
        if "routing" in step:
            self.router = engine_of(self.case, step["routing"]).router
            self.state = self.router.migrate(self.state)
        if "again" in step:
            self._reassign(step, at)
        if "owners" in step:
            self._route(step, at)
        if "order" in step:
            kept = self.state, Counter(self.got), dict(self.open)
            self._route({**step, "owners": step["order"]}, at)
            self.state, self.got, self.open = kept
        if "totals" in step:
            assert dict(self.got) == step["totals"]

    def _route(self, step: Any, at: datetime) -> None:
        found: list[str | None] = []
        codes: set[str] = set()
        for _ in step["owners"]:
            lead = Lead(id=step.get("lead") or self._id(), source=step.get("source"))
            answer, self.state = self.router.route(
                lead, at=at, state=self.state, load=step.get("load")
            )
            if isinstance(answer, Assignment):
                self._gave(lead.id, answer)
                found.append(answer.owner or f"queue {answer.queue}")
            else:
                codes.add(answer.code)
                found.append(None)
        assert found == step["owners"]
        assert codes == ({step["code"]} if "code" in step else set())

    def _reassign(self, step: Any, at: datetime) -> None:
        lead = Lead(id=step["again"])
        answer, self.state = self.router.reassign(
            lead,
            history=self.history[lead.id],
            reason=step["reason"],
            at=at,
            state=self.state,
        )
        if not isinstance(answer, Assignment):
            assert (None, step["code"]) == (step["owner"], answer.code)
            return
        self._gave(lead.id, answer)
        assert answer.owner == step["owner"]

    def _gave(self, lead: str, answer: Assignment) -> None:
        self.history.setdefault(lead, []).append(answer)
        if answer.owner is not None:
            self.open.setdefault(answer.owner, []).append(lead)
            self.got[answer.owner] += 1

    def _noted(self, owner: str, at: datetime, *, own: bool, lead: str | None = None) -> None:
        lead = lead or self._id()
        said = {"owner": owner, **({"by": owner} if own else {})}
        self._note(lead, at, kind="assigned", properties=said)
        self.open.setdefault(owner, []).append(lead)

    def _note(self, lead: str, at: datetime, **said: Any) -> None:
        event = Event(lead_id=lead, id=f"{said['kind']}-{self.made}", time=at, **said)
        self.state = self.router.note(self.state, event)

    def _id(self) -> str:
        self.made += 1
        return f"lead-{self.made}"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize("case", CASES)
def test_a_documented_example(case: Any) -> None:
    if "error" in case:
        with pytest.raises(PolicyError) as refused:
            engine_of(case, case["routing"])
        assert [issue.message for issue in refused.value.issues] == [case["error"]]
        return
    desk = Desk(case)
    for step in case["steps"]:
        desk.do(step)


def test_every_document_names_its_source_and_every_case_expects_something() -> None:
    assert set(DOCUMENTS) == {
        f"routing_{name}"
        for name in ("chili_piper", "distribution_engine", "dynamics", "leandata", "odoo")
    }
    for found in DOCUMENTS.values():
        assert all(source.startswith("https://") for source in found["sources"])
        for case in found["cases"]:
            expects = {"owners", "owner", "order", "totals"}
            assert "error" in case or any(expects & set(step) for step in case["steps"])


@pytest.mark.parametrize("hour", ["10:00", "20:00"])
def test_the_level_never_passes_who_does_not_fit_by_day_or_by_night(hour: str) -> None:
    case = {
        "calendars": {"week": {"hours": {"mon-fri": ["08:00-17:00"]}}},
        "routing": {
            "rules": [{"when": "always", "to": {"pool": "team"}}],
            "pools": {
                "team": {
                    "wait": "1 day",
                    "match": "source in member.sources",
                    "members": ["anna", "ben"],
                }
            },
            "attributes": {"sources": {"type": "strings"}},
            "members": {
                "anna": {"calendar": "week", "attributes": {"sources": ["web"]}},
                "ben": {"calendar": "week", "attributes": {"sources": ["web", "fair"]}},
            },
        },
    }
    desk = Desk(case)
    desk.do({"at": f"2026-01-05 {hour}", "source": "fair", "owners": ["ben"] * 3})
    desk.do({"at": "2026-01-06 10:00", "source": "web", "owners": ["anna"] * 3 + ["anna", "ben"]})
