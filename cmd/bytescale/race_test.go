//go:build race

package main

// raceFlags build the command with the race detector if the tests have it.
var raceFlags = []string{"-race"}
