"""What the documents say can be typed, followed and looked up."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import click
import pytest

from wedgate.cli.main import COMMANDS, cli
from wedgate.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
LINK = re.compile(r"\[[^]]*\]\((?P<target>[^)#\s]+)?(?:#(?P<anchor>[^)\s]+))?\)")


def commands_of(page: Path) -> list[str]:
    """Return the `wedgate ...` lines of a page's console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ wedgate ")]
    return [line.removeprefix("$ ").partition(" #")[0].strip() for line in lines]


SHOWN = sorted({(page.relative_to(ROOT).as_posix(), command) for page in PAGES for command in commands_of(page)})


@pytest.mark.parametrize(("page", "line"), SHOWN, ids=lambda value: str(value)[:60])
def test_every_command_that_is_shown_exists_with_its_options(page: str, line: str) -> None:
    """A console line parses: the command is there, and takes what it is given."""
    words = shlex.split(line)[1:]
    command: click.Command = cli
    context = click.Context(cli, info_name="wedgate")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, f"{page}: wedgate has no command {words[0]}"
        context = click.Context(found, info_name=words.pop(0), parent=context)
        command = found
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    options |= set(context.help_option_names)
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in options, f"{page}: {line}"


def test_the_readme_shows_the_two_commands() -> None:
    """A newcomer finds what to type first."""
    shown = commands_of(ROOT / "README.md")
    assert shown[:2] == ["wedgate init", "wedgate check"]


def test_every_command_loads_and_has_help_with_an_example() -> None:
    """`--help` of each command says how it is used."""
    for name in COMMANDS:
        command: click.Command = importlib.import_module(f"wedgate.cli.{name.replace('-', '_')}").command
        text = command.get_help(click.Context(command, info_name=f"wedgate {name}"))
        assert f"wedgate {name}" in text.split("\n", 1)[1], f"the help of {name} has no example"


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that a forge makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    """A link to a file that is gone, or to a heading that is none, fails."""
    for match in LINK.finditer(page.read_text()):
        target = match["target"]
        if target and "://" in target:
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), match[0]
        if match["anchor"]:
            assert match["anchor"] in anchors_of(file), match[0]


def test_every_page_is_reached_from_the_index() -> None:
    """A page that nobody links to is not read."""
    index = (ROOT / "docs" / "index.md").read_text()
    for page in sorted((ROOT / "docs").rglob("*.md")):
        name = page.relative_to(ROOT / "docs").as_posix()
        assert name == "index.md" or f"({name})" in index, f"docs/index.md does not link to {name}"


def test_the_table_of_exit_codes_is_the_list_in_the_code() -> None:
    """One table in the docs: every code once, with its name."""
    rows = re.findall(r"^\| (\d+) \| ([a-z ]+) \|", (ROOT / "docs" / "index.md").read_text(), re.MULTILINE)
    assert rows == [(str(int(code)), code.name.lower().replace("_", " ")) for code in ExitCode]


def test_the_readme_keeps_the_place_of_the_transcript() -> None:
    """The demo's generator writes between two markers."""
    text = (ROOT / "README.md").read_text()
    assert text.count("<!-- demo:begin -->") == 1
    assert text.index("<!-- demo:begin -->") < text.index("<!-- demo:end -->")


def test_the_map_of_the_house_names_every_room() -> None:
    """CONTRIBUTING.md lists the packages that there are."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for room in sorted((ROOT / "wedgate").iterdir()):
        if (room / "__init__.py").exists():
            assert f"\n      {room.name}/" in text, f"the map lacks {room.name}/"
