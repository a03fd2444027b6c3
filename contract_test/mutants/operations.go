package mutants

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// servers changes the hosts.
func (m *maker) servers() {
	if len(list(m.root["servers"])) > 0 {
		m.add("server", place{"servers", "0"}, "another host", func(node object) { node["url"] = "https://api.example.com" })
	}
	for _, path := range sortedKeys(m.root["paths"]) {
		p := place{"paths", path}
		if len(list(at(m.root, p)["servers"])) > 0 {
			m.add("server", p.to("servers", "0"), "another host", func(node object) { node["url"] = "https://cdn.example.com" })
			m.add("server", p, "those of the API", func(node object) { delete(node, "servers") })
		}
	}
}

// operations changes each operation as a whole.
func (m *maker) operations() {
	for _, path := range sortedKeys(m.root["paths"]) {
		p := place{"paths", path}
		m.add("path", place{"paths"}, "the path "+path+" has another segment", func(paths object) {
			i := strings.LastIndex(path, "/")
			for i > 0 && strings.HasPrefix(path[i+1:], "{") { // parameters stay, their segment goes elsewhere
				i = strings.LastIndex(path[:i], "/")
			}
			segment := "/v"
			if path[i+1] == '{' { // all segments are parameters
				segment = "/v/"
			}
			paths[path[:i]+segment+path[i+1:]] = paths[path]
			delete(paths, path)
		})
		for _, method := range methods {
			if op := at(m.root, p.to(method)); op != nil {
				m.operation(p, method, op)
			}
		}
	}
}

func (m *maker) operation(item place, method string, op object) {
	p := item.to(method)
	m.add("operation", item, "no "+method, func(node object) { delete(node, method) })
	m.add("method", item, method+" is patch", func(node object) { node["patch"] = node[method]; delete(node, method) })
	m.security(p, op)
	m.requestBody(p, op)
	responses := at(op, place{"responses"})
	for _, status := range sortedKeys(op["responses"]) {
		if status == "default" {
			continue
		}
		m.add("status", p.to("responses"), "no "+status, func(node object) { delete(node, status) })
		m.add("status", p.to("responses"), status+" is 451", func(node object) { node["451"] = node[status]; delete(node, status) })
		if response, ok := responses[status].(object); ok && response["$ref"] == nil {
			m.response(p.to("responses", status), response)
		}
	}
	for _, status := range []string{"201", "409"} {
		m.add("status", p.to("responses"), status+" as well", func(node object) { node[status] = node["400"] })
	}
}

// security changes who may call an operation.
func (m *maker) security(p place, op object) {
	forms := list(op["security"])
	if op["security"] == nil {
		forms = list(m.root["security"])
	}
	for i, form := range forms {
		m.add("security", p, "not with "+formName(form), func(node object) { node["security"] = without(forms, i) })
	}
	anonymous := slices.ContainsFunc(forms, func(form any) bool { return len(form.(object)) == 0 })
	if !anonymous {
		m.add("security", p, "anonymous as well", func(node object) { node["security"] = append(slices.Clone(forms), object{}) })
		m.add("security", p, "none", func(node object) { node["security"] = []any{} })
	}
	m.add("security", p, "a token alone as well", func(node object) {
		node["security"] = append(slices.Clone(forms), object{"AuthorizationToken": []any{}})
	})
}

func formName(form any) string {
	if names := sortedKeys(form); len(names) > 0 {
		return strings.Join(names, " and ")
	}
	return "nothing"
}

func (m *maker) requestBody(p place, op object) {
	body := at(op, place{"requestBody"})
	if body == nil {
		m.add("body", p, "a body is required", func(node object) {
			node["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": object{"type": "object"}}}}
		})
		return
	}
	p = p.to("requestBody")
	m.add("required", p, "not required", func(node object) { delete(node, "required") })
	m.media(p, body)
}

// media changes the media types of a message.
func (m *maker) media(p place, message object) {
	for _, media := range sortedKeys(message["content"]) {
		other := map[string]string{"application/json": "application/cbor", "*/*": "image/*", "multipart/form-data": "application/x-www-form-urlencoded"}[media]
		m.add("media type", p.to("content"), media+" is "+other, func(node object) { node[other] = node[media]; delete(node, media) })
		if media == "application/json" {
			m.add("media type", p.to("content"), "anything", func(node object) { node["*/*"] = node[media]; delete(node, media) })
		}
	}
}

// response changes one answer: its media types and headers.
func (m *maker) response(p place, response object) {
	if content := at(response, place{"content"}); content != nil {
		m.media(p, response)
		m.add("body", p, "no body", func(node object) { delete(node, "content") })
	} else {
		m.add("body", p, "a JSON body", func(node object) {
			node["content"] = object{"application/json": object{"schema": object{"type": "object"}}}
		})
	}
	for _, name := range sortedKeys(response["headers"]) {
		header := at(response, place{"headers", name})
		ref, _ := header["$ref"].(string)
		if ref == "" || at(m.root, pointerPlace(ref))["required"] == true {
			continue
		}
		m.add("required", p.to("headers"), name+" is required", func(node object) {
			changed := maps.Clone(at(m.root, pointerPlace(ref)))
			changed["required"] = true
			node[name] = changed
		})
		if schema := at(m.root, pointerPlace(ref).to("schema")); schema["pattern"] != nil || schema["minLength"] != nil {
			m.add("header", p.to("headers"), "no "+name, func(node object) { delete(node, name) })
		}
	}
}

// responses changes the answers that operations share, and their headers.
func (m *maker) responses() {
	for _, name := range sortedKeys(at(m.root, place{"components", "responses"})) {
		p := place{"components", "responses", name}
		if onlyDefault(m.root, name) {
			continue
		}
		m.response(p, at(m.root, p))
	}
	for _, name := range sortedKeys(at(m.root, place{"components", "headers"})) {
		p := place{"components", "headers", name}
		header := at(m.root, p)
		if header["required"] == true {
			m.add("required", p, "not required", func(node object) { delete(node, "required") })
		}
		m.schema(p.to("schema"), at(header, place{"schema"}), false)
	}
}

// onlyDefault reports whether a shared response is used for "default" alone, which allows nothing.
func onlyDefault(root object, name string) bool {
	for _, path := range sortedKeys(root["paths"]) {
		for _, method := range methods {
			responses := at(root, place{"paths", path, method, "responses"})
			for status := range responses {
				if ref, _ := at(responses, place{status})["$ref"].(string); status != "default" && strings.HasSuffix(ref, "/"+name) {
					return false
				}
			}
		}
	}
	return true
}

// securitySchemes changes how credentials are sent.
func (m *maker) securitySchemes() {
	for _, name := range sortedKeys(at(m.root, place{"components", "securitySchemes"})) {
		p := place{"components", "securitySchemes", name}
		switch scheme := at(m.root, p); scheme["type"] {
		case "http":
			other := map[any]string{"bearer": "basic", "basic": "bearer"}[scheme["scheme"]]
			m.add("security", p, fmt.Sprintf("%s is %s", scheme["scheme"], other), func(node object) { node["scheme"] = other })
			m.add("security", p, "a key in another header", func(node object) {
				delete(node, "scheme")
				node["type"], node["in"], node["name"] = "apiKey", "header", "X-Api-Key"
			})
		case "apiKey":
			m.add("security", p, "another header", func(node object) { node["name"] = "X-Token" })
		}
	}
}
