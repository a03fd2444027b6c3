package token

import (
	"encoding/json"
	"errors"
	"time"
)

// Claims are what a token says: who holds it and what it allows. They encode to
// JSON as the payload of the token (BytescaleJwt in the vendor's documentation).
type Claims struct {
	// Subject is the application's name for the user ("sub"). It is required. The
	// service does not interpret it.
	Subject string
	// AccountID is the account that the token is for ("accountId"). Leave it empty
	// for [Signer.Sign], which fills in the signer's account; another one is refused.
	AccountID string
	// APIKeyID ties the token to one API key of the account, such as "F91kfA1g"
	// ("apiKeyId"). Empty means any.
	APIKeyID string
	// AllowedOrigins are the origins of the pages that may use the token, such as
	// "https://example.com": scheme, host and port, no slash at the end
	// ("allowedOrigins"). Empty means any.
	AllowedOrigins []string
	// Grants are the permissions, each for the files or folders that it matches
	// ("access.pathPermissions"). A token without grants adds nothing to the
	// permissions of the API key that it is sent with.
	Grants []Grant
	// WriteTags are the tags that the holder may give to files; "*" is every tag
	// ("access.tagPermissions.write").
	WriteTags []string
	// IssuedAt is when the token was made, to the second ("iat"). Zero means now.
	IssuedAt time.Time
	// Expires is when the token stops working, cut to the second ("exp"). Zero means
	// IssuedAt and the lifetime of the signer's tokens, see [WithLifetime].
	Expires time.Time
}

// A Scope is the distance from the path of a [Grant] to what the grant matches.
type Scope string

// The scopes. They do not include each other.
const (
	This          Scope = "This"           // the file or folder at the path itself
	Children      Scope = "Children"       // what is directly in the folder
	Grandchildren Scope = "Grandchildren+" // what is in folders below the folder, at any depth
)

// Grant is a set of permissions for the files and folders that Path and Scope
// match. The names of the permissions are those of the API. A permission that is
// false is not mentioned in the token.
type Grant struct {
	// Path is an absolute path that begins with a slash and does not end with one,
	// such as "/users/42"; "/" is the root folder ("match.path").
	Path string
	// Scope is how far from Path the grant holds ("match.scope"). It is required. See
	// [Tree] for a folder with everything in it.
	Scope Scope

	// DownloadFile allows downloads in these forms: "raw" is the original, "image"
	// and the like a transformation, "thumbnail-*" every preset whose name begins so,
	// "*" everything.
	DownloadFile []string
	// GetFileDetails allows to read size, tags, metadata and the rest.
	GetFileDetails bool
	// CreateFile allows uploads to paths where there is no file.
	CreateFile bool
	// OverwriteFile allows uploads that replace a file.
	OverwriteFile bool
	// DeleteFile allows to delete files.
	DeleteFile bool

	// ListFolderChildren allows to list what is directly in a folder.
	ListFolderChildren bool
	// GetFolderDescription, GetFolderPublicPermissions and GetFolderStorageLayer
	// allow to read these settings of a folder.
	GetFolderDescription       bool
	GetFolderPublicPermissions bool
	GetFolderStorageLayer      bool
	// CreateVirtualFolder allows to create a folder.
	CreateVirtualFolder bool
	// DeleteVirtualFolder allows to delete a folder. The files in it need DeleteFile.
	DeleteVirtualFolder bool
	// SetFolderDescription, SetFolderPublicPermissions and SetFolderStorageLayer
	// allow to change these settings of a folder.
	SetFolderDescription       bool
	SetFolderPublicPermissions bool
	SetFolderStorageLayer      bool
}

// Tree returns two grants in place of one: for what is directly in the folder
// grant.Path ([Children]) and for everything further down ([Grandchildren]), since
// no scope covers both. The scope of the argument is ignored. The folder itself,
// which matters for listing it and for its settings, is [This] and not included.
func Tree(grant Grant) []Grant {
	below := grant
	grant.Scope, below.Scope = Children, Grandchildren
	return []Grant{grant, below}
}

