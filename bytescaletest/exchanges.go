package bytescaletest

import (
	"time"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// Exchange is one request and its answer. It holds no secrets: no headers, no
// query strings, no bodies.
type Exchange struct {
	// Operation is the operationId of the API description, or [fault.PutPart]; empty
	// if the request was for none of these.
	Operation string
	// Method is the HTTP method.
	Method string
	// Path is the path of the request's URL, escaped as it was sent.
	Path string
	// UploadID is the upload that the request is about, or that it began; empty
	// if there is none.
	UploadID string
	// Part is the index of the part; -1 if the operation has none.
	Part int64
	// Attempt counts the exchanges with the same operation, upload and part,
	// from 1.
	Attempt int
	// Status is the HTTP status that was answered; 0 if the connection was cut
	// or the answer is still due.
	Status int
	// Code is the error code that was answered; empty if none was.
	Code string
	// BytesIn and BytesOut are the bytes of the request's and of the answer's
	// body that were moved.
	BytesIn, BytesOut int64
	// Start is when the head of the request had arrived.
	Start time.Time
	// End is when the answer was handed over; zero if it is still due.
	End time.Time
	// Fault is the kind of the scripted fault that hit it; empty if none did.
	Fault fault.Kind
	// Violations are the rules of the API that the request broke.
	Violations []string
}

// Exchanges lists what the server was asked so far, in the order in which the
// requests arrived, those still open included.
func (s *Server) Exchanges() []Exchange {
	recorded := s.core.Exchanges()
	exchanges := make([]Exchange, len(recorded))
	for i, x := range recorded {
		exchanges[i] = Exchange(x)
	}
	return exchanges
}

// Violations lists the rules of the API that requests broke so far, in plain
// words: a body that does not fit the API description, a part with the wrong
// length, a credential sent to storage, and so on. It stays empty on a
// [WithLenient] server.
func (s *Server) Violations() []string { return s.core.Violations() }

// InFlight is the number of requests that are open now. Requests that a
// scripted stall holds do not count.
func (s *Server) InFlight() int { return s.core.Stats().Open() }

// Stats tell how busy a server is and was.
type Stats struct {
	// API counts open API calls; MaxAPI is the most there were at once.
	API, MaxAPI int
	// Puts counts open PUTs of parts; MaxPuts is the most there were at once.
	Puts, MaxPuts int
	// Downloads counts open downloads; MaxDownloads is the most there were at
	// once.
	Downloads, MaxDownloads int
	// MaxAPIPerSecond is the most API calls that arrived within one second.
	MaxAPIPerSecond int
}

// Stats returns how many requests are open, and the most that were open at once. It
// is for tests of limits.
func (s *Server) Stats() Stats { return Stats(s.core.Stats()) }
