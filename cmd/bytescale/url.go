package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/cdn"
)

// The variables of a Secure URL Key. There are no flags for them, because arguments
// are visible to other users of the machine.
const (
	keyIDVariable  = "BYTESCALE_API_KEY_ID"
	urlKeyVariable = "BYTESCALE_SECURE_URL_KEY"
)

// urlCmd is bytescale url.
type urlCmd struct {
	connection

	files   []string
	sign    bool
	expires string
}

func (c *urlCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "url <file> ...",
		Short: "Print the URL of a file, signed if it is private.",
		Long: "Print the URLs of files, named by their paths. With --sign, whoever has the URL\n" +
			"can read the file, even if it is private. The key comes from the environment:\n" +
			"$" + keyIDVariable + " and $" + urlKeyVariable + ", both in the dashboard.",
		Args: cobra.MatchAll(someArguments, storedNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.files = args
			if cmd.Flags().Changed("expires") && !c.sign {
				return usagef(cmd, "--expires needs --sign")
			}
			return c.run(cmd.Context(), std, env)
		},
	}
	addFlags(cmd, "Private files", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.sign, "sign", false, "Sign the URL with the Secure URL Key of an API key.")
		flags.StringVar(&c.expires, "expires", "1h", "The signed URL works for this `duration`, such as 15m or 24h, or never ends with \"never\". By default 1h.")
	})
	c.addFlags(cmd)
	return cmd
}

// run prints the URL of each file. It sends no request, so the file need not exist.
func (c *urlCmd) run(ctx context.Context, std *streams, env getenv) error {
	if err := std.needOutput(); err != nil {
		return err
	}
	signed := func(address string) (string, error) { return address, nil }
	if c.sign {
		var err error
		if signed, err = c.signer(env); err != nil {
			return usageError{err}
		}
	}
	return c.each(ctx, std, c.files, func(_ context.Context, client *bytescale.Client, path string) error {
		address, err := client.FileURL(path)
		if err != nil {
			return err
		}
		if address, err = signed(address); err != nil {
			return err
		}
		_, err = fmt.Fprintln(std.out, address)
		return err
	})
}

// signer returns a function that signs URLs as the flags and the environment say.
func (c *urlCmd) signer(env getenv) (func(address string) (string, error), error) {
	key, err := urlKey(env)
	if err != nil {
		return nil, err
	}
	if key.ID() == "" {
		return nil, fmt.Errorf("--sign needs a key; set %s and %s", keyIDVariable, urlKeyVariable)
	}
	if c.expires == "never" {
		return key.SignForever, nil
	}
	lifetime, notDuration := time.ParseDuration(c.expires)
	if notDuration != nil || lifetime < time.Second {
		return nil, fmt.Errorf("--expires: expected a duration such as 1h, or never, but got %q", c.expires)
	}
	return func(address string) (string, error) { return key.Sign(address, time.Now().Add(lifetime)) }, nil
}

// urlKey returns the Secure URL Key of the environment, the zero Key if there is none.
func urlKey(env getenv) (cdn.Key, error) {
	id, secret := env(keyIDVariable), env(urlKeyVariable)
	if id == "" && secret == "" {
		return cdn.Key{}, nil
	}
	key, err := cdn.NewKey(id, secret)
	var argument *cdn.ArgumentError
	if errors.As(err, &argument) {
		variable := map[string]string{"apiKeyID": keyIDVariable, "secureURLKey": urlKeyVariable}[argument.Field]
		return cdn.Key{}, fmt.Errorf("%s %s", variable, argument.Reason)
	}
	return key, err
}
