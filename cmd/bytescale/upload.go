package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	bytescale "github.com/c88edac7/bytescale-go"
)

type uploadCmd struct {
	connection `embed:""`

	Paths []string `arg:"" name:"file" help:"Files, or directories with --recursive; - is standard input."`

	Recursive bool     `short:"r" help:"Upload directories with all that is in them. Symbolic links in them are not followed."`
	Folder    string   `placeholder:"PATH" help:"Folder to store in; may hold variables such as {UTC_DATE}. By default the API key's own setting."`
	Name      string   `placeholder:"NAME" help:"File name to store under; may hold variables. By default the API key's own setting."`
	MIME      string   `name:"mime" placeholder:"TYPE" help:"MIME type. By default told from the extension or the content."`
	Metadata  string   `placeholder:"JSON" help:"JSON object to store with each file."`
	Tags      []string `name:"tag" placeholder:"TAG" sep:"none" help:"Tag to store with each file; can be repeated."`

	Concurrency int     `placeholder:"N" default:"8" help:"Parts on the wire at a time, 1 to 256, by default ${default}."`
	Files       int     `placeholder:"N" default:"64" help:"Files at a time, 1 to 1024, by default ${default}."`
	APIRate     float64 `name:"api-rate" placeholder:"N" default:"800" help:"API requests per second, by default ${default}; accounts are limited to 1000 unless raised."`

	JSON     bool `name:"json" help:"Print one JSON object per file instead of its URL."`
	Quiet    bool `short:"q" help:"Show no progress."`
	NoResume bool `help:"Neither keep checkpoints nor continue interrupted uploads."`
	Local    bool `help:"Upload to an emulator inside this process, download back and compare. Needs no account."`
}

// Run uploads all files that the arguments name and reports each as it ends.
func (c *uploadCmd) Run(ctx context.Context, std *streams, env getenv) error {
	switch {
	case c.Local: // the emulator lives here too
	case len(c.Paths) == 1 && !c.Recursive:
		stayLight()
	default:
		stayQuick()
	}
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	u, err := c.uploader(ctx, giveUp, std, env)
	if err != nil {
		return err
	}
	defer u.close()

	// The walk may run ahead of the uploads, by so many files that the total is
	// known early and by so few that a huge tree costs little memory.
	found := make(chan item, 1024)
	walker := &walk{recursive: c.Recursive, skip: u.skip, fail: u.fail}
	go func() {
		defer close(found)
		for _, arg := range c.Paths {
			walker.argument(arg, func(it item) bool {
				if err := u.claim(it); err != nil { // in the order of the arguments
					u.fail(it.shown(), err)
					return true
				}
				u.progress.expect(it.size)
				select {
				case found <- it:
					return true
				case <-ctx.Done():
					return false
				}
			})
		}
	}()
	var workers sync.WaitGroup
	for range u.files {
		workers.Go(func() {
			for it := range found {
				u.one(ctx, it)
			}
		})
	}
	workers.Wait()
	return u.summary(ctx)
}

