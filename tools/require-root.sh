#!/usr/bin/env bash
# Makes the go.mod in a directory that of a release: it requires a version of the project in
# place of the directory above.
#   tools/require-root.sh DIRECTORY VERSION
set -euo pipefail
root=github.com/c88edac7/bytescale-go
cd "$1"
go mod edit -dropreplace="$root" -require="$root@$2"
