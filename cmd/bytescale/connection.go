package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
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

// client returns the client that the flags describe. A wrong flag is a usage error,
// because nothing has been sent yet.
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

// checkAddress rejects addresses that NewClient would accept, or describe without
// naming the flag.
func checkAddress(flag, address string) error {
	parsed, err := url.Parse(address)
	switch {
	case err != nil:
		return nil //nolint:nilerr // NewClient reports it
	case parsed.User != nil:
		return fmt.Errorf("%s contains a user name or password; use --api-key", flag)
	case parsed.Port() != "":
		if _, err := strconv.ParseUint(parsed.Port(), 10, 16); err != nil {
			return fmt.Errorf("%s has the port %s, above 65535", flag, parsed.Port())
		}
	}
	return nil
}

// connect returns a client and a context that ends if the server cannot be reached,
// see [reach]. The error that the command reports then comes from outcome.
func (c *connection) connect(ctx context.Context, shows *progress) (context.Context, *bytescale.Client, error) {
	return c.connectObserved(ctx, shows, func(bytescale.Event) {})
}

// connectObserved is connect with an observer and options of the client.
func (c *connection) connectObserved(ctx context.Context, shows *progress, observe func(bytescale.Event), opts ...bytescale.ClientOption) (context.Context, *bytescale.Client, error) {
	ctx, giveUp := context.WithCancelCause(ctx)
	reach := &reach{giveUp: giveUp, note: shows.note}
	client, err := c.client(append(opts, bytescale.WithObserver(func(event bytescale.Event) {
		reach.observe(event)
		observe(event)
	}))...)
	return ctx, client, err
}

// outcome returns the cause of ctx's end if err is due to it, otherwise err.
func outcome(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// filePath returns the path of the stored file that an argument names by its path, with or
// without remotePrefix, or by its URL. The URL may be spelled in another way than upload prints
// it, but it must name the same file: that of another server never acts on a file of this one.
func filePath(client *bytescale.Client, arg string) (string, error) {
	arg, remote, err := remotePath(arg)
	if err != nil {
		return "", err
	}
	if remote || !isURL(arg) {
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
		own, err := client.FileURL(path)
		if err == nil && sameURL(own, parsed) {
			return path, nil
		}
	}
	return "", usageError{fmt.Errorf("%s is not the URL of a file of this account; check --cdn-url and --account-id, or give the file's path", withoutSecrets(arg))}
}

// sameURL reports whether two URLs differ in their spelling only: in the case of scheme
// and host, in the default port, and in which letters of the path are escaped.
func sameURL(address string, other *url.URL) bool {
	own, err := url.Parse(address)
	if err != nil || other.User != nil || other.RawQuery != "" || other.ForceQuery || other.Fragment != "" {
		return false
	}
	return own.Scheme == other.Scheme && strings.EqualFold(own.Hostname(), other.Hostname()) &&
		port(own) == port(other) && slices.Equal(segments(own), segments(other))
}

func port(u *url.URL) string {
	if u.Port() == "" {
		return map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Port()
}

// segments returns the unescaped elements of the path. A slash that is escaped separates
// no elements.
func segments(u *url.URL) []string {
	elements := strings.Split(u.EscapedPath(), "/")
	for i, element := range elements {
		if plain, err := url.PathUnescape(element); err == nil { // the URL was parsed, so it can be unescaped
			elements[i] = plain
		}
	}
	return elements
}

func isURL(arg string) bool { return !strings.HasPrefix(arg, "/") && strings.Contains(arg, "://") }

// withoutSecrets returns a URL without user name and password, and without the query,
// which may contain a signature.
func withoutSecrets(address string) string {
	address, _, _ = strings.Cut(address, "?")
	scheme, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + rest[strings.LastIndex(host, "@")+1:]
}

// each calls do for every file in turn.
func (c *connection) each(ctx context.Context, std *streams, files []string, do func(context.Context, *bytescale.Client, string) error) error {
	return c.eachArgument(ctx, std, files, filePath, do)
}

// eachFolder calls do for every folder in turn.
func (c *connection) eachFolder(ctx context.Context, std *streams, folders []string, do func(context.Context, *bytescale.Client, string) error) error {
	return c.eachArgument(ctx, std, folders, folderPath, do)
}

// eachArgument calls do for what parse makes of every argument in turn. Invalid arguments are
// rejected before the first call.
func (c *connection) eachArgument(ctx context.Context, std *streams, args []string, parse func(*bytescale.Client, string) (string, error), do func(context.Context, *bytescale.Client, string) error) error {
	ctx, client, err := c.connect(ctx, &progress{err: std.err})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	parsed := make([]string, len(args))
	for i, arg := range args {
		if parsed[i], err = parse(client, arg); err != nil {
			return err
		}
	}
	return inTurn(ctx, std, args, func(i int) error { return do(ctx, client, parsed[i]) })
}

// inTurn calls do with the index of each name. A failure is reported with the name, and the
// rest continue. If the client rejects the first call, the command line is wrong, and nothing
// was sent.
func inTurn(ctx context.Context, std *streams, names []string, do func(i int) error) error {
	var failed error
	for i, name := range names {
		err := do(i)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if i == 0 && isRejected(err) {
			return usageError{err}
		}
		if err != nil {
			fmt.Fprintf(std.err, "bytescale: %s: %s\n", shown(name), explain(err))
			failed = errReported
		}
	}
	return failed
}

// isRejected reports whether the client rejected an argument before it sent anything.
func isRejected(err error) bool {
	var argument *bytescale.ArgumentError
	return errors.As(err, &argument)
}
