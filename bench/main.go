//go:build unix

// Command bench measures our client beside curl and the official JavaScript
// SDK and prints ratios. All clients are processes of their own and upload to
// a server in another process that discards the bytes (the stub). Rounds alternate
// between the clients, the medians of the rounds count, so that what else the
// machine does hits all of them alike.
//
// What it needs is built and installed first; a peer that cannot be had is
// said to be missing.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	out := flag.String("out", "build/bench", "directory for results.json, table.md and ratios.svg")
	docs := flag.String("docs", "", "also rewrite performance.md and performance.svg in this directory")
	rounds := flag.Int("rounds", 5, "runs of each client; three times as many of short works")
	defaults := flag.Bool("defaults", false, "instead, try the options over their ranges: what the defaults were chosen by")
	emulator := flag.Bool("emulator", false, "upload to the emulator instead of the stub server")
	quick := flag.Bool("quick", false, "only the 100 MB works, to try a change")
	flag.Parse()
	b := &bench{emulator: *emulator}
	if err := b.run(*out, *docs, *rounds, *quick, *defaults); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(out, docs string, rounds int, quick, defaults bool) error {
	scratch, err := os.MkdirTemp("", "bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	b.dir, b.root = scratch, root
	if err := b.build(); err != nil {
		return err
	}

	if defaults {
		table, err := b.sweepTable(rounds)
		fmt.Print(table)
		return err
	}

	report := report{Machine: machine(), Rounds: rounds}
	clients := b.clients()
	for _, c := range clients {
		if c.missing != "" {
			report.Missing = append(report.Missing, c.name+": "+c.missing)
		}
	}
	for _, w := range b.works(quick) {
		results, err := b.measureWork(w, clients, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		report.Results = append(report.Results, results...)
	}

	table := report.table()
	fmt.Println(table)
	if err := os.MkdirAll(out, 0o700); err != nil {
		return err
	}
	data, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(out, "results.json"), append(data, '\n'), 0o600),
		os.WriteFile(filepath.Join(out, "table.md"), []byte(table), 0o600),
		os.WriteFile(filepath.Join(out, "ratios.svg"), report.chart(), 0o600),
	)
	if docs != "" {
		err = errors.Join(err,
			os.WriteFile(filepath.Join(docs, "performance.svg"), report.chart(), 0o600),
			replaceBetweenMarks(filepath.Join(docs, "performance.md"), table))
	}
	return err
}

// build makes the programs that are measured, and installs the peer.
func (b *bench) build() error {
	if err := b.buildPrograms(); err != nil {
		return err
	}
	if missing("npm") == "" {
		cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
		cmd.Dir = filepath.Join(b.root, "bench", "js")
		if output, err := cmd.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "bench: npm: %v\n%s", err, tail(string(output)))
		}
	}
	return nil
}

func (b *bench) buildPrograms() (err error) {
	if b.cert, err = newCertificate(b.dir); err != nil {
		return err
	}
	for target, source := range map[string]string{"bytescale": "./cmd/bytescale", "client": "./bench/client", "stub": "./bench/stub"} {
		cmd := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(b.dir, target), source)
		cmd.Dir = b.root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build has it: no C library
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go build %s: %w", source, err)
		}
	}
	return nil
}

// measureWork runs every client that can do the work, in rounds.
func (b *bench) measureWork(w work, clients []client, rounds int) ([]result, error) {
	if err := w.prepare(b.dir); err != nil {
		return nil, err
	}
	s, err := b.serve(conditions{latency: w.latency, tls: w.tls})
	if err != nil {
		return nil, err
	}
	defer s.stop()

	var able []client
	for _, c := range clients {
		if c.missing == "" && c.does(w) {
			able = append(able, c)
		}
	}
	results := make([]result, len(able))
	for round := range w.rounds(rounds) {
		for i := range able {
			i := (i + round) % len(able) // nobody is always first
			cmd, err := able[i].command(w, s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", able[i].name, err)
			}
			got, err := measure(cmd)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", able[i].name, err)
			}
			fmt.Fprintf(os.Stderr, "%-22s %-18s %6.2f s\n", w.name, able[i].name, got.Seconds)
			results[i].Work, results[i].Client = w.name, able[i].name
			results[i].Samples = append(results[i].Samples, got)
		}
	}
	return results, nil
}

// does reports whether the client takes part in a work: many small files are not
// uploaded as streams.
func (c client) does(w work) bool {
	return w.files == 1 || !strings.HasSuffix(c.name, "stream")
}

// machine describes where the numbers come from.
func machine() string {
	parts := []string{fmt.Sprintf("%d cores", runtime.NumCPU()), runtime.GOOS + "/" + runtime.GOARCH, runtime.Version()}
	for _, program := range [][]string{{"node", "--version"}, {"curl", "--version"}} {
		if text, err := exec.Command(program[0], program[1:]...).Output(); err == nil {
			words := strings.Fields(string(text))
			parts = append(parts, strings.Join(words[:min(2, len(words))], " "))
		}
	}
	return strings.Replace(strings.Join(parts, ", "), ", v", ", Node ", 1)
}
