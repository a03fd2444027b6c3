package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// jobCommand is bytescale job.
func jobCommand(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "job <command>",
		Short: "Look at jobs, wait for them and cancel them.",
		Long: "Look at jobs, wait for them and cancel them. A job is what the service does on\n" +
			"its own, such as the copy of a folder. Its name is TYPE/ID, as commands with\n" +
			"--no-wait print it. The service does not promise for how long it knows a job\n" +
			"that has ended.",
		Args: unknownCommand,
		RunE: missingCommand,
	}
	cmd.AddCommand(
		(&jobListCmd{}).command(std),
		(&jobShowCmd{}).command(std),
		(&jobWaitCmd{}).command(std, env),
		(&jobCancelCmd{}).command(std),
	)
	return cmd
}

// eachJob calls do for every job in turn. Malformed names are rejected before the first call.
func (c *connection) eachJob(ctx context.Context, std *streams, names []string, do func(context.Context, *bytescale.Client, *bytescale.Job) error) error {
	for _, name := range names {
		if jobType, id, found := strings.Cut(name, "/"); !found || jobType == "" || id == "" || strings.Contains(id, "/") {
			return usageError{fmt.Errorf("%q is not the name of a job; it has the form TYPE/ID, such as CopyFolderBatchJob/01ARZ3NDEKTSV4RRFFQ69G5FAV", name)}
		}
	}
	parse := func(_ *bytescale.Client, name string) (string, error) { return name, nil }
	return c.eachArgument(ctx, std, names, parse, func(ctx context.Context, client *bytescale.Client, name string) error {
		jobType, id, _ := strings.Cut(name, "/")
		return do(ctx, client, client.Job(bytescale.JobType(jobType), id))
	})
}

// jobListCmd is bytescale job list.
type jobListCmd struct {
	connection

	types []string
	json  bool
}

func (c *jobListCmd) command(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the most recent jobs.",
		Long:  "List the most recent jobs of the account, the latest first. The service shows\nabout ten of them; there is no way to list older ones.",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), std) },
	}
	addFlags(cmd, "What to list", func(flags *pflag.FlagSet) {
		flags.StringSliceVar(&c.types, "type", nil, "List only jobs of this `type`, such as CopyFolderBatchJob; can be repeated.")
	})
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per job.")
	})
	c.addFlags(cmd)
	return cmd
}

// run lists the jobs.
func (c *jobListCmd) run(ctx context.Context, std *streams) error {
	if err := std.needOutput(); err != nil {
		return err
	}
	ctx, client, err := c.connect(ctx, &progress{err: std.err})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	types := make([]bytescale.JobType, len(c.types))
	for i, name := range c.types {
		types[i] = bytescale.JobType(name)
	}
	jobs, err := client.ListRecentJobs(ctx, types...)
	if wrong, ok := errors.AsType[*bytescale.ArgumentError](err); ok {
		return usageError{fmt.Errorf("--type %s", wrong.Reason)}
	}
	if err != nil {
		return outcome(ctx, err)
	}
	table := newTable(std.out, column{width: len("Cancelling")}, timeColumn, pathColumn)
	for _, job := range jobs {
		if c.json {
			err = printLine(std.out, jsonLine(job))
		} else {
			err = table.row(string(job.Status), moment(job.Created), jobName(job.Type, job.ID))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// jobShowCmd is bytescale job show.
type jobShowCmd struct {
	connection

	jobs []string
	json bool
}

func (c *jobShowCmd) command(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show <job> ...",
		Short: "Show how far jobs are.",
		Long:  "Show how far jobs are, and what they did. It is no error if a job has failed.",
		Args:  cobra.MatchAll(someArguments, storedNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.jobs = args
			return c.run(cmd.Context(), std)
		},
	}
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per job.")
	})
	c.addFlags(cmd)
	return cmd
}

// run shows each job.
func (c *jobShowCmd) run(ctx context.Context, std *streams) error {
	if err := std.needOutput(); err != nil {
		return err
	}
	between := "" // jobs
	return c.eachJob(ctx, std, c.jobs, func(ctx context.Context, client *bytescale.Client, job *bytescale.Job) error {
		found, err := client.GetJob(ctx, job.Type, job.ID)
		if err != nil {
			return err
		}
		if c.json {
			return printLine(std.out, jsonLine(found))
		}
		_, err = fmt.Fprint(std.out, between, jobDetails(found))
		between = "\n"
		return err
	})
}

// jobDetails describes a job to people.
func jobDetails(job *bytescale.JobSummary) string {
	var text properties
	text.add("job", jobName(job.Type, job.ID))
	text.add("status", string(job.Status))
	text.add("created", moment(job.Created))
	text.add("last updated", moment(job.LastUpdated))
	if job.Failure != nil {
		text.add("error", job.Failure.Code)
		text.add("message", job.Failure.Message)
		text.add("details", string(job.Failure.Details))
	}
	if len(job.Summary) > 0 {
		text.add("summary", jsonLine(job.Summary))
	}
	return text.String()
}

// jobWaitCmd is bytescale job wait.
type jobWaitCmd struct {
	connection
	waiting

	jobs []string
}

func (c *jobWaitCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "wait <job> ...",
		Short: "Wait until jobs have ended.",
		Long: "Wait until jobs have ended. The exit code is 1 if one of them failed or was\n" +
			"cancelled. If this command is interrupted, the jobs go on.",
		Example: `  bytescale job wait "$(bytescale cp -r --no-wait /a /b)"`,
		Args:    cobra.MatchAll(someArguments, storedNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.jobs = args
			return c.run(cmd.Context(), std, env)
		},
	}
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per job when it has ended.")
		c.addQuiet(flags)
	})
	c.addFlags(cmd)
	return cmd
}

// run waits for each job.
func (c *jobWaitCmd) run(ctx context.Context, std *streams, env getenv) error {
	if c.json {
		if err := std.needOutput(); err != nil {
			return err
		}
	}
	return c.eachJob(ctx, std, c.jobs, func(ctx context.Context, _ *bytescale.Client, job *bytescale.Job) error {
		_, err := c.wait(ctx, std, env, job)
		return err
	})
}

// jobCancelCmd is bytescale job cancel.
type jobCancelCmd struct {
	connection

	jobs []string
}

func (c *jobCancelCmd) command(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cancel <job> ...",
		Short: "Ask the service to end jobs.",
		Long: "Ask the service to end jobs. They may go on for a while; job wait waits for\n" +
			"their end. The service does not promise that anything is undone.",
		Args: cobra.MatchAll(someArguments, storedNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.jobs = args
			return c.run(cmd.Context(), std)
		},
	}
	c.addFlags(cmd)
	return cmd
}

// run cancels each job.
func (c *jobCancelCmd) run(ctx context.Context, std *streams) error {
	return c.eachJob(ctx, std, c.jobs, func(ctx context.Context, client *bytescale.Client, job *bytescale.Job) error {
		return client.CancelJob(ctx, job.Type, job.ID)
	})
}
