package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/rivo/uniseg"
)

// table prints rows of cells. On a terminal it prints columns that fit it. Elsewhere it prints
// whole cells with a tab between them, which no cell contains.
type table struct {
	out     io.Writer
	width   int // of the terminal; 0 if there is none
	columns []column
}

// column is a column of a table. On a terminal it has a fixed width, or shares what is left
// if that is 0.
type column struct {
	width int
	right bool // aligned
}

// The columns that several tables have.
var (
	pathColumn = column{}
	sizeColumn = column{width: len("1023 MiB"), right: true}
	timeColumn = column{width: len(time.RFC3339) - len("07:00")}
)

const (
	gap        = 2  // between columns of a terminal
	leastShare = 10 // of a column without a width, while a fixed one can be left out
)

func newTable(out io.Writer, cols ...column) *table {
	t := &table{out: out, columns: cols}
	if isTerminal(out) {
		t.width = cmp.Or(columns(out), 80)
	}
	return t
}

// row prints a row.
func (t *table) row(cells ...string) error {
	for i, cell := range cells {
		cells[i] = shown(cell)
	}
	line := strings.Join(cells, "\t")
	if t.width > 0 {
		line = t.fitting(cells)
	}
	_, err := fmt.Fprintln(t.out, line)
	return err
}

// size is a number of bytes: rounded on a terminal, exact elsewhere.
func (t *table) size(bytes int64) string {
	if t.width > 0 {
		return size(bytes)
	}
	return strconv.FormatInt(bytes, 10)
}

// moment is a time as it is printed everywhere.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// fitting returns the cells of a row as a line that fits the terminal.
func (t *table) fitting(cells []string) string {
	widths := t.widths()
	var line strings.Builder
	for i, cell := range cells {
		if widths[i] == 0 {
			continue
		}
		if line.Len() > 0 {
			line.WriteString(strings.Repeat(" ", gap))
		}
		cell = fit(cell, widths[i])
		pad := strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell))
		if t.columns[i].right {
			line.WriteString(pad + cell)
		} else {
			line.WriteString(cell + pad)
		}
	}
	return strings.TrimRight(line.String(), " ")
}

// widths returns the width of each column, 0 for one that is left out. Fixed ones are left
// out, from the right, while too little is left for the others.
func (t *table) widths() []int {
	widths := make([]int, len(t.columns))
	flexible, left := 0, t.width+gap
	for i, column := range t.columns {
		widths[i] = column.width
		left -= gap + column.width
		if column.width == 0 {
			flexible++
		}
	}
	for i := len(widths) - 1; i >= 0 && left < flexible*leastShare; i-- {
		if widths[i] > 0 {
			left += widths[i] + gap
			widths[i] = 0
		}
	}
	for i, column := range t.columns {
		if column.width == 0 {
			widths[i] = max(1, left/flexible)
			left -= widths[i]
			flexible--
		}
	}
	return widths
}

// fit cuts the beginning of text that takes more than so many columns. The ends of paths tell
// them apart.
func fit(text string, width int) string {
	const ellipsis = "…"
	left := uniseg.StringWidth(text)
	if left <= width {
		return text
	}
	for text != "" && left > width-1 {
		_, rest, taken, _ := uniseg.FirstGraphemeClusterInString(text, -1)
		text, left = rest, left-taken
	}
	return ellipsis + text
}
