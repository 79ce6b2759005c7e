"""wedgate's own metrics: what a tick writes and pushes, what the guard serves, and what Prometheus' own linter says."""

from __future__ import annotations

import importlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from small_service import exposed
from small_service import run_here as wedgate

from wedgate.errors import UsageError

HERE = '{service="venue-search"'


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A service whose candidate has 10 %, left by its last tick."""
    with chdir(exposed(tmp_path, new=("--commit", "1" * 40, "--digest", 'sha256:"new\\'))):
        yield tmp_path


def samples(text: str) -> dict[str, float]:
    """Read the samples of a text."""
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def lint(text: str, tool_named: Callable[[str], Path | None]) -> None:
    """Let Prometheus' own linter read a text; it has nothing to say."""
    found = subprocess.run(
        [str(tool_named("promtool")), "check", "metrics"], input=text, capture_output=True, text=True, timeout=60
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, ""), text


@pytest.mark.needs_tool("promtool")
def test_a_tick_writes_what_the_ledger_says(place: Path, tool_named: Callable[[str], Path | None]) -> None:
    """Phase, share, counts and ages, before and after a rollback and a freeze; the file is whole and readable."""
    file = place / "collector" / "wedgate.prom"
    began = time.time()
    assert wedgate("rollout", "tick", "--metrics-file", str(file)).return_value == 0
    text = file.read_text()
    lint(text, tool_named)
    found = samples(text)
    region = f'{HERE},region="us-west"'
    assert found[f'wedgate_region_phase{region},phase="baking"}}'] == 1
    assert found[f'wedgate_region_phase{region},phase="held"}}'] == 0
    assert found[f"wedgate_region_weight_percent{region}}}"] == 10
    assert found[f'wedgate_rollout_status{HERE},status="running"}}'] == 1
    assert (found[f"wedgate_rollouts_total{HERE}}}"], found[f"wedgate_rollbacks_total{HERE}}}"]) == (1, 0)
    assert 0 <= found[f"wedgate_region_unwatched_seconds{region}}}"] < 60
    assert began - 1 <= found[f"wedgate_last_run_timestamp_seconds{HERE}}}"] <= time.time() + 1
    assert found[f"wedgate_ledger_up{HERE}}}"] == 1
    assert 'digest="sha256:\\"new\\\\"' in text
    assert list(file.parent.iterdir()) == [file]
    assert os.name != "posix" or file.stat().st_mode & 0o777 == 0o644

    assert wedgate("freeze", "--reason", "x", "--for", "1h").return_value == 0
    assert wedgate("rollback").return_value == 12
    wedgate("rollout", "tick", "--metrics-file", str(file))
    text = file.read_text()
    lint(text, tool_named)
    found = samples(text)
    assert found[f'wedgate_region_phase{region},phase="rolled_back"}}'] == 1
    assert found[f"wedgate_region_weight_percent{region}}}"] == 0
    assert found[f"wedgate_rollbacks_total{HERE}}}"] == 1
    assert found[f"wedgate_poisoned_digests{HERE}}}"] == 1
    assert (found[f"wedgate_freezes{HERE}}}"], found[f"wedgate_region_frozen{region}}}"]) == (1, 1)
    assert found[f"wedgate_lease_held{HERE}}}"] == 0


@pytest.mark.needs_tool("promtool")
def test_a_held_region_and_an_unreadable_ledger(place: Path, tool_named: Callable[[str], Path | None]) -> None:
    """For how long and why; and of a ledger that cannot be read, that and nothing else."""
    assert wedgate("rollout", "abort", "--reason", "x").return_value == 12
    file = place / "m.prom"
    assert wedgate("rollout", "tick", "--metrics-file", str(file)).return_value == 0
    held = [line for line in file.read_text().splitlines() if line.startswith("wedgate_region_held_seconds")]
    assert len(held) == 1
    assert held[0].startswith(f'wedgate_region_held_seconds{HERE},region="us-west",kind="interrupted"}} ')
    (place / ".wedgate" / "venue-search.jsonl").write_text("{}\n")
    with pytest.raises(Exception, match=r"venue-search\.jsonl"):
        wedgate("rollout", "tick", "--metrics-file", str(file))
    text = file.read_text()
    lint(text, tool_named)
    found = samples(text)
    assert found[f"wedgate_ledger_up{HERE}}}"] == 0
    assert not any("region" in name for name in found)


