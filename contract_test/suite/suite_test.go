package suite

import (
	"testing"

	"github.com/c88edac7/bytescale-go"
)

func TestRun(t *testing.T) {
	for _, f := range Run(bytescale.OpenAPI()) {
		t.Error(f)
	}
}
