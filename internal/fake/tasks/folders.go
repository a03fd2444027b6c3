package tasks

import (
	"unicode/utf8"

	"github.com/c88edac7/bytescale-go/internal/fake/folders"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// FolderDeletion is one folder to delete and what of it.
type FolderDeletion struct {
	Path           string `json:"path"`
	Files          bool   `json:"files"`
	VirtualFolders bool   `json:"virtualFolders"`
	Recursive      bool   `json:"recursive"`
}

// FolderDeletions deletes folders: of each the files first, and then the folders
// in it, because their settings decide which files are its own.
type FolderDeletions struct {
	Target    `json:"-"`
	Folders   []FolderDeletion `json:"folders"`   // those still to delete; the first one perhaps in part
	FilesGone bool             `json:"filesGone"` // of the first folder
	Done      []string         `json:"done"`
	walk
}

// FolderCopy is one folder to copy and what of it.
type FolderCopy struct {
	Source            string `json:"source"`
	Destination       string `json:"destination"`
	Files             bool   `json:"files"`
	OverriddenStorage bool   `json:"overriddenStorage"`
	VirtualFolders    bool   `json:"virtualFolders"`
	Recursive         bool   `json:"recursive"`
	Overwrite         bool   `json:"overwrite,omitempty"`
	Data              Data   `json:"data"`
}

// FolderCopies copies folders.
type FolderCopies struct {
	Target  `json:"-"`
	Folders []FolderCopy `json:"folders"` // those still to copy; the first one perhaps in part
	Done    []Pair       `json:"done"`
	walk
}

// walk is how far the walk through one folder is, and what it has found.
type walk struct {
	After       store.Position `json:"after"`
	FileCount   int            `json:"files"`
	FolderCount int            `json:"folderCount"`
	next        store.Position
	last        bool // nothing of the folder is left after what was planned
	plannedDirs int
}

// plan lists the next entries of a folder.
func (w *walk) plan(target Target, folder string, recursive bool, n int) ([]store.Entry, error) {
	entries, err := target.Store.List(store.Listing{
		AccountID: target.Account, Folder: folder, Recursive: recursive, After: w.After, Limit: n,
	})
	if w.last = len(entries) < n; !w.last {
		w.next = entries[len(entries)-1].Position
	}
	return entries, err
}

// advance notes that what was planned is done, and reports whether the folder is.
func (w *walk) advance(files, folders int) bool {
	w.FileCount += files
	w.FolderCount += folders
	if w.last {
		w.next = store.Position{}
	}
	w.After = w.next
	return w.last
}

// Next implements the work of a job.
func (d *FolderDeletions) Next(n int) (changes store.Changes, err error) {
	if len(d.Folders) == 0 {
		return store.Changes{}, nil
	}
	folder := d.Folders[0]
	entries, err := d.plan(d.Target, folder.Path, folder.Recursive, n)
	if err != nil {
		return store.Changes{}, err
	}
	if d.FilesGone {
		return d.nextFolders(folder, entries), nil
	}
	places := d.places(folder.Path)
	for _, entry := range entries {
		if entry.Folder || !folder.Files {
			continue
		}
		switch place, err := places.Of(entry.Path); {
		case err != nil:
			return store.Changes{}, err
		case place.Internal:
			changes.DeleteFiles = append(changes.DeleteFiles, entry.Path)
		}
	}
	return changes, nil
}

// nextFolders deletes the virtual folders among the entries of a folder, and at
// the end that folder.
func (d *FolderDeletions) nextFolders(folder FolderDeletion, entries []store.Entry) (changes store.Changes) {
	if !folder.VirtualFolders {
		return store.Changes{}
	}
	for _, entry := range entries {
		if folder.Recursive && entry.Made != nil {
			changes.DeleteFolders = append(changes.DeleteFolders, entry.Path)
		}
	}
	if d.last {
		changes.DeleteFolders = append(changes.DeleteFolders, folder.Path)
	}
	return changes
}

// Applied implements the work of a job.
func (d *FolderDeletions) Applied(changed store.Changed) bool {
	if len(d.Folders) == 0 {
		return true
	}
	switch last := d.advance(len(changed.DeletedFiles), len(changed.DeletedFolders)); {
	case !last:
	case !d.FilesGone:
		d.FilesGone = true
	default:
		d.Done = append(d.Done, d.Folders[0].Path)
		d.Folders, d.FilesGone = d.Folders[1:], false
	}
	return len(d.Folders) == 0
}

// Summary implements the work of a job.
func (d *FolderDeletions) Summary() any {
	return map[string]any{"deletions": notNil(d.Done), "files": d.FileCount, "folders": d.FolderCount}
}

// Next implements the work of a job.
func (c *FolderCopies) Next(n int) (changes store.Changes, err error) {
	if len(c.Folders) == 0 {
		return store.Changes{}, nil
	}
	folder := c.Folders[0]
	if c.After == (store.Position{}) && folder.Recursive && folder.VirtualFolders {
		if changes.MakeFolders, err = c.settingsOf(folder); err != nil {
			return store.Changes{}, err
		}
	}
	entries, err := c.plan(c.Target, folder.Source, folder.Recursive, n)
	if err != nil {
		return store.Changes{}, err
	}
	places := c.places(folder.Source)
	for _, entry := range entries {
		destination := store.Below(folder.Destination) + entry.Path[len(store.Below(folder.Source)):]
		if utf8.RuneCountInString(destination) > maxPath {
			return store.Changes{}, &refusal.Error{Code: refusal.PathInvalid}
		}
		switch {
		case entry.Folder && folder.Recursive && folder.VirtualFolders && entry.Made != nil:
			changes.MakeFolders = append(changes.MakeFolders, store.Folder{Path: destination, Settings: entry.Made.Settings})
		case !entry.Folder && folder.Files:
			if err := c.addFile(&changes, places, folder, entry.Path, destination); err != nil {
				return store.Changes{}, err
			}
		}
	}
	c.plannedDirs = len(changes.MakeFolders)
	return changes, nil
}

// addFile adds the copy of a file to changes, unless it lies in storage that is not copied.
func (c *FolderCopies) addFile(changes *store.Changes, places *folders.Places, folder FolderCopy, source, destination string) error {
	place, err := places.Of(source)
	if err != nil || !place.Internal || place.Overridden && !folder.OverriddenStorage {
		return err
	}
	planned, err := c.Plan(FileCopy{Source: source, Destination: destination, Overwrite: folder.Overwrite, Data: folder.Data})
	if err != nil {
		return err
	}
	changes.Copies = append(changes.Copies, planned)
	return nil
}

// settingsOf returns the copy of a folder itself, if it was made.
func (c *FolderCopies) settingsOf(folder FolderCopy) ([]store.Folder, error) {
	made, err := c.Store.Folders(c.Account, folder.Source)
	if err != nil || len(made) == 0 || made[0].Path != folder.Source {
		return nil, err
	}
	return []store.Folder{{Path: folder.Destination, Settings: made[0].Settings}}, nil
}

// Applied implements the work of a job.
func (c *FolderCopies) Applied(changed store.Changed) bool {
	if len(c.Folders) == 0 {
		return true
	}
	files := 0
	for _, copied := range changed.Copied {
		if copied {
			files++
		}
	}
	if c.advance(files, c.plannedDirs) {
		c.Done = append(c.Done, Pair{c.Folders[0].Source, c.Folders[0].Destination})
		c.Folders = c.Folders[1:]
	}
	return len(c.Folders) == 0
}

// Summary implements the work of a job.
func (c *FolderCopies) Summary() any {
	return map[string]any{"copies": notNil(c.Done), "files": c.FileCount, "folders": c.FolderCount}
}

// Nothing is a task without work, such as the reset of a cache that the fake does
// not have.
type Nothing struct {
	Result map[string]any `json:"result"` // the summary
}

// Next implements the work of a job.
func (*Nothing) Next(int) (store.Changes, error) { return store.Changes{}, nil }

// Applied implements the work of a job.
func (*Nothing) Applied(store.Changed) bool { return true }

// Summary implements the work of a job.
func (n *Nothing) Summary() any { return n.Result }
