//go:build shells

package main

import "testing"

// TestShells presses TAB in real shells.
func TestShells(t *testing.T) { runScripts(t, "testdata/shells") }