// The payload as it travels. Numbers and the subject are pointers where a payload
// without them must be noticed.
type (
	wireClaims struct {
		Expires        *int64      `json:"exp"`
		IssuedAt       *int64      `json:"iat"`
		Subject        *string     `json:"sub"`
		AccountID      string      `json:"accountId,omitempty"`
		APIKeyID       string      `json:"apiKeyId,omitempty"`
		AllowedOrigins []string    `json:"allowedOrigins,omitempty"`
		Access         *wireAccess `json:"access,omitempty"`
	}
	wireAccess struct {
		PathPermissions []wireGrant     `json:"pathPermissions,omitempty"`
		TagPermissions  *wireTagPattern `json:"tagPermissions,omitempty"`
	}
	wireTagPattern struct {
		Write []string `json:"write,omitempty"`
	}
	wireGrant struct {
		Match struct {
			Path  string `json:"path"`
			Scope Scope  `json:"scope"`
		} `json:"match"`
		Permissions struct {
			Read  wireRead  `json:"read,omitzero"`
			Write wireWrite `json:"write,omitzero"`
		} `json:"permissions"`
	}
	wireRead struct {
		File   *wireReadFile  `json:"file,omitempty"`
		Folder wireReadFolder `json:"folder,omitzero"`
	}
	wireReadFile struct {
		DownloadFile   []string `json:"downloadFile,omitempty"`
		GetFileDetails bool     `json:"getFileDetails,omitempty"`
	}
	wireReadFolder struct {
		GetFolderDescription       bool `json:"getFolderDescription,omitempty"`
		GetFolderPublicPermissions bool `json:"getFolderPublicPermissions,omitempty"`
		GetFolderStorageLayer      bool `json:"getFolderStorageLayer,omitempty"`
		ListFolderChildren         bool `json:"listFolderChildren,omitempty"`
	}
	wireWrite struct {
		File   wireWriteFile   `json:"file,omitzero"`
		Folder wireWriteFolder `json:"folder,omitzero"`
	}
	wireWriteFile struct {
		CreateFile    bool `json:"createFile,omitempty"`
		DeleteFile    bool `json:"deleteFile,omitempty"`
		OverwriteFile bool `json:"overwriteFile,omitempty"`
	}
	wireWriteFolder struct {
		CreateVirtualFolder        bool `json:"createVirtualFolder,omitempty"`
		DeleteVirtualFolder        bool `json:"deleteVirtualFolder,omitempty"`
		SetFolderDescription       bool `json:"setFolderDescription,omitempty"`
		SetFolderPublicPermissions bool `json:"setFolderPublicPermissions,omitempty"`
		SetFolderStorageLayer      bool `json:"setFolderStorageLayer,omitempty"`
	}
)

// MarshalJSON returns the payload of a token. It checks nothing; [Signer.Sign]
// does.
func (c Claims) MarshalJSON() ([]byte, error) {
	expires, issued := c.Expires.Unix(), c.IssuedAt.Unix()
	wire := wireClaims{
		Expires:        &expires,
		IssuedAt:       &issued,
		Subject:        &c.Subject,
		AccountID:      c.AccountID,
		APIKeyID:       c.APIKeyID,
		AllowedOrigins: c.AllowedOrigins,
	}
	if len(c.Grants) > 0 || len(c.WriteTags) > 0 {
		wire.Access = &wireAccess{}
	}
	for _, grant := range c.Grants {
		wire.Access.PathPermissions = append(wire.Access.PathPermissions, grant.wire())
	}
	if len(c.WriteTags) > 0 {
		wire.Access.TagPermissions = &wireTagPattern{Write: c.WriteTags}
	}
	return json.Marshal(wire)
}

