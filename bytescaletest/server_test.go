package bytescaletest_test

import (
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

func TestWhatFailsATest(t *testing.T) {
	t.Run("unused fault", func(t *testing.T) {
		allowed := &fakeT{}
		srv := bytescaletest.NewServer(allowed)
		srv.Fail(fault.Fault{Operation: fault.PutPart, Kind: fault.Reset})
		if problems := allowed.end(); !strings.Contains(problems, `never happened: {"operation":"PutPart","kind":"reset"}`) {
			t.Errorf("problems: %q", problems)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		allowed := &fakeT{}
		srv := bytescaletest.NewServer(allowed)
		newSession(t, srv).mustBegin("x")
		if problems := allowed.end(); problems != "" {
			t.Errorf("problems: %q", problems)
		}
	})
}

func TestStart(t *testing.T) {
	srv, err := bytescaletest.Start(bytescaletest.WithMemoryNetwork())
	if err != nil {
		t.Fatal(err)
	}
	newSession(t, srv).mustBegin("x")
	for range 2 {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := srv.HTTPClient().Get(srv.URL()); err == nil {
		t.Error("a closed server answers")
	}
	if _, err := bytescaletest.Start(bytescaletest.WithPartSize(-1)); err == nil {
		t.Error("a negative part size was accepted")
	}
}
