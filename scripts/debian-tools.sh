#!/usr/bin/env bash
# Puts the Debian tools that tests need below .cache/debian, without root, services or system changes.
# A browser is more than one file: chromium alone is installed as a package, which takes root.
# usage: scripts/debian-tools.sh promtool amtool redis-server chromium...    (a tool found in PATH is left as it is)
# What is fetched finds its libraries in .cache/debian/lib, which its caller puts in LD_LIBRARY_PATH.
set -euo pipefail
cd "$(dirname "$0")/.."

cache="$PWD/.cache/debian"

# tool -> Debian packages, the one that brings it first
package_of() {
  case "$1" in
    promtool | prometheus) echo prometheus ;;
    amtool | prometheus-alertmanager) echo prometheus-alertmanager ;;
    redis-server) echo redis-server redis-tools libjemalloc2 liblzf1 libatomic1 ;;
    redis-cli) echo redis-tools libjemalloc2 liblzf1 libatomic1 ;;
    kubectl) echo kubernetes-client ;;
    nc.openbsd) echo netcat-openbsd libbsd0 libmd0 ;;
    busybox) echo busybox ;;
    nginx) echo nginx libpcre2-8-0 ;;
    haproxy) echo haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 libpcre2-8-0 ;;
    chromium) echo chromium ;;
    *) return 1 ;;
  esac
}

fail() {
  echo "debian-tools: $1" >&2
  exit 1
}

# Package lists of our own: works without root and on a machine that never ran apt-get update.
apt() {
  mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial"
  apt-get -qq -o Dir::State::Lists="$cache/apt/lists" -o Dir::Cache="$cache/apt" -o APT::Sandbox::User="$(id -un)" "$@"
}

download() {
  apt-get -qq download "$@" || { apt update && apt download "$@"; }
}

# Files are renamed into place: a process that has a library mapped keeps its file, and nobody sees a part of a program.
fetch() (
  tool=$1
  shift
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$work" "$cache/apt"' EXIT
  cd "$work" && download "$@" && for package in ./*.deb; do dpkg -x "$package" root; done &&
    mkdir -p "$cache/bin" "$cache/lib" && find root -name '*.so.*' -exec mv -f -t "$cache/lib" {} + &&
    relocate "$tool" && cp -L "$(find root/bin root/usr/bin root/usr/sbin -name "$tool" 2>/dev/null)" "$tool" &&
    mv -f "$tool" "$cache/bin/"
)

# Prometheus and Alertmanager of Debian read their templates from /usr/share/prometheus. Here they are below .cache/debian/share,
# which must be the working directory: a relative path of the same length takes the place of the one in the program.
relocate() {
  [ -d root/usr/share/prometheus ] || return 0
  mkdir -p "$cache/share" && cp -R root/usr/share/prometheus "$cache/share/" &&
    sed -i 's#/usr/share/prometheus#.//////////prometheus#g' "root/usr/bin/$1"
}

install() {
  trap 'rm -rf "$cache/apt"' EXIT
  apt update && DEBIAN_FRONTEND=noninteractive apt install -y --no-install-recommends "$1" fonts-liberation 1>&2
}

mkdir -p "$cache"
exec 9>"$cache/lock"
if command -v flock >/dev/null; then flock 9; fi # test files may ask at the same time

for tool in "$@"; do
  package=$(package_of "$tool") || fail "unknown tool $tool; add it to package_of in scripts/debian-tools.sh"
  if [ -x "$cache/bin/$tool" ] || command -v "$tool" >/dev/null; then continue; fi
  command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
    fail "$tool is missing and this is not a Debian system; install the package that brings $tool (${package%% *}) and put it in PATH"
  if [ "$tool" = chromium ]; then
    [ "$(id -u)" = 0 ] || fail "chromium is missing and only root can install it; run as root: apt-get install chromium"
    (install "$package") 2>"$cache/log" ||
      fail "chromium could not be installed (see .cache/debian/log); run: apt-get update && apt-get install chromium"
    continue
  fi
  fetch "$tool" $package 2>"$cache/log" ||
    fail "$tool is missing and could not be downloaded (see .cache/debian/log); run: apt-get install ${package%% *}"
done
