package contract

import (
	"bytes"
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteTo prints the coverage as a table with one line for each operation, followed by the totals and
// by everything that was not exercised. Statuses that were not seen are in parentheses.
func (c *Coverage) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "OPERATION\tREQUESTS\tRESPONSES\tAUTHENTICATION\tPARAMETERS\tSTATUSES")
	for _, id := range c.operations() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", id, c.ratio(id, KindRequest), c.ratio(id, KindResponse),
			c.ratio(id, KindSecurity), c.ratio(id, KindParameter), c.statuses(id))
	}
	_ = t.Flush() // to memory
	fmt.Fprintln(&b)
	for _, total := range []struct {
		name  string
		kinds []Kind
	}{
		{"exchanges (statuses and media types, both directions)", []Kind{KindRequest, KindResponse}},
		{"forms of authentication", []Kind{KindSecurity}},
		{"parameters", []Kind{KindParameter}},
	} {
		seen, all := c.Count(total.kinds...)
		fmt.Fprintf(&b, "%s: %d of %d, %.1f %%\n", total.name, seen, all, percent(seen, all))
	}
	if missing := c.Missing(); len(missing) > 0 {
		fmt.Fprintln(&b, "not exercised:")
		for _, p := range missing {
			fmt.Fprintf(&b, "  %s\n", p)
		}
	}
	return b.WriteTo(w)
}

func (c *Coverage) operations() (ids []string) {
	for _, p := range c.Points {
		if len(ids) == 0 || ids[len(ids)-1] != p.Operation {
			ids = append(ids, p.Operation)
		}
	}
	return ids
}

func (c *Coverage) ratio(operation string, kind Kind) string {
	var seen, all int
	for _, p := range c.Points {
		if p.Operation == operation && p.Kind == kind {
			all++
			if p.Seen {
				seen++
			}
		}
	}
	return fmt.Sprintf("%d/%d", seen, all)
}

func percent(seen, all int) float64 {
	if all == 0 {
		return 100
	}
	return 100 * float64(seen) / float64(all)
}
