//go:build race

package main

// raceFlags make the built command carry the race detector when the tests do.
var raceFlags = []string{"-race"}