def test_a_file_that_cannot_be_written_is_a_warning(place: Path) -> None:
    """The tick is what it would have been, and the old file stays."""
    (place / "folder").write_text("no folder")
    done = wedgate("rollout", "tick", "--metrics-file", str(place / "folder" / "m.prom"))
    assert done.return_value == 0
    assert "warning: the metrics could not be written to" in done.stderr


@contextmanager
def gateway(status: int) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Serve as a Pushgateway that answers with ``status``."""
    taken: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            taken.append((self.path, self.headers["Content-Type"], body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://user:geheim@127.0.0.1:{server.server_address[1]}/", taken
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.needs_tool("promtool")
def test_a_push_takes_the_place_of_the_one_before(
    place: Path, monkeypatch: pytest.MonkeyPatch, tool_named: Callable[[str], Path | None]
) -> None:
    """PUT to the group of the service; the address may come from a variable."""
    with gateway(200) as (address, taken):
        monkeypatch.setenv("GATEWAY", address)
        assert wedgate("rollout", "tick", "--metrics-push", "env/GATEWAY").return_value == 0
    path, kind, body = taken[-1]
    assert path == "/metrics/job/wedgate/service/venue-search"
    assert kind.startswith("text/plain; version=0.0.4")
    assert f'wedgate_region_weight_percent{HERE},region="us-west"}} 10' in body
    lint(body, tool_named)


def test_a_gateway_that_refuses_or_hangs_changes_nothing(place: Path) -> None:
    """A warning without its address, which may hold a password, and the exit code of the tick."""
    with gateway(500) as (address, _):
        done = wedgate("rollout", "tick", "--metrics-push", address)
    assert (done.return_value, "geheim" in done.output + done.stderr) == (0, False)
    assert "warning: the metrics were not pushed: the gateway answered 500" in done.stderr
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        done = wedgate("rollout", "tick", "--metrics-push", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - began < 8
    assert done.return_value == 0
    assert "the gateway did not answer in time" in done.stderr
    for wrong in ("ftp://geheim", "env/NO_SUCH_GATEWAY"):
        with pytest.raises(UsageError, match=r"holds no address|this is no address") as raised:
            wedgate("rollout", "tick", "--metrics-push", wrong)
        assert "geheim" not in str(raised.value)


@pytest.mark.needs_tool("promtool")
def test_the_guard_serves_what_it_sees_and_what_the_ledger_says(
    place: Path, tool_named: Callable[[str], Path | None]
) -> None:
    """One page, clean by Prometheus' own linter."""
    with subprocess.Popen(
        [sys.executable, "-m", "wedgate", "guard", "--listen", "127.0.0.1:0", "--interval", "1s"],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().rpartition(":")[2].strip()
        text, until = "", time.monotonic() + 30
        while "wedgate_region_phase" not in text and time.monotonic() < until:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                text = answer.read().decode()
            time.sleep(0.1)
        process.kill()
    lint(text, tool_named)
    found = samples(text)
    assert found['wedgate_candidate_weight_percent{region="us-west"}'] == 10
    assert found['wedgate_guard_stuck{region="us-west"}'] == 0
    assert found["wedgate_guard_returns_total"] == 0
    assert found[f'wedgate_region_phase{HERE},region="us-west",phase="baking"}}'] == 1


def test_the_page_of_metrics_names_every_metric_and_no_other(repository_root: Path) -> None:
    """A row for each, as they are written."""
    sources = [importlib.import_module(name).__file__ for name in ("wedgate.render.metrics", "wedgate.cli.guard")]
    source = "".join(Path(str(each)).read_text() for each in sources)
    page = (repository_root / "docs" / "reference" / "metrics.md").read_text()
    written = set(re.findall(r'"(wedgate_[a-z_]+)"', source))
    written |= {f"wedgate_overrides_{act}_total" for act in ("requested", "refused", "granted", "used")}
    rows = {
        name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(wedgate_\w+)", line)
    }
    assert rows == written


@pytest.mark.needs_tool("promtool")
def test_the_alerts_of_the_page_are_rules(
    tmp_path: Path, repository_root: Path, tool_named: Callable[[str], Path | None]
) -> None:
    """Prometheus reads them."""
    page = (repository_root / "docs" / "reference" / "metrics.md").read_text()
    block = re.search(r"```yaml\n(groups:.*?)```", page, re.DOTALL)
    assert block is not None
    (tmp_path / "alerts.yml").write_text(block[1])
    found = subprocess.run(
        [str(tool_named("promtool")), "check", "rules", str(tmp_path / "alerts.yml")], capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "SUCCESS: 4 rules found" in found.stdout
