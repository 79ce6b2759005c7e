"""The contract of a forge: files of one commit, all changed paths or an error, a clock, and errors that name it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from github_world import REPOSITORY, Comment, GithubWorld, Link, Pull

from wedgate.adapters.forge.github import GithubForge
from wedgate.adapters.forge.github_conversations import GithubConversations
from wedgate.errors import ConfigurationError, ExternalSystemError

TOKEN = "a-token-of-the-test"
PATHS = ("wedgate.yml", ".github/wedgate.yml")


@pytest.fixture
def world() -> Iterator[Any]:
    """Serve a GitHub with an empty default branch."""
    with GithubWorld() as found:
        yield found


def forge_of(world: Any, **settings: Any) -> GithubForge:
    """Return the adapter in front of the double."""
    return GithubForge(api_url=world.url, repository=REPOSITORY, token=TOKEN, **settings)


def test_the_first_path_that_exists_is_read_at_the_default_branchs_commit(world: Any) -> None:
    """Bytes and commit are those of the default branch."""
    world.put(".github/wedgate.yml", "über\n".encode())
    found = forge_of(world).default_branch_file(PATHS)
    assert found is not None
    assert (found.path, found.content, found.ref) == (".github/wedgate.yml", "über\n".encode(), "a" * 40)


def test_a_file_that_does_not_exist_is_none(world: Any) -> None:
    """Absence is an answer."""
    assert forge_of(world).default_branch_file(PATHS) is None


def test_a_directory_is_refused(world: Any) -> None:
    """A directory in the file's place is a configuration that cannot be used."""
    world.put("wedgate.yml/inside", b"x")
    with pytest.raises(ConfigurationError, match="not a plain file"):
        forge_of(world).default_branch_file(PATHS)


def test_a_file_too_large_for_the_api_is_refused(world: Any) -> None:
    """Above 1 MB the API gives no content; that is not an empty configuration."""
    world.put("wedgate.yml", b"#" * 1_000_001)
    with pytest.raises(ConfigurationError, match="larger"):
        forge_of(world).default_branch_file(PATHS)


def test_all_pages_of_changed_paths_are_read(world: Any) -> None:
    """The hundred-and-first file is not missed, and a moved file counts under both names."""
    files: list[tuple[str, str | None]] = [(f"src/{number}.py", None) for number in range(150)]
    world.pulls[7] = Pull(head="b" * 40, files=[*files, ("wedgate.yml", "app.py")])
    changed = forge_of(world).changed_paths(7)
    assert len(changed) == 152
    assert {"wedgate.yml", "app.py", "src/149.py"} <= set(changed)


def test_a_later_page_that_fails_is_an_error(world: Any) -> None:
    """Half of the changed paths are not the changed paths."""
    world.pulls[7] = Pull(head="b" * 40, files=[(f"src/{number}.py", None) for number in range(150)])
    world.failures["page=2"] = "500"
    with pytest.raises(ExternalSystemError, match="pull request 7"):
        forge_of(world).changed_paths(7)


def test_a_commit_is_compared_with_the_default_branch(world: Any) -> None:
    """In one request, with the old name of what was moved."""
    world.comparisons[("a" * 40, "d" * 40)] = [("wedgate.yml", "old.yml"), ("app.py", None)]
    changed = forge_of(world, default_branch="main").changed_by("d" * 40)
    assert changed.paths == {"wedgate.yml", "old.yml", "app.py"}
    assert changed.is_whole
    assert not changed.has("other.py")
    assert len(world.asked) == 1


def test_what_a_commit_changes_is_asked_once_and_says_where_the_default_branch_is(world: Any) -> None:
    """The files are then read at that very commit of it."""
    world.put("wedgate.yml", b"x")
    world.pulls[7] = Pull(head="b" * 40, files=[("app.py", None)])
    forge = forge_of(world, default_branch="main")
    for _ in range(2):
        assert forge.changed_by("b" * 40).paths == {"app.py"}
    found = forge.default_branch_file(PATHS)
    assert found is not None
    assert found.ref == "a" * 40
    assert [path.partition("?")[0].split("/")[4] for path in world.asked] == ["compare", "contents"]


@pytest.mark.parametrize(("count", "is_whole"), [(299, True), (300, False), (900, False)])
def test_a_comparison_that_may_lack_files_says_so(world: Any, count: int, is_whole: bool) -> None:
    """GitHub lists three hundred files and does not say that there are more: then any file may have been changed."""
    world.comparisons[("a" * 40, "d" * 40)] = [(f"src/{number}.py", None) for number in range(count)]
    changed = forge_of(world, default_branch="main").changed_by("d" * 40)
    assert changed.is_whole is is_whole
    assert changed.has("wedgate.yml") is not is_whole


