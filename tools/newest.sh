#!/usr/bin/env bash
# Vets and tests a copy of the module with the newest version of every
# dependency. go.mod requires the lowest versions that work, so that this module
# forces as little as possible on its users; who has newer ones must be able to
# use them. Works on a copy and writes nothing in the tree.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cp "$(git rev-parse --git-path index)" "$scratch/index"
GIT_INDEX_FILE=$scratch/index git add --update .
GIT_INDEX_FILE=$scratch/index git checkout-index --all --prefix="$scratch/copy/"
cd "$scratch/copy"
go get -u -t ./...
go mod tidy
diff "$OLDPWD/go.mod" go.mod || true # for the log
go vet ./...
go test ./...
