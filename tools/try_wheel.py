"""Build the wheel, install it alone into a fresh environment, and use it there as a user would.

usage: try_wheel.py [--keep DIRECTORY] [--tests]

The tree can hide what the wheel lacks (a resource that is not packed, a module that is not found), so what is
released is what is tried. Everything is installed from the hash-locked files. ``--keep`` copies wheel and source
archive there; ``--tests`` also runs the tests, beside the wheel and away from the tree's package.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("wedgate/py.typed",)
# What the tests read beside the package; the package itself must come from the wheel.
BESIDE = ("tests", "tools", "examples", "benchmarks", "scenarios", "docs", "requirements", ".github", ".ci")


def run(*command: str | Path, cwd: Path, expect: tuple[int, ...] = (0,)) -> str:
    """Run a command away from the tree and return what it printed; stop with its output if it exits otherwise."""
    words = [str(word) for word in command]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GITHUB_"))}
    outcome = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=False)
    if outcome.returncode not in expect:
        sys.exit(f"{' '.join(words)}\nexited with {outcome.returncode}\n{outcome.stdout}{outcome.stderr}")
    return outcome.stdout


def make_environment(directory: Path, lock: str) -> Path:
    """Make an environment that holds one lock, and return its interpreter."""
    subprocess.run([sys.executable, "-I", "-m", "venv", directory], check=True)
    scripts = directory / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    install(python, "--require-hashes", "--only-binary=:all:", "-r", str(ROOT / "requirements" / lock))
    return python


def install(python: Path, *arguments: str) -> None:
    """Install with uv where there is one, because it takes seconds; with pip otherwise."""
    uv = shutil.which("uv", path=f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv:
        command = [uv, "pip", "install", "--quiet", "--no-config", "--python", str(python), *arguments]
    else:
        command = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, cwd=ROOT, check=True)


def build(python: Path, directory: Path) -> Path:
    """Build wheel and source archive with the locked backend, and return the wheel."""
    subprocess.run(
        [python, "-I", "-m", "hatchling", "build", "--directory", directory, "--target", "wheel", "--target", "sdist"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (wheel,) = directory.glob("*.whl")
    return wheel


def check_contents(wheel: Path) -> None:
    """Stop unless the wheel holds the resources, the type marker and the package alone."""
    names = zipfile.ZipFile(wheel).namelist()
    resources = [path for path in (ROOT / "wedgate").rglob("resources/**/*") if path.is_file()]
    needed = [*NEEDED, *(path.relative_to(ROOT).as_posix() for path in resources if path.suffix != ".pyc")]
    for name in needed:
        if name not in names:
            sys.exit(f"{wheel.name} lacks {name}")
    strangers = [name for name in names if not name.startswith(("wedgate/", "wedgate-"))]
    if strangers:
        sys.exit(f"{wheel.name} holds what is not the package: {strangers}")


def use(python: Path, directory: Path) -> None:
    """Walk a newcomer's first commands in an empty directory."""
    wedgate = (python, "-I", "-X", "utf8", "-m", "wedgate")
    where = run(python, "-I", "-c", "import wedgate; print(wedgate.__file__)", cwd=directory)
    if str(ROOT / "wedgate") in where:
        sys.exit(f"the tree was imported, not the wheel: {where}")
    print(run(*wedgate, "--version", cwd=directory), end="")
    run(*wedgate, "schema", cwd=directory)
    run(*wedgate, "init", cwd=directory)
    run(*wedgate, "lint", cwd=directory)
    # Whether it is open depends on the day: both answers are right.
    print(run(*wedgate, "check", cwd=directory, expect=(0, 10)), end="")
    for line in run(*wedgate, "next", cwd=directory, expect=(0, 10)).splitlines()[:3]:
        print(line)


def run_tests(wheel: Path, directory: Path) -> None:
    """Run the tests beside the wheel, in a copy of the tree that lacks the package."""
    python = make_environment(directory / "tests-environment", "dev.txt")
    install(python, "--no-deps", str(wheel))
    copy = directory / "beside"
    copy.mkdir()
    for name in BESIDE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy2(path, copy / path.name)
    # tests/house reads the source tree (walls, files of the repository); what it proves does not ride in the wheel.
    command = [python, "-X", "utf8", "-m", "pytest", "-q", "-n", "2", "--ignore", "tests/house", "tests"]
    if subprocess.run(command, cwd=copy, check=False).returncode:
        sys.exit("the tests failed with the built wheel")


def main() -> None:
    """Build, check, install and use the wheel."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="copy wheel and source archive into this directory")
    parser.add_argument("--tests", action="store_true", help="run the tests with the wheel, too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wedgate-wheel-") as name:
        directory = Path(name).resolve()
        python = make_environment(directory / "environment", "action.txt")
        wheel = build(python, directory / "dist")
        check_contents(wheel)
        install(python, "--no-deps", str(wheel))
        (directory / "empty").mkdir()
        use(python, directory / "empty")
        if arguments.tests:
            run_tests(wheel, directory)
        if arguments.keep:
            shutil.copytree(directory / "dist", arguments.keep, dirs_exist_ok=True)
        print(f"{wheel.name} was built, installed and used")


if __name__ == "__main__":
    main()
