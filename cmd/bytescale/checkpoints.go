package main

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	bytescale "github.com/c88edac7/bytescale-go"
)

// checkpoints is the user's directory for checkpoints. The uploads go on without if it cannot
// be used.
type checkpoints struct {
	dir   string
	store *bytescale.CheckpointDir // nil if err is set
	err   error
	note  func(format string, args ...any)
	here  string // the working directory, asked for once instead of for each file; "" if it is not known

	warn   sync.Once
	failed atomic.Bool
}

func newCheckpoints(env getenv, note func(string, ...any)) *checkpoints {
	c := &checkpoints{note: note}
	c.here, _ = os.Getwd()
	if c.dir, c.err = ownState(env); c.err != nil {
		return c
	}
	if c.store, c.err = bytescale.NewCheckpointDir(c.dir); c.err != nil {
		c.err = &localError{c.dir, c.err}
	}
	return c
}

// identity identifies an upload. Two uploads are the same if they have the same source,
// destination and properties.
type identity struct {
	APIURL    string
	AccountID string
	Source    string // path
	Tree      string
	Folder    string
	Name      string
	MIME      string
	Metadata  string
	Tags      []string
	Copy      int // number of earlier uploads of the same source by the same command
}

// key returns the key of the checkpoint. absolute returns the absolute path of a file. No part
// of the key holds the byte 0, because no argument of a command can.
func (id identity) key(absolute func(string) (string, error)) (string, error) {
	source, err := absolute(id.Source)
	if err != nil {
		return "", err
	}
	parts := []string{
		id.APIURL, id.AccountID, source, id.Tree, id.Folder, id.Name, id.MIME, id.Metadata, strconv.Itoa(id.Copy),
	}
	return strings.Join(append(parts, id.Tags...), "\x00"), nil
}

// absolute returns the absolute path of a file.
func (c *checkpoints) absolute(path string) (string, error) {
	if c.here != "" && filepath.IsLocal(path) {
		return filepath.Join(c.here, path), nil
	}
	return filepath.Abs(path)
}

// option returns the option that makes an upload resumable, nil if no checkpoints are kept.
func (c *checkpoints) option(id identity) bytescale.UploadOption {
	if c == nil {
		return nil
	}
	key, err := id.key(c.absolute)
	if err = cmp.Or(c.err, err); err != nil {
		c.unusable(err)
		return nil
	}
	return bytescale.WithResume(c.store, key)
}

// observe reports what becomes of the checkpoint of a file, whose name it asks for if it needs it.
func (c *checkpoints) observe(e bytescale.Event, name func() string, quiet bool) {
	switch e.Kind {
	case bytescale.EventResume:
		if !quiet {
			c.note("%s: continuing the interrupted upload", name())
		}
	case bytescale.EventStartAfresh:
		c.note("%s: starting afresh: %s", name(), staleness(e.Err))
	case bytescale.EventStoreFailure:
		c.unusable(&localError{c.dir, e.Err})
	}
}

// staleness says why a checkpoint cannot be used.
func staleness(err error) string {
	var argument *bytescale.ArgumentError
	switch {
	case errors.Is(err, bytescale.ErrSourceChanged):
		return "the file changed since the upload was interrupted"
	case errors.Is(err, bytescale.ErrUploadUnknown):
		return "the server no longer knows the interrupted upload"
	case errors.As(err, &argument):
		return "the checkpoint cannot be used: " + argument.Reason
	}
	return explain(err)
}

// unusable reports once per command that checkpoints cannot be kept.
func (c *checkpoints) unusable(err error) {
	c.failed.Store(true)
	c.warn.Do(func() {
		c.note("cannot keep checkpoints, so an interrupted upload will start afresh: %s", explain(err))
	})
}

// kept reports whether an upload that failed with err left a checkpoint.
func (c *checkpoints) kept(err *bytescale.UploadError) bool {
	return c != nil && err.Checkpoint != nil && !c.failed.Load()
}
