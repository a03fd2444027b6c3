#!/usr/bin/env bash
# Writes the image of the emulator with a binary that was built for Linux, and nothing
# for other systems.
# Usage: image.sh BINARY OS ARCH VERSION COMMIT-TIMESTAMP
set -euo pipefail
[[ $2 = linux ]] || exit 0
binary=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")"
CGO_ENABLED=0 go run ./image -binary "$binary" -arch "$3" -version "${4//+/-}" -created "$5" \
	-output "../../build/images/bytescale-emulator_$4_linux_$3.tar"
