package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// syncCmd is bytescale sync.
type syncCmd struct {
	connection

	source, destination string

	delete, dryRun, noResume bool
	exclude, include         []string
	shard                    shard

	speed
	filesOptions []bytescale.DirOption // for the files at a time

	json, quiet bool
}

func (c *syncCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sync <source> <destination>",
		Short: "Transfer what differs between a directory and a folder.",
		Long: "Transfer the files of a directory of this machine to a folder of the service,\n" +
			"or the other way round, unless the destination has them already. The side of\n" +
			"the service is written bytescale:/folder.\n\n" +
			"A file is transferred if the destination does not have it, if its size differs,\n" +
			"or if the source is newer. If sync is interrupted, run the same command again to\n" +
			"continue.",
		Example: `  bytescale sync photos bytescale:/photos
  bytescale sync --delete --dry-run bytescale:/photos photos
  bytescale sync --exclude '*.tmp' --exclude cache/ . bytescale:/backup`,
		Args:       cobra.MatchAll(twoArguments, storedNames),
		SuggestFor: []string{"mirror", "rsync"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.source, c.destination = args[0], args[1]
			return c.run(cmd.Context(), std, env)
		},
	}
	c.defineFlags(cmd)
	return cmd
}

func (c *syncCmd) defineFlags(cmd *cobra.Command) {
	addFlags(cmd, "What to transfer", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.delete, "delete", false, "Delete the files of the destination that the source does not have, after all others were transferred without a failure.")
		flags.BoolVar(&c.dryRun, "dry-run", false, "Print what would be done, and do nothing.")
		flags.StringArrayVar(&c.exclude, "exclude", nil, "Leave out what matches the `pattern`, on both sides; can be repeated. *.tmp matches names at any depth, /build a path from the top, cache/ directories, and ** any number of directories.")
		flags.StringArrayVar(&c.include, "include", nil, "Take only what matches the `pattern`, and no exclude pattern; can be repeated.")
		addShard(flags, &c.shard)
		flags.BoolVar(&c.noResume, "no-resume", false, "Neither keep checkpoints of uploads nor continue interrupted ones.")
	})
	addFlags(cmd, "Speed", func(flags *pflag.FlagSet) {
		c.addSpeed(flags, "Send up to `N` parts, or get up to N ranges, at a time, 1 to 256, by default 8.",
			"Transfer up to `N` files at a time, 1 to 1024, by default 64, and more in an upload if the latency is high.")
	})
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per file that was transferred or deleted.")
		flags.BoolVarP(&c.quiet, "quiet", "q", false, "Show no progress.")
	})
	c.addFlags(cmd)
}

// twoArguments checks that there are two positional arguments.
func twoArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 2 {
		return usagef(cmd, "unexpected argument %s", args[2])
	}
	return needArguments(cmd, args, 2)
}

// check rejects flags that are out of range, and sides that cannot be meant.
func (c *syncCmd) check() error {
	_, from, err := remotePath(c.source)
	if err != nil {
		return err
	}
	_, to, err := remotePath(c.destination)
	switch {
	case err != nil:
		return err
	case c.source == "" || c.destination == "":
		return errors.New("the name of a directory is empty")
	case from && to:
		return errors.New("both sides are folders of the service; to copy within it: bytescale cp --recursive")
	case !from && !to:
		return fmt.Errorf("neither side is a folder of the service, which is written %s/folder", remotePrefix)
	case c.single.size > 0 && from:
		return errors.New("--single-request is for uploads")
	case c.noResume && from:
		return errors.New("--no-resume is for uploads; a download of a directory always continues")
	}
	return c.checkSpeed()
}

// run transfers what differs.
func (c *syncCmd) run(ctx context.Context, std *streams, env getenv) error {
	if err := c.check(); err != nil {
		return usageError{err}
	}
	if err := std.needOutput(); err != nil {
		return err
	}
	tuneCollector(true)
	shows := newProgress(std.err, c.quiet, env)
	defer shows.close()
	most := mostFiles(openPerFile)
	c.files = most.files(c.files, c.quiet, shows.note)
	c.filesOptions = c.dirOptions(most, c.files)
	run := &syncRun{flags: c, shows: shows}
	ctx, client, err := c.connectObserved(ctx, shows, run.observe, c.clientOptions(most, c.files)...)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	run.client = client
	if _, download, _ := remotePath(c.source); download {
		return run.download(ctx, std)
	}
	return run.upload(ctx, std, env)
}

// syncRun is one run of a sync.
type syncRun struct {
	flags       *syncCmd
	client      *bytescale.Client
	shows       *progress
	checkpoints *checkpoints // nil for downloads and with --no-resume
}

