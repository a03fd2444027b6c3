package contract

import (
	"sync"

	"github.com/c88edac7/bytescale-go"
)

// Default is the document that this module is built for, the one that bytescale.OpenAPI returns. It
// is loaded at the first call, which takes some milliseconds.
func Default() *Document { return embedded() }

var embedded = sync.OnceValue(func() *Document {
	document, err := Load(bytescale.OpenAPI())
	if err != nil {
		panic("contract: the embedded document does not load: " + err.Error()) // it is a part of this module
	}
	return document
})
