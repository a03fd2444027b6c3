package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/cdn"
)

// processCmd is bytescale process.
type processCmd struct {
	connection
	waiting

	transformation, file string
	params               []string
	output               string
}

func (c *processCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "process <transformation> <file> [name=value] ...",
		Short: "Transform a file, and store the result.",
		Long: "Transform a file of the service, and store the result there as a new file. The\n" +
			"transformation is image, video, audio, archive or antivirus, or the name of a\n" +
			"preset of the account. What follows the file are its parameters, in order, as\n" +
			"in a URL. The URL of the result is printed. Each call counts against the\n" +
			"account's transformations.",
		Example: `  bytescale process image /photos/cat.jpg w=400 f=webp -o bytescale:/small/
  bytescale process video /films/cat.mov f=mp4-h264 -o bytescale:/films/
  bytescale process antivirus /inbox/report.pdf --json`,
		Args: cobra.MatchAll(func(cmd *cobra.Command, args []string) error { return needArguments(cmd, args, 2) }, storedNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.transformation, c.file, c.params = args[0], args[1], args[2:]
			return c.run(cmd.Context(), std, env)
		},
	}
	addFlags(cmd, "Result", func(flags *pflag.FlagSet) {
		flags.StringVarP(&c.output, "output", "o", "", "Store the result under this `path`, such as "+remotePrefix+"/small/cat.webp, or in this folder if it ends with a slash. By default the API key's own setting.")
	})
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object instead of the URL. If the service makes the result as a job, that is the job.")
		c.addQuiet(flags)
		c.addNoWait(flags)
	})
	c.addFlags(cmd)
	return cmd
}

// processed is the JSON form of a stored result.
type processed struct {
	Source   string         `json:"source"`
	FilePath string         `json:"filePath"`
	FileURL  string         `json:"fileUrl"`
	Summary  map[string]any `json:"summary,omitempty"` // the result itself, if it is a JSON object
}

// run transforms one file.
func (c *processCmd) run(ctx context.Context, std *streams, env getenv) error {
	if err := std.needOutput(); err != nil {
		return err
	}
	params, err := c.parameters()
	if err != nil {
		return err
	}
	destination, err := c.destination()
	if err != nil {
		return err
	}
	ctx, client, err := c.connect(ctx, &progress{err: std.err})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	source, err := filePath(client, c.file)
	if err != nil {
		return err
	}
	saved, err := client.ProcessFileAndSave(ctx, c.transformation, source, params, destination...)
	if isRejected(err) {
		return usageError{err}
	}
	if err != nil {
		return outcome(ctx, fromCDN(err))
	}
	if saved.Job != nil {
		return outcome(ctx, c.finishJob(ctx, std, env, client, saved.Job))
	}
	if c.json {
		return printLine(std.out, jsonLine(processed{source, saved.FilePath, saved.FileURL, saved.Summary}))
	}
	return printLine(std.out, shown(saved.FileURL))
}

// parameters returns the parameters of the transformation.
func (c *processCmd) parameters() ([]cdn.Option, error) {
	params := make([]cdn.Option, len(c.params))
	for i, param := range c.params {
		name, value, found := strings.Cut(param, "=")
		if !found || name == "" {
			return nil, usageError{fmt.Errorf("%q is not a parameter such as w=400", param)}
		}
		params[i] = cdn.Param(name, value)
	}
	return params, nil
}

// destination returns where to store the result.
func (c *processCmd) destination() ([]bytescale.SaveOption, error) {
	if c.output == "" {
		return nil, nil
	}
	stored, remote, err := remotePath(c.output)
	switch {
	case err != nil:
		return nil, err
	case !remote:
		return nil, usageError{fmt.Errorf("--output %s is a path of this machine; store the result under a path such as %s/small/cat.webp, and download it", c.output, remotePrefix)}
	case stored == "/":
		return []bytescale.SaveOption{bytescale.WithFolder("/")}, nil
	case namesFolder(stored):
		return []bytescale.SaveOption{bytescale.WithFolder(literal(strings.TrimSuffix(stored, "/")))}, nil
	}
	return []bytescale.SaveOption{bytescale.WithPath(stored)}, nil
}

// finishJob waits for the job that makes a result, and prints its URL.
func (c *processCmd) finishJob(ctx context.Context, std *streams, env getenv, client *bytescale.Client, job *bytescale.Job) error {
	if c.noWait {
		return c.finish(ctx, std, env, job)
	}
	done, err := c.wait(ctx, std, env, job)
	if err != nil || c.json {
		return err
	}
	stored, known := done.Summary["filePath"].(string)
	if !known { // the service does not promise it
		fmt.Fprintf(std.err, "bytescale: the service does not say where the result is; see: bytescale job show %s\n", shown(jobName(job.Type, job.ID)))
		return nil
	}
	address, err := client.FileURL(stored)
	if err != nil {
		return err
	}
	return printLine(std.out, shown(address))
}
