#!/usr/bin/env bash
# Writes the hash-locked files of requirements/ anew, for Python 3.11 to 3.14 on Linux, macOS and Windows.
#
# What the tests run with is what the action ships: the larger locks take the smaller one as a constraint.
# Pass `--upgrade` to take newer releases; without it only what pyproject.toml asks for changes.
set -euo pipefail
cd "$(dirname "$0")/.."

export UV_CUSTOM_COMPILE_COMMAND="make lock"

compile() {
  local output=$1
  shift
  .venv/bin/python -I -m uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --only-binary :all: -o "$output" "$@"
}

compile requirements/uv.txt requirements/uv.in "${@}"
compile requirements/action.txt pyproject.toml requirements/build.in --extra github "${@}"
compile requirements/demo.txt pyproject.toml requirements/build.in requirements/tree.in --extra github --extra demo -c requirements/action.txt "${@}"
compile requirements/dev.txt pyproject.toml requirements/build.in requirements/tree.in --extra test --extra lint -c requirements/demo.txt "${@}"
