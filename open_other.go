//go:build !unix

package bytescale

import "os"

func openToRead(path string) (*os.File, error) { return os.Open(path) }
