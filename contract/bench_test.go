package contract

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// BenchmarkJSONExchange prints what validation adds to a JSON exchange over loopback: "x-bare" is the
// ratio to the same exchange without it, for the client's side, the server's side and both.
func BenchmarkJSONExchange(b *testing.B) {
	plain := jsonReply(200, begun)
	watched := handlerOver(b, plain, WithStrict())
	var bare time.Duration
	for _, side := range []struct {
		name           string
		client, server bool
	}{{"bare", false, false}, {"transport", true, false}, {"handler", false, true}, {"both", true, true}} {
		b.Run(side.name, func(b *testing.B) {
			var handler http.Handler = plain
			if side.server {
				handler = watched
			}
			server := httptest.NewServer(handler)
			defer server.Close()
			transport := http.DefaultTransport
			if side.client {
				transport = transportOver(b, nil, serversAt(b, server.URL, server.URL))
			}
			r := request(b, "POST", server.URL+uploads, `{"size":10,"mime":"text/plain","path":{"folderPath":"/uploads"},"protocol":"1.1"}`)
			b.ReportAllocs()
			for b.Loop() {
				r.Body, _ = r.GetBody()
				response, err := transport.RoundTrip(r)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
			each := b.Elapsed() / time.Duration(b.N)
			if side.name == "bare" {
				bare = each
			}
			b.ReportMetric(float64(each)/float64(bare), "x-bare")
		})
	}
}
