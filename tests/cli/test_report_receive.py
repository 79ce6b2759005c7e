"""Reports over GitHub: events and comments roll back, whoever may not is refused, and stages are timed."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from github_world import GithubWorld, Pull

from wedgate.adapters.forge.github_runs import RunTimes
from wedgate.adapters.stores.file import FileStore
from wedgate.cli import rollout_wiring
from wedgate.cli.main import cli
from wedgate.config.load import parse_configuration
from wedgate.errors import ExitCode, WedgateError
from wedgate.ledger.orders import Order
from wedgate.ledger.streams import fold
from wedgate.overrides.policy import Duty

EXAMPLES = ".tools/npm/node_modules/@octokit/webhooks-examples/api.github.com/index.json"
pytestmark = pytest.mark.needs_file(EXAMPLES)

CONFIGURATION = """\
version: 1
service: venue-search
regions:
  us-west: {{markets: {{los-angeles: {{zone: America/Los_Angeles, country: US, subdivision: CA}}}}}}
  eu: {{markets: {{berlin: {{zone: Europe/Berlin, country: DE}}}}}}
rollout:
  reserve: 1s
  strategies: {{steady: {{kind: canary, steps: [{{weight: 10, bake: 1h}}]}}}}
  target: {{kind: simulated}}
judge: {{report-fails: {fails}, slice: 30s, errors: {{requests: 20}}, false-alarms: 20%}}
overrides: {{approvers: {{people: [alice, bob]}}, signers: .github/allowed_signers, may: {{report: {report}}}}}
state: {{kind: file, path: .wedgate}}
"""
NOON = datetime(2026, 6, 3, 18, 0, tzinfo=UTC)
COMMIT, DIGEST = "2" * 40, "sha256:new"
SIGNER = "alerts@acme.example"


@dataclass
class Place:
    """A repository with a rollout under way in it, whose candidate has traffic, and the runs of its workflows."""

    world: GithubWorld
    directory: Path
    dispatch: dict[str, Any]
    comment: dict[str, Any]
    now: datetime = NOON
    pauses: list[timedelta] = field(default_factory=list)

    def configure(self, *, report: str = "write", fails: str = "rollback") -> None:
        """Write the configuration, here and on the default branch."""
        text = CONFIGURATION.format(report=report, fails=fails)
        (self.directory / "wedgate.yml").write_text(text)
        self.world.put("wedgate.yml", text.encode())

    def run(self, *words: str, **environment: str) -> tuple[int, str, str]:
        """Run a command; return its exit code, everything it said, and standard output."""
        output = self.directory / "output"
        output.write_text("")
        known = {"GITHUB_OUTPUT": str(output), "RUNNER_ENVIRONMENT": "self-hosted", **environment}
        done = CliRunner(env=known).invoke(cli, list(words), obj={"debug": False}, standalone_mode=False)
        if isinstance(done.exception, WedgateError):
            return int(done.exception.exit_code), f"{done.output}{done.exception}", done.stdout
        if done.exception is not None:
            raise done.exception
        return int(done.return_value), done.output, done.stdout

    def begin(self) -> None:
        """Start a rollout, and tick until its candidates have traffic."""
        code, output, _ = self.run("rollout", "start", "--commit", COMMIT, "--digest", DIGEST)
        assert code == 0, output
        for _ in range(12):
            self.now += timedelta(seconds=5)
            assert self.run("rollout", "tick")[0] == 0
            if self.green("us-west") == 10:
                return
        pytest.fail("the candidate has no traffic")

    def green(self, region: str) -> int:
        """Return the percent that green has in a region."""
        found = json.loads((self.directory / ".wedgate" / "simulated.json").read_text())[region]
        return int(found.get("weights", {"green": 0})["green"])

    def report(self, **changes: Any) -> dict[str, Any]:
        """Return a report about the release under way, found ten seconds ago."""
        metric = {
            "name": "search p95", "baseline": 7, "candidate": 61, "unit": "ms", "direction": "lower-is-better",
        }  # fmt: skip
        found = {
            "schema_version": 1,
            "service": "venue-search",
            "release": {"digest": DIGEST},
            "metrics": [metric],
            "reporter": "booking-alerts",
            "reported_at": (self.now - timedelta(seconds=10)).isoformat(),
        }
        return {**found, **changes}

    def receive(
        self, payload: Any, *words: str, sender: str = "zoe", kind: str = "User", **environment: str
    ) -> tuple[int, str, str]:
        """Run the workflow for a `repository_dispatch`, as GitHub published one, with this payload."""
        event = copy.deepcopy(self.dispatch)
        event["client_payload"] = payload
        event["sender"] |= {"login": sender, "id": self.world.people.get(sender, 999), "type": kind}
        more = {"GITHUB_TRIGGERING_ACTOR": sender, **environment}
        return self.hear(event, "report", "receive", *words, GITHUB_EVENT_NAME="repository_dispatch", **more)

    def hear(self, event: dict[str, Any], *words: str, **environment: str) -> tuple[int, str, str]:
        """Run a command in a run for an event."""
        path = self.directory / "event.json"
        path.write_text(json.dumps(event))
        more = {"GITHUB_EVENT_PATH": str(path), "GITHUB_RUN_ID": "77", **environment}
        return self.run(*words, **{**self.world.environment(), **more})

    def orders(self) -> list[tuple[str, str]]:
        """Return by whom reports were given, and for which release they were."""
        entries = FileStore(self.directory / ".wedgate" / "venue-search.jsonl").read()
        given = [line.given for line in fold(entries).orders]
        return [(each.by, each.why) for each in given if each.order is Order.REPORT]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository_root: Path) -> Iterator[Place]:
    """A rollout under way, on a clock that moves only when something pauses."""
    every = {each["name"]: each["examples"] for each in json.loads((repository_root / EXAMPLES).read_text())}
    comment = next(each for each in every["issue_comment"] if each["action"] == "created")
    monkeypatch.chdir(tmp_path)
    with GithubWorld() as world:
        found = Place(world, tmp_path, every["repository_dispatch"][0], comment)
        world.pulls[7] = Pull(head="b" * 40)
        world.runs[77] = ("zoe", "zoe")
        found.configure()
        (tmp_path / ".wedgate").mkdir()
        regions = {name: {"colours": {"blue": "sha256:old", "green": None}} for name in ("us-west", "eu")}
        (tmp_path / ".wedgate" / "simulated.json").write_text(json.dumps({**regions, "*traffic": {"rate": 200}}))

        def pause(duration: timedelta) -> None:
            found.pauses.append(duration)
            found.now += duration
            world.shifted_seconds = (found.now - datetime.now(UTC)).total_seconds()

        pause(timedelta(0))
        # A file that is waited for is waited for by the real clock.
        monkeypatch.delattr(FileStore, "wait")
        monkeypatch.setattr(rollout_wiring, "utc_now", lambda: found.now)
        monkeypatch.setattr("wedgate.cli.wiring.utc_now", lambda: found.now)
        monkeypatch.setattr(rollout_wiring.Interruption, "pause", lambda self, duration: pause(duration))
        monkeypatch.setattr("wedgate.cli.override_wiring.pause", pause)
        code, output, _ = found.run("rollout", "adopt", "--digest", "sha256:old")
        assert code == 0, output
        found.begin()
        pause(timedelta(0))
        found.pauses.clear()
        yield found


def test_an_event_with_a_report_rolls_back_and_says_how_long_each_stage_took(place: Place) -> None:
    """From the report's own clock over GitHub's to this machine's, as text and for machines."""
    began = place.now
    place.world.run_times[77] = (began - timedelta(seconds=8), began - timedelta(seconds=5))
    code, output, stdout = place.receive(place.report())
    assert (code, place.green("us-west")) == (ExitCode.DONE, 0), output
    ((by, why),) = place.orders()
    assert by == "a report, sent by zoe"
    assert why.startswith("search p95 61 ms against 7 ms (x8.71), reported by booking-alerts at ")
    stages = [line for line in stdout.splitlines() if line.startswith(("re", "run", "rollback", "traffic"))]
    shown = [(line[:17].rstrip(), line[40:].strip()) for line in stages]
    assert shown == [
        ("reported", ""), ("run created", "+2.0 s"), ("run started", "+3.0 s"), ("report read", "+5.0 s"),
        ("rollback begun", "+0.0 s"), ("traffic restored", "+0.0 s"),
    ]  # fmt: skip
    assert stages[1][18:38] == f"{began - timedelta(seconds=8):%Y-%m-%d %H:%M:%S}Z"
    assert stdout.endswith("10.0 s in all\n")


