"""`leadrules compare`: two policies and a file of leads in, what would change out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from leadrules.cli.consoles import messages, results
from leadrules.cli.inputs import events_by_lead, moment_in, read_events, read_leads, read_policy
from leadrules.testing.comparison import compare
from leadrules.testing.joint import joint_vocabulary

__all__ = ["compare_policies"]


def compare_policies(  # noqa: PLR0913 - the command's options
    old: Path,
    new: Path,
    *,
    leads: Path,
    mapping: Path | None,
    events: Sequence[Path],
    events_mapping: Path | None,
    tables: Sequence[tuple[str, Path]],
    at: datetime | None,
    fail_above: float | None,
    form: str,
) -> int:
    """Compare two policies, and return the exit status.

    It is 1 if more changes than may; where no share is given, if rows were rejected.

    Raises:
        LeadRulesError: If a document is wrong, or the leads cannot be read or scored.
        OSError: If a file cannot be read.
    """
    before, after = read_policy(old, tables), read_policy(new, tables)
    words = joint_vocabulary(before, after)
    intake = read_leads(leads, after, mapping=mapping, vocabulary=words)
    happened = read_events(events, words, intake, mapping=events_mapping)
    moment = moment_in(after.policy.zone, at)
    found = compare(
        before,
        after,
        intake.leads,
        events=[x for own in events_by_lead(intake, happened).values() for x in own],
        at=moment,
    )
    messages().print(intake.summary(mapped=mapping is not None), soft_wrap=True)
    for read in happened:
        messages().print(read.summary(mapped=events_mapping is not None), soft_wrap=True)
    if form == "json":
        results().print(json.dumps(found.to_dict(), ensure_ascii=False), soft_wrap=True)
    else:
        results().print(str(found), soft_wrap=True)
    if fail_above is None:
        return 1 if any(read.rejects for read in (intake, *happened)) else 0
    if 100 * found.share <= fail_above:
        return 0
    messages().print(f"expected at most {fail_above:g} % to change", soft_wrap=True)
    return 1
