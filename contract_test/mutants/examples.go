package mutants

// withoutExamples removes all examples from a document. With them, many mutants would not load, and the suite would not
// have to notice.
func withoutExamples(node any) any {
	switch node := node.(type) {
	case []any:
		for i, item := range node {
			node[i] = withoutExamples(item)
		}
	case object:
		for key, value := range node {
			switch {
			case key == "properties":
				for name, property := range value.(object) { // which may be called anything
					value.(object)[name] = withoutExamples(property)
				}
			case key == "example", key == "examples":
				delete(node, key)
			default:
				node[key] = withoutExamples(value)
			}
		}
	}
	return node
}
