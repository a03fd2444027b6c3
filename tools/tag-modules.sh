#!/usr/bin/env bash
# Tags the modules below the root (otel/v0.1.0, examples/fleet/v0.1.0 and so on), after the root has its own tag. The
# commit that makes them require that version of the root is on no branch: on main they use
# the directory above.
#   tools/tag-modules.sh VERSION
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$1
tags=()
for mod in */go.mod examples/*/go.mod; do
	dir=${mod%/go.mod}
	tools/require-root.sh "$dir" "$version"
	# The version is new: it comes from the repository, because the proxy may not know it yet.
	(cd "$dir" && GONOPROXY=github.com/c88edac7/bytescale-go go mod tidy && go test ./...)
	tags+=("$dir/$version")
done
git commit -q --all --message "Require $version of the root"
for tag in "${tags[@]}"; do
	git tag "$tag"
done
git push origin "${tags[@]}"
