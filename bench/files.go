//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// prepare writes the files of a work, once for all works of the same shape.
func (w *work) prepare(dir string) error {
	w.dir = filepath.Join(dir, fmt.Sprintf("files-%d-%d", w.files, w.size))
	for i := range w.files {
		path := filepath.Join(w.dir, fmt.Sprintf("%03d", i/1000), fmt.Sprintf("file-%03d.bin", i%1000))
		w.paths = append(w.paths, path)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := w.write(path, byte(i)); err != nil {
			return err
		}
	}
	return nil
}

// write writes one of the files.
func (w *work) write(path string, seed byte) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if w.sparse {
		err = file.Truncate(w.size)
	} else {
		_, err = io.CopyN(file, rand.NewChaCha8([32]byte{seed}), w.size)
	}
	return errors.Join(err, file.Close())
}

// sameContent returns an error unless two files have the same bytes.
func sameContent(name1, name2 string) error {
	var files [2]*os.File
	for i, name := range []string{name1, name2} {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		files[i] = file
	}
	var pieces [2][1 << 20]byte
	for {
		n, err := io.ReadFull(files[0], pieces[0][:])
		m, _ := io.ReadFull(files[1], pieces[1][:])
		switch {
		case n != m || !bytes.Equal(pieces[0][:n], pieces[1][:m]):
			return fmt.Errorf("%s and %s differ", name1, name2)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
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
