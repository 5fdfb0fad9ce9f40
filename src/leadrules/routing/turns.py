"""Whose turn it is in a pool: one order of its members, in whole numbers only.

Every member has a *turn*: the lowest is served next. What a served member pays is the length of
a step, which is the shorter the larger its weight is. With `2n + 1` for n leads so far, and the
weight w, the turn is `(2n + 1) / w`; all turns of a pool are counted in parts of the *scale*, the
least common multiple of its weights, so that they are whole.

The *level* is the lowest turn of those who were there when one was served last. Nobody's turn is
below the level, but for the *lag* that the policy grants: so whoever was away, closed or at a limit
comes back beside the others.

Source:
    M. Balinski, H. P. Young, Fair Representation, 1982: the method of Webster, whose shares
    differ by at most half a lead for each weight. The level is the virtual time of start-time
    fair queueing (Goyal, Vin, Cheng, 1996).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Mapping, Sequence
from math import lcm
from typing import Any, Self

__all__ = ["Turns", "Waiting"]

_Order = tuple[int, int, str]
"""The turn of a member, its place in the pool, and its name."""


class Turns:
    """The turns of the members of one pool.

    It can be changed: a caller that keeps it for later changes a `copy`.

    Args:
        weights: The weight of each member, in the order of the pool.
        level: The turn that was served last.
        turns: The turn of each member; one that is absent has joined.
        lag: How far the turn of a member may be below the level.
        keeps: Whether turns stay where they are, however high the level: weights are then
            shares of all leads.

    Attributes:
        scale: In how many parts a step of weight 1 is counted, half of it.
        level: The turn that was served last.
        turns: The turn of each member.
        lag: How far the turn of a member may be below the level, if that is more than nothing;
            of turns that are kept, what absences have not yet moved.
        keeps: Whether turns stay where they are.

    Examples:
        >>> turns = Turns({"anna": 2, "ben": 1})
        >>> order = []
        >>> for _ in range(6):
        ...     name, turn, lowest = turns.first(lambda name: True)
        ...     rise = turns.serve(name, turn, lowest)
        ...     order.append(name)
        >>> order
        ['anna', 'ben', 'anna', 'anna', 'ben', 'anna']
    """

    __slots__ = ("_order", "_places", "_steps", "keeps", "lag", "level", "scale", "turns")

    def __init__(
        self,
        weights: Mapping[str, int],
        *,
        level: int = 0,
        turns: Mapping[str, int] | None = None,
        lag: Mapping[str, int] | None = None,
        keeps: bool = False,
    ) -> None:
        self.keeps = keeps
        self.scale = lcm(*weights.values()) if weights else 1
        self._steps = {name: self.scale // weight for name, weight in weights.items()}
        self._places = {name: place for place, name in enumerate(weights)}
        self.level = level
        known = turns or {}
        self.turns = {name: known.get(name, step) for name, step in self._steps.items()}
        self.lag = {name: x for name, x in (lag or {}).items() if x and name in self._steps}
        self._order: list[_Order] = sorted(
            (turn, self._places[name], name) for name, turn in self.turns.items()
        )

    def __repr__(self) -> str:
        return f"Turns(level={self.level}, {', '.join(f'{n}={t}' for n, t in self.turns.items())})"

    def copy(self) -> Self:
        """Return turns that change by themselves."""
        new = object.__new__(type(self))
        new.keeps = self.keeps
        new.scale, new._steps, new._places = self.scale, self._steps, self._places
        new.level = self.level
        new.turns, new.lag, new._order = self.turns.copy(), self.lag.copy(), self._order.copy()
        return new

    @property
    def order(self) -> Sequence[str]:
        """The members in the order of their turns, as they would be served now."""
        found = sorted((self._raised(turn, name), place, name) for turn, place, name in self._order)
        return tuple(name for _, _, name in found)

    def step(self, name: str) -> int:
        """Return what a member pays for a lead."""
        return 2 * self._steps[name]

    def turn(self, name: str) -> int:
        """Return the turn of a member, as it would be served now."""
        return self._raised(self.turns[name], name)

    def first(
        self, can: Callable[[str], bool | None], *, away: Collection[str] = ()
    ) -> tuple[str, int, int] | None:
        """Return who is served next of those that can be, or None.

        Args:
            can: Whether a member can be served; False if the member is there, but not for this
                lead, and None if the member is away. Asked of as few as may be.
            away: Who is known to be away; nobody asks of them.

        Returns:
            The member, the turn, and the lowest turn of all that are there.
        """
        best: tuple[int, int, str] | None = None
        lowest: int | None = None
        level = self.level
        for each in self._order:
            turn, place, name = each
            if name in away:
                continue
            if best is not None and each > best:
                break
            verdict = can(name)
            if verdict is None:
                continue
            if turn < level:
                turn = self._raised(turn, name)
            if lowest is None or turn < lowest:
                lowest = turn
            if verdict and (best is None or (turn, place, name) < best):
                best = (turn, place, name)
        if best is None or lowest is None:
            return None
        return best[2], best[0], lowest

    def serve(self, name: str, turn: int, lowest: int) -> int:
        """Have a member pay for a lead, and return by how much the level rises.

        Args:
            name: The member.
            turn: The turn, as `first` gives it.
            lowest: The lowest turn of all that are there, as `first` gives it.
        """
        self._put(name, turn + 2 * self._steps[name])
        rise = max(lowest - self.level, 0)
        self.level += rise
        self._use_lag(name)
        return rise

    def _use_lag(self, name: str) -> None:
        """Have a member who paid be no further below the level than the turn is."""
        if name in self.lag and not self.keeps:
            self._set_lag(name, min(self.lag[name], self.level - self.turns[name]))

    def charge(self, name: str) -> None:
        """Have a member pay for a lead that nobody gave by turns."""
        self._put(name, self.turn(name) + 2 * self._steps[name])
        self._use_lag(name)

    def credit(self, name: str) -> None:
        """Give a member the last turn back, even if it lies below the level by now."""
        turn = max(self.turn(name) - 2 * self._steps[name], self._steps[name])
        self._put(name, turn)
        if not self.keeps:
            self._set_lag(name, max(self.lag.get(name, 0), self.level - turn))

    def grant(self, name: str, more: int, *, most: int | None = None) -> None:
        """Let the turn of a member be further below the level.

        Args:
            name: The member.
            more: By how much more.
            most: How many leads that may come to in all; None is any number.
        """
        lag = self.lag.get(name, 0)
        found = lag + more
        if most is not None:
            found = max(lag, min(found, most * self.step(name)))
        self._set_lag(name, found)

    def shift(self, name: str, rise: int) -> None:
        """Have a member of kept turns not make up for a rise of the level."""
        count, rest = divmod(self.lag.get(name, 0) + rise, self.step(name))
        self._set_lag(name, rest)
        if count:
            self._put(name, self.turns[name] + count * self.step(name))

    def _set_lag(self, name: str, lag: int) -> None:
        if lag > 0:
            self.lag[name] = lag
        else:
            self.lag.pop(name, None)

    def _raised(self, turn: int, name: str) -> int:
        """Return a turn, or the earliest of the member that is not below its floor."""
        floor = self.level - self.lag.get(name, 0)
        if self.keeps or turn >= floor:
            return turn
        return self._at_least(floor, name)

    def _at_least(self, turn: int, name: str) -> int:
        """Return the earliest turn of a member that is not before another."""
        step = self._steps[name]
        return (2 * max(-(-(turn - step) // (2 * step)), 0) + 1) * step

    def _put(self, name: str, turn: int) -> None:
        place = self._places[name]
        order = self._order
        del order[bisect_left(order, (self.turns[name], place, name))]
        self.turns[name] = turn
        insort(order, (turn, place, name))

    def to_dict(self) -> dict[str, Any]:
        """Return the turns as data that JSON can hold."""
        data: dict[str, Any] = {
            "scale": self.scale,
            "level": self.level,
            "turns": dict(self.turns),
        }
        if self.keeps:
            data["keeps"] = True
        return {**data, "lag": dict(self.lag)} if self.lag else data

    @classmethod
    def moved(
        cls,
        weights: Mapping[str, int],
        before: Mapping[str, Any],
        *,
        on_join: int | str,
        keeps: bool = False,
    ) -> Self:
        """Return the turns of other members or weights, everybody as far behind as before.

        Args:
            weights: The new weights, in the order of the pool.
            before: The turns as data, from `to_dict`.
            on_join: How many turns those who are new get at first: `none`, `full`, or so many.
            keeps: As of the class.
        """
        new = cls(weights, keeps=keeps)
        scale, level, lags = before["scale"], before["level"], before.get("lag", {})

        def scaled(turn: int) -> int:  # up: turns that are not before another then are not now
            return -(-turn * new.scale // int(scale))

        new.level = scaled(level)
        for name in weights:
            turn, lag = before["turns"].get(name), lags.get(name, 0)
            if turn is None:
                new._join(name, on_join)
            elif keeps and before.get("keeps"):
                new._put(name, new._at_least(scaled(turn), name))
                new._set_lag(name, lag * new.scale // scale)
            else:
                floor = scaled(level - lag)
                new._put(name, new._at_least(max(scaled(turn), floor), name))
                new._set_lag(name, 0 if keeps else new.level - floor)
        return new

    def _join(self, name: str, on_join: int | str) -> None:
        turn = self._at_least(self.level, name)
        if on_join == "full":
            turn = self._steps[name]
        elif isinstance(on_join, int):
            turn = max(turn - on_join * self.step(name), self._steps[name])
        self._put(name, turn)
        if not self.keeps:
            self._set_lag(name, self.level - turn)


class Waiting(Turns):
    """The turns of a pool in which who has waited longest is next.

    A turn is the number of the lead that the member got last.
    """

    __slots__ = ()

    def __init__(
        self,
        weights: Mapping[str, int],
        *,
        level: int = 0,
        turns: Mapping[str, int] | None = None,
        lag: Mapping[str, int] | None = None,
        keeps: bool = False,
    ) -> None:
        known = turns or {}
        start = {name: known.get(name, 0) for name in weights}
        super().__init__(dict.fromkeys(weights, 1), level=level, turns=start, lag=lag, keeps=keeps)

    def serve(self, name: str, turn: int, lowest: int) -> int:  # noqa: ARG002 - as of all turns
        """Have a member go to the end."""
        self.charge(name)
        return 0

    def charge(self, name: str) -> None:
        """Have a member go to the end."""
        self.level += 1
        self._put(name, self.level)

    def credit(self, name: str) -> None:
        """Put a member first."""
        self._put(name, self._order[0][0] - 1)

    def grant(self, name: str, more: int, *, most: int | None = None) -> None:
        """Do nothing: who was away has waited."""

    def shift(self, name: str, rise: int) -> None:
        """Do nothing: who was away has waited."""

    def _raised(self, turn: int, name: str) -> int:  # noqa: ARG002 - as of all turns
        return turn

    def _at_least(self, turn: int, name: str) -> int:  # noqa: ARG002 - as of all turns
        return turn

    def _join(self, name: str, on_join: int | str) -> None:
        self._put(name, self._order[0][0] - 1 if on_join == "full" else self.level)

    @classmethod
    def moved(
        cls,
        weights: Mapping[str, int],
        before: Mapping[str, Any],
        *,
        on_join: int | str,
        keeps: bool = False,
    ) -> Self:
        """Return the turns of other members, everybody waiting as long as before."""
        known = {name: turn for name, turn in before["turns"].items() if name in weights}
        level = max(before["level"], *before["turns"].values(), 0)
        new = cls(weights, level=level, turns=known, keeps=keeps)
        for name in weights:
            if name not in known:
                new._join(name, on_join)
        return new
