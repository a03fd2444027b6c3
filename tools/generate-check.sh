#!/usr/bin/env bash
# Checks that the committed generated files are what `go generate` writes, and
# that go.mod and go.sum are tidy. Works on a copy and writes nothing in the
# tree: the copy has the files that git tracks, as they are in the work tree,
# without the generated ones. So this also finds a generated file that was
# deleted or never added, and one that nothing generates any more.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cp "$(git rev-parse --git-path index)" "$scratch/index"
GIT_INDEX_FILE=$scratch/index git add --update .
GIT_INDEX_FILE=$scratch/index git checkout-index --all --prefix="$scratch/tracked/"

cp -R "$scratch/tracked" "$scratch/generated"
cd "$scratch/generated"
{ grep -rlE '^// Code generated .* DO NOT EDIT\.$' --include='*.go' . || true; } | xargs rm -f
go generate ./...
cd ..
if ! diff -rq tracked generated; then
	echo "generated files differ from what the spec generates; run 'make generate' and add them" >&2
	exit 1
fi
cd generated
if ! go mod tidy -diff; then
	echo "go.mod or go.sum is not tidy; run 'go mod tidy'" >&2
	exit 1
fi
echo "generated files, go.mod and go.sum are up to date"
