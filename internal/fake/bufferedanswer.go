package fake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// bufferedAnswer keeps an answer until the fault has decided what is sent.
type bufferedAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newBufferedAnswer() *bufferedAnswer { return &bufferedAnswer{header: http.Header{}} }

func (b *bufferedAnswer) Header() http.Header { return b.header }

func (b *bufferedAnswer) WriteHeader(status int) {
	if b.status == 0 {
		b.status = status
	}
}

func (b *bufferedAnswer) Write(p []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.body.Write(p)
}

// send sends the answer.
func (b *bufferedAnswer) send(w http.ResponseWriter) {
	b.WriteHeader(http.StatusOK)
	for name, values := range b.header {
		w.Header()[name] = values
	}
	w.WriteHeader(b.status)
	_, _ = w.Write(b.body.Bytes()) // fails only if the client has left
}

// edit changes the JSON of an answer by the values of f.Set.
func (s *Server) edit(answer *bufferedAnswer, f *fault.Fault, x *exchange) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(answer.body.Bytes()))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return // not JSON
	}
	if object, ok := value.(map[string]any); ok {
		if id, ok := object["uploadId"].(string); ok {
			s.script.Mislead(id)
		}
	}
	for pointer, to := range f.Set {
		value = setAt(value, pointer, to)
	}
	data, err := json.Marshal(value)
	if err != nil {
		s.violate(x, "the edit %s does not result in JSON: %v", f, err)
		return
	}
	answer.body.Reset()
	answer.body.Write(data)
	answer.header.Del("Content-Length")
}

// setAt returns a JSON value with another value at the place that a JSON pointer
// names. Null removes a member of an object. A member that does not exist is added
// if its object exists. Otherwise nothing changes.
func setAt(value any, pointer string, to json.RawMessage) any {
	if pointer == "" {
		return to
	}
	token, rest, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	if rest != "" {
		rest = "/" + rest
	}
	switch value := value.(type) {
	case map[string]any:
		name := strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		if rest == "" && string(to) == "null" {
			delete(value, name)
			return value
		}
		value[name] = setAt(value[name], rest, to)
	case []any:
		if index, err := strconv.Atoi(token); err == nil && index >= 0 && index < len(value) {
			value[index] = setAt(value[index], rest, to)
		}
	}
	return value
}
