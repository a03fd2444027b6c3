package mutants

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A Mutant is a document with one deliberate mistake.
type Mutant struct {
	Kind       string   // what was done: "required", "limit", "type", …
	Name       string   // where and how, in one line
	Operations []string // the operations that it touches, in order
	Document   []byte   // JSON
}

// object is a JSON object of the document.
type object = map[string]any

// Of makes all mutants of a document, always the same ones in the same order.
func Of(document []byte) ([]Mutant, error) {
	m, err := newMaker(document)
	if err != nil {
		return nil, err
	}
	m.usage = usageOf(m.root)
	m.servers()
	m.operations()
	m.parameters()
	m.responses()
	m.securitySchemes()
	m.schemas()
	return m.mutants, m.err
}

// Unchanged returns the document that mutants are made of: JSON without examples, and without a mistake. A suite that
// refuses it notices nothing by refusing mutants.
func Unchanged(document []byte) ([]byte, error) {
	m, err := newMaker(document)
	if err != nil {
		return nil, err
	}
	return m.data, nil
}

func newMaker(document []byte) (*maker, error) {
	loaded, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(loaded)
	if err != nil {
		return nil, err
	}
	m := &maker{}
	if err := json.Unmarshal(data, &m.root); err != nil {
		return nil, err
	}
	withoutExamples(m.root)
	m.data, err = json.Marshal(m.root)
	return m, err
}

// maker collects mutants. It looks at root and changes copies of it.
type maker struct {
	data    []byte
	root    object
	usage   usage
	mutants []Mutant
	err     error
}

// place is the path from the root of the document to a node.
type place []string

func (p place) to(tokens ...string) place { return append(slices.Clone(p), tokens...) }

// short returns the place in words, without the parts that all places have.
func (p place) short() string {
	words := slices.DeleteFunc(slices.Clone(p), func(token string) bool {
		return token == "components" || token == "schemas" || token == "paths" || token == "properties" || token == "schema"
	})
	return strings.Join(words, " ")
}

// at returns the object at a place, nil if there is none.
func at(root object, p place) object {
	node := any(root)
	for _, token := range p {
		switch parent := node.(type) {
		case object:
			node = parent[token]
		case []any:
			i := 0
			if _, err := fmt.Sscan(token, &i); err != nil || i >= len(parent) {
				return nil
			}
			node = parent[i]
		default:
			return nil
		}
	}
	found, _ := node.(object)
	return found
}

// add makes a mutant by changing the object at a place.
func (m *maker) add(kind string, p place, what string, change func(node object)) {
	root := clone(m.root).(object)
	node := at(root, p)
	if node == nil {
		m.err = fmt.Errorf("nothing at %v", p)
		return
	}
	change(node)
	document, err := json.Marshal(root)
	if err != nil {
		m.err = err
		return
	}
	m.mutants = append(m.mutants, Mutant{kind, p.short() + ": " + what, m.usage.operations(p), document})
}

// clone copies a node and all below it.
func clone(node any) any {
	switch node := node.(type) {
	case object:
		copied := make(object, len(node))
		for key, value := range node {
			copied[key] = clone(value)
		}
		return copied
	case []any:
		copied := make([]any, len(node))
		for i, value := range node {
			copied[i] = clone(value)
		}
		return copied
	}
	return node
}

// sortedKeys returns the names of the members of an object.
func sortedKeys(node any) []string {
	o, _ := node.(object)
	return slices.Sorted(maps.Keys(o))
}

// list returns a node as an array, nil if it is none.
func list(node any) []any {
	l, _ := node.([]any)
	return l
}

func without(items []any, i int) []any { return slices.Delete(slices.Clone(items), i, i+1) }
