package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/token"
)

// tokenCmd is bytescale token.
type tokenCmd struct {
	account        string
	key            string
	subject, path  string
	allow, tags    []string
	allowedOrigins []string
	lifetime       time.Duration
}

func (c *tokenCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print a JSON web token, for tests.",
		Long: "Print a JSON web token (JWT) for tests and for use in a shell. Applications make\n" +
			"their tokens with the Go package token. The public key must be registered in the\n" +
			"dashboard.",
		Example: "  bytescale token --key private.pem --path /users/42 --allow createFile",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return c.run(std, env) },
	}
	addFlags(cmd, "Signature", func(flags *pflag.FlagSet) {
		flags.StringVar(&c.key, "key", "", "The `file` with the RSA private key in PEM.")
		flags.StringVar(&c.account, "account-id", "", "`ID` of the account, by default that of BYTESCALE_API_KEY.")
		fromEnvironment(flags, "key", "BYTESCALE_JWT_KEY")
		fromEnvironment(flags, "account-id", "BYTESCALE_ACCOUNT_ID")
	})
	addFlags(cmd, "Claims", func(flags *pflag.FlagSet) {
		flags.StringVar(&c.subject, "subject", "bytescale token", "The `name` of the user, by default \"bytescale token\".")
		flags.StringVar(&c.path, "path", "/", "The permissions hold for the folder `path` and all that is in it, by default for everything.")
		flags.StringSliceVar(&c.allow, "allow", nil, "Grant this `permission`; can be repeated: "+strings.Join(permissionNames, ", ")+".")
		flags.StringSliceVar(&c.tags, "tag", nil, "Let the holder give this `tag` to files; can be repeated, * is all.")
		flags.StringSliceVar(&c.allowedOrigins, "origin", nil, "Limit the token to pages of this `origin`, such as https://example.com; can be repeated.")
		flags.DurationVar(&c.lifetime, "lifetime", time.Hour, "The token works for this `duration`, 1m or more, by default 1h.")
	})
	return cmd
}

// run prints one token.
func (c *tokenCmd) run(std *streams, env getenv) error {
	if err := std.needOutput(); err != nil {
		return err
	}
	signer, err := c.signer(env)
	if err != nil {
		return err
	}
	grant := token.Grant{Path: c.path}
	for _, name := range c.allow {
		set, ok := permissions[name]
		if !ok {
			return usageError{fmt.Errorf("--allow: there is no permission %q%s", name, didYouMean(name, permissionNames))}
		}
		set(&grant)
	}
	claims := token.Claims{Subject: c.subject, AllowedOrigins: c.allowedOrigins, WriteTags: c.tags}
	if len(c.allow) > 0 {
		claims.Grants = token.Tree(grant)
		grant.Scope = token.This
		claims.Grants = append(claims.Grants, grant)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return tokenFlag(err)
	}
	_, err = fmt.Fprintln(std.out, signed)
	return err
}

func (c *tokenCmd) signer(env getenv) (*token.Signer, error) {
	if c.key == "" {
		return nil, usageError{errors.New("no private key; name its file with --key or BYTESCALE_JWT_KEY")}
	}
	if c.account == "" {
		key := env("BYTESCALE_API_KEY")
		if key == "" {
			return nil, usageError{errors.New("no account; set BYTESCALE_ACCOUNT_ID or BYTESCALE_API_KEY")}
		}
		client, err := bytescale.NewClient(key) // which knows the account of a key
		if err != nil {
			return nil, usageError{err}
		}
		c.account = client.AccountID()
	}
	text, err := readArgument(c.key)
	if err != nil {
		return nil, about(c.key, err)
	}
	key, err := token.ParsePrivateKey(text)
	if err != nil {
		return nil, tokenFlag(err)
	}
	signer, err := token.NewSigner(c.account, key, token.WithLifetime(c.lifetime))
	if err != nil {
		return nil, tokenFlag(err)
	}
	return signer, nil
}

// tokenFlag names the flag that an error is about.
func tokenFlag(err error) error {
	var argument *token.ArgumentError
	if !errors.As(err, &argument) {
		return err
	}
	for prefix, flag := range map[string]string{
		"key": "--key", "accountId": "--account-id", "lifetime": "--lifetime", "sub": "--subject",
		"allowedOrigins": "--origin", "access.tagPermissions": "--tag", "access.pathPermissions": "--path",
	} {
		if strings.HasPrefix(argument.Field, prefix) {
			return usageError{fmt.Errorf("%s %s", flag, argument.Reason)}
		}
	}
	return usageError{err}
}

// permissions set one permission of a grant, by the name that it has in a token.
var permissions = map[string]func(*token.Grant){
	"createFile":                 func(g *token.Grant) { g.CreateFile = true },
	"createVirtualFolder":        func(g *token.Grant) { g.CreateVirtualFolder = true },
	"deleteFile":                 func(g *token.Grant) { g.DeleteFile = true },
	"deleteVirtualFolder":        func(g *token.Grant) { g.DeleteVirtualFolder = true },
	"downloadFile":               func(g *token.Grant) { g.DownloadFile = []string{"*"} },
	"getFileDetails":             func(g *token.Grant) { g.GetFileDetails = true },
	"getFolderDescription":       func(g *token.Grant) { g.GetFolderDescription = true },
	"getFolderPublicPermissions": func(g *token.Grant) { g.GetFolderPublicPermissions = true },
	"getFolderStorageLayer":      func(g *token.Grant) { g.GetFolderStorageLayer = true },
	"listFolderChildren":         func(g *token.Grant) { g.ListFolderChildren = true },
	"overwriteFile":              func(g *token.Grant) { g.OverwriteFile = true },
	"setFolderDescription":       func(g *token.Grant) { g.SetFolderDescription = true },
	"setFolderPublicPermissions": func(g *token.Grant) { g.SetFolderPublicPermissions = true },
	"setFolderStorageLayer":      func(g *token.Grant) { g.SetFolderStorageLayer = true },
}

var permissionNames = slices.Sorted(maps.Keys(permissions))