def test_stages_for_machines(place: Place) -> None:
    """With what is not known as null: the forge does not say when the run was made."""
    place.world.failures["/actions/runs/77"] = "403"
    code, output, stdout = place.receive(place.report(regions=["us-west"]), "--format", "json")
    assert (code, place.green("us-west")) == (ExitCode.DONE, 0), output
    plain = json.loads(stdout)
    assert (plain["schema_version"], plain["kind"], plain["seconds"]) == (1, "report-received", 10.0)
    assert [(each["stage"], each["seconds"]) for each in plain["stages"]] == [
        ("reported", None), ("run created", None), ("run started", None), ("report read", 10.0),
        ("rollback begun", 0.0), ("traffic restored", 0.0),
    ]  # fmt: skip
    assert "when this run was made is not known" in output
    assert "actions: read" in output


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_alarm_of_a_benchmark_alone_pauses_and_waits_for_nothing(place: Place, form: str) -> None:
    """Nothing goes back for it until fresh runs confirm it."""
    run = {"metrics": [{"name": "search p95", "outcome": "fail", "estimate": 1.4}]}
    code, output, stdout = place.receive(place.report(benchmark={"confirmed": False, "runs": [run]}), "--format", form)
    assert (code, place.green("us-west"), place.orders()) == (ExitCode.DONE, 10, []), output
    assert "is paused; nothing goes back for it until fresh runs confirm it" in output
    assert "nothing to do" not in output
    assert stdout == "" if form == "text" else json.loads(stdout)["rollouts"] == []


