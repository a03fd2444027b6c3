package bytescale

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Something on the way may take a whole part at once and pass it on slowly. Each attempt
// waits longer for the answer than the one before, so that one of them arrives.
func TestSlowHopThatBuffers(t *testing.T) {
	t.Parallel()
	for passesOn, puts := range map[time.Duration]int{50 * time.Second: 1, 75 * time.Second: 2, 200 * time.Second: 3, 10 * time.Minute: 5} {
		t.Run(passesOn.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				part := strings.Replace(partJSON, `"uploadPartIndex":7`, `"uploadPartIndex":0`, 1)
				part = strings.Replace(part, `5242879`, `999`, 1)
				sent := 0
				c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
					if req.Body != nil {
						_, _ = io.Copy(io.Discard, req.Body)
						req.Body.Close()
					}
					switch {
					case req.URL.Host == "storage.example.com":
						sent++
						select {
						case <-time.After(passesOn):
							return answer(req, 200, "", "ETag", "e"), nil
						case <-req.Context().Done():
							return nil, context.Cause(req.Context())
						}
					case req.Method == http.MethodPut:
						return answer(req, 200, `{"status":"Completed","etag":"e"}`), nil
					case req.Method == http.MethodGet:
						return answer(req, 200, part), nil
					}
					return answer(req, 200, `{"file":`+detailsJSON("/a")+`,"uploadId":"Kd759aLFxttm69kZ","uploadParts":{"count":1,"first":`+part+`}}`), nil
				}))
				if _, err := c.Upload(t.Context(), Bytes(make([]byte, 1000))); err != nil || sent != puts {
					t.Errorf("%d PUTs, want %d: %v", sent, puts, err)
				}
			})
		})
	}
}
