"""The items of an explanation in words, without their points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leadrules.conditions.findings import Finding
from leadrules.conditions.format import format_condition
from leadrules.conditions.tree import Always
from leadrules.conditions.wording import Words
from leadrules.scoring.items import (
    ActivityDetail,
    AnswerDetail,
    BandDetail,
    Item,
    LimitDetail,
    PartDetail,
    ReadyDetail,
    RuleDetail,
    TallyDetail,
)
from leadrules.scoring.points import points_text
from leadrules.values import MICROSECONDS_A_DAY, Instant

__all__ = ["Wording", "signed"]

_UNITS = ((MICROSECONDS_A_DAY, "day"), (3_600_000_000, "hour"), (60_000_000, "minute"))


def signed(millionths: int) -> str:
    """Return points with their sign.

    Examples:
        >>> signed(2_500_000), signed(-40_000_000), signed(0)
        ('+2.5', '-40', '0')
    """
    return f"{'+' if millionths > 0 else ''}{points_text(millionths)}"


@dataclass(frozen=True, slots=True)
class Wording(Words):
    """How items are put in words."""

    # --- items

    def title(self, item: Item) -> str:
        """Return what an item is, in a few words."""
        match item.detail:
            case LimitDetail(bound):
                return f"{'at least' if item.kind == 'floor' else 'at most'} {points_text(bound)}"
            case TallyDetail():
                return f"{item.name}: {_tallied(item.detail)}"
            case ActivityDetail():
                return f"{self._happened(item.detail)} ({item.name})"
            case AnswerDetail(answer):
                return f"{item.name}: {answer.replace('_', ' ')}"
        match item.kind:
            case "group":
                return f"group {item.name}"
            case "characteristic":
                return f"{item.name}: {_fired(item)}"
            case "rounding":
                return "rounded"
        return item.name

    def notes(self, item: Item) -> Iterator[str]:
        """Yield what there is to say of an item beside its points and its parts."""
        match item.detail:
            case PartDetail(lifetime):
                yield f"lifetime {points_text(lifetime)}, as if nothing had faded"
            case TallyDetail():
                yield from self._of_tally(item.detail)
            case AnswerDetail():
                yield from self._of_answer(item.detail)
        if item.kind == "activity" and item.parts:
            yield ", ".join(f"{signed(part.millionths)} {part.name}" for part in item.parts)
        if item.kind == "characteristic":
            yield from self._of_rules(item)

    def _of_rules(self, item: Item) -> Iterator[str]:
        """Yield what each rule of a characteristic came to, the one that fired first."""
        unmet, rest = [], []
        for part in item.parts:
            match part.detail:
                case RuleDetail(finding=None):
                    rest.append(part.name)
                case RuleDetail(Finding(verdict=True) as finding, why=why):
                    yield self.condition(finding)
                    if why:
                        yield f"why: {why}"
                case RuleDetail(Finding(verdict=False) as finding):
                    unmet.append(f"not {part.name}: {self.condition(finding)}")
                case RuleDetail(Finding() as finding):
                    unmet.append(f"unknown {part.name}: {self.condition(finding)}")
        yield from unmet
        if rest:
            yield f"not asked: {', '.join(rest)}"

    def _of_tally(self, detail: TallyDetail) -> Iterator[str]:
        terms = [] if isinstance(detail.condition, Always) else [format_condition(detail.condition)]
        terms += [text for text in (detail.limit, detail.decay) if text]
        if terms:
            yield "; ".join(terms)
        if detail.why:
            yield f"why: {detail.why}"
        if detail.latest:
            unclear = "; that is unknown" if detail.latest.verdict is None else ""
            yield f"not the latest: {self.seen(detail.latest)}{unclear}"
        elif detail.others:
            yield f"{detail.others} more {detail.activity} not so"

    def _happened(self, detail: ActivityDetail) -> str:
        over = "" if detail.counts else ", over the limit"
        seen = self.seen(detail.finding) if detail.finding else ""
        return f"{self.time(detail.time)}, {_age(detail.age)}{over}{': ' if seen else ''}{seen}"

    def _of_answer(self, detail: AnswerDetail) -> Iterator[str]:
        if detail.event is not None:
            yield self._said(detail, "until")
        if detail.before is not None:
            answer = detail.before.answer.replace("_", " ")
            yield f"{answer} {self._said(detail.before, 'held until')}"
        found = [("met", detail.met), ("not met", detail.not_met)]
        for name, finding in found:
            if finding is not None:
                yield f"{name} is {_verdict(finding.verdict)}: {self.condition(finding)}"
        if detail.event is None and not (detail.before or any(finding for _, finding in found)):
            yield "nobody has answered"
        if detail.answer == "unknown" and detail.ask:
            yield f"ask: {detail.ask}"

    def _said(self, detail: AnswerDetail, word: str) -> str:
        """Return who gave an answer, when, and until when it holds."""
        by = f"said by {detail.by}" if detail.by else "said"
        until = "" if detail.until is None else f", {word} {self.time(detail.until)}"
        return f"{by} on {self.time(detail.time or Instant(0))}{until} ({detail.event})"

    # --- what the score means

    def band(self, detail: BandDetail) -> str:
        """Return a band, and what decided it."""
        what = "" if detail.of == "total" else f" by {points_text(detail.points)} of {detail.of}"
        match detail.by:
            case "override":
                until = "" if detail.until is None else f", until {self.time(detail.until)}"
                return (
                    f"{detail.name}, set by {detail.set_by} ({detail.reason}){until}; "
                    f"{detail.by_points}{what or ' by points'}"
                )
            case "hold":
                lacking = _listed(detail.lacking)
                are = "is" if len(detail.lacking) == 1 else "are"
                held = f"{detail.name}, held back from {detail.by_points}{what}"
                return f"{held}: {lacking} {are} missing"
            case "hysteresis":
                leave, enter = points_text(detail.leave or 0), points_text(detail.enter or 0)
                kept = f"kept from {leave} for a lead that was {detail.previous}"
                return f"{detail.name}{what}, {kept}; others need {enter}"
        if detail.better is None or detail.better_enter is None:
            reach = "" if detail.enter is None else f", from {points_text(detail.enter)}"
            return f"{detail.name}{what}{reach}"
        more = f"{detail.better} is from {points_text(detail.better_enter)}"
        more += f", {points_text(detail.better_enter - detail.points)} more"
        reach = "" if detail.enter is None else f", from {points_text(detail.enter)}"
        return f"{detail.name}{what}{reach}; {more}"

    def ready(self, detail: ReadyDetail) -> str:
        """Return whether a lead is ready, and why not."""
        told = f"{detail.met} of {detail.of} criteria met, {detail.at_least} needed"
        unmet = f"; mandatory and not met: {', '.join(detail.unmet)}" if detail.unmet else ""
        return f"{'ready' if detail.ready else 'not ready'}: {told}{unmet}"


def _fired(item: Item) -> str:
    """Return which rule of a characteristic fired, and whether another might have."""
    fired, unsure = "no rule is true", []
    for part in item.parts:
        if isinstance(part.detail, RuleDetail) and part.detail.finding:
            if part.detail.finding.verdict:
                fired = part.name
            elif part.detail.finding.verdict is None:
                unsure.append(part.name)
    return f"{fired}, uncertain" if unsure else fired


def _tallied(detail: TallyDetail) -> str:
    if not (detail.counted or detail.others):
        return f"no {detail.activity}"
    over = f", {detail.over} over the limit" if detail.over else ""
    count = "no" if not detail.counted else str(detail.counted)
    suited = "" if detail.counted else " that matches"
    return f"{count} {detail.activity}{suited}{over}"


def _age(age: int) -> str:
    for span, unit in _UNITS:
        if age >= span:
            count = age // span
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def _verdict(verdict: bool | None) -> str:  # noqa: FBT001 - three values
    return {True: "true", False: "false", None: "unknown"}[verdict]


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
