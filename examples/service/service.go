// Package service is a web service that takes files from HTML forms and keeps them in
// Bytescale: with limits, tags, one status for each kind of failure, metrics and logs. Its
// test goes through the failures.
package service

import (
	"context"
	"encoding/json"
	"errors"
	"expvar"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/c88edac7/bytescale-go"
)

const (
	maxTag   = 1 << 10          // bytes
	silence  = 30 * time.Second // that a browser may keep
	patience = 5 * time.Minute  // for all of a form
)

// Handler stores the field "file" of POST /files, a multipart/form-data form. Fields "tag"
// before it become tags. The file goes straight through: it is never whole in memory.
// A form may have maxForm bytes.
func Handler(client *bytescale.Client, maxForm int64) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /files", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		file, err := store(ctx, client, r, bytescale.WithReadTimeout(silence, http.NewResponseController(w).SetReadDeadline))
		if err != nil {
			status, retry := statusOf(ctx, err)
			if retry > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(retry.Seconds())))
			}
			http.Error(w, http.StatusText(status), status) // the observer has logged the reason
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", file.FileURL)
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{"path": file.FilePath, "size": file.Size, "sha256": file.SHA256})
	})
	return mux
}

var errForm = errors.New("not a form with a file")

// store reads the form up to its file and uploads that.
func store(ctx context.Context, client *bytescale.Client, r *http.Request, options ...bytescale.UploadOption) (*bytescale.FileDetails, error) {
	form, err := r.MultipartReader()
	if err != nil {
		return nil, errForm
	}
	for {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errForm
		case err != nil:
			return nil, &bytescale.SourceError{Err: err}
		case part.FormName() == "tag":
			tag, err := readField(part)
			if err != nil {
				return nil, err
			}
			options = append(options, bytescale.WithTags(tag))
		case part.FormName() == "file":
			return client.Upload(ctx, bytescale.Stream(part), append(options,
				bytescale.WithMIME(part.Header.Get("Content-Type")), bytescale.WithOriginalFileName(part.FileName()),
				bytescale.WithSHA256())...)
		}
	}
}

func readField(part *multipart.Part) (string, error) {
	text, err := io.ReadAll(io.LimitReader(part, maxTag))
	if err != nil {
		return "", &bytescale.SourceError{Err: err}
	}
	return string(text), nil
}

// statusOf returns the status to answer with, and after how long to try again.
func statusOf(ctx context.Context, err error) (status int, retry time.Duration) {
	var (
		tooLarge *http.MaxBytesError
		argument *bytescale.ArgumentError
		body     *bytescale.SourceError
		refused  *bytescale.APIError
	)
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, 0
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return http.StatusGatewayTimeout, 0
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout, 0
	case errors.As(err, &argument): // a tag or a type that the service does not take
		return http.StatusUnprocessableEntity, 0
	case errors.Is(err, errForm), errors.As(err, &body):
		return http.StatusBadRequest, 0
	case errors.As(err, &refused) && refused.RetryAfter > 0:
		return http.StatusServiceUnavailable, refused.RetryAfter
	}
	return http.StatusBadGateway, 0
}

// Metrics returns an observer that counts uploads, their bytes and seconds, and retries.
func Metrics(to *expvar.Map) func(bytescale.Event) {
	return func(e bytescale.Event) {
		switch {
		case e.Kind == bytescale.EventRetry:
			to.Add("retries", 1)
		case e.Kind == bytescale.EventUploadEnd && e.Err != nil:
			to.Add("failed", 1)
		case e.Kind == bytescale.EventUploadEnd:
			to.Add("stored", 1)
			to.Add("bytes", e.Bytes)
			to.AddFloat("seconds", e.Duration.Seconds())
		}
	}
}
