//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sweep is one option tried over its range, everything else at its default.
type sweep struct {
	title   string
	flag    string // of bench/client
	values  []int
	size    int64
	limited conditions
}

// sweeps are the measurements that the defaults were chosen by.
var sweeps = []sweep{
	{
		title: "PUTs in flight; 512 MB, each PUT limited to 40 MB/s, 50 ms per API call",
		flag:  "-puts", values: []int{1, 2, 4, 8, 16, 32}, size: 512e6,
		limited: conditions{latency: 50 * time.Millisecond, bandwidth: 40e6},
	},
	{
		title: "PUTs in flight; 1 GB, no limit, 0 ms",
		flag:  "-puts", values: []int{1, 2, 4, 8, 16, 32}, size: 1e9,
	},
	{
		title: "API calls in flight; 1 GB, no limit, 50 ms per API call",
		flag:  "-calls", values: []int{2, 4, 8, 16, 32, 64, 128}, size: 1e9,
		limited: conditions{latency: 50 * time.Millisecond},
	},
}

// sweepTable runs the sweeps and writes them as Markdown.
func (b *bench) sweepTable(rounds int) (string, error) {
	var out strings.Builder
	for _, s := range sweeps {
		results, err := b.sweep(s, rounds)
		if err != nil {
			return "", fmt.Errorf("%s: %w", s.title, err)
		}
		fmt.Fprintf(&out, "%s:\n\n| %s | time | CPU | peak RSS |\n|--:|--:|--:|--:|\n", s.title, strings.TrimPrefix(s.flag, "-"))
		for _, r := range results {
			fmt.Fprintf(&out, "| %s | %.2f s | %.2f s | %.1f MB |\n", r.Client, r.seconds(), r.cpu(), r.rss())
		}
		out.WriteString("\n")
	}
	return out.String(), nil
}

func (b *bench) sweep(s sweep, rounds int) ([]result, error) {
	w := work{size: s.size, files: 1}
	if err := w.prepare(b.dir); err != nil {
		return nil, err
	}
	server, err := b.serve(s.limited)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	results := make([]result, len(s.values))
	for range rounds {
		for i, value := range s.values {
			got, err := measure(exec.Command(filepath.Join(b.dir, "client"), s.flag, strconv.Itoa(value), server.url, apiKey, w.paths[0]))
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(os.Stderr, "%s %d: %.2f s\n", s.flag, value, got.Seconds)
			results[i].Client = strconv.Itoa(value)
			results[i].Samples = append(results[i].Samples, got)
		}
	}
	return results, nil
}
