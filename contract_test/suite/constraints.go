package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/c88edac7/bytescale-go/contract"
)

// A ConstraintsResult is the result of [RunConstraints].
type ConstraintsResult struct {
	Failures            []Failure
	Requests, Responses int // messages that break one constraint each
	Good                int // messages at the limits that break none
	// Unbreakable are the constraints that no value breaks alone, because others imply them, like
	// "mime minLength".
	Unbreakable []string
}

// RunConstraints reads every constraint out of a document and demands that the contract layer enforces
// it: for each one, a message that breaks it and nothing else must be refused for exactly that reason,
// in requests by the service as well, and messages at the limits must pass. It does not check whether
// the constraints are right. Of the options, it uses Observe and Every.
func RunConstraints(document []byte, options Options) ConstraintsResult {
	c := &constraintsRun{every: max(options.Every, 1)}
	if err := c.load(document, options); err != nil {
		c.Failures = append(c.Failures, Failure{Check: "constraints", Message: err.Error()})
		return c.ConstraintsResult
	}
	for i := range operations {
		op := &operations[i]
		described := c.described(op.id)
		if body := described.RequestBody; body != nil && body.Value.Content["application/json"] != nil {
			c.requestBodies(op, body.Value.Content["application/json"].Schema)
		}
		for status, response := range described.Responses.Map() {
			if media := response.Value.Content["application/json"]; media != nil && status != "default" {
				code, _ := strconv.Atoi(strings.Replace(status, "XX", "00", 1))
				c.responseBodies(op, code, media.Schema, response.Value.Headers)
			}
		}
		c.parameters(op, described)
	}
	c.record("the fake service", c.service.Close())
	return c.ConstraintsResult
}

type constraintsRun struct {
	*harness
	ConstraintsResult
	doc   *openapi3.T
	every int // each nth sample is tried
	made  int // samples so far
}

// due reports whether the next sample is tried.
func (c *constraintsRun) due() bool {
	c.made++
	return c.made%c.every == 0
}

func (c *constraintsRun) load(document []byte, options Options) error {
	var err error
	if c.doc, err = openapi3.NewLoader().LoadFromData(document); err != nil {
		return err
	}
	loaded, err := contract.Load(document)
	if err != nil {
		return err
	}
	c.harness, err = newHarness(context.Background(), loaded, options)
	return err
}

// described returns an operation as the document describes it, with the parameters of its path.
func (c *constraintsRun) described(id string) *openapi3.Operation {
	for _, item := range c.doc.Paths.Map() {
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

func (c *constraintsRun) requestBodies(op *operation, schema *openapi3.SchemaRef) {
	made := samplesOf(schema, false)
	c.noteUnbreakable(made.unbreakable)
	for _, s := range made.samples {
		c.tryRequest(op, op.requestWith(c.harness, op.path, op.query, encode(s.value)), contract.InBody, s)
	}
}

func (c *constraintsRun) responseBodies(op *operation, status int, schema *openapi3.SchemaRef, headers openapi3.Headers) {
	made := samplesOf(schema, true)
	c.noteUnbreakable(made.unbreakable)
	for _, s := range made.samples {
		if !c.due() {
			continue
		}
		c.what = fmt.Sprintf("%s answered with %v", op.id, s)
		answer := jsonAnswer(status, encode(s.value))
		for name, header := range headers {
			if header.Value.Required {
				answer.header.Set(name, header.Value.Example.(string))
			}
		}
		err := c.sendStubbed(op.request(c.harness), answer)
		if err == nil {
			err = c.wantOnly(contract.Response, contract.InBody, s)
		}
		c.record(c.what, err)
		c.count(&c.Responses, s)
	}
}

// tryRequest sends a request that breaks one constraint, or none.
func (c *constraintsRun) tryRequest(op *operation, r *http.Request, in contract.Location, s sample) {
	if !c.due() {
		return
	}
	var err error
	c.what = fmt.Sprintf("%s with %v", op.id, s)
	if s.rule == "" {
		_, err = c.send(r)
	} else {
		err = c.wantRefused(r, http.StatusBadRequest)
	}
	if err == nil {
		err = c.wantOnly(contract.Request, in, s)
	}
	c.record(c.what, err)
	c.count(&c.Requests, s)
}

// wantOnly compares the violations of the last message with the one of a sample.
func (c *constraintsRun) wantOnly(direction contract.Direction, in contract.Location, s sample) error {
	if s.rule == "" && len(c.seen) == 0 {
		return nil
	}
	if s.rule != "" && len(c.seen) == 1 {
		v := c.seen[0]
		if v.Direction != direction || v.Location != in {
			return fmt.Errorf("the violation is %v", v)
		}
		if v.Pointer == s.at && v.Rule == s.rule || s.rule == "maxItems" && v.Rule == contract.RuleTooLarge { // the rest is not read
			return nil
		}
	}
	return fmt.Errorf("the violations are %v", c.seen)
}

func (c *constraintsRun) count(broken *int, s sample) {
	if s.rule == "" {
		c.Good++
	} else {
		*broken++
	}
}

// noteUnbreakable adds the names of properties or parameters and their constraints, each once.
func (c *constraintsRun) noteUnbreakable(all []unbreakable) {
	for _, u := range all {
		name := u.at[strings.LastIndex(u.at, "/")+1:] + " " + u.rule
		if !slices.Contains(c.Unbreakable, name) {
			c.Unbreakable = append(c.Unbreakable, name)
		}
	}
}

func (c *constraintsRun) record(what string, err error) {
	if err != nil {
		c.Failures = append(c.Failures, Failure{Check: "constraints", Message: fmt.Sprintf("%s: %v", what, err)})
	}
}

func encode(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // it is made of JSON values
	}
	return data
}
