package main

import (
	"os"
	"runtime/debug"
)

// stayLight trades a little CPU for memory, for the upload of one file. That
// keeps two megabytes alive; the rest of the process is the collector's usual
// slack and what the start has left, most of it of packages that only the
// emulator needs. A large file over TLS peaks below 20 MB this way, and at 23 MB
// without.
func stayLight() {
	collectAt(25)
	debug.FreeOSMemory()
	dropProgramPages()
}

// stayQuick trades a little memory for CPU, for the upload of many files: each
// leaves garbage, and collecting it half as often saves some percent of the time
// that small ones take, for 3 MB.
func stayQuick() {
	collectAt(200)
}

// collectAt sets the collector's target, unless the user has.
func collectAt(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
