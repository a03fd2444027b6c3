//go:build interop

package interop

import "runtime"

// rssUnit is the unit of Rusage.Maxrss in bytes: macOS counts bytes, others KiB.
var rssUnit = map[bool]int64{true: 1, false: 1024}[runtime.GOOS == "darwin"]
