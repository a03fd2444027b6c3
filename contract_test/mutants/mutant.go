package mutants

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A Mutant is a document with one deliberate mistake.
type Mutant struct {
	Kind       string   // what was done: "required", "limit", "type", …
	Name       string   // where and how, in one line
	Operations []string // the operations that it touches, in order

	root   object // the document without the mistake, which all mutants share
	place  place
	change func(node object)
}

// Document returns the document with the mistake, in JSON. It is made anew by each call, because all of them together take
// gigabytes. Calls may be concurrent.
func (m Mutant) Document() []byte {
	root, node := copyTo(m.root, m.place)
	m.change(node.(object))
	document, err := json.Marshal(root)
	if err != nil {
		panic(err) // it came out of JSON
	}
	return document
}

// copyTo copies what stands at a place, all below it, and the objects and lists that it is in. The rest is shared. It
// returns the copies of the whole and of what stands at the place.
func copyTo(node any, p place) (whole, at any) {
	if len(p) == 0 {
		copied := clone(node)
		return copied, copied
	}
	switch node := node.(type) {
	case object:
		copied := maps.Clone(node)
		copied[p[0]], at = copyTo(node[p[0]], p[1:])
		return copied, at
	case []any:
		copied := slices.Clone(node)
		i, err := strconv.Atoi(p[0])
		if err != nil {
			panic(err) // add has looked it up
		}
		copied[i], at = copyTo(node[i], p[1:])
		return copied, at
	}
	panic(fmt.Sprintf("no place below %v", node)) // add has looked it up
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

// maker collects mutants. It looks at root; mutants change copies of it.
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
	if at(m.root, p) == nil {
		m.err = fmt.Errorf("nothing at %v", p)
		return
	}
	m.mutants = append(m.mutants, Mutant{
		Kind: kind, Name: p.short() + ": " + what, Operations: m.usage.operations(p), root: m.root, place: p, change: change,
	})
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
