"""A region whose way fits into no window that a calendar has: a rollout would be held there for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from wedgate.calendars.timeline import Timeline
from wedgate.calendars.values import Verdict
from wedgate.rollout.guards import spell_duration
from wedgate.rollout.regions import chosen_strategy
from wedgate.rollout.values import RolloutSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """What the way through a region takes at least, bakes and reserve, and the longest window that there is."""

    region: str
    needs: timedelta
    longest: timedelta

    def words(self, span: str) -> str:
        """Say so; ``span`` is the time that was looked at, such as ``the coming year``."""
        return (
            f"bakes and reserve take {spell_duration(self.needs)} in {self.region}, and it is open for "
            f"{spell_duration(self.longest)} at most in {span}"
        )


def never_fits(settings: RolloutSettings, timeline: Timeline, region: str) -> Never | None:
    """Return why no rollout ever gets through a region; ``None`` where one can, or the end of a window is not known.

    Deploys take no time here, and the shortest way that may be chosen counts: what is said never to fit does not.
    """
    ways = tuple(settings.strategies.values())
    chosen = [chosen_strategy(ways, settings.choose, region, each) for each in (Verdict.OPEN, Verdict.CAUTION)]
    needs = settings.reserve + min(sum((step.bake for step in each.steps), timedelta(0)) for each in chosen)
    runs = timeline.open_runs((region,))
    if runs and runs[-1].end >= timeline.span.end and runs[-1].start == timeline.span.start:
        return None
    longest = max((run.end - run.start for run in runs), default=timedelta(0))
    return Never(region=region, needs=needs, longest=longest) if needs > longest else None
