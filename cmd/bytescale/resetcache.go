package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// resetCacheCmd is bytescale reset-cache.
type resetCacheCmd struct {
	connection
	waiting

	patterns  []string
	permanent bool
}

func (c *resetCacheCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reset-cache <pattern> ...",
		Short: "Remove results from the caches of the CDN.",
		Long: "Remove results from the caches of the CDN. The files are not touched. A pattern\n" +
			"is what follows the account in a URL, the transformation first. A * at its end\n" +
			"stands for any further characters, so \"/*\" is everything.",
		Example: `  bytescale reset-cache /raw/photos/cat.jpg
  bytescale reset-cache --permanent "/image/photos/*"`,
		Args: cobra.MatchAll(someArguments, storedNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.patterns = args
			return c.run(cmd.Context(), std, env)
		},
	}
	addFlags(cmd, "What to remove", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.permanent, "permanent", false, "Also remove what the permanent cache keeps of transformations. It has to be made again, which counts as a transformation.")
	})
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per job.")
		c.addQuiet(flags)
		c.addNoWait(flags)
	})
	c.addFlags(cmd)
	return cmd
}

// run removes each pattern in turn.
func (c *resetCacheCmd) run(ctx context.Context, std *streams, env getenv) error {
	if c.json || c.noWait {
		if err := std.needOutput(); err != nil {
			return err
		}
	}
	parse := func(_ *bytescale.Client, pattern string) (string, error) { return pattern, nil }
	return c.eachArgument(ctx, std, c.patterns, parse, func(ctx context.Context, client *bytescale.Client, pattern string) error {
		job, err := client.ResetCache(ctx, pattern, true, c.permanent)
		if err != nil {
			return err
		}
		return c.finish(ctx, std, env, job)
	})
}