def test_the_clock_is_the_forges(world: Any) -> None:
    """The Date of an answer, not this machine's time."""
    world.shifted_seconds = 7200
    assert abs(forge_of(world).date() - world.date()) < timedelta(seconds=3)


@pytest.mark.parametrize("how", ["500", "403", "404", "401", "drop", "malformed"])
@pytest.mark.parametrize("where", [f"/repos/{REPOSITORY}", "/branches/"])
def test_every_failure_is_one_error_that_names_the_forge(world: Any, how: str, where: str) -> None:
    """Whatever goes wrong, nobody gets an answer that could open the gate, nor the token."""
    world.put("wedgate.yml", b"x")
    world.failures[where] = how
    with pytest.raises(ExternalSystemError, match=r"GitHub \(http://127\.0\.0\.1") as caught:
        forge_of(world).default_branch_file(PATHS)
    assert "a-token-of-the-test" not in str(caught.value)


@pytest.mark.parametrize("how", ["500", "403", "drop", "malformed"])
def test_a_file_that_could_not_be_read_is_not_a_file_that_is_absent(world: Any, how: str) -> None:
    """Only 404 means that there is none."""
    world.put(".github/wedgate.yml", b"x")
    world.failures["contents/wedgate.yml"] = how
    with pytest.raises(ExternalSystemError):
        forge_of(world).default_branch_file(PATHS)


def test_a_forge_that_does_not_answer_in_time_is_an_error(world: Any) -> None:
    """The gate waits, but not for long."""
    world.failures["/repos"] = "slow"
    with pytest.raises(ExternalSystemError):
        forge_of(world, timeout_seconds=0.1).default_branch_file(PATHS)


def test_a_passing_failure_is_tried_again(world: Any) -> None:
    """The tries are bounded: three for a server error."""
    world.failures["/repos"] = "500"
    with pytest.raises(ExternalSystemError):
        forge_of(world).default_branch_file(PATHS)
    assert len(world.asked) == 3


def test_a_server_of_ones_own_has_its_interface_below_a_path(world: Any) -> None:
    """GHES: the pages that follow the first are below it, too."""
    world.put("wedgate.yml", b"x")
    world.pulls[7] = Pull(head="b" * 40, files=[(f"src/{number}.py", None) for number in range(150)])
    forge = GithubForge(api_url=f"{world.url}/api/v3", repository=REPOSITORY, token=TOKEN)
    found = forge.default_branch_file(PATHS)
    assert found is not None
    assert found.content == b"x"
    assert len(forge.changed_paths(7)) == 150
    assert all(asked.startswith("/api/v3/") for asked in world.asked)


MARKER = "<!-- wedgate:mark -->"


@pytest.fixture
def commented(world: Any) -> Any:
    """Return a world whose pull request 7 has more comments than fit on a page, none of them ours."""
    world.pulls[7] = Pull(head="b" * 40)
    world.comments[7] = [Comment(number=place, login="somebody", body="hello") for place in range(1, 151)]
    return world


def test_a_comment_is_written_once_and_then_kept_up_to_date(commented: Any) -> None:
    """It is found behind the first page of others, by its marker and its author."""
    assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nfirst")
    assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nsecond")
    own = [comment for comment in commented.comments[7] if comment.login == "github-actions[bot]"]
    assert [comment.body for comment in own] == [f"{MARKER}\nsecond"]


def test_a_comment_that_says_it_already_is_not_written_again(commented: Any) -> None:
    """A run again changes nothing."""
    assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nsame")
    commented.asked.clear()
    assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nsame")
    assert not [asked for asked in commented.asked if asked.startswith(("PATCH", "POST"))]


def test_nobody_elses_comment_is_touched(commented: Any) -> None:
    """Whoever copies the marker into a comment keeps it; the token could write there, and must not."""
    commented.comments[7][3].body = f"{MARKER} mine"
    commented.login = "deploy-bot"
    assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nours")
    assert commented.comments[7][3].body == f"{MARKER} mine"
    assert commented.comments[7][-1].login == "deploy-bot"


