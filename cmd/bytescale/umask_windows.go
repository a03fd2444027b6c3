package main

import "os"

// umask is the mask that new files get; Windows has none.
func umask() os.FileMode { return 0 }
