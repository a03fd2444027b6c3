package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// connection holds the flags of every command that talks to the service.
type connection struct {
	apiKey, apiURL, cdnURL, accountID string
}

func (c *connection) addFlags(cmd *cobra.Command) {
	addFlags(cmd, "Service", func(flags *pflag.FlagSet) {
		flags.StringVar(&c.apiKey, "api-key", "", "API `key`. Better set in the environment: arguments are visible to other users of the machine.")
		flags.StringVar(&c.apiURL, "api-url", "https://api.bytescale.com", "`URL` of the API, by default https://api.bytescale.com.")
		flags.StringVar(&c.cdnURL, "cdn-url", "https://upcdn.io", "`URL` that files are served from, by default https://upcdn.io.")
		flags.StringVar(&c.accountID, "account-id", "", "`ID` of the account, by default that of the API key.")
		fromEnvironment(flags, "api-key", "BYTESCALE_API_KEY")
		fromEnvironment(flags, "api-url", "BYTESCALE_API_URL")
		fromEnvironment(flags, "cdn-url", "BYTESCALE_CDN_URL")
		fromEnvironment(flags, "account-id", "BYTESCALE_ACCOUNT_ID")
	})
}

// client makes the client that the flags describe. What is wrong with them is
// a usage error: nothing has been sent yet.
func (c *connection) client(opts ...bytescale.ClientOption) (*bytescale.Client, error) {
	if c.apiKey == "" {
		return nil, usageError{errors.New("no API key; set BYTESCALE_API_KEY")}
	}
	if err := cmp.Or(checkAddress("--api-url", c.apiURL), checkAddress("--cdn-url", c.cdnURL)); err != nil {
		return nil, usageError{err}
	}
	all := []bytescale.ClientOption{bytescale.WithAPIURL(c.apiURL), bytescale.WithCDNURL(c.cdnURL)}
	if c.accountID != "" {
		all = append(all, bytescale.WithAccountID(c.accountID))
	}
	client, err := bytescale.NewClient(c.apiKey, append(all, opts...)...)
	if err != nil {
		return nil, usageError{err}
	}
	return client, nil
}

// checkAddress refuses what the client would not, or not in terms of flags.
func checkAddress(flag, address string) error {
	parsed, err := url.Parse(address)
	switch {
	case err != nil:
		return nil //nolint:nilerr // the client says it
	case parsed.User != nil:
		return fmt.Errorf("%s contains a user name or password; use --api-key", flag)
	case parsed.Port() != "":
		if _, err := strconv.ParseUint(parsed.Port(), 10, 16); err != nil {
			return fmt.Errorf("%s has the port %s, above 65535", flag, parsed.Port())
		}
	}
	return nil
}

// connect is client for a command that waits for the server's answers: the
// returned context ends when the server cannot be reached, see [reach], and
// outcome says so instead of the context's own error.
func (c *connection) connect(ctx context.Context, shows *progress) (context.Context, *bytescale.Client, error) {
	ctx, giveUp := context.WithCancelCause(ctx)
	reach := &reach{giveUp: giveUp, note: shows.note}
	client, err := c.client(bytescale.WithObserver(reach.observe))
	return ctx, client, err
}

// outcome is err, or why ctx ended if it did.
func outcome(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// filePath reads the argument that names a stored file: its path, or its URL
// as upload prints it. A URL must be one that this client would give for the
// path, so that a URL of another server never acts on a file of this one.
func filePath(client *bytescale.Client, arg string) (string, error) {
	if !isURL(arg) {
		if _, err := client.FileURL(arg); err != nil {
			return "", usageError{err}
		}
		return arg, nil
	}
	parsed, err := url.Parse(arg)
	if err != nil {
		return "", usageError{fmt.Errorf("%s is neither a file path nor a URL", withoutSecrets(arg))}
	}
	if _, path, found := strings.Cut(parsed.Path, "/"+client.AccountID()+"/raw/"); found {
		path = "/" + path
		if own, err := client.FileURL(path); err == nil && own == arg {
			return path, nil
		}
	}
	return "", usageError{fmt.Errorf("%s is not the URL of a file of this account; check --cdn-url and --account-id, or give the file's path", withoutSecrets(arg))}
}

func isURL(arg string) bool { return !strings.HasPrefix(arg, "/") && strings.Contains(arg, "://") }

// withoutSecrets is a URL without the user's name and password, and without the
// query, which may be a signature.
func withoutSecrets(address string) string {
	address, _, _ = strings.Cut(address, "?")
	scheme, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + rest[strings.LastIndex(host, "@")+1:]
}

// each does something with one stored file after the other, the failing ones
// reported and the others still done. An argument that can be none is found before
// anything is done.
func (c *connection) each(ctx context.Context, std *streams, files []string, do func(context.Context, *bytescale.Client, string) error) error {
	ctx, client, err := c.connect(ctx, &progress{err: std.err})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	paths := make([]string, len(files))
	for i, arg := range files {
		if paths[i], err = filePath(client, arg); err != nil {
			return err
		}
	}
	var failed error
	for i, arg := range files {
		err := do(ctx, client, paths[i])
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			fmt.Fprintf(std.err, "bytescale: %s: %s\n", shown(arg), explain(err))
			failed = errReported
		}
	}
	return failed
}
