package main

import (
	"fmt"
	"path/filepath"
	"runtime"
)

// ownState returns the directory with the state of this command.
func ownState(env getenv) (string, error) {
	dir, err := stateDir(runtime.GOOS, env)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "bytescale"), nil
}

// stateDir returns the user's directory for data that should survive a restart and is
// of no use on another machine.
func stateDir(goos string, env getenv) (string, error) {
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	under := func(name string, below ...string) (string, error) {
		base := env(name)
		if base == "" {
			return "", fmt.Errorf("%s is not set", name)
		}
		return filepath.Join(append([]string{base}, below...)...), nil
	}
	switch goos {
	case "windows":
		return under("LocalAppData")
	case "darwin", "ios":
		return under("HOME", "Library", "Application Support")
	}
	return under("HOME", ".local", "state")
}
