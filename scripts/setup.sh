# Shared by ./offprint and ./test: brings this clone to a state in which it can be built. Sourced, not run.
# Says what it does; does nothing, quickly, when nothing is missing.

# Clones at different places share compiled objects.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=yes

say() { printf '\033[2m[%s]\033[0m %s\n' "$(basename "$0")" "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Installs what apt-packages.txt names and dpkg does not know.
install_packages() {
  local stamp=build/.packages missing=() name program
  [ "$stamp" -nt apt-packages.txt ] && return
  command -v dpkg-query >/dev/null || { say "not a Debian system: see apt-packages.txt for what must be installed"; return; }
  while IFS= read -r name; do
    program=${name#*/}; [ "$program" = "$name" ] || { name=${name%%/*}; command -v "$program" >/dev/null && continue; }
    [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$name" 2>/dev/null)" = "ii " ] || missing+=("$name")
  done < <(sed 's/#.*//' apt-packages.txt | tr -s ' \t' '\n' | grep .)
  if [ ${#missing[@]} -gt 0 ]; then
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
      command -v sudo >/dev/null || die "packages are missing and this is not root: apt-get install ${missing[*]}"
      as_root=(sudo)
    fi
    say "installing ${#missing[@]} packages: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq >&2 || die "apt-get update failed"
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >build/packages.log 2>&1 \
      || { tail -5 build/packages.log >&2; die "apt-get install failed; the whole output is in build/packages.log"; }
  fi
  touch "$stamp"
}

# The site's packages (Vega for reports and figures too), exactly as package-lock.json says, and the site itself. Without
# install scripts: the platform binaries of the bundler come as packages, and Vega's native canvas is not needed.
install_site() {
  local stamp=build/.site
  if ! { [ "$stamp" -nt page/site/package-lock.json ] && [ -d page/site/node_modules ]; }; then
    say "npm ci in page/site"
    (cd page/site && npm ci --ignore-scripts --no-audit --no-fund) >build/npm.log 2>&1 \
      || { tail -5 build/npm.log >&2; die "npm ci failed; the whole output is in build/npm.log"; }
    touch "$stamp"
  fi
  [ -f page/site/dist/index.html ] \
    && [ -z "$(find page/site/src page/site/themes page/site/*.ts page/site/*.json page/site/index.html -newer page/site/dist/index.html -print -quit)" ] && return
  say "building the site"
  (cd page/site && npm run build) >build/site.log 2>&1 \
    || { tail -20 build/site.log >&2; die "the site did not build; the whole output is in build/site.log"; }
}

# build PRESET TARGET...: configures when needed, and builds.
build() {
  local preset=$1; shift
  if [ ! -f "build/$preset/build.ninja" ]; then
    say "configuring build/$preset"
    cmake --preset "$preset" >"build/configure-$preset.log" 2>&1 \
      || { grep -A4 -m1 'CMake Error' "build/configure-$preset.log" >&2; die "configuring failed; see build/configure-$preset.log"; }
  fi
  say "building $* (build/$preset)"
  if [ -t 2 ]; then
    cmake --build "build/$preset" --target "$@" >&2 || die "the build failed"
  else
    cmake --build "build/$preset" --target "$@" >"build/build-$preset.log" 2>&1 \
      || { grep -E -A6 -m3 'error|FAILED' "build/build-$preset.log" >&2; die "the build failed; see build/build-$preset.log"; }
  fi
}

setup() {
  mkdir -p build
  install_packages
  install_site
}
