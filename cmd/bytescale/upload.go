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

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// uploadCmd is bytescale upload.
type uploadCmd struct {
	connection

	paths []string

	recursive bool
	shard     shard
	local     bool
	noResume  bool

	folder, name, mime, metadata string
	tags                         []string

	speed

	json, quiet bool
}

func (c *uploadCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "upload <file> ...",
		Short: "Upload files, directories or standard input.",
		Long:  "Upload files, or directories with --recursive; - is standard input.",
		Example: `  bytescale upload movie.mp4
  bytescale upload --recursive --folder /photos .
  pg_dump shop | bytescale upload --name shop.sql -`,
		Args:       someArguments,
		SuggestFor: []string{"put"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.paths = args
			return c.run(cmd.Context(), std, env)
		},
	}
	addFlags(cmd, "What to upload", func(flags *pflag.FlagSet) {
		flags.BoolVarP(&c.recursive, "recursive", "r", false, "Upload directories with all that is in them. Symbolic links in them are not followed.")
		addShard(flags, &c.shard)
		flags.BoolVar(&c.noResume, "no-resume", false, "Neither keep checkpoints nor continue interrupted uploads.")
		flags.BoolVar(&c.local, "local", false, "Upload to an emulator inside this process, download back and compare. Needs no account.")
	})
	addFlags(cmd, "How to store it", func(flags *pflag.FlagSet) {
		flags.StringVar(&c.folder, "folder", "", "Store in the folder `path`, which may hold variables such as {UTC_DATE}. By default the API key's own setting.")
		flags.StringVar(&c.name, "name", "", "Store under the file `name`, which may hold variables. By default the API key's own setting.")
		flags.StringVar(&c.mime, "mime", "", "MIME `type`. By default the extension or the content decides.")
		flags.StringVar(&c.metadata, "metadata", "", "Store this `JSON` object with each file.")
		flags.StringArrayVar(&c.tags, "tag", nil, "Store this `tag` with each file; can be repeated.")
	})
	addFlags(cmd, "Speed", func(flags *pflag.FlagSet) {
		c.addSpeed(flags, "Send up to `N` parts at a time, 1 to 256, by default 8.",
			"Upload up to `N` files at a time, 1 to 1024, by default 64, and more of a directory if the latency is high.")
	})
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per file instead of its URL.")
		flags.BoolVarP(&c.quiet, "quiet", "q", false, "Show no progress.")
	})
	c.addFlags(cmd)
	return cmd
}

// run uploads the files that the arguments name and reports each when it ends.
func (c *uploadCmd) run(ctx context.Context, std *streams, env getenv) error {
	if !c.local { // the emulator has a load of its own
		tuneCollector(c.recursive || len(c.paths) > 1)
	}
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	u, err := c.uploader(ctx, giveUp, std, env)
	if err != nil {
		return err
	}
	defer u.close()

	own, err := ownState(env)
	if err != nil {
		own = "" // then there is none
	}
	files, dirs := u.arguments()
	u.uploadFiles(ctx, files)
	u.uploadDirectories(ctx, dirs, own)
	return u.summary(ctx)
}

// uploader checks the flags and returns the uploader that they describe.
func (c *uploadCmd) uploader(ctx context.Context, giveUp context.CancelCauseFunc, std *streams, env getenv) (*uploader, error) {
	if err := c.check(); err != nil {
		return nil, usageError{err}
	}
	if err := c.checkStreams(std); err != nil {
		return nil, err
	}
	if strings.HasSuffix(c.folder, "/") {
		c.folder = cmp.Or(strings.TrimRight(c.folder, "/"), "/")
	}
	metadata, err := parseMetadata(c.metadata)
	if err != nil {
		return nil, usageError{err}
	}
	u := &uploader{flags: c, std: std, progress: newProgress(std.err, c.quiet, env)}
	u.printer = &printer{out: std.out, json: c.json, around: u.progress.around}
	if metadata != nil {
		u.options = append(u.options, bytescale.WithMetadata(metadata))
	}
	if len(c.tags) > 0 {
		u.options = append(u.options, bytescale.WithTags(c.tags...))
	}
	if c.mime != "" {
		u.options = append(u.options, bytescale.WithMIME(c.mime))
	}

	reach := &reach{giveUp: giveUp}
	if !c.quiet {
		reach.note = u.note
	}
	most := mostFiles(c.openFiles())
	u.files = c.files
	if !c.recursive {
		u.files = min(u.files, len(c.paths))
	}
	u.files = most.files(u.files, c.quiet, u.note)
	u.dirOptions = c.dirOptions(most, u.files)
	options := append(c.clientOptions(most, c.files),
		bytescale.WithObserver(func(e bytescale.Event) { reach.observe(e); u.observe(e) }))
	if c.local {
		u.local, err = startLocal(giveUp, options...)
		if err != nil {
			return nil, fmt.Errorf("start the embedded emulator: %w", err)
		}
		u.client = u.local.client
		u.options = append(u.options, bytescale.WithSHA256())
	} else if u.client, err = c.client(options...); err != nil {
		return nil, err
	}
	if err := u.tryOptions(ctx); err != nil {
		u.closeLocal()
		return nil, err
	}
	// The emulator of --local ends with this process, and the upload with it.
	if !c.local && !c.noResume {
		u.checkpoints = newCheckpoints(env, u.note)
	}
	return u, nil
}

// openFiles returns how many open files each file under way takes. With --local the emulator
// in this process has the other ends of the connections, and files of its own.
func (c *uploadCmd) openFiles() int {
	if c.local {
		return 9
	}
	return openPerFile
}

// check rejects flags that are out of range or contradict each other.
func (c *uploadCmd) check() error {
	stdin := 0
	for _, arg := range c.paths {
		if arg == "-" {
			stdin++
		}
	}
	switch {
	case c.apiKey == "" && !c.local:
		return errors.New("no API key; set BYTESCALE_API_KEY, or try without an account: bytescale upload --local FILE")
	case slices.Contains(c.paths, ""):
		return errors.New("the name of a file is empty")
	case c.shard.given() && !c.recursive:
		return errors.New("--shard is for directories; use --recursive")
	case strings.Contains(c.name, "/"):
		return errors.New("--name has a slash; put folders into --folder")
	case stdin > 1:
		return errors.New("standard input (-) can be uploaded only once")
	case c.name != "" && !strings.Contains(c.name, "{") && (len(c.paths) > 1 || c.recursive):
		return errors.New("--name is for one file; for more, put a variable in it, such as {ORIGINAL_FILE_NAME}{ORIGINAL_FILE_EXT}")
	}
	return c.checkSpeed()
}

// checkStreams rejects standard streams that are closed.
func (c *uploadCmd) checkStreams(std *streams) error {
	if slices.Contains(c.paths, "-") {
		if err := std.needInput(); err != nil {
			return err
		}
	}
	return std.needOutput()
}

// parseMetadata decodes the --metadata flag. Numbers keep their digits.
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