@pytest.mark.parametrize("edits_others", [True, False])
def test_the_token_of_an_app_finds_its_own_comment_again(commented: Any, *, edits_others: bool) -> None:
    """It may not ask who it is: it takes the first of an app with the marker that it can change, and no person's."""
    commented.app, commented.edits_others = "acme-wedgate[bot]", edits_others
    commented.comments[7][3].body = f"{MARKER} mine"
    commented.comments[7][4] = Comment(number=5, login="github-actions[bot]", body=f"{MARKER}\nof another token")
    for words in ("first", "second", "third"):
        assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\n{words}")
    own = [each for each in commented.comments[7] if MARKER in each.body and each.login.endswith("[bot]")]
    last = {True: [("github-actions[bot]", "third")], False: [("acme-wedgate[bot]", "third")]}[edits_others]
    assert [(each.login, each.body.split()[-1]) for each in own][-1:] == last
    assert len(own) == (1 if edits_others else 2)
    assert commented.comments[7][3].body == f"{MARKER} mine"


def test_comments_that_were_read_just_now_are_not_read_again(commented: Any) -> None:
    """Where ours is among them; another run may have written it since, and then it is found and not doubled."""
    read = GithubConversations(forge_of(commented).connection).comments(7)
    assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nfirst", read)
    assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nsecond", read)
    read = GithubConversations(forge_of(commented).connection).comments(7)
    commented.asked.clear()
    assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nsecond", read)
    assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nthird", read)
    assert not [asked for asked in commented.asked if "issues/7/comments" in asked]
    own = [comment for comment in commented.comments[7] if comment.login == "github-actions[bot]"]
    assert [comment.body for comment in own] == [f"{MARKER}\nthird"]


def test_nobody_elses_comment_is_touched_that_was_read_just_now(commented: Any) -> None:
    """It is known by its author there too."""
    commented.comments[7][3].body = f"{MARKER} mine"
    read = GithubConversations(forge_of(commented).connection).comments(7)
    assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nours", read)
    assert commented.comments[7][3].body == f"{MARKER} mine"
    assert commented.comments[7][-1].login == "github-actions[bot]"


def test_an_app_keeps_its_one_comment(commented: Any) -> None:
    """Its token may not ask by which name it writes; what an app only quotes, or a person wrote, is left alone."""
    commented.comments[7][3].body = f"{MARKER} mine"
    commented.comments[7][4].login, commented.comments[7][4].body = "quoting[bot]", f"> {MARKER} first"
    commented.comments[7][5].login, commented.comments[7][5].body = "acme-gate[bot]", f"{MARKER}\nfirst"
    assert forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nsecond")
    assert [each.body for each in commented.comments[7][3:6]] == [
        f"{MARKER} mine",
        f"> {MARKER} first",
        f"{MARKER}\nsecond",
    ]
    assert len(commented.comments[7]) == 150


def test_a_token_of_an_app_is_not_asked_whose_it_is(commented: Any) -> None:
    """GitHub would refuse: it begins with `ghs_`, as a workflow's own does."""
    forge = GithubForge(api_url=commented.url, repository=REPOSITORY, token="ghs_x")
    assert forge.keep_comment(7, MARKER, f"{MARKER}\nours")
    assert not [asked for asked in commented.asked if "/user" in asked]


def test_comments_since_an_instant_are_those_written_or_changed_then(commented: Any) -> None:
    """An edited one comes too, whenever it was written: it must not pass for one that is not there."""
    at = datetime(2026, 6, 6, 10, tzinfo=UTC)
    for place, comment in enumerate(commented.comments[7]):
        comment.at = at + timedelta(minutes=place)
    commented.comments[7][0].edited = True
    conversations = GithubConversations(forge_of(commented).connection)
    assert [each.id for each in conversations.comments(7, at + timedelta(minutes=148))] == [1, 149, 150]
    assert len(conversations.comments(7, at)) == 150


def test_a_token_that_may_not_comment_is_an_answer(commented: Any) -> None:
    """A fork's token reads only: that is no failure of the forge."""
    commented.may_comment = False
    assert not forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nours")


def test_comments_that_cannot_all_be_read_are_an_error(commented: Any) -> None:
    """With half of them, a second comment would be written beside the first."""
    commented.failures["page=2"] = "500"
    with pytest.raises(ExternalSystemError, match="comments of pull request 7"):
        forge_of(commented).keep_comment(7, MARKER, f"{MARKER}\nours")


