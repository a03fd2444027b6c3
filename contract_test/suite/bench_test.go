package suite

import (
	"testing"

	"github.com/c88edac7/bytescale-go"
)

// BenchmarkRun is the time of one run of the whole suite.
func BenchmarkRun(b *testing.B) {
	document := bytescale.OpenAPI()
	for b.Loop() {
		if failures := Run(document); len(failures) > 0 {
			b.Fatal(failures[0])
		}
	}
}
