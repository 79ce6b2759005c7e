"""Hooks from wedgate.yml, as commands of a real directory, through the rollout commands."""

from __future__ import annotations

import json
import os
from contextlib import chdir
from pathlib import Path

import pytest
from small_service import CONFIGURATION, NEW
from small_service import run_here as wedgate

HOOKS = """\
  hooks:
    before-shift: {command: [hooks/ready, "now"], env: [QUEUE_TOKEN]}
"""
READY = """\
#!/bin/sh
echo "$WEDGATE_HOOK $WEDGATE_REGION $WEDGATE_WEIGHT $1 token=$QUEUE_TOKEN other=$GITHUB_TOKEN"
printf '::set-output name=x::y\\n\\033[31mred\\n'
test -e "$HOME/open"
"""


@pytest.mark.skipif(os.name != "posix", reason="a script")
def test_a_hook_of_the_file_holds_the_shift_until_it_says_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found beside the configuration wherever wedgate runs; what it printed is in the journal, harmless."""
    place, home = tmp_path / "service", tmp_path / "home"
    for folder in (place / "hooks", home):
        folder.mkdir(parents=True)
    (place / "wedgate.yml").write_text(CONFIGURATION.replace("judge:", f"{HOOKS}judge:"))
    (place / "hooks" / "ready").write_text(READY)
    (place / "hooks" / "ready").chmod(0o755)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("QUEUE_TOKEN", "geheimnis")
    monkeypatch.setenv("GITHUB_TOKEN", "noch-geheimer")
    config = ("--config", str(place / "wedgate.yml"))
    with chdir(home):
        assert wedgate("rollout", "adopt", "--digest", "sha256:old", *config).return_value == 0
        assert wedgate("rollout", "start", *NEW, *config).return_value == 0
        held = [wedgate("rollout", "tick", *config) for _ in range(6)]
        said = "".join(each.output for each in held)
        assert "the hook before-shift failed" in said
        assert not any(line.strip().startswith("::") for line in said.splitlines())
        (home / "open").touch()
        assert wedgate("rollout", "resume", "--reason", "the queue is short", *config).return_value == 0
        for _ in range(4):
            assert wedgate("rollout", "tick", *config).return_value == 0
    assert json.loads((place / "regions.json").read_text())["us-west"]["weights"]["green"] == 10
    ledger = (place / ".wedgate" / "venue-search.jsonl").read_text()
    assert ledger.count('"hook_ran"') == 2
    assert "before-shift us-west 10 now token=*** other=" in ledger
    assert "geheim" not in ledger + said
    assert "\\u001b" not in ledger
