package contract

import (
	"sync"

	"github.com/c88edac7/bytescale-go"
)

// Default is the document that this module is built for, the one that bytescale.OpenAPI returns. It
// is loaded once.
var Default = sync.OnceValue(func() *Document {
	document, err := Load(bytescale.OpenAPI())
	if err != nil {
		panic("contract: the embedded document does not load: " + err.Error())
	}
	return document
})
