"""The report measures the first attempt from the moment that the policy's clock runs from."""

from __future__ import annotations

import pytest

from leadrules import Engine, load_policy
from leadrules.metrics.follow_up.paces import Speed
from tests.report.process import AT, POLICY, events, leads

pytest.importorskip("scipy")


@pytest.mark.parametrize(
    ("start", "since", "told"),
    [
        ("created", "created", "from when the lead came to the first attempt"),
        ("entered.offer", "offer", "from the entry into 'offer' to the first attempt"),
        ("assigned", "mql", "from the entry into 'mql' to the first attempt"),  # of the prospects
    ],
)
def test_speed_is_from_when_the_clock_runs(start: str, since: str, told: str) -> None:
    text = POLICY.replace("from: created", f"from: {start}").replace(
        "{prospect: inquiry, sales_ready: mql, quote: offer}", "{prospect: mql, sales_ready: offer}"
    )
    policy = load_policy(text)
    tables = policy.frame(leads(policy)), policy.event_frame(events(policy))
    chapter = Engine(policy).report(*tables, at=AT)["Are they followed up?"]
    assert isinstance(speed := chapter.exhibits[0].result, Speed)
    assert speed.since == since
    assert told in chapter.about
