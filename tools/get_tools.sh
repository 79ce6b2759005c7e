#!/usr/bin/env bash
# Puts the programs that some tests and benchmarks need into .tools/bin, at pinned versions:
#
#   act          runs action.yml and workflows without a forge (built from its Go module)
#   actionlint   checks workflows (built from its Go module)
#   vegeta       open-loop load, at a steady rate (built from its Go module)
#   wrk          closed-loop load that never retries (Debian's package, unpacked without being installed)
#   amtool       checks Alertmanager's files (likewise)
#   promtool     checks and evaluates Prometheus' rules (likewise)
#   prometheus   collects what evidence is read from (it comes with promtool)
#   prometheus-alertmanager  sends alerts (it comes with amtool)
#   haproxy      switches traffic (likewise)
#   nginx        switches traffic (likewise)
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

# Debian's packages are unpacked into the tree, so that nobody needs to be root. Lists of packages are needed once;
# root fetches them when they are not there.
debian_program() {
  local name=$1 version=debian log=$tools/$1.log unpacked=$tools/debian/$1 download package status=0
  shift
  if is_there "$name" "$version"; then return; fi
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    skip "$name" "it is taken from Debian's packages, and there is no apt-get here"
    return
  fi
  if ! apt-cache show "$1" >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then apt-get update >"$log" 2>&1 || true; fi
  download=$(mktemp -d)
  # apt drops to a user of its own for downloads and cannot write here as that user: it says so, and goes on as root.
  if (cd "$download" && apt-get download "$@") >"$log" 2>&1; then
    rm -rf "$unpacked"
    mkdir -p "$unpacked"
    for package in "$download"/*.deb; do dpkg -x "$package" "$unpacked"; done
    cat >"$tools/bin/$name" <<'WRAPPER'
#!/usr/bin/env bash
name=$(basename "${BASH_SOURCE[0]}")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../debian/$name" && pwd)
libraries=$(find "$root/usr/lib" -name '*.so.*' -printf '%h\n' 2>/dev/null | head -n 1)
if [ -n "$libraries" ]; then export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"; fi
program=$root/usr/bin/$name
if [ ! -x "$program" ]; then program=$root/usr/sbin/$name; fi
exec "$program" "$@"
WRAPPER
    chmod +x "$tools/bin/$name"
    # wrk and haproxy print their usage and exit with 1: only a program that cannot be loaded exits with 126 or 127.
    "$tools/bin/$name" --version >"$log" 2>&1 || status=$?
    if [ "$status" -ge 126 ]; then
      skip "$name" "the unpacked program does not start: $(tail -n 1 "$log")"
    else
      rm -f "$log"
      done_with "$name" "$version"
    fi
  else
    skip "$name" "apt-get download failed: $(tail -n 1 "$log") (are there package lists? apt-get update makes them)"
  fi
  rm -rf "$download"
}

# Another program of a package that is unpacked already. Alertmanager's templates are looked for in /usr/share alone: it
# gets a view of the file system of its own, in which that is the package's.
program_beside() {
  local name=$1 other=$2 log=$tools/$1.log
  if is_there "$name" debian; then return; fi
  if [ ! -x "$tools/debian/$other/usr/bin/$name" ]; then
    skip "$name" "it comes with $other, which is not there"
    return
  fi
  cat >"$tools/bin/$name" <<WRAPPER
#!/usr/bin/env bash
root=\$(cd "\$(dirname "\${BASH_SOURCE[0]}")/../debian/$other" && pwd -P)
if [ $name = prometheus-alertmanager ]; then
  exec unshare -rm sh -c 'mount --bind "\$0/usr/share" /usr/share && exec "\$0/usr/bin/$name" "\$@"' "\$root" "\$@"
fi
exec "\$root/usr/bin/$name" "\$@"
WRAPPER
  chmod +x "$tools/bin/$name"
  if "$tools/bin/$name" --version >"$log" 2>&1; then
    rm -f "$log"
    done_with "$name" debian
  else
    rm -f "$tools/bin/$name"
    skip "$name" "the unpacked program does not start: $(tail -n 1 "$log")"
  fi
}

go_tool act github.com/nektos/act v0.2.89
go_tool actionlint github.com/rhysd/actionlint/cmd/actionlint v1.7.12
go_tool vegeta github.com/tsenart/vegeta/v12 v12.13.0
debian_program wrk wrk libluajit-5.1-2
debian_program amtool prometheus-alertmanager
debian_program promtool prometheus
program_beside prometheus promtool
program_beside prometheus-alertmanager amtool
debian_program haproxy haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1
debian_program nginx nginx

# A browser to look at pages with: the one that is there, or Debian's, which only root can install.
browser_chromium() {
  local log=$tools/chromium.log
  if command -v chromium >/dev/null; then return; fi
  if ! command -v apt-get >/dev/null; then
    skip chromium "it is taken from Debian's packages, and there is no apt-get here"
  elif [ "$(id -u)" != 0 ]; then
    skip chromium "only root can install Debian's package: apt-get install chromium"
  elif apt-get install -y --no-install-recommends chromium >"$log" 2>&1; then
    rm -f "$log"
  else
    skip chromium "apt-get install failed: $(tail -n 1 "$log")"
  fi
}

# Packages of npm, all at once, because an install takes away what it does not name: rules of accessibility, which tests
# put into a page; GitHub's published description, and examples of its events, which tests hold requests to.
npm_packages() {
  local log=$tools/npm.log all=$* stamp name file missing_one=
  stamp=$tools/stamps/npm-${all//[\/ ]/_}
  for name in "$@"; do
    [ -d "$tools/npm/node_modules/${name%@*}" ] || missing_one=$name
  done
  if [ -e "$stamp" ] && [ -z "$missing_one" ]; then return; fi
  if ! command -v npm >/dev/null; then
    skip npm-packages "they are taken from npm, and there is no npm here"
    return
  fi
  if npm install --prefix "$tools/npm" --no-save --no-fund --no-audit --ignore-scripts "$@" >"$log" 2>&1; then
    # The description comes for every version of the server: only one is read.
    file=$tools/npm/node_modules/@octokit/openapi/generated
    find "$file" -name '*.json' ! -name api.github.com.json -delete
    rm -f "$log" "$tools"/stamps/npm-*
    touch "$stamp"
    printf 'wedgate: %s are in .tools/npm\n' "$*"
  else
    skip npm-packages "npm install failed: $(tail -n 1 "$log")"
  fi
}

browser_chromium
npm_packages axe-core@4.14.1 @octokit/openapi@23.0.2 @octokit/webhooks-examples@7.6.1

if [ "$missing" = 1 ] && [ "${WEDGATE_REQUIRE_TOOLS:-}" = 1 ]; then
  printf 'wedgate: WEDGATE_REQUIRE_TOOLS=1 is set, so a skipped tool is a failure\n' >&2
  exit 1
fi
