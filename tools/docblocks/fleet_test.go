package docblocks

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"
)

// The assumptions of the section "A fleet" in docs/performance.md.
const (
	fleetRate       = 800    // API calls per second
	fleetLink       = 1.25e9 // bytes per second
	fleetRoundTrip  = 0.020  // seconds
	fleetConnection = 100e6  // bytes per second
	fleetPuts       = 8      // large PUTs in flight
	fleetSmallPuts  = 64     // PUTs in flight of less than 1 MiB
	mebibyte        = 1 << 20
)

// fleetWork is a row of the table.
type fleetWork struct {
	name        string
	files, size float64
	part        float64 // the largest
	single      bool    // in a single request, where it applies
	puts        float64 // in flight, 0 for the default
}

// parts returns how many parts a file has, and how large one is on average.
func (w fleetWork) parts() (n, size float64) {
	n = math.Ceil(w.size / w.part)
	return n, w.size / n
}

// calls returns the number of API calls.
func (w fleetWork) calls() float64 {
	if w.single {
		return w.files
	}
	n, _ := w.parts()
	return w.files * 2 * n
}

// speed returns how many bytes per second one machine sends.
func (w fleetWork) speed() float64 {
	_, size := w.parts()
	puts := w.puts
	switch {
	case puts != 0:
	case size < mebibyte:
		puts = fleetSmallPuts
	default:
		puts = fleetPuts
	}
	return min(fleetLink, puts*size/(fleetRoundTrip+size/fleetConnection))
}

func (w fleetWork) row() string {
	hours := func(rate float64) (rateHours, bytesHours float64) {
		return w.calls() / rate / 3600, w.files * w.size / w.speed() / 3600
	}
	cell := func(rate float64) string {
		rateHours, bytesHours := hours(rate)
		machines := math.Ceil(bytesHours / rateHours)
		return fmt.Sprintf("%.0f | %.1f h", machines, max(rateHours, bytesHours/machines))
	}
	rateHours, bytesHours := hours(fleetRate)
	return fmt.Sprintf("| %s | %s million | %.1f h | %s/s | %.1f h | %s | %s |", w.name, humanize.CommafWithDigits(w.calls()/1e6, 1),
		rateHours, humanize.Bytes(uint64(w.speed())), bytesHours, cell(fleetRate), cell(10*fleetRate))
}

// The numbers of the table follow from the formulas above it.
func TestFleetTable(t *testing.T) {
	const million, fiveMiB = 1e6, 5 * mebibyte
	page := pages(t)["docs/performance.md"]
	for _, w := range []fleetWork{
		{name: "100 million × 100 KB, 10 TB", files: 100 * million, size: 100e3, part: fiveMiB},
		{name: "the same with `--single-request 1MiB`", files: 100 * million, size: 100e3, part: fiveMiB, single: true},
		{name: "100 million × 10 MB, 1 PB", files: 100 * million, size: 10e6, part: fiveMiB},
		{name: "1 million × 1 GB, 1 PB", files: million, size: 1e9, part: fiveMiB},
		{name: "1000 × 1 TB, 1 PB", files: 1000, size: 1e12, part: 96 * mebibyte},
		{name: "the same with 16 PUTs in flight", files: 1000, size: 1e12, part: 96 * mebibyte, puts: 16},
	} {
		if row := w.row(); !strings.Contains(page, row+"\n") {
			t.Errorf("docs/performance.md does not have the row\n%s", row)
		}
	}
}
