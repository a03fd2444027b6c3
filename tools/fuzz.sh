#!/usr/bin/env bash
# Runs every fuzz target of the module for a short time. The targets are found
# in the source, so that a new one cannot be forgotten here.
#   tools/fuzz.sh [TIME]      TIME per target, for example 5s
set -euo pipefail
time=${1:-5s}
found=0
while IFS=: read -r file line; do
	[[ $line =~ ^func\ (Fuzz[A-Za-z0-9_]*) ]] || continue
	found=$((found + 1))
	echo "fuzz ${file#./} ${BASH_REMATCH[1]}"
	go test "$(dirname "$file")" -run '^$' -fuzz "^${BASH_REMATCH[1]}\$" -fuzztime "$time"
done < <(grep -rE '^func Fuzz[A-Z]' --include='*_test.go' . | sort)
echo "$found fuzz targets run for $time each"
[[ $found -gt 0 ]]
