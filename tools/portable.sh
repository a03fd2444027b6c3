#!/usr/bin/env bash
# Generates from openapi.yaml with generators that are not ours, and compiles the result:
# types for TypeScript with a program that calls every operation, a second Go client, and
# a page of documentation. Everything is written to build/portable.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

node=tools/node/node_modules/.bin
out=build/portable
rm -rf "$out"
mkdir -p "$out/client"

echo '--- TypeScript'
# Fields that have a default may be left out, which the generator assumes of answers only.
"$node/openapi-typescript" openapi.yaml --default-non-nullable=false --output "$out/types.d.ts"
"$node/tsc" --project tools/node

echo '--- Go, by ogen'
cp tools/portable/{go.mod,go.sum,ogen.yml,operations_test.go} "$out/client"
cp openapi.yaml "$out/client"
(
	cd "$out/client"
	go tool ogen --config ogen.yml --loglevel error --target api --package api --clean openapi.yaml
	go vet ./...
	OPENAPI=openapi.yaml go test -count=1 -v ./...
)

echo '--- Documentation'
REDOCLY_TELEMETRY=off "$node/redocly" build-docs --config tools/node/redocly.yaml openapi.yaml --output "$out/index.html"
