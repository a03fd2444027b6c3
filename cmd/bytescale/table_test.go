package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

func TestTable(t *testing.T) {
	const when = "2026-01-02T03:04:05Z"
	for _, test := range []struct {
		width int
		path  string
		want  string
	}{
		{0, "/a", "5 B\t" + when + "\t/a"},
		{80, "/a", "     5 B  " + when + "  /a"},
		{42, "/photos/a.jpg", "     5 B  " + when + "  …tos/a.jpg"},
		{41, "/photos/a.jpg", "     5 B  /photos/a.jpg"},
		{20, "/photos/a.jpg", "     5 B  …tos/a.jpg"},
		{19, "/photos/a.jpg", "/photos/a.jpg"},
		{5, "/photos/a.jpg", "….jpg"},
		{1, "/photos/a.jpg", "…"},
		{20, "/写真/世界.jpg", "     5 B  …/世界.jpg"},
		{20, "/a\nb\t\x1b[2J", "     5 B  /a\uFFFDb\uFFFD\uFFFD[2J"},
		{0, "/a\nb\t\x1b[2J", "5 B\t" + when + "\t/a\uFFFDb\uFFFD\uFFFD[2J"},
	} {
		var out bytes.Buffer
		table := newTable(&out, sizeColumn, timeColumn, pathColumn)
		table.width = test.width
		if err := table.row("5 B", when, test.path); err != nil || out.String() != test.want+"\n" {
			t.Errorf("%d columns: %q, %v; want %q", test.width, out.String(), err, test.want)
		}
	}
}

// No row is wider than the terminal, and the cut column of a wide character is a blank.
func FuzzTable(f *testing.F) {
	f.Add(20, "/a/写真 é\u200d👩‍👩‍👧.jpg", "x")
	f.Add(3, hostile, "")
	f.Fuzz(func(t *testing.T, width int, path, other string) {
		width = 1 + (width&0x7fffffff)%200
		var out bytes.Buffer
		table := &table{out: &out, width: width, columns: []column{pathColumn, sizeColumn, pathColumn, {width: 10}}}
		if err := table.row(path, "1 KiB", other, "Succeeded"); err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSuffix(out.String(), "\n")
		checkPrinted(t, "a row", line)
		if got := uniseg.StringWidth(line); got > max(width, 4) {
			t.Errorf("%d columns of %d: %q", got, width, line)
		}
	})
}
