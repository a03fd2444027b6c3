//go:build !windows

package store

import (
	"errors"
	"os"
)

// syncDirectory writes the names in a directory to disk.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
