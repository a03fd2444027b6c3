package bytescaletest_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/gen"
)

// BenchmarkDiscard sends one large part over and over to a server that
// discards: the ceiling of what a client can be measured against.
func BenchmarkDiscard(b *testing.B) {
	const size = 64 << 20
	srv := bytescaletest.NewServer(b, bytescaletest.WithPartSize(size), bytescaletest.WithDiscard())
	begun, err := srv.Client().API().BeginMultipartUploadWithResponse(b.Context(), srv.AccountID(),
		gen.BeginMultipartUploadRequest{Size: size, Protocol: gen.MultipartUploadProtocolV11})
	if err != nil || begun.JSON200 == nil {
		b.Fatal(err)
	}
	content, web := make([]byte, size), srv.HTTPClient()
	b.SetBytes(size)
	for b.Loop() {
		request, err := http.NewRequestWithContext(b.Context(), http.MethodPut, begun.JSON200.UploadParts.First.UploadURL, bytes.NewReader(content))
		if err != nil {
			b.Fatal(err)
		}
		response, err := web.Do(request)
		if err != nil || response.StatusCode != http.StatusOK {
			b.Fatal(response, err)
		}
		response.Body.Close()
	}
}
