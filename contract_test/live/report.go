package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/contract"
)

// report is the result of a run. It contains no secret.
type report struct {
	apiURL       string
	started      time.Time
	coverage     *contract.Coverage
	deviations   []contract.Violation
	failed       []string // steps
	observations []string
	left         []string // files and folders that could not be deleted
}

func (r *report) good() bool { return len(r.deviations) == 0 && len(r.failed) == 0 }

// print writes the report as Markdown.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "## Contract against %s, %s\n\n", r.apiURL, r.started.Format(time.RFC3339))
	fmt.Fprintf(w, "%d deviations from openapi.yaml, %d of %d steps failed.\n", len(r.deviations), len(r.failed), len(steps))
	section(w, "Deviations", lines(r.deviations))
	section(w, "Failed steps", r.failed)
	section(w, "Observations", r.observations)
	section(w, "Left behind, delete by hand", r.left)
	fmt.Fprint(w, "\n### Exercised\n\n```\n")
	var table strings.Builder
	_, _ = r.coverage.WriteTo(&table)                             // to memory
	seen, _, _ := strings.Cut(table.String(), "not exercised:\n") // what is in parentheses already
	fmt.Fprint(w, seen+"```\n")
}

func section(w io.Writer, title string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(w, "\n### %s\n\n", title)
	for _, item := range items {
		fmt.Fprintf(w, "- %s\n", item)
	}
}

// lines returns each deviation once, with how often it was seen.
func lines(found []contract.Violation) (all []string) {
	count := map[contract.Violation]int{}
	for _, v := range found {
		count[v]++
	}
	for _, v := range found {
		if n := count[v]; n > 0 {
			all = append(all, fmt.Sprintf("%s, seen %d times", v, n))
			delete(count, v)
		}
	}
	return all
}
