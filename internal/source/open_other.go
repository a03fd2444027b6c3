//go:build !unix

package source

import "os"

func openToRead(path string) (*os.File, error) { return os.Open(path) }
