// Package contracttest compares openapi.yaml with everything that could disagree with it: the documented examples, the
// facts known about the service, rules for a good description, the SDK and the fake.
package contracttest

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	bytescale "github.com/c88edac7/bytescale-go"
)

// loadSpec loads the embedded openapi.yaml with references resolved. Every call returns a new document, which the caller
// may change.
func loadSpec() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData(bytescale.OpenAPI())
}

// An operation is one operation of a document with its place in the document.
type operation struct {
	*openapi3.Operation

	Method, Path string
	Item         *openapi3.PathItem
}

// operations yields the operations of a document, ordered by path and method.
func operations(document *openapi3.T) iter.Seq[operation] {
	return func(yield func(operation) bool) {
		for _, path := range document.Paths.InMatchingOrder() {
			item := document.Paths.Value(path)
			for method, op := range sorted(item.Operations()) {
				if !yield(operation{op, method, path, item}) {
					return
				}
			}
		}
	}
}

// operationByID returns the operation of that name.
func operationByID(document *openapi3.T, id string) (operation, error) {
	for op := range operations(document) {
		if op.OperationID == id {
			return op, nil
		}
	}
	return operation{}, fmt.Errorf("no operation %s", id)
}

// parameters returns all parameters of the operation, those of its path first.
func (op operation) parameters() []*openapi3.Parameter {
	var all []*openapi3.Parameter
	for _, ref := range slices.Concat(op.Item.Parameters, op.Parameters) {
		all = append(all, ref.Value)
	}
	return all
}

// parameterSchema returns the schema of a parameter, also if the parameter is described by its content.
func parameterSchema(parameter *openapi3.Parameter) *openapi3.SchemaRef {
	if parameter.Schema != nil {
		return parameter.Schema
	}
	for _, media := range sorted(parameter.Content) {
		return media.Schema
	}
	return nil
}

// sorted yields the entries of a map by ascending key.
func sorted[V any](entries map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		keys := make([]string, 0, len(entries))
		for key := range entries {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			if !yield(key, entries[key]) {
				return
			}
		}
	}
}

// componentName returns the last element of a reference, or "" if there is none.
func componentName(ref string) string {
	return ref[strings.LastIndex(ref, "/")+1:]
}
