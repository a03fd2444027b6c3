package folders

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// Query selects what of a folder to list.
type Query struct {
	Account, Folder   string
	Cursor            string // of the page before; "" is the first page
	Limit             int    // the most entries to look at
	Recursive         bool
	Descending        bool
	DryRun            bool // what a copy or deletion with the same filters would touch
	Files             bool
	OverriddenStorage bool // also the files of folders that override the storage
	PhysicalFolders   bool
	VirtualFolders    bool
}

// Page is a part of a list.
type Page struct {
	Entries  []store.Entry
	Cursor   string
	Complete bool // nothing comes after it
}

// ErrCursor reports that a cursor does not belong to the list.
var ErrCursor = errors.New("the cursor is not one of this list")

// List lists a page. The filters apply after the limit, so a page may be short or
// empty without being the last one.
func List(from store.Store, query Query) (Page, error) {
	after, err := query.position()
	if err != nil {
		return Page{}, err
	}
	entries, err := from.List(store.Listing{
		AccountID: query.Account, Folder: query.Folder, Recursive: query.Recursive, Descending: query.Descending,
		After: after, Limit: query.Limit + 1, // one more tells whether this is the last page
	})
	if err != nil {
		return Page{}, err
	}
	page := Page{Complete: len(entries) <= query.Limit}
	entries = entries[:min(len(entries), query.Limit)]
	last := after
	if last.Path == "" {
		last = store.Position{Path: query.Folder, Folder: true}
	}
	places := Places{Store: from, Account: query.Account, Root: query.Folder}
	for _, entry := range entries {
		last = entry.Position
		wanted, err := query.wants(&places, entry)
		if err != nil {
			return Page{}, err
		}
		if wanted {
			page.Entries = append(page.Entries, entry)
		}
	}
	page.Cursor = encodeCursor(last)
	return page, nil
}

func (q *Query) wants(places *Places, entry store.Entry) (bool, error) {
	if entry.Folder {
		switch {
		case q.DryRun && !q.Recursive:
			return false, nil // neither a copy nor a deletion of one level touches a folder in it
		case entry.Made != nil:
			return q.VirtualFolders, nil
		}
		return q.PhysicalFolders, nil
	}
	if !q.Files {
		return false, nil
	}
	place, err := places.Of(entry.Path)
	return place.Internal && (q.OverriddenStorage || !place.Overridden), err
}

// folderCursor begins the cursors of folders; those of files are plain paths.
const folderCursor = "folder:"

// position reads the cursor.
func (q *Query) position() (store.Position, error) {
	if q.Cursor == "" {
		return store.Position{}, nil
	}
	data, err := base64.StdEncoding.DecodeString(q.Cursor)
	path, folder := strings.CutPrefix(string(data), folderCursor)
	switch {
	case err != nil:
		return store.Position{}, ErrCursor
	case folder && path == q.Folder: // of an empty list
		return store.Position{}, nil
	case !strings.HasPrefix(path, store.Below(q.Folder)):
		return store.Position{}, ErrCursor
	}
	return store.Position{Path: path, Folder: folder}, nil
}

func encodeCursor(last store.Position) string {
	text := last.Path
	if last.Folder {
		text = folderCursor + text
	}
	return base64.StdEncoding.EncodeToString([]byte(text))
}

// Place is what holds where a file is.
type Place struct {
	Internal   bool // the file is one of the service itself
	Overridden bool // a folder below the root sets the storage
}

// Places finds what holds in the folders below a root, each folder once.
type Places struct {
	Store         store.Store
	Account, Root string

	known map[string]Place
}

// Of returns what holds for a file.
func (p *Places) Of(file string) (Place, error) {
	folder := store.Parent(file)
	if place, ok := p.known[folder]; ok {
		return place, nil
	}
	made, err := p.Store.Folders(p.Account, folder)
	if err != nil {
		return Place{}, err
	}
	place := Place{Internal: IsInternal(made)}
	for _, above := range made {
		if strings.HasPrefix(above.Path, store.Below(p.Root)) && above.Path != p.Root && Of(above).Storage != nil {
			place.Overridden = true
		}
	}
	if p.known == nil {
		p.known = map[string]Place{}
	}
	p.known[folder] = place
	return place, nil
}
