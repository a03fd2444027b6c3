package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/time/rate"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// The test binary is the command, too, so that the tests can start and kill real processes.
func TestMain(m *testing.M) {
	if os.Getenv("FLEET_TEST_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// fleet is an emulator, a NATS server and a directory of files.
type fleet struct {
	*testing.T
	service *bytescaletest.Server
	url     string // of the NATS server
	dir     string
	files   map[string][]byte

	queueDir  string
	queuePort int
	stopQueue func()
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{
		T: t, service: bytescaletest.NewServer(t, bytescaletest.WithPartSize(400<<10)),
		dir: filepath.Join(t.TempDir(), "files"), files: map[string][]byte{},
		queueDir: t.TempDir(), queuePort: server.RANDOM_PORT,
	}
	if err := os.Mkdir(f.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f.startQueue()
	t.Cleanup(func() { f.stopQueue() })
	return f
}

// startQueue starts the NATS server, later ones with the queue and at the port of the first.
func (f *fleet) startQueue() {
	f.Helper()
	queue, err := startServer(f.queueDir, func(o *server.Options) {
		o.DontListen, o.Host, o.Port = false, "127.0.0.1", f.queuePort
	})
	if err != nil {
		f.Fatal(err)
	}
	f.url, f.queuePort = queue.ClientURL(), queue.Addr().(*net.TCPAddr).Port
	f.stopQueue = func() { queue.Shutdown(); queue.WaitForShutdown() }
}

// file makes a file with random content.
func (f *fleet) file(name string, size int) {
	f.Helper()
	content := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(len(f.files))}).Read(content)
	path := filepath.Join(f.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		f.Fatal(err)
	}
	f.files[name] = content
}

// process is a running command.
type process struct {
	*exec.Cmd
	out, errs output
	wait      func() error
}

// output is what a process has said so far.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start starts the command. Unless it runs alone, it uses the server of the test.
func (f *fleet) start(args ...string) *process {
	f.Helper()
	if args[0] != "run" {
		args = append([]string{"-nats", f.url}, args...)
	}
	executable, err := os.Executable()
	if err != nil {
		f.Fatal(err)
	}
	p := &process{Cmd: exec.Command(executable, args...)}
	p.Env = append(os.Environ(), "FLEET_TEST_COMMAND=1",
		"BYTESCALE_API_KEY="+f.service.Key(), "BYTESCALE_API_URL="+f.service.URL(), "BYTESCALE_CDN_URL="+f.service.URL())
	p.Stdout, p.Stderr = &p.out, &p.errs
	if err := p.Start(); err != nil {
		f.Fatal(err)
	}
	p.wait = sync.OnceValue(p.Wait)
	overdue := time.AfterFunc(3*time.Minute, func() { _ = p.Process.Kill() })
	f.Cleanup(func() {
		overdue.Stop()
		_ = p.Process.Kill()
		_ = p.wait()
		if f.Failed() {
			f.Logf("fleet %s:\n%s", strings.Join(args, " "), &p.errs)
		}
	})
	return p
}

// run runs the command and returns what it said.
func (f *fleet) run(args ...string) (out, errs string) {
	f.Helper()
	p := f.start(args...)
	if err := p.wait(); err != nil {
		f.Fatalf("fleet %q: %v\n%s", args, err, &p.errs)
	}
	return p.out.String(), p.errs.String()
}

// fill fills the queue and checks how many files were added.
func (f *fleet) fill(handover string, added, present int) {
	f.Helper()
	_, said := f.run("-handover", handover, "fill", f.dir, "/moved")
	if want := fmt.Sprintf("%d files added, %d were there, 0 skipped\n", added, present); said != want {
		f.Errorf("fill said %q, want %q", said, want)
	}
}

// wantStored checks that the service has every file, byte for byte, and none else, and that
// the report has the right digests.
func (f *fleet) wantStored(report string) map[string]result {
	f.Helper()
	var stored []string
	for _, file := range f.service.Files() {
		name := strings.TrimPrefix(file.FilePath, "/moved/")
		stored = append(stored, name)
		if !bytes.Equal(file.Bytes(), f.files[name]) {
			f.Errorf("%s is not what is in the directory", file.FilePath)
		}
	}
	slices.Sort(stored)
	if want := slices.Sorted(maps.Keys(f.files)); !slices.Equal(stored, want) {
		f.Errorf("stored are\n%q, want\n%q", stored, want)
	}
	results := f.results(report)
	for name, content := range f.files {
		sum := sha256.Sum256(content)
		if r := results[name]; r.SHA256 != hex.EncodeToString(sum[:]) || r.Size != int64(len(content)) || r.Path != "/moved/"+name {
			f.Errorf("the report has %+v for %s", r, name)
		}
	}
	return results
}

// results reads a report.
func (f *fleet) results(report string) map[string]result {
	f.Helper()
	results := map[string]result{}
	for line := range strings.Lines(report) {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			f.Fatal(err)
		}
		if _, twice := results[r.Name]; twice {
			f.Errorf("%s is in the report twice", r.Name)
		}
		results[r.Name] = r
	}
	return results
}

