//go:build unix

package main

import (
	"runtime"
	"time"
)

// work is something that clients do.
type work struct {
	name    string
	clients []string // who do it
	conditions
	size   int64 // of each file
	files  int
	sparse bool // the files have no content: their names, sizes and times matter
	rated  bool // our clients keep to the default rate of API calls
	short  bool // a run is: what else the machine does in it weighs more

	dir   string // of the files, with directories of 1000 in it
	paths []string
}

// shortTimes is how many times as often a short work is measured.
const shortTimes = 3

// rounds is how often the work is measured.
func (w work) rounds(asked int) int {
	if w.short {
		return shortTimes * asked
	}
	return asked
}

var (
	uploaders      = []string{"bytescale file", "bytescale stream", "curl, same parts", "JS SDK Buffer", "JS SDK stream"}
	smallUploaders = []string{"bytescale file", "bytescale one request", "curl, same parts", "JS SDK Buffer"}
)

// works returns what is measured.
func (b *bench) works() []work {
	all := []work{
		{name: "100 MB, 0 ms", clients: uploaders, size: 100e6, files: 1, short: true},
		{name: "100 MB, 50 ms", clients: uploaders, size: 100e6, files: 1, conditions: latency50},
		{name: "1 GB, 0 ms", clients: uploaders, size: 1e9, files: 1},
		{name: "1 GB, 50 ms", clients: uploaders, size: 1e9, files: 1, conditions: latency50},
		{name: "1000 × 10 KB, 0 ms", clients: smallUploaders, size: 10e3, files: 1000, short: true},
		{name: "1000 × 10 KB, 50 ms", clients: smallUploaders, size: 10e3, files: 1000, conditions: latency50},
		{
			name: "2000 × 10 KB, 50 ms, default rate", clients: []string{"bytescale file", "bytescale one request"},
			size: 10e3, files: 2000, conditions: latency50, rated: true,
		},
	}
	if b.emulator {
		return all
	}
	if runtime.GOOS != "darwin" {
		all = append(all, work{name: "1 GB, 0 ms, TLS", clients: uploaders, size: 1e9, files: 1, conditions: conditions{tls: true}})
	}
	return append(all,
		work{name: "download 1 GB, 0 ms", clients: []string{"bytescale download", "curl, one connection"}, size: 1e9, files: 1},
		work{
			name:    "download 512 MB, 40 MB/s per connection",
			clients: []string{"bytescale download", "curl, one connection", "AWS transfer manager"},
			size:    512e6, files: 1, conditions: conditions{bandwidth: 40e6},
		},
		work{name: "sync of 100,000 equal files", clients: []string{"bytescale sync"}, size: 10e3, files: 100_000, sparse: true},
	)
}

var latency50 = conditions{latency: 50 * time.Millisecond}
