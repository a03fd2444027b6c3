package main

import (
	"os"
	"runtime/debug"
)

// stayLight trades a little CPU for memory. An upload keeps about a megabyte
// alive, so the collector's usual slack, and what the packages that only the
// emulator needs leave from their start, are most of its heap. On a 20 GiB file
// this takes the peak from 20.7 to 18.7 MiB.
func stayLight() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	debug.FreeOSMemory()
}
