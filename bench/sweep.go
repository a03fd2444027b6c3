//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sweep is one option tried over its range, everything else at its default.
type sweep struct {
	title  string
	flags  []string // of bench/client, or of the command for many files; the value follows
	values []int
	work
}

// sweeps are the measurements that the defaults were chosen by. On loopback one
// connection is as fast as many: it takes a limit to each PUT to see what is
// gained by more of them.
var sweeps = []sweep{
	{
		title: "PUTs in flight (512 MB, 40 MB/s per PUT, 50 ms)",
		flags: []string{"-puts"}, values: []int{1, 2, 4, 8, 16, 32},
		work: work{files: 1, size: 512e6, conditions: conditions{latency: 50 * time.Millisecond, bandwidth: 40e6}},
	},
	{
		title: "PUTs in flight (1 GB, 0 ms)",
		flags: []string{"-puts"}, values: []int{1, 2, 4, 8, 16, 32},
		work: work{files: 1, size: 1e9},
	},
	{
		title: "API calls in flight (1 GB, 50 ms)",
		flags: []string{"-calls"}, values: []int{2, 4, 8, 16, 32, 64, 128},
		work: work{files: 1, size: 1e9, conditions: conditions{latency: 50 * time.Millisecond}},
	},
	{
		title: "MiB of buffers (stream of 512 MB, 40 MB/s per PUT, 50 ms)",
		flags: []string{"-stream", "-budget"}, values: []int{16, 32, 64, 128},
		work: work{files: 1, size: 512e6, conditions: conditions{latency: 50 * time.Millisecond, bandwidth: 40e6}},
	},
	{
		title: "MiB of buffers (stream of 1 GB, 0 ms)",
		flags: []string{"-stream", "-budget"}, values: []int{16, 32, 64, 128},
		work: work{files: 1, size: 1e9},
	},
	{
		title: "files at a time (1000 × 10 KB, 0 ms)",
		flags: []string{"--files"}, values: []int{8, 16, 32, 64, 128, 256},
		work: work{files: 1000, size: 10e3},
	},
	{
		title: "files at a time (1000 × 10 KB, 50 ms)",
		flags: []string{"--files"}, values: []int{8, 16, 32, 64, 128, 256},
		work: work{files: 1000, size: 10e3, conditions: conditions{latency: 50 * time.Millisecond}},
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
		out.WriteString(s.table(results))
	}
	return out.String(), nil
}

// table has a column for each value.
func (s sweep) table(results []result) string {
	head, line := "| "+s.title, "\n|---"
	seconds, cpu, rss := "\n| time", "\n| CPU", "\n| peak RSS"
	for i, r := range results {
		head += fmt.Sprintf(" | %d", s.values[i])
		line += "|--:"
		seconds += fmt.Sprintf(" | %.2f s", r.seconds())
		cpu += fmt.Sprintf(" | %.2f s", r.cpu())
		rss += fmt.Sprintf(" | %.1f MB", r.rss())
	}
	return head + " |" + line + "|" + seconds + " |" + cpu + " |" + rss + " |\n\n"
}

func (b *bench) sweep(s sweep, rounds int) ([]result, error) {
	if err := s.prepare(b.dir); err != nil {
		return nil, err
	}
	server, err := b.serve(s.work)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	results := make([]result, len(s.values))
	for range rounds {
		for i, value := range s.values {
			cmd, err := b.sweepCommand(s, server, strconv.Itoa(value))
			if err != nil {
				return nil, err
			}
			got, err := measure(cmd)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(os.Stderr, "%s %d: %.2f s\n", strings.Join(s.flags, " "), value, got.Seconds)
			results[i].Samples = append(results[i].Samples, got)
		}
	}
	return results, nil
}

// sweepCommand tries one value. How many files are uploaded at a time is up to
// the command, all else to the SDK.
func (b *bench) sweepCommand(s sweep, server *server, value string) (*exec.Cmd, error) {
	option := append(slices.Clone(s.flags), value)
	if s.files == 1 {
		return exec.Command(filepath.Join(b.dir, "client"), append(option, server.url, apiKey, s.paths[0])...), nil
	}
	cmd, err := b.commandFile(s.work, server)
	if err != nil {
		return nil, err
	}
	cmd.Args = append(cmd.Args, option...)
	return cmd, nil
}