// UnmarshalJSON reads the payload of a token. Members that it does not know are
// ignored. A payload without "exp", "iat" or "sub", or with a time before 1970, is
// an error.
func (c *Claims) UnmarshalJSON(data []byte) error {
	var wire wireClaims
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	if wire.Expires == nil || wire.IssuedAt == nil || wire.Subject == nil {
		return errors.New(`one of "exp", "iat" and "sub" is missing`)
	}
	if *wire.Expires < 0 || *wire.IssuedAt < 0 {
		return errors.New(`"exp" or "iat" is negative`)
	}
	*c = Claims{
		Subject:        *wire.Subject,
		AccountID:      wire.AccountID,
		APIKeyID:       wire.APIKeyID,
		AllowedOrigins: wire.AllowedOrigins,
		IssuedAt:       time.Unix(*wire.IssuedAt, 0).UTC(),
		Expires:        time.Unix(*wire.Expires, 0).UTC(),
	}
	if wire.Access == nil {
		return nil
	}
	for _, grant := range wire.Access.PathPermissions {
		c.Grants = append(c.Grants, grant.grant())
	}
	if wire.Access.TagPermissions != nil {
		c.WriteTags = wire.Access.TagPermissions.Write
	}
	return nil
}

func (g *Grant) wire() (wire wireGrant) {
	wire.Match.Path, wire.Match.Scope = g.Path, g.Scope
	if len(g.DownloadFile) > 0 || g.GetFileDetails {
		wire.Permissions.Read.File = &wireReadFile{DownloadFile: g.DownloadFile, GetFileDetails: g.GetFileDetails}
	}
	wire.Permissions.Read.Folder = wireReadFolder{
		GetFolderDescription:       g.GetFolderDescription,
		GetFolderPublicPermissions: g.GetFolderPublicPermissions,
		GetFolderStorageLayer:      g.GetFolderStorageLayer,
		ListFolderChildren:         g.ListFolderChildren,
	}
	wire.Permissions.Write = wireWrite{
		File: wireWriteFile{CreateFile: g.CreateFile, DeleteFile: g.DeleteFile, OverwriteFile: g.OverwriteFile},
		Folder: wireWriteFolder{
			CreateVirtualFolder:        g.CreateVirtualFolder,
			DeleteVirtualFolder:        g.DeleteVirtualFolder,
			SetFolderDescription:       g.SetFolderDescription,
			SetFolderPublicPermissions: g.SetFolderPublicPermissions,
			SetFolderStorageLayer:      g.SetFolderStorageLayer,
		},
	}
	return wire
}

func (w *wireGrant) grant() Grant {
	readFolder, writeFile, writeFolder := w.Permissions.Read.Folder, w.Permissions.Write.File, w.Permissions.Write.Folder
	g := Grant{
		Path:                       w.Match.Path,
		Scope:                      w.Match.Scope,
		CreateFile:                 writeFile.CreateFile,
		OverwriteFile:              writeFile.OverwriteFile,
		DeleteFile:                 writeFile.DeleteFile,
		ListFolderChildren:         readFolder.ListFolderChildren,
		GetFolderDescription:       readFolder.GetFolderDescription,
		GetFolderPublicPermissions: readFolder.GetFolderPublicPermissions,
		GetFolderStorageLayer:      readFolder.GetFolderStorageLayer,
		CreateVirtualFolder:        writeFolder.CreateVirtualFolder,
		DeleteVirtualFolder:        writeFolder.DeleteVirtualFolder,
		SetFolderDescription:       writeFolder.SetFolderDescription,
		SetFolderPublicPermissions: writeFolder.SetFolderPublicPermissions,
		SetFolderStorageLayer:      writeFolder.SetFolderStorageLayer,
	}
	if file := w.Permissions.Read.File; file != nil {
		g.DownloadFile, g.GetFileDetails = file.DownloadFile, file.GetFileDetails
	}
	return g
}
