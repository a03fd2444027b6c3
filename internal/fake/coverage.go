package fake

import (
	"sync"

	"github.com/c88edac7/bytescale-go/contract"
)

// processCoverage is the recorder of all servers in this process that have none
// of their own; nil unless the environment asks for one.
var processCoverage = sync.OnceValues(contract.RecorderFromEnv)
