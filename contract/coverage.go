package contract

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const coverageSuffix = ".jsonl"

// Kind is the kind of thing that a [Point] stands for.
type Kind string

// The kinds of points.
const (
	KindRequest   Kind = "request"   // a media type of the request body, or "no body"
	KindResponse  Kind = "response"  // a documented status, or range of statuses, and a media type
	KindSecurity  Kind = "security"  // a form of authentication
	KindParameter Kind = "parameter" // a parameter, by place and name
)

// A Point is one thing that a document describes, and whether it was exercised.
type Point struct {
	Operation string `json:"operation"`
	Kind      Kind   `json:"kind"`
	Value     string `json:"value"`
	Seen      bool   `json:"seen"`
}

// String returns the point in words.
func (p Point) String() string { return fmt.Sprintf("%s %s %s", p.Operation, p.Kind, p.Value) }

// Coverage reports for every point of a document whether it was exercised. [Coverage.WriteTo] prints
// it as a table, and it can be marshaled to JSON.
type Coverage struct {
	Points []Point `json:"points"`
}

// Coverage returns what of the document a recorder has seen.
func (d *Document) Coverage(r *Recorder) *Coverage {
	if r == nil {
		return d.coverage(nil)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return d.coverage(r.seen)
}

// ReadCoverage merges what all recorders have written to a directory. It ignores points that the
// document does not describe, because another version of it may have been in use. The result is empty
// if the directory does not exist.
func (d *Document) ReadCoverage(dir string) (*Coverage, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*"+coverageSuffix))
	if err != nil {
		return nil, err
	}
	seen := map[point]bool{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		for lines.Scan() {
			var p point
			if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			seen[p] = true
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return d.coverage(seen), nil
}

func (d *Document) coverage(seen map[point]bool) *Coverage {
	c := &Coverage{}
	for _, op := range d.operations {
		for _, p := range op.points() {
			c.Points = append(c.Points, Point{p.Operation, p.Kind, p.Value, seen[p]})
		}
	}
	return c
}

// points returns everything that can be exercised in an operation, in the order of the table.
func (op *operation) points() []point {
	var points []point
	add := func(kind Kind, value string) { points = append(points, point{op.id, kind, value}) }
	if op.request == nil {
		add(KindRequest, requestValue(""))
	} else {
		for _, b := range op.request.bodies {
			add(KindRequest, b.media)
		}
	}
	var answers []string
	for _, r := range op.responses.tolerant {
		if len(r.bodies) == 0 {
			answers = append(answers, responseValue(r.key, ""))
		}
		for _, b := range r.bodies {
			answers = append(answers, responseValue(r.key, b.media))
		}
	}
	slices.Sort(answers)
	for _, value := range answers {
		add(KindResponse, value)
	}
	for _, form := range op.security {
		add(KindSecurity, form.name)
	}
	for _, p := range op.params {
		add(KindParameter, string(p.in)+":"+p.name)
	}
	return points
}

// Count returns how many points of the given kinds were seen, and how many there are. Without kinds it
// counts all points.
func (c *Coverage) Count(kinds ...Kind) (seen, total int) {
	for _, p := range c.Points {
		if len(kinds) > 0 && !slices.Contains(kinds, p.Kind) {
			continue
		}
		total++
		if p.Seen {
			seen++
		}
	}
	return seen, total
}

// Missing returns the points of the given kinds that were not seen. Without kinds it returns those of
// all kinds.
func (c *Coverage) Missing(kinds ...Kind) []Point {
	var missing []Point
	for _, p := range c.Points {
		if !p.Seen && (len(kinds) == 0 || slices.Contains(kinds, p.Kind)) {
			missing = append(missing, p)
		}
	}
	return missing
}

// statuses returns the statuses of an operation. Those that were not seen are in parentheses.
func (c *Coverage) statuses(operation string) string {
	var list []string
	for _, p := range c.Points {
		if p.Operation != operation || p.Kind != KindResponse {
			continue
		}
		status, _, _ := strings.Cut(p.Value, " ")
		if !p.Seen {
			status = "(" + status + ")"
		}
		list = append(list, status)
	}
	return strings.Join(list, " ")
}