// until waits for something that other processes do.
func (f *fleet) until(what string, done func() bool) {
	f.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.Fatalf("waited in vain: %s", what)
		}
	}
}

// stalled returns the upload that the scripted stall holds, "" if none.
func (f *fleet) stalled() string {
	for _, x := range f.service.Exchanges() {
		if x.Fault == fault.Stall {
			return x.UploadID
		}
	}
	return ""
}

// count counts the exchanges of an operation, for one part of an upload, or for all if the
// upload is "".
func (f *fleet) count(operation, upload string, part int64) (n int) {
	for _, x := range f.service.Exchanges() {
		if x.Operation == operation && (upload == "" || x.UploadID == upload && x.Part == part) {
			n++
		}
	}
	return n
}

// Three workers share a hundred files, and one is killed in the middle of a large one. Every
// file is stored once. Another worker goes on with the large one where the killed one was.
func TestWorkerIsKilled(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	for i := range 80 {
		f.file(fmt.Sprintf("small/%d.txt", i), i*1000)
	}
	for i := range 16 {
		f.file(fmt.Sprintf("large/%d.bin", i), 1500<<10)
	}
	for _, name := range []string{"a b.txt", "{UTC_DATE}.txt", "grüße/été.txt", "100%.txt"} {
		f.file(name, 5000)
	}
	f.fill("6s", 100, 0)
	f.fill("6s", 0, 100) // nothing is added twice

	f.service.Fail(fault.Fault{Operation: fault.PutPart, Part: fault.Part(2), Kind: fault.Stall, AfterBytes: 1000})
	killed := f.start("-files", "4", "work", f.dir)
	var upload string
	f.until("an upload in the middle", func() bool {
		upload = f.stalled()
		return upload != "" && f.count("CompleteUploadPart", upload, 0)+f.count("CompleteUploadPart", upload, 1) == 2
	})
	others := []*process{f.start("-files", "4", "work", f.dir), f.start("-files", "4", "work", f.dir)}
	q := f.queue()
	f.until("a sign of life of all workers", func() bool {
		known, err := q.workers.Keys(t.Context())
		return err == nil && len(known) == 3
	})
	before := len(f.service.Files())
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for _, other := range others {
		if err := other.wait(); err != nil {
			t.Fatal(err)
		}
	}
	report, _ := f.run("report")
	results := f.wantStored(report)
	handedOver := 0
	for _, r := range results {
		if r.Deliveries > 1 {
			handedOver++
		}
	}
	t.Logf("%d files: %d were stored when the worker was killed, and %d were handed over", len(results), before, handedOver)
	if handedOver == 0 {
		t.Error("no file was handed over")
	}
	if puts := []int{f.count(fault.PutPart, upload, 0), f.count(fault.PutPart, upload, 1), f.count(fault.PutPart, upload, 2)}; !slices.Equal(puts, []int{1, 1, 2}) {
		t.Errorf("the parts of the large file were sent %v times, want only what was missing again", puts)
	}
	f.fill("6s", 0, 100) // nor when all is done
}

// queue opens the queue in the test's own process.
func (f *fleet) queue() *queue {
	f.Helper()
	nc, err := nats.Connect(f.url)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		f.Fatal(err)
	}
	q, err := openQueue(f.Context(), js)
	if err != nil {
		f.Fatal(err)
	}
	return q
}

