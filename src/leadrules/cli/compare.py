"""`leadrules compare`: two policies and a file of leads in, what would change out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from leadrules.cli.consoles import CommandError, messages, results
from leadrules.cli.inputs import events_by_lead, moment_in, read_events, read_leads, read_policy
from leadrules.policy import Activity, DeclaredField, Policy
from leadrules.testing.comparison import compare
from leadrules.vocabulary import Vocabulary

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
    joint = _joint(before, after)
    words = _words(before, joint)
    intake = read_leads(leads, joint, mapping=mapping, vocabulary=words)
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


def _joint(old: Policy, new: Policy) -> Policy:
    """Return the new policy with what both declare, by which leads are read once for both.

    Raises:
        CommandError: If the policies declare a name with different types.
    """
    fields = _declared(old.fields, new.fields, "field")
    activities: dict[str, Activity] = {}
    for name in dict.fromkeys((*old.activities, *new.activities)):
        own = [x.activities[name].properties for x in (old, new) if name in x.activities]
        properties = _declared(own[0], own[-1], f"activity '{name}': property")
        activities[name] = Activity(properties=properties)
    return new.model_copy(update={"fields": fields, "activities": activities})


def _words(old: Policy, joint: Policy) -> Vocabulary:
    """Return the names of a joint policy, and the criteria and bands of the old one too."""
    before, words = old.vocabulary, joint.vocabulary
    return replace(
        words,
        criteria=tuple(dict.fromkeys((*(words.criteria or ()), *(before.criteria or ())))),
        bands=tuple(dict.fromkeys((*(words.bands or ()), *(before.bands or ())))),
    )


def _declared(
    old: Mapping[str, DeclaredField], new: Mapping[str, DeclaredField], noun: str
) -> dict[str, DeclaredField]:
    found: dict[str, Any] = {**old, **new}
    for name in old.keys() & new.keys():
        before, after = old[name].declaration, new[name].declaration
        if before.type is not after.type:
            message = (
                f"{noun} '{name}' is {before.type.noun} in the old policy and "
                f"{after.type.noun} in the new; expected one type"
            )
            raise CommandError(message)
        choices = tuple(dict.fromkeys((*before.choices, *after.choices)))
        found[name] = new[name].model_copy(update={"choices": choices})
    return found
