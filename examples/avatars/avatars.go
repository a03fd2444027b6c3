// Package avatars is a small web service that takes a picture from its caller
// and keeps it in Bytescale. Its test shows how such a service is tested.
package avatars

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go"
)

// silence is how long a caller may send nothing.
const silence = 30 * time.Second

// Handler stores the body of POST /avatars/{user}. The body goes straight through:
// it is never whole in memory. A caller that goes silent ends its own upload, and delays
// no other one meanwhile. When the caller disconnects, the request's context ends the
// upload. No file is stored then.
func Handler(client *bytescale.Client) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /avatars/{user}", func(w http.ResponseWriter, r *http.Request) {
		mime := r.Header.Get("Content-Type")
		if !strings.HasPrefix(mime, "image/") || r.ContentLength < 0 {
			http.Error(w, "an image of known length, please", http.StatusUnsupportedMediaType)
			return
		}
		file, err := client.Upload(r.Context(), bytescale.Reader(r.Body, r.ContentLength),
			bytescale.WithPath("/avatars/"+r.PathValue("user")),
			bytescale.WithMIME(mime),
			bytescale.WithReadTimeout(silence, http.NewResponseController(w).SetReadDeadline))
		var refused *bytescale.APIError
		var body *bytescale.SourceError
		switch {
		case err == nil:
			w.Header().Set("Location", file.FileURL)
			w.WriteHeader(http.StatusCreated)
		case errors.As(err, &refused) && refused.Status == http.StatusForbidden:
			http.Error(w, "there is an avatar already", http.StatusConflict)
		case errors.Is(err, os.ErrDeadlineExceeded):
			http.Error(w, "nothing came for too long", http.StatusRequestTimeout)
		case errors.As(err, &body):
			http.Error(w, "the picture could not be read", http.StatusBadRequest)
		default:
			http.Error(w, fmt.Sprint("not stored: ", err), http.StatusBadGateway)
		}
	})
	return mux
}
