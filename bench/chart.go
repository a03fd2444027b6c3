//go:build unix

package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"strings"
)

// chart draws the ratios as bars on a logarithmic scale: the line at 1 is our
// own time, a bar to the right is a peer that takes longer.
func (r report) chart() []byte {
	const (
		left, width = 330.0, 430.0
		row, top    = 26.0, 56.0
		low, high   = 0.05, 50.0
	)
	x := func(ratio float64) float64 {
		return left + width*math.Log(min(max(ratio, low), high)/low)/math.Log(high/low)
	}
	var rows []comparison
	for _, c := range comparisons {
		if _, _, measured := r.seconds(c); measured && !c.cpu && c.peer != "" {
			rows = append(rows, c)
		}
	}
	bottom := top + row*float64(len(rows))

	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 %.0f" font-family="sans-serif" font-size="12">`+"\n", bottom+24)
	b.WriteString(`<rect width="100%" height="100%" fill="#fff"/>` + "\n")
	b.WriteString(`<text x="12" y="22" font-size="15" fill="#111">Time of the peer as a multiple of ours (longer is better for us)</text>` + "\n")
	for _, tick := range []float64{0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50} {
		color := "#ddd"
		if tick == 1 {
			color = "#333"
		}
		fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="%.0f" y2="%.0f" stroke="%s"/>`+"\n", x(tick), x(tick), top-6, bottom, color)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.0f" text-anchor="middle" fill="#555">%g×</text>`+"\n", x(tick), top-12, tick)
	}
	for i, c := range rows {
		ours, peer, _ := r.seconds(c)
		ratio := peer / ours
		y := top + row*float64(i)
		from, to := x(1), x(ratio)
		color := "#2a7f62"
		if ratio < 1 {
			from, to, color = to, from, "#b5651d"
		}
		fmt.Fprintf(&b, `<text x="%.0f" y="%.1f" text-anchor="end" fill="#111">%s</text>`+"\n",
			left-12, y+16, html.EscapeString(c.work+", "+strings.TrimPrefix(c.ours, "bytescale ")+" — "+c.peer))
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="16" fill="%s"/>`+"\n", from, y+4, to-from, color)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" fill="#111">%.2f×</text>`+"\n", to+6, y+16, ratio)
	}
	fmt.Fprintf(&b, `<text x="12" y="%.0f" fill="#555">%s</text>`+"\n", bottom+16, html.EscapeString(r.Machine))
	b.WriteString("</svg>\n")
	return b.Bytes()
}
