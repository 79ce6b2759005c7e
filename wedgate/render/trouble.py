"""Why a comment was not answered, as a comment of its own: what wedgate's answer says of the ledger stays as it is."""

from __future__ import annotations

from wedgate.overrides.commands import Rollback
from wedgate.overrides.grammar import read_comment
from wedgate.overrides.people import Comment
from wedgate.render.markdown import inert_text

_LONGEST = 2000


def render_trouble(marker: str, comment: Comment, why: str, *, handed: str | None) -> str:
    """Return what to say, behind the marker by which it is found; ``why`` may hold what other systems said.

    ``handed`` are the rollouts that were handed over to be returned before the trouble; ``None`` where the trouble came
    before that was known.
    """
    login = "a deleted account" if comment.author is None else comment.author.login
    return "\n".join(
        (
            marker,
            "### wedgate could not answer",
            "",
            f"To what {inert_text(login)} wrote at {comment.at:%Y-%m-%d %H:%M:%S} UTC: {inert_text(why[:_LONGEST])}",
            "",
            f"Nothing was granted, and nothing opens by it.{_rollback(comment, handed)}",
            "Comment again once this is mended. Where the ledger does not exist any more, the calendar decides about a",
            "pull request that changes nothing but `state:` in wedgate.yml.",
            "",
        )
    )


def _rollback(comment: Comment, handed: str | None) -> str:
    """Say what became of the rollback that a comment asks for; nothing where it asks for none."""
    if handed:
        return f" The rollback of {inert_text(handed)} was handed over before."
    if not any(isinstance(command, Rollback) for _, command in read_comment(comment.body).commands):
        return ""
    if handed is None:
        return " The rollback that it asks for was not handed over, and nothing was returned: run `wedgate rollback`."
    return " No rollback was handed over here."


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
