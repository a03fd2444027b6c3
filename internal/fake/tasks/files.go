// Package tasks is what the jobs of the fake service do with files and folders.
package tasks

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/c88edac7/bytescale-go/internal/fake/folders"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// Target is the account and the store that a task works on.
type Target struct {
	Store   store.Store
	Account string
}

// FileDeletions deletes files.
type FileDeletions struct {
	Target  `json:"-"`
	Paths   []string `json:"paths"` // those still to delete
	Deleted []string `json:"deleted"`
	planned int
}

// Next implements the work of a job.
func (d *FileDeletions) Next(n int) (store.Changes, error) {
	d.planned = min(n, len(d.Paths))
	return store.Changes{DeleteFiles: d.Paths[:d.planned]}, nil
}

// Applied implements the work of a job.
func (d *FileDeletions) Applied(changed store.Changed) bool {
	d.Paths, d.Deleted = d.Paths[d.planned:], append(d.Deleted, changed.DeletedFiles...)
	return len(d.Paths) == 0
}

// Summary implements the work of a job.
func (d *FileDeletions) Summary() any { return map[string]any{"deletions": notNil(d.Deleted)} }

// FileCopy is one file to copy.
type FileCopy struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Overwrite   bool   `json:"overwrite,omitempty"`
	Data        Data   `json:"data"`
}

// FileCopies copies files.
type FileCopies struct {
	Target  `json:"-"`
	Files   []FileCopy `json:"files"` // those still to copy
	Copied  []Pair     `json:"copied"`
	planned int
}

// Pair is what was copied and where to.
type Pair struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
}

// Next implements the work of a job.
func (c *FileCopies) Next(n int) (changes store.Changes, err error) {
	c.planned = min(n, len(c.Files))
	for _, file := range c.Files[:c.planned] {
		planned, err := c.Plan(file)
		if err != nil {
			return store.Changes{}, err
		}
		changes.Copies = append(changes.Copies, planned)
	}
	return changes, nil
}

// Applied implements the work of a job.
func (c *FileCopies) Applied(changed store.Changed) bool {
	for i, file := range c.Files[:c.planned] {
		if changed.Copied[i] {
			c.Copied = append(c.Copied, Pair{file.Source, file.Destination})
		}
	}
	c.Files = c.Files[c.planned:]
	return len(c.Files) == 0
}

// Summary implements the work of a job.
func (c *FileCopies) Summary() any { return map[string]any{"copies": notNil(c.Copied)} }

// Plan checks a copy and returns what the store has to do for it.
func (t Target) Plan(file FileCopy) (store.Copy, error) {
	switch place, err := t.places("/").Of(file.Destination); {
	case err != nil:
		return store.Copy{}, err
	case !place.Internal:
		return store.Copy{}, &refusal.Error{Code: refusal.StorageExternal}
	}
	if utf8.RuneCountInString(file.Destination) > maxPath {
		return store.Copy{}, &refusal.Error{Code: refusal.PathInvalid}
	}
	if source, err := t.Store.File(t.Account, file.Source); err == nil { // else there is nothing to check
		if err := file.Data.check(source); err != nil {
			return store.Copy{}, err
		}
	}
	return store.Copy{
		Source: file.Source, Destination: file.Destination, Overwrite: file.Overwrite,
		Change: func(source store.File) store.File {
			source = file.Data.apply(source)
			source.LastModified = time.Now().UTC().Truncate(time.Millisecond)
			return source
		},
	}, nil
}

func (t Target) places(root string) *folders.Places {
	return &folders.Places{Store: t.Store, Account: t.Account, Root: root}
}

const (
	maxPath     = 512 // characters
	maxTags     = 25
	maxMetadata = 2048 // bytes of compact JSON
)

// Data is what a copy gets instead of the metadata and tags of its source, or in
// addition to them. nil keeps those of the source.
type Data struct {
	Metadata *Metadata `json:"metadata,omitempty"`
	Tags     *Tags     `json:"tags,omitempty"`
}

// Metadata is the metadata of a copy.
type Metadata struct {
	Merge bool            `json:"merge,omitempty"`
	Value json.RawMessage `json:"value,omitempty"` // a JSON object; nil is an empty one
}

// Tags are the tags of a copy.
type Tags struct {
	Merge bool     `json:"merge,omitempty"`
	Value []string `json:"value,omitempty"`
}

// apply returns the description of the copy of a file.
func (d Data) apply(file store.File) store.File {
	if d.Metadata != nil {
		file.Metadata = d.Metadata.of(file.Metadata)
	}
	if d.Tags != nil {
		file.Tags = d.Tags.of(file.Tags)
	}
	return file
}

// Of returns a file with the metadata and tags that its copy has.
func (d Data) Of(file store.File) (store.File, error) {
	if err := d.check(file); err != nil {
		return store.File{}, err
	}
	return d.apply(file), nil
}

// check refuses what is too large once it is merged.
func (d Data) check(source store.File) error {
	merged := d.apply(source)
	switch {
	case d.Metadata != nil && len(merged.Metadata) > maxMetadata:
		return &refusal.Error{Code: refusal.MetadataTooLarge}
	case len(merged.Tags) > maxTags:
		return &refusal.Error{Code: refusal.TagsTooMany}
	}
	return nil
}

func (m *Metadata) of(source json.RawMessage) json.RawMessage {
	members := map[string]json.RawMessage{}
	if m.Merge {
		_ = json.Unmarshal(source, &members) // an object, or it would not be stored
	}
	if m.Value != nil {
		_ = json.Unmarshal(m.Value, &members) // an object: the description of the API says so
	}
	var merged bytes.Buffer
	encoder := json.NewEncoder(&merged)
	encoder.SetEscapeHTML(false) // it would count < as six bytes
	_ = encoder.Encode(members)  // JSON that was read before
	return bytes.TrimSpace(merged.Bytes())
}

func (t *Tags) of(source []string) []string {
	if !t.Merge {
		return t.Value
	}
	merged := slices.Clone(source)
	for _, tag := range t.Value {
		if !slices.Contains(merged, tag) {
			merged = append(merged, tag)
		}
	}
	return merged
}

// notNil returns an empty list for nil, which would be null in JSON.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
