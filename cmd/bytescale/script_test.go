package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/internal/fake"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// TestScript runs the scripts of testdata, each in a directory of its own. In addition to
// the usual commands a script has
//
//	server [parts BYTES] [jobsteps N]
//	                         starts a fake service and points the environment at it
//	job ID STATUS [CODE MESSAGE]
//	                         gives that service a CopyFileBatchJob
//	fault JSON               scripts a fault of that service
//	exchanges OPERATION N    fails unless there were N exchanges of the operation
//	stored PATH FILE         fails unless PATH is stored, with the content of FILE
//	lines OUTPUT N           fails unless stdout, stderr or a file has N lines
//	await FILE TEXT          waits until a background command has written TEXT
func TestScript(t *testing.T) { runScripts(t, "testdata/script") }

func runScripts(t *testing.T, dir string) {
	testscript.Run(t, testscript.Params{
		Dir:           dir,
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(command)+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("LocalAppData", env.WorkDir)
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("TMPDIR", env.WorkDir)
			env.Values[serviceKey{}] = new(*service)
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name, ok := strings.CutPrefix(name, "exists:"); ok {
				_, err := os.Stat(name)
				return err == nil, nil
			}
			if name == "mkfifo" {
				_, err := exec.LookPath("mkfifo")
				return err == nil && runtime.GOOS != "windows", nil
			}
			return false, fmt.Errorf("no condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"server": func(ts *testscript.TestScript, _ bool, args []string) {
				startServer(t, ts, args)
			},
			"fault":     addFault,
			"job":       addJob,
			"exchanges": countExchanges,
			"stored":    compareStored,
			"lines":     countLines,
			"await":     awaitFile,
		},
	})
}

// serviceKey is the key of the service among the values of a script's environment.
type serviceKey struct{}

// serviceOf returns the service that the script has started.
func serviceOf(ts *testscript.TestScript) *service {
	s, ok := ts.Value(serviceKey{}).(**service)
	if !ok || *s == nil {
		ts.Fatalf("no server was started")
	}
	return *s
}

// startServer starts a service for a script. What the service reports at the end fails the
// test as a whole, because the script has ended then.
func startServer(t *testing.T, ts *testscript.TestScript, args []string) {
	options := fake.Options{Keys: []string{testKey}}
	for ; len(args) >= 2; args = args[2:] {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		switch args[0] {
		case "parts":
			options.PartSizes = []int64{int64(n)}
		case "jobsteps":
			options.JobSteps = n
		default:
			ts.Fatalf("usage: server [parts BYTES] [jobsteps N]")
		}
	}
	server, err := startService(options)
	ts.Check(err)
	*ts.Value(serviceKey{}).(**service) = server
	ts.Setenv("BYTESCALE_API_URL", server.url())
	ts.Setenv("BYTESCALE_CDN_URL", server.url())
	ts.Setenv("BYTESCALE_API_KEY", testKey)
	ts.Defer(func() {
		if unused := server.UnusedFaults(); len(unused) > 0 {
			t.Errorf("%s: faults that hit nothing: %v", ts.Name(), unused)
		}
		if broken := server.Violations(); len(broken) > 0 {
			t.Errorf("%s: rules broken: %q", ts.Name(), broken)
		}
		if err := server.stop(); err != nil {
			t.Errorf("%s: %v", ts.Name(), err)
		}
	})
}

func addFault(ts *testscript.TestScript, neg bool, args []string) {
	var fault fault.Fault
	ts.Check(json.Unmarshal([]byte(strings.Join(args, " ")), &fault))
	ts.Check(serviceOf(ts).Fail(fault))
}

func addJob(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && len(args) != 4 {
		ts.Fatalf("usage: job ID STATUS [CODE MESSAGE]")
	}
	job := store.Job{AccountID: testAccount, ID: args[0], Type: "CopyFileBatchJob", Status: args[1], Summary: json.RawMessage(`{"copies":[]}`)}
	if len(args) == 4 {
		job.Error = &store.JobError{Code: args[2], Message: args[3], At: time.Now()}
	}
	_, err := serviceOf(ts).PutJob(job)
	ts.Check(err)
}

func countExchanges(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: exchanges OPERATION N")
	}
	if n := serviceOf(ts).count(args[0]); strconv.Itoa(n) != args[1] {
		ts.Fatalf("%d exchanges of %s", n, args[0])
	}
}

func compareStored(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: stored PATH [FILE]")
	}
	got, ok, err := serviceOf(ts).content(args[0])
	ts.Check(err)
	if ok == neg {
		files, err := serviceOf(ts).Store().Files()
		ts.Check(err)
		for _, file := range files {
			ts.Logf("stored: %s", file.Path)
		}
		ts.Fatalf("%s: stored is %v", args[0], ok)
	}
	if neg || len(args) == 1 {
		return
	}
	if want := ts.ReadFile(args[1]); string(got) != want {
		ts.Fatalf("%s: %d bytes that differ from the %d of %s", args[0], len(got), len(want), args[1])
	}
}

// countLines compares the number of lines of the last command's output.
func countLines(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: lines stdout|stderr|FILE N")
	}
	if n := strings.Count(ts.ReadFile(args[0]), "\n"); strconv.Itoa(n) != args[1] {
		ts.Fatalf("%d lines", n)
	}
}

// awaitFile waits until a file contains a text. It is the only way to wait for the output
// of a background command.
func awaitFile(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: await FILE TEXT")
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		content, _ := os.ReadFile(ts.MkAbs(args[0]))
		if strings.Contains(string(content), args[1]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s never held %q:\n%s", args[0], args[1], content)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
