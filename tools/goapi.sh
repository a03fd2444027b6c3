#!/usr/bin/env bash
# Compares the exported Go API of this module with that of the last release.
#   tools/goapi.sh check     fails when a change breaks users and
#                            accepted-go-changes.txt does not list it
#   tools/goapi.sh release   makes the present API what is promised
# apidiff compares packages with export data. That of the last release is in
# tools/released/go-api.tgz, one file for each package.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
module=github.com/c88edac7/bytescale-go
baseline=tools/released/go-api.tgz
accepted=tools/released/accepted-go-changes.txt
export GOFLAGS="${GOFLAGS:-} -trimpath" # no paths of this machine in the export data

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/api"
go build -modfile=tools/tools.mod -o "$scratch/apidiff" golang.org/x/exp/cmd/apidiff

# public lists the packages that users can import and are meant to.
public() {
	go list -e -f '{{if and .GoFiles (ne .Name "main")}}{{.ImportPath}}{{end}}' ./... |
		grep -Ev "/internal(/|\$)|^$module/(contract_test|examples|interop|tools|bench)(/|\$)"
}

# breaks lists what a package has lost since the release, one change a line.
# The interfaces of the generated client are there to be called, not to be
# implemented: they gain a method with each operation.
breaks() {
	local file=$1 package=$2
	if ! go list "$package" >/dev/null 2>&1; then
		echo "$package: removed"
		return
	fi
	"$scratch/apidiff" -incompatible "$file" "$package" | sed -n "s|^- |$package: |p" |
		{ grep -Ev '/gen: Client(WithResponses)?Interface\.[A-Za-z]+: added$' || true; }
}

case ${1:-} in
release)
	for package in $(public); do
		"$scratch/apidiff" -w "$scratch/api/${package//\//%}" "$package"
	done
	tar -C "$scratch/api" -czf "$baseline" .
	;;
check)
	tar -C "$scratch/api" -xzf "$baseline"
	for file in "$scratch"/api/*; do
		package=$(basename "$file")
		package=${package//%//}
		breaks "$file" "$package"
	done | { grep -vxFf "$accepted" || true; } | sed 's/^/BROKEN: /' | tee "$scratch/broken"
	if [[ -s $scratch/broken ]]; then
		echo "these changes break users of the released Go API; undo them, or list them in $accepted with the reason" >&2
		exit 1
	fi
	for file in "$scratch"/api/*; do
		package=$(basename "$file")
		package=${package//%//}
		"$scratch/apidiff" "$file" "$package" | sed -n "/^Compatible changes:/,\$ s|^- |new: $package: |p"
	done
	echo "Go API: no change since the last release breaks its users"
	;;
*)
	echo "usage: tools/goapi.sh check|release" >&2
	exit 2
	;;
esac
