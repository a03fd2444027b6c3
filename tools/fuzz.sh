#!/usr/bin/env bash
# Runs every fuzz target of the module for a while. The targets are found in
# the source, so that a new one cannot be forgotten here.
#   tools/fuzz.sh [RUNS]      what -fuzztime takes, per target: 10000x or 5m
# The default is a number of runs and not a duration: when a duration ends,
# Go's fuzzer (before 1.27, go.dev/issue/75804) at times reports its own
# deadline as a failure of the target. A number also does the same work on
# every machine.
set -euo pipefail
runs=${1:-10000x}
found=0
while IFS=: read -r file line; do
	[[ $line =~ ^func\ (Fuzz[A-Za-z0-9_]*) ]] || continue
	found=$((found + 1))
	echo "fuzz ${file#./} ${BASH_REMATCH[1]}"
	(cd "$(dirname "$file")" && go test . -run '^$' -fuzz "^${BASH_REMATCH[1]}\$" -fuzztime "$runs")
done < <(grep -rE '^func Fuzz[A-Z]' --include='*_test.go' . | sort)
echo "$found fuzz targets run for $runs each"
[[ $found -gt 0 ]]
