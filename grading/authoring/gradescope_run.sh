#!/usr/bin/env bash
# Gradescope runs this as root for each submission. Where grading itself fails there is no results.json: never a 0.
set -euo pipefail
results=/autograder/results
mkdir -p "$results"
chmod go= /autograder  # for student code there is nothing to see or change
rm -f "$results/results.json"
cd /autograder/source
code=0
timeout --kill-after=10 @SECONDS@ "/opt/grading/bin/python" -m grading one /autograder/submission \
  --assignment @ASSIGNMENT@ --json >"$results/unfinished.json" || code=$?
if [ "$code" -gt 1 ]; then
  echo "Grading failed, with exit code $code; it is no student's mistake. What it said stands above." >&2
  rm -f "$results/unfinished.json"
  exit "$code"
fi
mv "$results/unfinished.json" "$results/results.json"