// uploader checks the flags and makes what the uploads share.
func (c *uploadCmd) uploader(ctx context.Context, giveUp context.CancelCauseFunc, std *streams, env getenv) (*uploader, error) {
	if err := c.check(); err != nil {
		return nil, usageError{err}
	}
	if strings.HasSuffix(c.Folder, "/") {
		c.Folder = cmp.Or(strings.TrimRight(c.Folder, "/"), "/")
	}
	metadata, err := parseMetadata(c.Metadata)
	if err != nil {
		return nil, usageError{err}
	}
	u := &uploader{flags: c, std: std, progress: newProgress(std.err, c.Quiet, env)}
	u.printer = &printer{out: std.out, json: c.JSON, around: u.progress.around}
	if metadata != nil {
		u.options = append(u.options, bytescale.WithMetadata(metadata))
	}
	if len(c.Tags) > 0 {
		u.options = append(u.options, bytescale.WithTags(c.Tags...))
	}
	if c.MIME != "" {
		u.options = append(u.options, bytescale.WithMIME(c.MIME))
	}

	reach := &reach{giveUp: giveUp}
	if !c.Quiet {
		reach.note = u.note
	}
	limit := openFilesLimit()
	u.files = c.filesAtOnce(limit, u.note)
	options := []bytescale.ClientOption{
		bytescale.WithPutsInFlight(c.Concurrency), bytescale.WithAPIRate(c.APIRate), bytescale.WithObserver(reach.observe),
		// A small file is hardly more than its two calls.
		bytescale.WithAPICallsInFlight(min(max(64, c.Files), max(2, c.mostFiles(limit)))),
	}
	if c.Local {
		u.local, err = startLocal(giveUp, options...)
		if err != nil {
			return nil, fmt.Errorf("start the embedded emulator: %w", err)
		}
		u.client = u.local.client
	} else if u.client, err = c.client(options...); err != nil {
		return nil, err
	}
	if err := u.tryOptions(ctx); err != nil {
		u.closeLocal()
		return nil, err
	}
	// A checkpoint of an emulator that ends with this process would be of no use.
	if !c.Local && !c.NoResume {
		u.checkpoints = newCheckpoints(env, u.note)
	}
	return u, nil
}

// mostFiles is how many files at a time the limit of open files allows. One takes
// up to four of them: itself, the lock of its checkpoint, and a connection each
// for calls and for bytes. The emulator has the other ends of these, and files of
// its own.
func (c *uploadCmd) mostFiles(limit int) int {
	each := 4
	if c.Local {
		each = 8
	}
	return max(1, (limit-16)/each)
}

// filesAtOnce is --files, or what the limit of open files allows.
func (c *uploadCmd) filesAtOnce(limit int, note func(format string, args ...any)) int {
	wanted := c.Files
	if !c.Recursive {
		wanted = min(wanted, len(c.Paths))
	}
	most := c.mostFiles(limit)
	if most < wanted && !c.Quiet {
		note("%s at a time, since the process may have only %d open; see ulimit -n", plural(most, "file", "files"), limit)
	}
	return min(wanted, most)
}

// check refuses flags that cannot be meant together or are out of range.
func (c *uploadCmd) check() error {
	stdin := 0
	for _, arg := range c.Paths {
		if arg == "-" {
			stdin++
		}
	}
	switch {
	case c.APIKey == "" && !c.Local:
		return errors.New("no API key; set BYTESCALE_API_KEY, or try without an account: bytescale upload --local FILE")
	case slices.Contains(c.Paths, ""):
		return errors.New("the name of a file is empty")
	case c.Concurrency < 1 || c.Concurrency > 256:
		return fmt.Errorf("--concurrency %d is outside 1..256", c.Concurrency)
	case c.Files < 1 || c.Files > 1024:
		return fmt.Errorf("--files %d is outside 1..1024", c.Files)
	case !(c.APIRate > 0 && c.APIRate <= 1e6): // nor NaN
		return fmt.Errorf("--api-rate %v must be above 0, at most 1000000", c.APIRate)
	case strings.Contains(c.Name, "/"):
		return errors.New("--name has a slash; put folders into --folder")
	case stdin > 1:
		return errors.New("standard input (-) can be uploaded only once")
	case c.Name != "" && !strings.Contains(c.Name, "{") && (len(c.Paths) > 1 || c.Recursive):
		return errors.New("--name is for one file; for more, put a variable in it, such as {ORIGINAL_FILE_NAME}{ORIGINAL_FILE_EXT}")
	}
	return nil
}

// parseMetadata reads the --metadata flag, keeping numbers as they are written.
func parseMetadata(text string) (map[string]any, error) {
	if text == "" {
		return nil, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var metadata map[string]any
	err := decoder.Decode(&metadata)
	if _, end := decoder.Token(); err != nil || metadata == nil || end != io.EOF {
		return nil, fmt.Errorf(`--metadata is not a JSON object, such as {"user": 42}`)
	}
	return metadata, nil
}
