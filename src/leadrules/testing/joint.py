"""What two policies declare together, so that leads and events are read once for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from leadrules.errors import EvaluationError
from leadrules.policy import Policy
from leadrules.values import Type
from leadrules.vocabulary import Declaration, Vocabulary

__all__ = ["joint_vocabulary"]


def joint_vocabulary(old: Policy, new: Policy) -> Vocabulary:
    """Return what two policies declare, by which leads and events are read once for both.

    What only one of them declares is there as it is. Of a field or property that both declare,
    there are the choices of both; if only one of them gives choices, it is a text. Parameters and
    the zone are those of the new policy.

    Args:
        old: The policy that holds.
        new: The one that may.

    Raises:
        EvaluationError: If the policies declare a name with different types.

    Examples:
        >>> from leadrules import load_policy
        >>> text = '''
        ... leadrules: 1
        ... policy: {id: acme, version: 1, effective: 2026-01-01}
        ... fields: {tier: {choices: [gold, silver]}}
        ... '''
        >>> old = load_policy(text)
        >>> new = load_policy(text.replace("silver]}", "bronze]}, team: {type: integer}"))
        >>> joint = joint_vocabulary(old, new)
        >>> joint.fields["tier"].choices
        ('gold', 'silver', 'bronze')
        >>> joint.lead({"id": "17", "tier": "silver", "team": 3}).fields
        {'tier': 'silver', 'team': 3}
    """
    before, after = old.vocabulary, new.vocabulary
    names = dict.fromkeys((*before.declared, *after.declared))
    activities = {
        name: _joined(
            before.activities.get(name, {}),
            after.activities.get(name, {}),
            f"activity '{name}': property",
        )
        for name in dict.fromkeys((*before.activities, *after.activities))
    }
    return replace(
        after,
        declared=_joined(
            {name: before.fields[name] for name in names if name in before.fields},
            {name: after.fields[name] for name in names if name in after.fields},
            "field",
        ),
        activities=activities,
        criteria=_either(before.criteria, after.criteria),
        bands=_either(before.bands, after.bands),
    )


def _either(old: Sequence[str] | None, new: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*(new or ()), *(old or ()))))


def _joined(
    old: Mapping[str, Declaration], new: Mapping[str, Declaration], noun: str
) -> dict[str, Declaration]:
    both = {name: _of_both(old[name], new[name], f"{noun} '{name}'") for name in old if name in new}
    return {**old, **new, **both}


def _of_both(old: Declaration, new: Declaration, what: str) -> Declaration:
    """Return what either of two declarations allows.

    Raises:
        EvaluationError: If they are of different types, of which one is no text.
    """
    personal = old.personal or new.personal
    if old.type is not new.type:
        if not (old.type.is_text and new.type.is_text):
            message = (
                f"{what} is {old.type.noun} in the old policy and {new.type.noun} in the new; "
                "expected one type"
            )
            raise EvaluationError(message)
        return replace(new, type=Type.STRING, choices=(), personal=personal)
    choices = tuple(dict.fromkeys((*old.choices, *new.choices)))
    return replace(new, choices=choices, personal=personal)
