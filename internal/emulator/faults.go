package emulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake"
)

const (
	// faultsPath is where faults are scripted.
	faultsPath = "/faults"
	// minFaultKey is the length of the shortest fault key: others could be guessed.
	minFaultKey = 16
	// maxFaultsBody limits the body of a request to script faults, in bytes.
	maxFaultsBody = 64 << 10
)

// ErrFaultKey reports that Options.FaultKey is too short.
var ErrFaultKey = errors.New("a fault key needs at least 16 characters")

// faultScript serves the scripted faults of a service to clients that send the key.
type faultScript struct {
	key     [sha256.Size]byte
	service *fake.Server
	log     requestLog
}

// withFaults serves /faults, unless the key is empty:
//
//	GET     lists the faults that have hit nothing yet
//	POST    scripts the faults in the body, a JSON array, in addition to earlier ones
//	DELETE  removes all faults
func withFaults(next http.Handler, key string, service *fake.Server, log requestLog) http.Handler {
	if key == "" {
		return next
	}
	script := &faultScript{sha256.Sum256([]byte(key)), service, log}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != faultsPath {
			next.ServeHTTP(w, r)
			return
		}
		script.serve(w, r)
	})
}

func (s *faultScript) serve(w http.ResponseWriter, r *http.Request) {
	if !s.permits(r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		s.refuse(w, r, http.StatusUnauthorized, "fault_key_wrong", "Send the fault key as Authorization: Bearer KEY. It is not an API key.")
		return
	}
	switch r.Method {
	case http.MethodGet:
		s.list(w, r)
	case http.MethodPost:
		s.add(w, r)
	case http.MethodDelete:
		s.service.ClearFaults()
		s.done(w, r)
	default:
		w.Header().Set("Allow", "DELETE, GET, POST")
		s.refuse(w, r, http.StatusMethodNotAllowed, "method_not_allowed", "Faults are listed with GET, scripted with POST and removed with DELETE.")
	}
}

// permits reports whether a request has the key. It takes as long for a wrong key as
// for the right one.
func (s *faultScript) permits(r *http.Request) bool {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	sum := sha256.Sum256([]byte(key))
	return subtle.ConstantTimeCompare(sum[:], s.key[:]) == 1 && ok
}

func (s *faultScript) list(w http.ResponseWriter, r *http.Request) {
	unused := append([]fault.Fault{}, s.service.UnusedFaults()...) // an empty list is [] and not null
	s.log.answered(r, http.StatusOK, "")
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(unused) // a client that left needs no answer
}

func (s *faultScript) add(w http.ResponseWriter, r *http.Request) {
	var faults []fault.Fault
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxFaultsBody))
	err := decoder.Decode(&faults)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("fault: something follows the array")
		}
	}
	if err == nil {
		err = s.service.Fail(faults...)
	}
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, "invalid_faults", "The body must be a JSON array of faults. Nothing was scripted: "+err.Error()+".")
		return
	}
	s.done(w, r)
}

func (s *faultScript) done(w http.ResponseWriter, r *http.Request) {
	s.log.answered(r, http.StatusNoContent, "")
	w.WriteHeader(http.StatusNoContent)
}

func (s *faultScript) refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	refuse(w, r, s.log, status, gen.ErrorInfo{Code: code, Message: message})
}
