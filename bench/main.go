//go:build unix

// Command bench measures our client beside curl, the official JavaScript SDK and
// the transfer manager of the AWS SDK, and prints ratios. All clients are processes
// of their own. Their server in another process discards what is uploaded, and
// sends downloads from memory (the stub). Rounds alternate between the clients, the
// medians of the rounds count, so that what else the machine does hits all of them
// alike.
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
	"regexp"
	"runtime"
	"slices"
	"strings"
)

func main() {
	out := flag.String("out", "build/bench", "directory for results.json, table.md and ratios.svg")
	docs := flag.String("docs", "", "also rewrite performance.md and performance.svg in this directory")
	rounds := flag.Int("rounds", 5, "runs of each client; three times as many of short works")
	defaults := flag.Bool("defaults", false, "instead, try the options over their ranges: what the defaults were chosen by")
	emulator := flag.Bool("emulator", false, "upload to the emulator instead of the stub server")
	only := flag.String("works", "", "only works whose names match this regular `expression`, to try a change")
	flag.Parse()
	wanted, err := regexp.Compile(*only)
	if err == nil && *only != "" && *docs != "" {
		err = errors.New("the documentation has all works; leave -works out")
	}
	b := &bench{emulator: *emulator}
	if err == nil {
		err = b.run(*out, *docs, *rounds, wanted, *defaults)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(out, docs string, rounds int, wanted *regexp.Regexp, defaults bool) error {
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
	inMemory, err := b.makeDownloads()
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.downloads)

	if defaults {
		table, err := b.sweepTable(rounds)
		fmt.Print(table)
		return err
	}
	report, failed := b.measure(rounds, wanted)
	report.DownloadsInMemory = inMemory
	return errors.Join(failed, report.write(out, docs))
}

// makeDownloads makes the directory for downloads: in memory if that can be had, so
// that no disk is measured.
func (b *bench) makeDownloads() (inMemory bool, err error) {
	if b.downloads, err = os.MkdirTemp("/dev/shm", "bench-*"); err == nil {
		return true, nil
	}
	b.downloads, err = os.MkdirTemp(b.dir, "downloads-*")
	return false, err
}

// measure has the clients do the wanted works. What fails is missing from the report, and
// the rest is measured all the same.
func (b *bench) measure(rounds int, wanted *regexp.Regexp) (r report, failed error) {
	r = report{Machine: machine(), Rounds: rounds}
	clients := b.clients()
	for _, c := range clients {
		if c.missing != "" {
			r.Missing = append(r.Missing, c.name+": "+c.missing)
		}
	}
	for _, w := range b.works() {
		if !wanted.MatchString(w.name) {
			continue
		}
		results, err := b.measureWork(w, clients, rounds)
		if err != nil {
			err = fmt.Errorf("%s: %w", w.name, err)
			failed = errors.Join(failed, err)
			r.Missing = append(r.Missing, strings.Join(strings.Fields(err.Error()), " "))
		}
		r.Results = append(r.Results, results...)
	}
	return r, failed
}

// write prints the table, and writes the report to a directory and into the documentation.
func (r report) write(out, docs string) error {
	table := r.table()
	fmt.Println(table)
	if err := os.MkdirAll(out, 0o700); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(out, "results.json"), append(data, '\n'), 0o600),
		os.WriteFile(filepath.Join(out, "table.md"), []byte(table), 0o600),
		os.WriteFile(filepath.Join(out, "ratios.svg"), r.chart(), 0o600),
	)
	if docs != "" {
		err = errors.Join(err,
			os.WriteFile(filepath.Join(docs, "performance.svg"), r.chart(), 0o600),
			replaceBetweenMarks(filepath.Join(docs, "performance.md"), table))
	}
	return err
}

// build makes the programs that are measured, and installs the peers.
func (b *bench) build() error {
	if err := b.buildPrograms(); err != nil {
		return err
	}
	if err := goBuild(filepath.Join(b.root, "bench", "aws"), filepath.Join(b.dir, "aws"), "."); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
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
		if err := goBuild(b.root, filepath.Join(b.dir, target), source); err != nil {
			return err
		}
	}
	return nil
}

// goBuild builds a package of the module in a directory.
func goBuild(dir, target, source string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-o", target, source)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build has it: no C library
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go build %s: %w", source, err)
	}
	return nil
}

// measureWork runs every client that can do the work, in rounds. One that fails is left out
// from then on, and its results are dropped.
func (b *bench) measureWork(w work, clients []client, rounds int) (_ []result, failed error) {
	if err := w.prepare(b.dir); err != nil {
		return nil, err
	}
	s, err := b.serve(w)
	if err != nil {
		return nil, err
	}
	defer s.stop()

	var able []client
	for _, c := range clients {
		if c.missing == "" && slices.Contains(w.clients, c.name) {
			able = append(able, c)
		}
	}
	results := make([]result, len(able))
	for i := range able {
		results[i].Work, results[i].Client = w.name, able[i].name
	}
	for round := range w.rounds(rounds) {
		for i := range able {
			i := (i + round) % len(able) // nobody is always first
			if results[i].failed != nil {
				continue
			}
			got, err := able[i].run(w, s)
			if err != nil {
				results[i].failed = fmt.Errorf("%s: %w", able[i].name, err)
				continue
			}
			fmt.Fprintf(os.Stderr, "%-22s %-20s %6.2f s\n", w.name, able[i].name, got.Seconds)
			results[i].Samples = append(results[i].Samples, got)
		}
	}
	complete := slices.DeleteFunc(results, func(r result) bool {
		failed = errors.Join(failed, r.failed)
		return r.failed != nil
	})
	return complete, failed
}

// run has the client do the work once.
func (c client) run(w work, s *server) (sample, error) {
	cmd, err := c.command(w, s)
	if err != nil {
		return sample{}, err
	}
	before, err := s.calls()
	if err != nil {
		return sample{}, err
	}
	got, err := measure(cmd)
	if err != nil {
		return sample{}, err
	}
	after, err := s.calls()
	got.Calls = after - before
	if err == nil && c.check != nil {
		err = c.check(w)
	}
	return got, err
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