def test_the_forge_is_asked_for_times_when_traffic_is_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not answer keeps nobody waiting."""
    weights: list[int] = []

    def times(self: object, run: int) -> RunTimes:
        weights.append(place.green("us-west"))
        return RunTimes(created=None, started=None)

    monkeypatch.setattr("wedgate.adapters.forge.github_runs.GithubRuns.times_of", times)
    assert place.receive(place.report())[0] == ExitCode.DONE
    assert weights == [0]


def test_a_run_that_is_alive_is_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """It obeys three seconds later: the stages are those of its journal, and nobody else touches the targets."""
    monkeypatch.setattr("wedgate.cli.rollout.obey_once", lambda config, form: None)
    real = place.pauses

    def pause(duration: timedelta) -> None:
        real.append(duration)
        place.now += duration
        if len(real) == 3:
            place.run("rollout", "tick")

    monkeypatch.setattr("wedgate.cli.override_wiring.pause", pause)
    code, output, stdout = place.receive(place.report(), "--format", "json")
    assert (code, place.green("us-west")) == (ExitCode.DONE, 0), output
    begun, restored = json.loads(stdout[stdout.index("{") :])["stages"][-2:]
    assert (begun["seconds"], restored["seconds"]) == (3.0, 0.0)


def test_traffic_that_is_not_back_in_time_needs_a_person(place: Place) -> None:
    """With `report-fails: hold` nothing is returned: the order was obeyed, and the last stage stays open."""
    place.run("rollout", "abort", "--reason", "anew")
    place.configure(fails="hold")
    (place.directory / ".wedgate" / "venue-search.rescue.json").unlink(missing_ok=True)
    place.begin()
    code, output, stdout = place.receive(place.report(), "--wait", "5s")
    assert (code, place.green("us-west")) == (ExitCode.NEEDS_HUMAN, 10), output
    assert "traffic restored  not known\ntraffic is not back yet; a person must look\n" in stdout
    assert sum(place.pauses, timedelta()) == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"release": {"digest": "sha256:other"}}, 11, "it is about another release than sha256:new"),
        ({"service": "booking"}, 11, "it is about booking, and this is venue-search's ledger"),
        ({"metrics": []}, 2, "client_payload:1:87: metrics: is an empty list"),
        ({"odd": 1}, 2, "odd: is not a field of a report"),
        ({"regions": ["ap"]}, 11, "no rollout is under way in ap"),
    ],
)
def test_what_is_no_report_of_this_release_changes_nothing(
    place: Place, change: dict[str, Any], code: int, said: str
) -> None:
    """It is refused with the field, or with what is under way."""
    found, output, _ = place.receive(place.report(**change))
    assert (found, place.green("us-west"), place.orders()) == (code, 10, []), output
    assert said in output


def test_a_published_event_without_a_report_is_refused(place: Place) -> None:
    """GitHub's own example has an empty payload; other events carry none, and edited comments do not count."""
    for event, said in (
        (place.dispatch, "client_payload:1:1: schema_version: is missing; write 1"),
        ({"action": "opened"}, "is no event that brings a report"),
        ({**place.comment, "action": "edited"}, "only new comments count"),
    ):
        code, output, _ = place.hear(event, "report", "receive")
        assert (code, said in output) == (2, True), output
    assert "there is no event" in place.run("report", "receive", GITHUB_EVENT_PATH="")[1]