// upload transfers files to the service.
func (r *syncRun) upload(ctx context.Context, std *streams, env getenv) error {
	dir := r.flags.source
	folder, err := folderPath(r.client, r.flags.destination)
	if err != nil {
		return err
	}
	root, err := osfile.OpenRoot(dir)
	if err != nil {
		return cmp.Or(checkDirectory(dir), about(dir, err))
	}
	defer root.Close()
	own, err := ownState(env)
	if err != nil {
		own = "" // then there is none
	}
	if !r.flags.noResume && !r.flags.dryRun {
		r.checkpoints = newCheckpoints(env, r.shows.note)
	}
	report := r.report(std, dir)
	tree := &localTree{ctx: ctx, root: root, own: own, skip: func(path, reason string) {
		r.shows.note("%s: skipped: %s", report.shown(path), reason)
	}}
	options := []bytescale.UploadDirOption{bytescale.WithFileOptions(func(file bytescale.DirFile) ([]bytescale.UploadOption, error) {
		return r.fileOptions(tree, dir, folder, file)
	})}
	for _, option := range r.options() {
		options = append(options, option)
	}
	return report.run(ctx, r.client.UploadDir(ctx, tree, folder, options...))
}

// fileOptions returns the options for the upload of one file.
func (r *syncRun) fileOptions(tree *localTree, dir, folder string, file bytescale.DirFile) ([]bytescale.UploadOption, error) {
	mime, err := tree.mime(file.Path)
	if err != nil {
		return nil, err
	}
	return append(r.flags.single.options(path.Base(file.Path)),
		bytescale.WithMIME(mime),
		r.checkpoints.option(identity{
			APIURL: r.flags.apiURL, AccountID: r.client.AccountID(),
			Source: filepath.Join(dir, filepath.FromSlash(file.Path)), Tree: file.Path, Folder: folder,
		}),
	), nil
}

// download transfers files from the service.
func (r *syncRun) download(ctx context.Context, std *streams) error {
	dir := r.flags.destination
	folder, err := folderPath(r.client, r.flags.source)
	if err != nil {
		return err
	}
	if err := checkListed(ctx, r.client, folder); err != nil {
		return outcome(ctx, err)
	}
	if err := checkDirectory(dir); err != nil {
		return err
	}
	options := []bytescale.DownloadDirOption{bytescale.WithOverwrite()}
	for _, option := range r.options() {
		options = append(options, option)
	}
	report := r.report(std, dir)
	report.explain = folderError
	return report.run(ctx, r.client.DownloadDir(ctx, folder, dir, options...))
}

// options returns the options of both directions.
func (r *syncRun) options() []bytescale.DirOption {
	c := r.flags
	options := []bytescale.DirOption{
		bytescale.WithChangedOnly(),
		bytescale.WithInclude(c.include...), bytescale.WithExclude(c.exclude...),
		bytescale.WithProgress(r.shows.watch(0)),
	}
	options = append(options, c.filesOptions...)
	if c.shard.given() {
		options = append(options, bytescale.WithShard(c.shard.index, c.shard.count))
	}
	if c.delete {
		options = append(options, bytescale.WithDelete())
	}
	if c.dryRun {
		options = append(options, bytescale.WithDryRun())
	}
	return options
}

// report returns the report of a run.
func (r *syncRun) report(std *streams, dir string) *dirReport {
	return &dirReport{
		progress: r.shows, quiet: r.flags.quiet, dryRun: r.flags.dryRun,
		printer: &printer{out: std.out, json: r.flags.json, around: r.shows.around},
		line:    r.line,
		shown:   func(path string) string { return filepath.Join(dir, filepath.FromSlash(path)) },
		explain: func(err error) error { return err },
	}
}

// moved is the JSON form of a file that was transferred or deleted.
type moved struct {
	Action bytescale.DirAction `json:"action"`
	Path   string              `json:"path"`
	Reason string              `json:"reason"`
	Size   int64               `json:"size"`
	DryRun bool                `json:"dryRun"`
}

// line is what is printed of a file that was transferred or deleted.
func (r *syncRun) line(file bytescale.DirFile) string {
	if r.flags.json {
		return jsonLine(moved{file.Action, file.Path, file.Reason, file.Size, r.flags.dryRun})
	}
	verb := string(file.Action)
	if r.flags.dryRun {
		verb = wouldDo[file.Action]
	}
	return verb + " " + shown(file.Path)
}

// wouldDo says what a dry run did not do.
var wouldDo = map[bytescale.DirAction]string{
	bytescale.DirUploaded:   "would upload",
	bytescale.DirDownloaded: "would download",
	bytescale.DirDeleted:    "would delete",
}

// observe reports what becomes of checkpoints.
func (r *syncRun) observe(e bytescale.Event) {
	if !r.flags.quiet {
		r.flags.single.observe(e, r.shows.note)
	}
	if r.checkpoints != nil {
		r.checkpoints.observe(e, func() string {
			file, _ := bytescale.DirFileFromContext(e.Context)
			return filepath.Join(r.flags.source, filepath.FromSlash(file.Path))
		}, r.flags.quiet)
	}
}

// checkDirectory returns an error for a name of something that is no directory.
func checkDirectory(name string) error {
	if info, err := lookUp(name); err == nil && !info.IsDir() {
		return usageError{fmt.Errorf("%s is not a directory", name)}
	}
	return nil
}

// checkListed returns errNoFolder for a folder with nothing in it that was not made. Otherwise
// a typing mistake in the source could empty the destination.
func checkListed(ctx context.Context, client *bytescale.Client, folder string) error {
	for _, err := range client.ListFolder(ctx, folder, bytescale.WithPageSize(1)) {
		return err
	}
	if err := checkMade(ctx, client, folder); err != nil {
		return fmt.Errorf("%s: %w", folder, err)
	}
	return nil
}
