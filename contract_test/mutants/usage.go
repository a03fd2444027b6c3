package mutants

import (
	"encoding/json"
	"slices"
	"strings"
)

// usage knows which operations use which component, and which schemas travel as JSON.
type usage struct {
	root object
	by   map[string][]string // component pointer → operationIds
	json map[string]bool     // pointers of component schemas that bodies of JSON use
}

var methods = []string{"get", "put", "post", "delete"}

func usageOf(root object) usage {
	u := usage{root, map[string][]string{}, map[string]bool{}}
	for _, path := range sortedKeys(root["paths"]) {
		item := at(root, place{"paths", path})
		for _, method := range methods {
			op, ok := item[method].(object)
			if !ok {
				continue
			}
			id, _ := op["operationId"].(string)
			seen := map[string]bool{}
			u.follow(op, id, seen)
			u.follow(item["parameters"], id, seen)
		}
	}
	u.markJSON()
	return u
}

// follow records everything that a node refers to.
func (u usage) follow(node any, id string, seen map[string]bool) {
	for _, ref := range references(node) {
		if seen[ref] {
			continue
		}
		seen[ref] = true
		u.by[ref] = append(u.by[ref], id)
		u.follow(at(u.root, pointerPlace(ref)), id, seen)
	}
}

// markJSON finds the schemas below the content application/json of anything.
func (u usage) markJSON() {
	var walk func(node any)
	var mark func(node any)
	mark = func(node any) {
		for _, ref := range references(node) {
			if !u.json[ref] {
				u.json[ref] = true
				mark(at(u.root, pointerPlace(ref)))
			}
		}
	}
	walk = func(node any) {
		switch node := node.(type) {
		case object:
			for key, value := range node {
				if key == "application/json" {
					mark(value)
				}
				walk(value)
			}
		case []any:
			for _, value := range node {
				walk(value)
			}
		}
	}
	walk(u.root)
}

// operations returns the operations that a place belongs to or that use it.
func (u usage) operations(p place) []string {
	switch {
	case len(p) >= 3 && p[0] == "components":
		if p[1] == "securitySchemes" {
			return u.all()
		}
		return u.by["#/components/"+p[1]+"/"+p[2]]
	case len(p) >= 3 && p[0] == "paths" && slices.Contains(methods, p[2]):
		id, _ := at(u.root, p[:3])["operationId"].(string)
		return []string{id}
	case len(p) >= 2 && p[0] == "paths":
		var ids []string
		for _, method := range methods {
			if id, ok := at(u.root, p[:2].to(method))["operationId"].(string); ok {
				ids = append(ids, id)
			}
		}
		return ids
	}
	return u.all()
}

func (u usage) all() (ids []string) {
	for _, path := range sortedKeys(u.root["paths"]) {
		ids = append(ids, u.operations(place{"paths", path})...)
	}
	return ids
}

// references returns what a node refers to directly.
func references(node any) (refs []string) {
	data, err := json.Marshal(node)
	if err != nil {
		panic(err) // it came out of JSON
	}
	for rest := string(data); ; {
		_, after, ok := strings.Cut(rest, `"#/components/`)
		if !ok {
			slices.Sort(refs)
			return slices.Compact(refs)
		}
		ref, tail, _ := strings.Cut(after, `"`)
		refs = append(refs, "#/components/"+ref)
		rest = tail
	}
}

func pointerPlace(ref string) place { return strings.Split(strings.TrimPrefix(ref, "#/"), "/") }
