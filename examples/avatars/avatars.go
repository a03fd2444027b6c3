// Package avatars is a small web service that takes a picture from its caller
// and keeps it in Bytescale. Its test shows how such a service is tested.
package avatars

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/c88edac7/bytescale-go"
)

// Handler stores the body of POST /avatars/{user}. The body goes straight through:
// it is never whole in memory. When the client disconnects, the request's context
// ends the upload and no file is stored.
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
			bytescale.WithMIME(mime))
		var refused *bytescale.APIError
		switch {
		case err == nil:
			w.Header().Set("Location", file.FileURL)
			w.WriteHeader(http.StatusCreated)
		case errors.As(err, &refused) && refused.Status == http.StatusForbidden:
			http.Error(w, "there is an avatar already", http.StatusConflict)
		default:
			http.Error(w, fmt.Sprint("not stored: ", err), http.StatusBadGateway)
		}
	})
	return mux
}
