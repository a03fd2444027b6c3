package suite

import (
	"testing"

	"github.com/c88edac7/bytescale-go"
)

// BenchmarkRun is the time of one run of the whole suite.
func BenchmarkRun(b *testing.B) {
	document := bytescale.OpenAPI()
	for b.Loop() {
		if result := Run(document, Options{}); len(result.Failures) > 0 {
			b.Fatal(result.Failures[0])
		}
	}
}
