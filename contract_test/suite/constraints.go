package suite

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/c88edac7/bytescale-go/contract"
)

// A Derivation counts what Derived has tried.
type Derivation struct {
	Requests, Responses int      // values that break one constraint each
	Good                int      // values at the limits, and just within
	Implied             []string // constraints that no value breaks alone, because others imply them: "mime minLength"
}

// Derived reads every constraint out of a document and demands that the contract layer enforces it: for each one, a
// message that breaks it and nothing else must be refused for exactly that reason, in requests by the service as well,
// and messages at the limits must pass. It says nothing about whether the constraints are right.
func Derived(document []byte) (Derivation, []Failure) {
	w := &derivedWorld{}
	if err := w.load(document); err != nil {
		return w.Derivation, []Failure{{"derived", err.Error()}}
	}
	defer w.close()
	for i := range operations {
		op := &operations[i]
		described := w.described(op.id)
		if body := described.RequestBody; body != nil && body.Value.Content["application/json"] != nil {
			w.requestBodies(op, body.Value.Content["application/json"].Schema)
		}
		for status, response := range described.Responses.Map() {
			if media := response.Value.Content["application/json"]; media != nil && status != "default" {
				code, _ := strconv.Atoi(strings.Replace(status, "XX", "00", 1))
				w.responseBodies(op, code, media.Schema, response.Value.Headers)
			}
		}
		w.parameters(op, described)
	}
	return w.Derivation, w.failures
}

type derivedWorld struct {
	*world
	Derivation
	doc *openapi3.T
}

func (w *derivedWorld) load(document []byte) error {
	var err error
	if w.doc, err = openapi3.NewLoader().LoadFromData(document); err != nil {
		return err
	}
	loaded, err := contract.Load(document)
	if err != nil {
		return err
	}
	if w.world, err = newWorld(loaded, nil); err != nil {
		return err
	}
	w.ctx, w.fail = background(), w.note
	return nil
}

// described finds an operation in the document.
func (w *derivedWorld) described(id string) *openapi3.Operation {
	for _, item := range w.doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.OperationID == id {
				merged := *op
				merged.Parameters = append(append(openapi3.Parameters{}, item.Parameters...), op.Parameters...)
				return &merged
			}
		}
	}
	return &openapi3.Operation{Responses: openapi3.NewResponses()}
}

func (w *derivedWorld) requestBodies(op *operation, schema *openapi3.SchemaRef) {
	breaches, implied := derive(schema, false)
	w.noteImplied(implied)
	for _, b := range breaches {
		r := op.requestWith(w.world, op.path, op.query, encode(b.value))
		w.judgeRequest(op, r, contract.InBody, b)
	}
}

func (w *derivedWorld) responseBodies(op *operation, status int, schema *openapi3.SchemaRef, headers openapi3.Headers) {
	breaches, implied := derive(schema, true)
	w.noteImplied(implied)
	header := http.Header{"Content-Type": {"application/json"}}
	for name, h := range headers {
		if h.Value.Required {
			header.Set(name, h.Value.Example.(string))
		}
	}
	for _, b := range breaches {
		w.canned = canned{status, header, encode(b.value)}
		what := op.id + " answered with " + b.String()
		if response := w.sendBy(w.stubbed, op.request(w.world), what); response != nil {
			w.judge(what, contract.Response, contract.InBody, b)
		}
		if b.rule != "" {
			w.Responses++
		}
	}
}

// judgeRequest sends a request that breaks one constraint, or none.
func (w *derivedWorld) judgeRequest(op *operation, r *http.Request, in contract.Location, b breach) {
	what := op.id + " with " + b.String()
	if b.rule != "" {
		w.Requests++
		w.refusedWith(r, what, http.StatusBadRequest)
	} else if w.send(r, what) == nil {
		return
	}
	w.judge(what, contract.Request, in, b)
}

// judge compares the violations that were seen with the one that is to be seen.
func (w *derivedWorld) judge(what string, direction contract.Direction, in contract.Location, b breach) {
	if b.rule == "" {
		w.Good++
		if len(w.seen) > 0 {
			w.fail("%s, a good value: %v", what, w.seen[0])
		}
		return
	}
	if len(w.seen) != 1 || w.seen[0].Direction != direction || w.seen[0].Location != in || w.seen[0].Pointer != b.at || w.seen[0].Rule != b.rule {
		w.fail("%s: seen is %v", what, w.seen)
	}
}

// noteImplied remembers the name of the property or parameter and the constraint, once.
func (w *derivedWorld) noteImplied(all []implied) {
	for _, i := range all {
		name := i.at[strings.LastIndex(i.at, "/")+1:] + " " + i.rule
		if !slices.Contains(w.Implied, name) {
			w.Implied = append(w.Implied, name)
		}
	}
}

func (w *derivedWorld) note(format string, args ...any) {
	w.failures = append(w.failures, failure("derived", format, args...))
}

func encode(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // it is made of JSON values
	}
	return data
}
