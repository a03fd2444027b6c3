//go:build unix

package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// work is something to be uploaded.
type work struct {
	name    string
	size    int64 // of each file
	files   int
	latency time.Duration // of each API call
	tls     bool
	short   bool // a run is: what else the machine does in it weighs more
	paths   []string
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

// works returns what is measured.
func (b *bench) works(quick bool) []work {
	all := []work{
		{name: "100 MB, 0 ms", size: 100e6, files: 1, short: true},
		{name: "100 MB, 50 ms", size: 100e6, files: 1, latency: 50 * time.Millisecond},
		{name: "1 GB, 0 ms", size: 1e9, files: 1},
		{name: "1 GB, 50 ms", size: 1e9, files: 1, latency: 50 * time.Millisecond},
		{name: "1000 × 10 KB, 0 ms", size: 10e3, files: 1000, short: true},
		{name: "1000 × 10 KB, 50 ms", size: 10e3, files: 1000, latency: 50 * time.Millisecond},
	}
	if quick {
		return all[:2]
	}
	if !b.emulator && runtime.GOOS != "darwin" {
		all = append(all, work{name: "1 GB, 0 ms, TLS", size: 1e9, files: 1, tls: true})
	}
	return all
}

// prepare writes the files of a work, once for all works of the same shape.
func (w *work) prepare(dir string) error {
	dir = filepath.Join(dir, fmt.Sprintf("files-%d-%d", w.files, w.size))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i := range w.files {
		path := filepath.Join(dir, fmt.Sprintf("file-%04d.bin", i))
		w.paths = append(w.paths, path)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		_, err = io.CopyN(file, rand.NewChaCha8([32]byte{byte(i)}), w.size)
		if err := file.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// split writes the parts of a file as files, unless they are there already.
func split(path, dir string, parts []part) error {
	source, err := os.Open(path)
	if err != nil {
		return err
	}
	defer source.Close()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i, part := range parts {
		length := part.end - part.start + 1
		if info, err := os.Stat(partPath(dir, i)); err == nil && info.Size() == length {
			continue
		}
		target, err := os.Create(partPath(dir, i))
		if err != nil {
			return err
		}
		_, err = io.Copy(target, io.NewSectionReader(source, part.start, length))
		if err := target.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
	return nil
}
