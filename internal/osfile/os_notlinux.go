//go:build !linux

package osfile

import (
	"errors"
	"os"
)

// createUnnamed creates a file without a name, which only Linux can.
func createUnnamed(*os.Root, os.FileMode) (*os.File, error) { return nil, errors.ErrUnsupported }

// linkUnnamed gives a file of createUnnamed a name.
func linkUnnamed(*os.Root, *os.File, string) error { return errors.ErrUnsupported }