@pytest.mark.parametrize(
    ("sender", "kind", "may"),
    [
        ("alice", "User", True), ("zoe", "User", False), ("an-app[bot]", "Bot", False), ("mallory", "User", False),
        ("alice", "Bot", False),
    ],
)  # fmt: skip
def test_only_approvers_report_where_the_policy_says_so(place: Place, sender: str, kind: str, may: bool) -> None:
    """Whatever their token may write; an app is no person, and a login of another account is nobody."""
    place.configure(report="approvers")
    code, output, _ = place.receive(place.report(), sender=sender, kind=kind)
    assert (code, place.green("us-west")) == ((0, 0) if may else (11, 10)), output


def test_what_an_approver_sent_is_not_sent_again_by_somebody_else(place: Place) -> None:
    """Whoever may write can run an old workflow again; the event in it is still the approver's."""
    place.configure(report="approvers")
    for by, code, weight in (("zoe", ExitCode.REFUSED, 10), ("alice", ExitCode.DONE, 0)):
        found, output, _ = place.receive(place.report(), sender="alice", GITHUB_TRIGGERING_ACTOR=by)
        assert (found, place.green("us-west")) == (code, weight), output
        assert ("zoe ran this again for alice" in output) is (by == "zoe")


@pytest.fixture
def key(place: Place, tmp_path: Path) -> Path:
    """A key that the default branch names for reports, where they must be signed."""
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    public = " ".join(path.with_suffix(".pub").read_text().split()[:2])
    place.world.put(".github/allowed_signers", f'{SIGNER} namespaces="wedgate-report@v1" {public}\n'.encode())
    place.configure(report="signers")
    return path


def signed(key: Path, text: str, *, namespace: str = "wedgate-report@v1") -> str:
    """Sign a text, as docs/reference/report.md shows."""
    path = key.with_name("regression.json")
    path.write_text(text)
    path.with_suffix(".json.sig").unlink(missing_ok=True)
    words = ["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", namespace, str(path)]
    subprocess.run(words, check=True, capture_output=True)
    return path.with_suffix(".json.sig").read_text()


def test_a_signed_report_counts_whoever_sends_it(place: Place, key: Path) -> None:
    """The ledger names who signed."""
    text = json.dumps(place.report(), indent=2)
    code, output, _ = place.receive(
        {"report": text, "signer": SIGNER, "signature": signed(key, text)}, sender="an-app[bot]", kind="Bot"
    )
    assert (code, place.green("us-west")) == (0, 0), output
    assert place.orders()[0][0] == f"a report, signed by {SIGNER}"


