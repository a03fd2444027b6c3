#!/usr/bin/env bash
# Writes what a release contains besides the binaries: completions and manual pages.
# Usage: prepare.sh COMMIT-DATE
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

rm -rf build/completions build/man build/images
mkdir -p build/completions build/man build/images
for shell in bash zsh fish powershell; do
	extension=${shell/powershell/ps1}
	go run ./cmd/bytescale completion "$shell" >"build/completions/bytescale.$extension"
done
go run -tags man ./cmd/bytescale man --date "$1" build/man
gzip --no-name build/man/*.1
