#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image: Python, the filter's library and the pinned packages.
# This folder holds the hidden cases: it is for graders only.
set -euo pipefail
cd "$(dirname "$0")"
chmod go= .  # Python and its packages lie outside, where student code may read them
venv=/opt/grading

# For PyTorch's smaller build without CUDA, take the "#" away and fill in the index that its installation page names:
# export PIP_EXTRA_INDEX_URL=

usable() {
  command -v "$1" >/dev/null &&
    "$1" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}
find_python() {
  for python in python3.13 python3.12 python3.11 python3; do
    if usable "$python"; then return; fi
  done
  return 1
}
install() { DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null; }

ldconfig=$(command -v ldconfig || echo /sbin/ldconfig)
if ! find_python || ! "$ldconfig" -p | grep libseccomp.so.2 >/dev/null; then  # -q would end ldconfig, which counts as a failure
  apt-get -qq update
  install libseccomp2
  find_python || for version in 3.13 3.12 3.11; do
    if apt-cache show "python$version-venv" >/dev/null 2>&1; then install "python$version-venv"; break; fi
  done
  find_python || { echo "There is no Python 3.11, 3.12 or 3.13 here: choose a newer base image." >&2; exit 1; }
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir -c constraints.txt -r requirements.txt
"$venv/bin/python" -m grading one --help >/dev/null
echo "The grader is ready: $("$venv/bin/python" --version)"
