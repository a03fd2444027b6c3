package main

import "math"

// openFilesLimit is how many files and connections the process may have open:
// on Windows more than it ever has.
func openFilesLimit() int { return math.MaxInt32 }
