package bytescaletest

import (
	"encoding/json"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/fake/folders"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// Folder is a folder that was made with PutFolder or [Server.AddFolder]. Folders that
// exist only because of the files in them are not among these.
type Folder struct {
	Path        string
	Description string // "" is none
	// PublicPermissions are what anyone may download without credentials. nil is none,
	// so that those of a folder above hold; an empty list makes the folder private.
	PublicPermissions []PublicPermission
	// StorageLayer is where the files are, as ListFolder shows it: a JSON object with a
	// type, such as {"type":"InternalStorageV2"}. nil is none: then the
	// setting of a folder above holds. The server serves only internal storage.
	StorageLayer json.RawMessage
}

// PublicPermission lets anyone download some files of a folder.
type PublicPermission struct {
	Scope        string   // "This", "Children" or "Grandchildren+"
	DownloadFile []string // such as "raw", "*" or "thumbnail-*"
}

// AddFolder makes a folder in [Server.AccountID], and the folders above it that are
// missing. The settings replace those that it has. It panics if the path does not
// begin with a slash, which is a mistake in the test.
func (s *Server) AddFolder(folder Folder) {
	if !strings.HasPrefix(folder.Path, "/") {
		panic("bytescaletest: AddFolder: the path does not begin with a slash")
	}
	settings := folders.Settings{Description: folder.Description, Storage: folder.StorageLayer}
	if folder.PublicPermissions != nil {
		public := []folders.Permission{}
		for _, permission := range folder.PublicPermissions {
			public = append(public, folders.Permission{Scope: folders.Scope(permission.Scope), Download: permission.DownloadFile})
		}
		settings.Public = &public
	}
	if err := s.core.AddFolder(s.AccountID(), folder.Path, settings); err != nil {
		panic("bytescaletest: AddFolder: " + err.Error())
	}
}

// Folders lists the folders of [Server.AccountID] that were made, by path.
func (s *Server) Folders() []Folder {
	stored, _ := s.core.Folders(s.AccountID()) // a store in memory does not fail
	made := make([]Folder, 0, len(stored))
	for _, folder := range stored {
		made = append(made, folderOf(folder))
	}
	return made
}

func folderOf(stored store.Folder) Folder {
	settings := folders.Of(stored)
	folder := Folder{Path: stored.Path, Description: settings.Description, StorageLayer: settings.Storage}
	if settings.Public != nil {
		folder.PublicPermissions = []PublicPermission{}
		for _, permission := range *settings.Public {
			folder.PublicPermissions = append(folder.PublicPermissions, PublicPermission{
				Scope: string(permission.Scope), DownloadFile: permission.Download,
			})
		}
	}
	return folder
}