// A worker that is told to stop gives its files back at once: here the others would have to
// wait an hour for them otherwise.
func TestWorkerStops(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.file("large.bin", 1500<<10)
	f.fill("1h", 1, 0)
	f.service.Fail(fault.Fault{Operation: fault.PutPart, Part: fault.Part(2), Kind: fault.Stall})
	stopped := f.start("work", f.dir)
	f.until("an upload in the middle", func() bool { return f.stalled() != "" })
	if err := stopped.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := stopped.wait(); err == nil {
		t.Error("a worker that was stopped ended as if all were done")
	}
	f.run("work", f.dir)
	report, _ := f.run("report")
	if r := f.wantStored(report)["large.bin"]; r.Deliveries != 2 {
		t.Errorf("the queue gave the file to a worker %d times", r.Deliveries)
	}
}

// A worker that is slow keeps its file, because it shows signs of life.
func TestWorkerIsSlow(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.file("large.bin", 1500<<10)
	f.fill("3s", 1, 0)
	f.service.Fail(fault.Fault{Operation: "BeginMultipartUpload", Kind: fault.Delay, Delay: 8 * time.Second})
	workers := []*process{f.start("work", f.dir), f.start("work", f.dir)}
	for _, w := range workers {
		if err := w.wait(); err != nil {
			t.Fatal(err)
		}
	}
	report, _ := f.run("report")
	f.wantStored(report)
	if begun := f.count("BeginMultipartUpload", "", 0); begun != 1 {
		t.Errorf("%d workers began with the file", begun)
	}
}

// NATS may be away while a file is stored: it is not sent again.
func TestQueueIsAway(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.file("large.bin", 1500<<10)
	f.fill("1h", 1, 0)
	f.service.Fail(fault.Fault{Operation: "BeginMultipartUpload", Kind: fault.Delay, Delay: time.Second})
	worker := f.start("work", f.dir)
	f.until("the beginning of the file", func() bool { return f.count("BeginMultipartUpload", "", 0) > 0 })
	f.stopQueue()
	f.until("the end of the file", func() bool { return strings.Contains(worker.errs.String(), "the result of large.bin waits") })
	f.startQueue()
	if err := worker.wait(); err != nil {
		t.Fatal(err)
	}
	report, _ := f.run("report")
	f.wantStored(report)
	if begun := f.count("BeginMultipartUpload", "", 0); begun != 1 {
		t.Errorf("the file was begun %d times", begun)
	}
}

// A file that cannot be stored is given up after some deliveries and reported, and does not
// hold up the others. When its reason is gone, fill adds it again.
func TestPoison(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.file("good.txt", 1000)
	f.file("gone.txt", 2000)
	f.fill("3s", 2, 0)
	gone := filepath.Join(f.dir, "gone.txt")
	if err := os.Rename(gone, gone+".away"); err != nil {
		t.Fatal(err)
	}
	f.run("-deliveries", "2", "work", f.dir)
	p := f.start("report")
	if err := p.wait(); err == nil || !strings.Contains(p.errs.String(), "given up: gone.txt: ") ||
		!strings.Contains(p.errs.String(), "1 files stored, 1 given up, 0 left") {
		t.Errorf("report: %v, %s", err, &p.errs)
	}
	if r := f.results(p.out.String())["gone.txt"]; r.Deliveries != 2 || r.Error == "" {
		t.Errorf("the report has %+v", r)
	}
	if err := os.Rename(gone+".away", gone); err != nil {
		t.Fatal(err)
	}
	f.fill("3s", 1, 1)
	f.run("work", f.dir)
	report, _ := f.run("report")
	f.wantStored(report)
}

// A worker whose directory is not the right one stops, and leaves the files to the others.
func TestWorkerIsSick(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	for i := range 50 {
		f.file(fmt.Sprintf("%d.txt", i), 100)
	}
	f.fill("3s", 50, 0)
	if p := f.start("-files", "4", "work", t.TempDir()); p.wait() == nil || !strings.Contains(p.errs.String(), errSick.Error()) {
		t.Errorf("it ended with %s", &p.errs)
	}
	f.run("work", f.dir)
	report, _ := f.run("report")
	f.wantStored(report)
	if singles := f.count("BasicUpload", "", 0); singles != 50 {
		t.Errorf("%d small files were sent in a single request, want 50", singles)
	}
}

