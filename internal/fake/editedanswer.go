package fake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// heldAnswer keeps an answer until it is known what becomes of it.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newHeldAnswer() *heldAnswer { return &heldAnswer{header: http.Header{}} }

func (h *heldAnswer) Header() http.Header { return h.header }

func (h *heldAnswer) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *heldAnswer) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(p)
}

// send answers what was held.
func (h *heldAnswer) send(w http.ResponseWriter) {
	h.WriteHeader(http.StatusOK)
	for name, values := range h.header {
		w.Header()[name] = values
	}
	w.WriteHeader(h.status)
	_, _ = w.Write(h.body.Bytes()) // the client may be gone
}

// edit changes the JSON of a held answer as the fault says.
func (s *Server) edit(held *heldAnswer, f *fault.Fault, x *exchange) {
	var answer any
	decoder := json.NewDecoder(bytes.NewReader(held.body.Bytes()))
	decoder.UseNumber()
	if decoder.Decode(&answer) != nil {
		return // an error of ours, or no JSON at all
	}
	if object, ok := answer.(map[string]any); ok {
		if id, ok := object["uploadId"].(string); ok {
			s.script.Mislead(id)
		}
	}
	for place, value := range f.Set {
		answer = setAt(answer, place, value)
	}
	data, err := json.Marshal(answer)
	if err != nil {
		s.violate(x, "the edit %s gives no JSON: %v", f, err)
		return
	}
	held.body.Reset()
	held.body.Write(data)
	held.header.Del("Content-Length")
}

// setAt gives a JSON value with another value at a place, named by a JSON
// pointer. Null removes a member. A place that does not exist is made if it is
// a member of an object that does, else nothing changes.
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
