// Package folders knows the rules of folders: which settings hold in them, what
// the public may download, and how they are listed.
package folders

import (
	"encoding/json"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// Settings are those that a folder has of its own.
type Settings struct {
	Description string `json:"description,omitempty"` // "" is none
	// Public is what the public may download. nil is none, so that those of a folder
	// above hold; empty means nothing.
	Public *[]Permission `json:"public,omitempty"`
	// Storage is the storage layer as answers show it, a JSON object; nil is none.
	Storage json.RawMessage `json:"storage,omitempty"`
}

// Permission lets the public download some files.
type Permission struct {
	Scope    Scope    `json:"scope"`
	Download []string `json:"download"` // patterns of transformations, such as raw, * and thumb-*
}

// Of reads the settings that a store keeps.
func Of(folder store.Folder) Settings {
	var settings Settings
	_ = json.Unmarshal(folder.Settings, &settings) // written by Encode, or nothing
	return settings
}

// Encode writes settings for a store.
func (s Settings) Encode() json.RawMessage {
	data, _ := json.Marshal(s) // strings, and JSON that was read before
	return data
}

// From is a setting and the folder that has it.
type From[T any] struct {
	Folder string
	Value  T
}

// Inherited are the settings that a folder has from folders above. A description
// is not inherited.
type Inherited struct {
	Public  *From[[]Permission]
	Storage *From[json.RawMessage]
}

// Inherit returns the settings of the nearest folders that have some. made are the
// folders above that were made, the nearest first.
func Inherit(made []store.Folder) (inherited Inherited) {
	for _, folder := range made {
		settings := Of(folder)
		if settings.Public != nil && inherited.Public == nil {
			inherited.Public = &From[[]Permission]{folder.Path, *settings.Public}
		}
		if settings.Storage != nil && inherited.Storage == nil {
			inherited.Storage = &From[json.RawMessage]{folder.Path, settings.Storage}
		}
	}
	return inherited
}

// IsPublic reports whether anyone may download a file in a transformation. The
// nearest folder that has public permissions decides alone; without any, all files
// are public. made are the folders above the file that were made, the nearest
// first.
func IsPublic(made []store.Folder, file, transformation string) bool {
	public := Inherit(made).Public
	if public == nil {
		return true
	}
	for _, permission := range public.Value {
		if permission.Scope.holds(public.Folder, file) && Matches(permission.Download, transformation) {
			return true
		}
	}
	return false
}

// Matches reports whether one of the patterns is that of a transformation. A
// pattern may end with *, which stands for anything.
func Matches(patterns []string, transformation string) bool {
	for _, pattern := range patterns {
		prefix, open := strings.CutSuffix(pattern, "*")
		if pattern == transformation || open && strings.HasPrefix(transformation, prefix) {
			return true
		}
	}
	return false
}

// Scope is where a permission for a path holds.
type Scope string

// The scopes.
const (
	This          Scope = "This"           // the path itself
	Children      Scope = "Children"       // what is directly in it
	Grandchildren Scope = "Grandchildren+" // what is deeper
)

func (s Scope) holds(folder, path string) bool { return s != "" && s == ScopeOf(folder, path) }

// ScopeOf returns the scope of a path as seen from a folder, "" if it is not in it.
func ScopeOf(folder, path string) Scope {
	switch {
	case path == folder:
		return This
	case !strings.HasPrefix(path, store.Below(folder)):
		return ""
	case store.Parent(path) == folder:
		return Children
	}
	return Grandchildren
}

// IsInternal reports whether the files at a place are those of the service itself.
// made are the folders above that were made, the nearest first. The fake serves no
// others, and no mounts of other folders.
func IsInternal(made []store.Folder) bool {
	storage := Inherit(made).Storage
	if storage == nil {
		return true
	}
	var layer struct {
		Type  string `json:"type"`
		Mount string `json:"mount"`
	}
	_ = json.Unmarshal(storage.Value, &layer) // it was valid when it came
	return layer.Type == internalStorage && (layer.Mount == "" || layer.Mount == storage.Folder)
}

const internalStorage = "InternalStorageV2"
