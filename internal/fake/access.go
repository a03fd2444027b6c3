package fake

import (
	"slices"

	"github.com/c88edac7/bytescale-go/internal/fake/folders"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
	"github.com/c88edac7/bytescale-go/token"
)

// caller is who sent a request and what they may do. The zero caller is anyone,
// without credentials.
//
// A secret key may do everything. A public key may upload and download. A JWT
// grants permissions for paths, beside a public key or alone. A signed URL lets
// anyone download what it names.
type caller struct {
	account string
	key     bool // has an API key
	secret  bool // which is a secret one
	grants  []token.Grant
	tags    []string // that a JWT without a key allows to give to files

	signedURL bool // the URL of the request was signed for this account
}

// grantCheck reports whether a grant allows something.
type grantCheck func(*token.Grant) bool

// granted reports whether a secret key or a grant allows something for a path.
func (c *caller) granted(path string, allows grantCheck) bool {
	if c.secret {
		return true
	}
	for i := range c.grants {
		grant := &c.grants[i]
		if folders.ScopeOf(grant.Path, path) == folders.Scope(grant.Scope) && allows(grant) {
			return true
		}
	}
	return false
}

// grantedBelow is granted for everything below a folder, at all levels.
func (c *caller) grantedBelow(folder string, allows grantCheck) bool {
	child := store.Below(folder) + "child"
	return c.granted(child, allows) && c.granted(child+"/grandchild", allows)
}

// grantedIn is granted for what is in a folder: directly, or at all levels.
func (c *caller) grantedIn(folder string, recursive bool, allows grantCheck) bool {
	if recursive {
		return c.grantedBelow(folder, allows)
	}
	return c.granted(store.Below(folder)+"child", allows)
}

func (c *caller) mayCreate(path string) bool { return c.key || c.granted(path, createFile) }

func (c *caller) mayOverwrite(path string) bool { return c.granted(path, overwriteFile) }

// mayDownload reports whether the caller's credentials allow to download a file in
// a transformation. Files that are public are so for everyone, besides.
func (c *caller) mayDownload(path, transformation string) bool {
	return c.key || c.signedURL || c.granted(path, downloadFile(transformation))
}

// checkTags refuses tags that the caller may not give to a file.
func (c *caller) checkTags(tags []string) error {
	if c.key || slices.Contains(c.tags, "*") {
		return nil
	}
	for _, tag := range tags {
		if !slices.Contains(c.tags, tag) {
			return refusal.Errorf(refusal.PermissionDenied, "The credentials do not allow the tag %q.", tag)
		}
	}
	return nil
}

// What a grant allows.
func createFile(g *token.Grant) bool          { return g.CreateFile }
func overwriteFile(g *token.Grant) bool       { return g.OverwriteFile }
func deleteFile(g *token.Grant) bool          { return g.DeleteFile }
func getFileDetails(g *token.Grant) bool      { return g.GetFileDetails }
func listFolderChildren(g *token.Grant) bool  { return g.ListFolderChildren }
func createVirtualFolder(g *token.Grant) bool { return g.CreateVirtualFolder }
func deleteVirtualFolder(g *token.Grant) bool { return g.DeleteVirtualFolder }
func getDescription(g *token.Grant) bool      { return g.GetFolderDescription }
func getPublic(g *token.Grant) bool           { return g.GetFolderPublicPermissions }
func getStorage(g *token.Grant) bool          { return g.GetFolderStorageLayer }
func setDescription(g *token.Grant) bool      { return g.SetFolderDescription }
func setPublic(g *token.Grant) bool           { return g.SetFolderPublicPermissions }
func setStorage(g *token.Grant) bool          { return g.SetFolderStorageLayer }

func downloadFile(transformation string) grantCheck {
	return func(g *token.Grant) bool { return folders.Matches(g.DownloadFile, transformation) }
}