// A file that kills its workers is given up as well, although none of them could say so.
func TestPoisonThatKills(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.file("deadly.bin", 1000)
	f.fill("1h", 1, 0)
	q := f.queue()
	for range 3 {
		msg, err := q.tasks.Next(jetstream.FetchMaxWait(10 * time.Second))
		if err == nil {
			err = msg.Nak() // as the queue does when a worker is dead
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	f.run("-deliveries", "3", "work", f.dir)
	if len(f.service.Files()) > 0 {
		t.Error("the file was tried a fourth time")
	}
	if p := f.start("report"); p.wait() == nil || !strings.Contains(p.errs.String(), "given up: deadly.bin") {
		t.Errorf("report: %s", &p.errs)
	}
}

// A worker that dies between the file and its acknowledgement has stored it: the next worker
// sends nothing.
func TestResultBeforeAcknowledgement(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.file("a.txt", 1000)
	f.fill("1h", 1, 0)
	q := f.queue()
	msg, err := q.tasks.Next(jetstream.FetchMaxWait(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimPrefix(msg.Subject(), subject)
	if err := q.record(t.Context(), id, result{task: task{Name: "a.txt"}, SHA256: "of the first worker"}); err != nil {
		t.Fatal(err)
	}
	if err := msg.Nak(); err != nil {
		t.Fatal(err)
	}
	f.run("work", f.dir)
	report, _ := f.run("report")
	if r := f.results(report)["a.txt"]; r.SHA256 != "of the first worker" || len(f.service.Exchanges()) > 0 {
		t.Errorf("the report has %+v after %d requests", r, len(f.service.Exchanges()))
	}
}

// Alone, the command has a NATS server inside, and continues with the queue that it finds.
func TestAlone(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	for i := range 20 {
		f.file(fmt.Sprintf("%d.txt", i), 100*i)
	}
	for _, want := range []string{"20 files added, 0 were there", "0 files added, 20 were there"} {
		report, said := f.run("run", f.dir, "/moved")
		if !strings.Contains(said, want) {
			t.Errorf("it said %q, want %q", said, want)
		}
		f.wantStored(report)
	}
}

// The rate is divided by the workers that are known.
func TestShare(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.fill("1s", 0, 0)
	q := f.queue()
	first, leaveFirst, err := q.join(t.Context(), 100, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer leaveFirst()
	second, leaveSecond, err := q.join(t.Context(), 100, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if first.Limit() != 100 || second.Limit() != 50 {
		t.Errorf("when the second joins, the shares are %v and %v", first.Limit(), second.Limit())
	}
	f.until("the first to divide", func() bool { return first.Limit() == rate.Limit(50) })
	leaveSecond()
	f.until("the first to have it all again", func() bool { return first.Limit() == rate.Limit(100) })
}

// What is wrong with the arguments is said before anything is done.
func TestWrongArguments(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	for _, args := range [][]string{
		{"-nats", f.url}, {"-nats", f.url, "fill", f.dir}, {"fill", f.dir, "/a"}, {"-nats", f.url, "fill", f.dir, "relative"},
		{"-nats", f.url, "work", f.dir}, {"-nats", f.url, "report"}, {"-nats", f.url, "other"}, {"-nats", "127.0.0.1:1", "report"},
	} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%q succeeds", args)
		}
	}
}

// The checkpoints are a store as the client wants it.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.fill("1s", 0, 0)
	store := checkpoints{f.queue().checkpoints}
	ctx := context.Background()
	if _, err := store.Load(ctx, "key"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an entry that is not there: %v", err)
	}
	if err := store.Save(ctx, "key", []byte("content")); err != nil {
		t.Fatal(err)
	}
	if content, err := store.Load(ctx, "key"); err != nil || string(content) != "content" {
		t.Errorf("loaded %q, %v", content, err)
	}
	if err := store.Delete(ctx, "key"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(ctx, "key"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an entry that was deleted: %v", err)
	}
}