@pytest.mark.parametrize("how", ["unsigned", "text", "namespace", "signer", "key", "revoked", "object", "old", "ahead"])
def test_a_signature_that_does_not_hold_is_refused(place: Place, key: Path, how: str) -> None:
    """None, of another text, for another thing, by another name or key, revoked, of no text, of another day."""
    at = place.now + {"old": -timedelta(days=1), "ahead": timedelta(days=1)}.get(how, timedelta(0))
    text = json.dumps(place.report(reported_at=at.isoformat()))
    signature = signed(key, text, namespace="wedgate-override@v1" if how == "namespace" else "wedgate-report@v1")
    payload: Any = {"report": text, "signer": SIGNER, "signature": signature}
    if how == "unsigned":
        payload = place.report()
    elif how == "text":
        payload["report"] = text.replace("61", "62")
    elif how == "signer":
        payload["signer"] = "somebody@acme.example"
    elif how == "key":
        other = key.with_name("other")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
        payload["signature"] = signed(other, text)
    elif how == "namespace":
        # The file lets the key sign whatever it likes: what it signed is looked at all the same.
        public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
        place.world.put(".github/allowed_signers", f"{SIGNER} {public}\n".encode())
    elif how == "revoked":
        place.world.put(".github/allowed_signers.revoked", key.with_suffix(".pub").read_bytes())
    elif how == "object":
        payload["report"] = json.loads(text)
    code, output, _ = place.receive(payload, sender="alice")
    assert (code, place.green("us-west"), place.orders()) == (11, 10, []), output
    said = {"unsigned": "is not signed", "object": "is not signed", "old": "is older than rollout"}
    said["ahead"] = "which is later than now"
    assert said.get(how, "is not good") in output


def says(place: Place, who: str, body: str, **how: Any) -> dict[str, Any]:
    """Let somebody comment on the pull request; return the event that GitHub sends for it."""
    made = place.world.say(7, who, body, at=place.now - timedelta(seconds=4), **how)
    event = copy.deepcopy(place.comment)
    event["issue"] |= {"number": 7, "pull_request": {"url": "x"}}
    event["comment"] |= {"id": made.number, "body": body, "created_at": f"{made.at:%Y-%m-%dT%H:%M:%SZ}"}
    event["comment"]["user"] |= {"login": who, "id": place.world.person(who)["id"]}
    return event


def outputs(place: Place) -> str:
    """Return what was written for the next job."""
    return (place.directory / "output").read_text()


