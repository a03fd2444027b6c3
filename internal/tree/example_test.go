package tree_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/c88edac7/bytescale-go/internal/tree"
)

// A caller ranges over the actions, and deletes nothing after a failure.
func ExamplePlan() {
	here := fstest.MapFS{"a.jpg": {Data: []byte("new")}, "b.jpg": {}, "tmp/c": {}}
	there := func(yield func(tree.Entry, error) bool) {
		_ = yield(tree.Entry{Path: "b.jpg"}, nil) &&
			yield(tree.Entry{Path: "old.jpg"}, nil) &&
			yield(tree.Entry{Path: "tmp/d"}, nil)
	}
	filter, err := tree.NewFilter(nil, []string{"/tmp/"})
	if err != nil {
		fmt.Println(err)
		return
	}
	plan := tree.Plan{
		Source:      tree.Walk(here, filter),
		Destination: there,
		Target:      tree.Service("/photos"),
		Filter:      filter,
	}
	failed := false
	for action, err := range plan.Actions(context.Background()) {
		switch {
		case err != nil:
			fmt.Println(err)
			return
		case action.Kind.Copies():
			fmt.Println("copy", action.Path) // failed = failed || copying fails
		case action.Kind == tree.Extra && !failed:
			fmt.Println("delete", action.Path)
		case action.Kind == tree.Skipped:
			fmt.Println(action.Skip)
		}
	}
	// Output:
	// copy a.jpg
	// delete old.jpg
}
