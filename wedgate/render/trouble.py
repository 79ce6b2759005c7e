"""Why a comment was not answered, as a comment of its own: what wedgate's answer says of the ledger stays as it is."""

from __future__ import annotations

from wedgate.overrides.people import Comment
from wedgate.render.markdown import inert_text

_LONGEST = 2000


def render_trouble(marker: str, comment: Comment, why: str) -> str:
    """Return what to say, behind the marker by which it is found; ``why`` may hold what other systems said."""
    login = "a deleted account" if comment.author is None else comment.author.login
    return "\n".join(
        (
            marker,
            "### wedgate could not answer",
            "",
            f"To what {inert_text(login)} wrote at {comment.at:%Y-%m-%d %H:%M:%S} UTC: {inert_text(why[:_LONGEST])}",
            "",
            "Nothing was granted, and nothing opens by it. A rollback that was asked for was handed over before.",
            "Comment again once this is mended. Where the ledger does not exist any more, the calendar decides about a",
            "pull request that changes nothing but `state:` in wedgate.yml.",
            "",
        )
    )


def render_over(marker: str) -> str:
    """Return what takes the place of a trouble once wedgate has answered, the same whatever it was."""
    return "\n".join(
        (
            marker,
            "### wedgate answers again",
            "",
            "An earlier comment could not be answered, for a reason that is over. Requests, approvals and denials",
            "count by now, as the answer shows. A freeze, a thaw or a report counts only where the answer names it:",
            "comment again otherwise.",
            "",
        )
    )