def limited(world: Any, **settings: Any) -> tuple[GithubForge, list[float]]:
    """Return the adapter, and how long it was told to wait."""
    waited: list[float] = []
    return forge_of(world, pause=waited.append, **settings), waited


@pytest.mark.parametrize("status", [403, 429])
def test_a_short_rate_limit_is_waited_for(world: Any, status: int) -> None:
    """The primary one to its end, by the forge's clock; a secondary one as long as it says."""
    world.put("wedgate.yml", b"x")
    world.shifted_seconds = 90_000
    end = int(world.date().timestamp()) + 9
    world.limits = [
        (status, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(end)}),
        (status, {"Retry-After": "4"}),
        (status, {"Retry-After": "0"}),
    ]
    forge, waited = limited(world)
    assert forge.default_branch_file(PATHS) is not None
    assert waited[1:] == [4, 1]
    assert 8 <= waited[0] <= 10


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Retry-After": "31"}, r"ask again in 31 s, at \d\d:\d\d:\d\d UTC"),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}, "ask again in 60 s"),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "-5"}, "ask again in 60 s"),
        ({"Retry-After": "-1"}, "ask again in 60 s"),
        ({"Retry-After": "9" * 400}, "ask again in 60 s"),
        ({}, "ask again in 60 s"),
    ],
)
def test_a_long_rate_limit_ends_the_question_at_once(world: Any, headers: dict[str, str], words: str) -> None:
    """It says when to ask again; what cannot be read is a minute, as GitHub asks for."""
    world.limits = [(403, headers)]
    forge, waited = limited(world)
    with pytest.raises(ExternalSystemError, match=words) as caught:
        forge.date()
    assert type(caught.value) is ExternalSystemError
    assert "contents: read" not in str(caught.value)
    assert waited == []


def test_a_primary_limit_says_when_it_ends(world: Any) -> None:
    """Forty minutes from now, by the forge's clock."""
    world.failures["/repos"] = "rate"
    forge, waited = limited(world)
    ends = world.date() + timedelta(minutes=40)
    with pytest.raises(ExternalSystemError) as caught:
        forge.date()
    told = [f"{ends + timedelta(seconds=late):%H:%M:%S} UTC" for late in range(-2, 4)]
    assert any(f"ask again in 40 min, at {each}" in str(caught.value) for each in told), caught.value
    assert waited == []


def test_the_waits_of_a_run_are_bounded_in_all(world: Any) -> None:
    """Thirty seconds, however many short limits there are."""
    world.limits = [(403, {"Retry-After": "8"})] * 9
    forge, waited = limited(world)
    with pytest.raises(ExternalSystemError, match="ask again in 8 s"):
        forge.date()
    assert waited == [8, 8, 8]


def test_what_changes_something_is_sent_again_behind_a_limit(world: Any) -> None:
    """It was not carried out: the comment is there once."""
    world.pulls[7] = Pull(head="b" * 40)
    forge, waited = limited(world)
    world.limits = [(403, {"Retry-After": "2"}), (429, {"Retry-After": "2"}), (403, {"Retry-After": "2"})]
    assert forge.keep_comment(7, "<!-- mark -->", "<!-- mark --> said")
    assert waited == [2, 2, 2]
    assert len(world.comments[7]) == 1


def test_a_limit_is_no_refusal(world: Any) -> None:
    """A token that may not comment is told so, and one that may not yet is not taken for it."""
    world.pulls[7] = Pull(head="b" * 40)
    world.failures["POST"] = "secondary"
    forge, _ = limited(world)
    with pytest.raises(ExternalSystemError, match="its rate limit"):
        forge.keep_comment(7, "<!-- mark -->", "<!-- mark --> said")


def test_the_way_to_a_file_goes_over_links(world: Any) -> None:
    """The forge answers for a link with what it leads to; git's own listing does not."""
    world.put("data/fairs.ics", b"here")
    world.put("calendars", Link(b"dates"))
    world.put("dates/fairs.ics", Link(b"../data/fairs.ics"))
    forge = forge_of(world)
    assert forge.way_to("data/fairs.ics", "a" * 40) == ("data/fairs.ics",)
    assert forge.way_to("nothing/at/all", "a" * 40) == ("nothing/at/all",)
    assert forge.way_to("dates/fairs.ics", "a" * 40) == ("dates/fairs.ics", "data/fairs.ics")
    over = ("calendars/fairs.ics", "calendars", "dates/fairs.ics", "data/fairs.ics")
    assert forge.way_to("calendars/fairs.ics", "a" * 40) == over