@pytest.mark.parametrize("release", [COMMIT, DIGEST])
def test_a_comment_reports_and_the_second_job_sees_traffic_back(place: Place, release: str) -> None:
    """The order stands in the ledger after the first; the answer says so, and the same event does it once."""
    event = says(place, "zoe", f'/wedgate report {release} reason="search is slow" link=https://example.org/881')
    for _ in range(2):
        code, output, _ = place.hear(event, "comment", GITHUB_EVENT_NAME="issue_comment")
        assert code == ExitCode.DONE, output
        assert "report<<" in outputs(place)
        assert "\nr-" in outputs(place)
    number = event["comment"]["id"]
    assert place.orders() == [(f"zoe, comment {number}", "search is slow https://example.org/881")]
    assert "zoe reported a regression: r-" in place.world.comments[7][-1].body
    assert place.green("us-west") == 10
    code, output, stdout = place.hear(event, "report", "receive", "--format", "json")
    assert (code, place.green("us-west")) == (ExitCode.DONE, 0), output
    plain = json.loads(stdout)
    assert plain["seconds"] == 4.0
    assert (plain["stages"][0]["at"], plain["stages"][3]["at"]) == (
        (place.now - timedelta(seconds=4)).isoformat(), place.now.isoformat(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("who", "line", "policy", "said"),
    [
        ("zoe", f"{'3' * 40} reason=slow", "write", "it is about another release than sha256:new"),
        ("zoe", "sha256:other reason=slow", "write", "it is about another release than sha256:new"),
        ("zoe", f"{DIGEST} reason=slow regions=ap", "write", "there is no region"),
        ("zoe", f"{DIGEST} reason=slow", "approvers", "zoe may not report a regression by a comment here"),
        ("alice", f"{DIGEST} reason=slow", "signers", "alice may not report a regression by a comment here"),
        ("zoe", f"{DIGEST}", "write", "reason= is missing"),
        ("zoe", "new reason=slow", "write", "is not a release: the full commit"),
    ],
)
def test_a_comment_that_may_not_report_is_refused(place: Place, who: str, line: str, policy: str, said: str) -> None:
    """With the reason in the answer; nothing goes back, and the next job has nothing to do."""
    place.configure(report=policy)
    event = says(place, who, f"/wedgate report {line}")
    code, output, _ = place.hear(event, "comment", GITHUB_EVENT_NAME="issue_comment")
    assert (code, place.orders()) == (11, []), output
    assert said in place.world.comments[7][-1].body
    assert "\nr-" not in outputs(place)
    code, output, _ = place.hear(event, "report", "receive")
    assert (code, place.green("us-west")) == (ExitCode.DONE, 10)
    assert "nothing to do: no report was given by" in output


@pytest.mark.parametrize(
    ("who", "how"),
    [("alice", {"edited": True}), ("alice", {"via_app": True}), ("robot[bot]", {})],
    ids=["edited", "app", "bot"],
)
def test_comments_that_were_edited_or_are_by_apps_report_nothing(place: Place, who: str, how: dict[str, Any]) -> None:
    """As for every other command, also where the bot may write."""
    place.world.people["robot[bot]"], place.world.roles["robot[bot]"] = 301, "write"
    event = says(place, who, f"/wedgate report {DIGEST} reason=slow", **how)
    place.hear(event, "comment", GITHUB_EVENT_NAME="issue_comment")
    assert (place.orders(), place.green("us-west")) == ([], 10)


@pytest.mark.parametrize(
    ("may", "expected"),
    [("{thaw: write}", "write"), ("{stop: approvers}", "approvers"), ("{stop: approvers, report: write}", "write")],
)
def test_whoever_may_not_roll_back_may_not_report(may: str, expected: str) -> None:
    """Unless the policy says so."""
    head = "version: 1\nservice: x\nregions: {eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}}\n"
    text = f"{head}overrides: {{approvers: {{people: [alice, bob]}}, may: {may}}}\n"
    policy = parse_configuration(text.encode(), name="wedgate.yml").overrides
    assert policy is not None
    assert policy.may[Duty.REPORT] == expected


def test_each_report_of_a_comment_is_given(place: Place) -> None:
    """One for each region in a line of its own, each once; the second job follows all of them."""
    lines = f"/wedgate report {DIGEST} reason=slow regions=us-west\n\n/wedgate report {DIGEST} reason=errors regions=eu"
    event = says(place, "zoe", lines)
    for _ in range(2):
        code, output, _ = place.hear(event, "comment", GITHUB_EVENT_NAME="issue_comment")
        assert code == ExitCode.DONE, output
        assert outputs(place).count("r-") == 1
    by = f"zoe, comment {event['comment']['id']}"
    assert place.orders() == [(by, "slow"), (f"{by}, line 3", "errors")]
    said = place.world.comments[7][-1].body
    assert "reported a regression in us-west: " in said
    assert "reported a regression in eu: " in said
    code, output, _ = place.hear(event, "report", "receive")
    assert (code, place.green("us-west"), place.green("eu")) == (ExitCode.DONE, 0, 0), output


def test_a_second_report_about_another_release_is_refused(place: Place) -> None:
    """The first one counts all the same."""
    event = says(place, "zoe", f"/wedgate report {DIGEST} reason=slow\n\n/wedgate report sha256:other reason=errors")
    code, output, _ = place.hear(event, "comment", GITHUB_EVENT_NAME="issue_comment")
    assert (code, len(place.orders())) == (ExitCode.REFUSED, 1), output
    assert "it is about another release than sha256:new" in place.world.comments[7][-1].body.replace("\\", "")
