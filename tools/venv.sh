#!/usr/bin/env bash
# Makes .venv from the hash-locked files, with nothing but a Python that wedgate supports.
#
# usage: tools/venv.sh LEVEL     LEVEL is `demo` (what the service and the proxies need) or `dev` (tests and linters too)
#
# uv is put into the environment because it installs in seconds; where it cannot be had, pip does the same work.
set -euo pipefail
cd "$(dirname "$0")/.."

level=${1:?usage: tools/venv.sh demo|dev}
venv=.venv
python=$venv/bin/python

say() { printf 'wedgate: %s\n' "$*"; }
give_up() { printf 'wedgate: %s\n' "$*" >&2; exit 1; }

supported='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))'

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if "$candidate" -I -c "$supported" >/dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

describe_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python}; do
    if "$candidate" -I -c 'import sys; print("%s is Python %d.%d" % (sys.executable, *sys.version_info[:2]))' 2>/dev/null; then
      return
    fi
  done
  echo "no Python was found"
}

version_of() { "$1" -I -c 'import sys; print(sys.version_info[:2])' 2>/dev/null; }

fits() {
  [ -x "$python" ] && "$python" -I -c "$supported" >/dev/null 2>&1 || return 1
  [ -z "${PYTHON:-}" ] || [ "$(version_of "$python")" = "$(version_of "$(find_python)")" ]
}

if ! fits; then
  base=$(find_python) || give_up "Python 3.11 to 3.14 is needed, and $(describe_python); install one, or name it: make PYTHON=/path/to/python3.12"
  "$base" -I -c 'import ensurepip, venv' 2>/dev/null ||
    give_up "$base cannot make virtual environments (on Debian: apt-get install python3-venv), then run make again"
  say "making $venv with $base"
  rm -rf "$venv"
  "$base" -I -m venv "$venv"
fi

quiet=(--quiet --disable-pip-version-check)
uv=
if "$python" -I -m uv --version >/dev/null 2>&1 ||
  "$python" -I -m pip install "${quiet[@]}" --require-hashes --only-binary=:all: -r requirements/uv.txt 2>/dev/null; then
  uv=yes
else
  say "skipped uv: it could not be installed here; pip is used instead, which is slower"
fi

install() {
  if [ -n "$uv" ]; then
    "$python" -I -m uv pip install --quiet --no-config --python "$python" "$@"
  else
    "$python" -I -m pip install "${quiet[@]}" "$@"
  fi
}

say "installing requirements/$level.txt"
install --require-hashes --only-binary=:all: -r "requirements/$level.txt" ||
  give_up "requirements/$level.txt could not be installed; the message above says which package (is the package index reachable?)"
install --no-deps --no-build-isolation -e . || give_up "wedgate itself could not be installed into $venv"

touch "$venv/.wedgate-demo"
if [ "$level" = dev ]; then touch "$venv/.wedgate-dev"; fi
