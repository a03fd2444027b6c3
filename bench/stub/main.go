// Command stub is the least of a server that uploads can be made to: it
// discards the bytes, validates nothing but that they all came, and so takes as
// little as possible of the processor that the measured client needs. The
// emulator does far more per request; `bench -emulator` measures with it.
//
//	stub [-latency D] [-bandwidth N] ADDRESS
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const partSize = 5 << 20

type stub struct {
	origin    string
	latency   time.Duration // of each API call
	bandwidth int64         // of each part PUT by itself, in bytes per second; 0 is no limit

	last    atomic.Int64 // number of the newest upload
	uploads sync.Map     // id → *upload
	buffers sync.Pool
}

type upload struct {
	size, parts int64
	received    atomic.Int64 // bytes
	left        atomic.Int64 // parts not completed
	file        string       // its details, as JSON
}

func main() {
	s := &stub{buffers: sync.Pool{New: func() any { return new([512 << 10]byte) }}}
	flag.DurationVar(&s.latency, "latency", 0, "time that each API call takes longer")
	flag.Int64Var(&s.bandwidth, "bandwidth", 0, "bytes per second of each part")
	flag.Parse()
	s.origin = "http://" + flag.Arg(0)

	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/accounts/{account}/uploads", s.api(s.begin))
	mux.HandleFunc("GET /v2/accounts/{account}/uploads/{id}/parts/{index}", s.api(s.part))
	mux.HandleFunc("PUT /v2/accounts/{account}/uploads/{id}/parts/{index}", s.api(s.complete))
	mux.HandleFunc("PUT /part/{id}/{index}", s.put)
	log.Fatal(http.ListenAndServe(flag.Arg(0), mux))
}

func (s *stub) api(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.latency > 0 {
			time.Sleep(s.latency)
		}
		w.Header().Set("Content-Type", "application/json")
		handle(w, r)
	}
}

func (s *stub) begin(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Size int64 `json:"size"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || request.Size < 0 {
		refuse(w, "size")
		return
	}
	id := fmt.Sprintf("Kd759%011d", s.last.Add(1))
	account := r.PathValue("account")
	u := &upload{size: request.Size, parts: max(1, (request.Size+partSize-1)/partSize)}
	u.left.Store(u.parts)
	u.file = fmt.Sprintf(`{"accountId":"%s","etag":null,"filePath":"/bench/%s","fileUrl":"%s/%s/raw/bench/%s",`+
		`"lastModified":%d,"metadata":{},"mime":"application/octet-stream","originalFileName":null,"size":%d,"tags":[]}`,
		account, id, s.origin, account, id, time.Now().UnixMilli(), u.size)
	s.uploads.Store(id, u)
	fmt.Fprintf(w, `{"file":%s,"uploadId":"%s","uploadParts":{"count":%d,"first":%s}}`, u.file, id, u.parts, s.describe(id, u, 0))
}

func (s *stub) describe(id string, u *upload, index int64) string {
	start := index * partSize
	return fmt.Sprintf(`{"range":{"inclusiveStart":%d,"inclusiveEnd":%d},"uploadId":"%s","uploadPartIndex":%d,"uploadUrl":"%s/part/%s/%d"}`,
		start, min(start+partSize, u.size)-1, id, index, s.origin, id, index)
}

// find returns the upload and the part that a request is about.
func (s *stub) find(r *http.Request) (id string, u *upload, index int64) {
	id = r.PathValue("id")
	index, err := strconv.ParseInt(r.PathValue("index"), 10, 64)
	found, ok := s.uploads.Load(id)
	if err != nil || !ok {
		return id, nil, 0
	}
	u = found.(*upload)
	if index < 0 || index >= u.parts {
		return id, nil, 0
	}
	return id, u, index
}

func (s *stub) part(w http.ResponseWriter, r *http.Request) {
	id, u, index := s.find(r)
	if u == nil {
		refuse(w, "part")
		return
	}
	_, _ = io.WriteString(w, s.describe(id, u, index))
}

func (s *stub) complete(w http.ResponseWriter, r *http.Request) {
	id, u, _ := s.find(r)
	if u == nil {
		refuse(w, "part")
		return
	}
	if u.left.Add(-1) > 0 {
		_, _ = io.WriteString(w, `{"status":"Pending"}`)
		return
	}
	s.uploads.Delete(id)
	if got := u.received.Load(); got != u.size {
		refuse(w, fmt.Sprintf("%d bytes came, %d were announced", got, u.size))
		return
	}
	_, _ = io.WriteString(w, `{"status":"Completed","etag":"\"9b2cf535f27731c974343645a3985328\""}`)
}

func (s *stub) put(w http.ResponseWriter, r *http.Request) {
	_, u, index := s.find(r)
	if u == nil {
		refuse(w, "part")
		return
	}
	want := min((index+1)*partSize, u.size) - index*partSize
	if r.ContentLength != want {
		refuse(w, "length")
		return
	}
	buffer := s.buffers.Get().(*[512 << 10]byte)
	defer s.buffers.Put(buffer)
	began, got := time.Now(), int64(0)
	for {
		n, err := r.Body.Read(buffer[:])
		got += int64(n)
		if s.bandwidth > 0 {
			time.Sleep(time.Until(began.Add(time.Duration(float64(got) / float64(s.bandwidth) * float64(time.Second)))))
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return
		}
	}
	u.received.Add(got)
	w.Header().Set("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)
}

func refuse(w http.ResponseWriter, why string) {
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"error":{"code":"invalid_request","message":%q}}`, why)
}
