#!/usr/bin/env bash
# Everything that `make lint` checks, one line each; all of it runs, and the end says what failed.
set -uo pipefail
cd "$(dirname "$0")/.."

bin=.venv/bin
failed=()

check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then printf 'ok      %s\n' "$name"; else
    printf 'FAILED  %s\n%s\n' "$name" "$output"
    failed+=("$name")
  fi
}

workflows=(.github/workflows/*.yml)

check "ruff check" "$bin/ruff" check --quiet --output-format concise .
check "ruff format" "$bin/ruff" format --quiet --check .
check "mypy --strict" "$bin/mypy" wedgate
check "import-linter" "$bin/lint-imports" --no-cache
check "zizmor" "$bin/zizmor" --offline --persona pedantic --quiet --config .github/zizmor.yml action.yml .github
check "workflow schema" "$bin/check-jsonschema" --builtin-schema vendor.github-workflows "${workflows[@]}"
check "action schema" "$bin/check-jsonschema" --builtin-schema vendor.github-actions action.yml
check "dependabot schema" "$bin/check-jsonschema" --builtin-schema vendor.dependabot .github/dependabot.yml
check "schema of wedgate.yml" "$bin/check-jsonschema" --check-metaschema wedgate/config/resources/schema.json
check "own configuration, by the schema" "$bin/check-jsonschema" --schemafile wedgate/config/resources/schema.json .github/wedgate.yml
check "own configuration, by wedgate" "$bin/python" -I -X utf8 -m wedgate lint .github/wedgate.yml
if [ -x .tools/bin/actionlint ]; then
  check "actionlint" .tools/bin/actionlint -shellcheck= -pyflakes= "${workflows[@]}"
elif [ "${WEDGATE_REQUIRE_TOOLS:-}" = 1 ]; then
  printf 'FAILED  actionlint: it is not in .tools/bin, and WEDGATE_REQUIRE_TOOLS=1 forbids skipping; run make tools\n'
  failed+=(actionlint)
else
  printf 'skipped actionlint: it is not in .tools/bin; run make tools\n'
fi

if [ ${#failed[@]} -gt 0 ]; then
  printf '%d failed: %s\n' "${#failed[@]}" "${failed[*]}"
  exit 1
fi
