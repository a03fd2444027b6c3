#!/usr/bin/env bash
# Writes or checks THIRD_PARTY_NOTICES.txt: the licences of Go and of all modules
# that the command links, on any system.
#   tools/notices.sh write|check
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
notices=THIRD_PARTY_NOTICES.txt
allowed=Apache-2.0,BSD-2-Clause,BSD-3-Clause,ISC,MIT
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
module=$(go list -m)
modules=$(go env GOMODCACHE)
go build -modfile=tools/tools.mod -o "$scratch/go-licenses" github.com/google/go-licenses/v2

# licenses runs go-licenses on the command. Its log has a line for each licence
# whose page it cannot find on the web, which is of no interest.
licenses() {
	"$scratch/go-licenses" "$@" --ignore "$module" ./cmd/bytescale 2>"$scratch/log" ||
		{ cat "$scratch/log" >&2; return 1; }
}

for os in linux darwin windows; do
	export GOOS=$os CGO_ENABLED=0
	licenses check --allowed_licenses "$allowed"
	licenses report --template tools/notices.tpl >>"$scratch/found"
done
unset GOOS CGO_ENABLED

{
	echo "The command bytescale contains software of others. These are their licences."
	printf '\n%s\nThe Go standard library and runtime (BSD-3-Clause)\n\n' "$(printf '=%.0s' {1..80})"
	cat "$(go env GOROOT)/LICENSE"
	grep . "$scratch/found" | LC_ALL=C sort -u |
		awk -F'\t' -v OFS='\t' '$1 != path { if (path) print path, version, names; path = $1; version = $2; names = $3; next }
			{ names = names ", " $3 } END { print path, version, names }' |
		while IFS=$'\t' read -r path version names; do
		printf '\n%s\n%s %s (%s)\n\n' "$(printf '=%.0s' {1..80})" "$(dirname "${path#"$modules"/}" | sed 's/@[^/]*//')" "$version" "$names"
		cat "$path"
		notice=$(dirname "$path")/NOTICE
		if [[ -f $notice ]]; then
			echo
			cat "$notice"
		fi
	done
} >"$scratch/notices"

case ${1-} in
write) cp "$scratch/notices" "$notices" ;;
check)
	if ! diff -u "$notices" "$scratch/notices"; then
		echo "$notices is not up to date; run 'make notices' and add it" >&2
		exit 1
	fi
	;;
*) sed -n '2,4p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
