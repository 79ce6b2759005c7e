#!/usr/bin/env bash
# Puts the programs that some tests and benchmarks need into .tools/bin, at pinned versions:
#
#   act          runs action.yml and workflows without a forge (built from its Go module)
#   actionlint   checks workflows (built from its Go module)
#   vegeta       open-loop load, at a steady rate (built from its Go module)
#   wrk          closed-loop load that never retries (Debian's package, unpacked without being installed)
#
# A program that cannot be had is skipped in one line that says why. With WEDGATE_REQUIRE_TOOLS=1 that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/.tools
mkdir -p "$tools/bin" "$tools/stamps"
missing=0

skip() {
  printf 'wedgate: skipped %s: %s\n' "$1" "$2" >&2
  missing=1
}

is_there() { [ -e "$tools/stamps/$1-$2" ] && [ -x "$tools/bin/$1" ]; }

done_with() {
  rm -f "$tools/stamps/$1"-*
  touch "$tools/stamps/$1-$2"
  printf 'wedgate: %s %s is in .tools/bin\n' "$1" "$2"
}

go_tool() {
  local name=$1 package=$2 version=$3 log=$tools/$1.log
  if is_there "$name" "$version"; then return; fi
  if ! command -v go >/dev/null; then
    skip "$name" "it is built from source, and there is no Go here"
    return
  fi
  if GOBIN="$tools/bin" GOFLAGS='' go install "$package@$version" >"$log" 2>&1; then
    rm -f "$log"
    done_with "$name" "$version"
  else
    skip "$name" "go install $package@$version failed: $(tail -n 1 "$log")"
  fi
}

# Debian's packages are unpacked beside the tree, so that nobody needs to be root. Lists of packages are needed once;
# root fetches them when they are not there.
debian_wrk() {
  local version=debian log=$tools/wrk.log download
  if is_there wrk "$version"; then return; fi
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    skip wrk "it is taken from Debian's packages, and there is no apt-get here"
    return
  fi
  if ! apt-cache show wrk >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then apt-get update >"$log" 2>&1 || true; fi
  download=$(mktemp -d)
  # apt drops to a user of its own for downloads and cannot write here as that user: it says so, and goes on as root.
  if (cd "$download" && apt-get download wrk libluajit-5.1-2) >"$log" 2>&1; then
    rm -rf "$tools/debian"
    for package in "$download"/*.deb; do dpkg -x "$package" "$tools/debian"; done
    cat >"$tools/bin/wrk" <<'WRAPPER'
#!/usr/bin/env bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../debian" && pwd)
libraries=$(dirname "$(find "$root/usr/lib" -name 'libluajit-5.1.so.2' | head -n 1)")
exec env LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$root/usr/bin/wrk" "$@"
WRAPPER
    chmod +x "$tools/bin/wrk"
    # wrk prints its usage and exits with 1: only a program that cannot be loaded exits with 126 or 127.
    local status=0
    "$tools/bin/wrk" --version >"$log" 2>&1 || status=$?
    if [ "$status" -ge 126 ]; then skip wrk "the unpacked program does not start: $(tail -n 1 "$log")"; else
      rm -f "$log"
      done_with wrk "$version"
    fi
  else
    skip wrk "apt-get download failed: $(tail -n 1 "$log") (are there package lists? apt-get update makes them)"
  fi
  rm -rf "$download"
}

go_tool act github.com/nektos/act v0.2.89
go_tool actionlint github.com/rhysd/actionlint/cmd/actionlint v1.7.12
go_tool vegeta github.com/tsenart/vegeta/v12 v12.13.0
debian_wrk

if [ "$missing" = 1 ] && [ "${WEDGATE_REQUIRE_TOOLS:-}" = 1 ]; then
  printf 'wedgate: WEDGATE_REQUIRE_TOOLS=1 is set, so a skipped tool is a failure\n' >&2
  exit 1
fi
