package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	partSize   = 5 << 20
	bufferSize = 64 << 10 // stays in the processor's cache
)

type stub struct {
	origin    string
	latency   time.Duration // of each API call
	bandwidth int64         // of each part PUT and each download by itself, in bytes per second; 0 is no limit
	stored    stored

	calls   atomic.Int64 // of the API
	last    atomic.Int64 // number of the newest upload
	uploads sync.Map     // id → *upload
	buffers sync.Pool
}

type upload struct {
	id          string
	size, parts int64
	received    atomic.Int64 // bytes
	left        atomic.Int64 // parts not completed
}

// answer is what there is to say to a request.
type answer struct {
	status int
	header string // lines beside those that every answer has
	json   []byte
	file   *os.File // sent in place of json, if it is not nil, and closed
	length int64    // of what is sent of the file, from where it stands
}

func ok(json string) answer { return answer{status: http.StatusOK, json: []byte(json)} }

func refuse(why string) answer {
	return answer{status: http.StatusBadRequest, json: fmt.Appendf(nil, `{"error":{"code":"invalid_request","message":%q}}`, why)}
}

// connection is one of a client, and what was read from it ahead.
type connection struct {
	net.Conn
	in  *bufio.Reader
	out []byte // the last answer, for its room
}

// request is what the stub looks at of one.
type request struct {
	method, path, query string
	span                string // the Range header
	length              int64  // of the body that is still to be read
	last                bool   // of the connection
}

// serve answers the requests of one connection, one after the other.
func (s *stub) serve(conn net.Conn) {
	defer conn.Close()
	c := &connection{Conn: conn, in: bufio.NewReader(conn)}
	for {
		r, err := c.request()
		if err != nil {
			return
		}
		a := s.handle(r, c)
		if err := s.drop(c, r.length); err != nil { // what a refusal left
			return
		}
		if err := s.send(c, a); err != nil || r.last {
			return
		}
	}
}

// request reads the head of the next request.
func (c *connection) request() (*request, error) {
	line, err := c.line()
	if err != nil {
		return nil, err
	}
	method, rest, _ := strings.Cut(string(line), " ")
	target, _, _ := strings.Cut(rest, " ")
	path, query, _ := strings.Cut(target, "?")
	r := &request{method: method, path: path, query: query}
	for {
		line, err := c.line()
		if err != nil || len(line) == 0 {
			return r, err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			length, err := strconv.ParseUint(string(value), 10, 63)
			if err != nil {
				return nil, err
			}
			r.length = int64(length)
		case bytes.EqualFold(name, []byte("Range")):
			r.span = string(value)
		case bytes.EqualFold(name, []byte("Connection")):
			r.last = bytes.EqualFold(value, []byte("close"))
		}
	}
}

func (c *connection) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}

// send sends an answer.
func (s *stub) send(c *connection, a answer) error {
	length := int64(len(a.json))
	if a.file != nil {
		defer a.file.Close()
		length = a.length
	}
	c.out = append(c.out[:0], "HTTP/1.1 "+decimal(int64(a.status))+" "+http.StatusText(a.status)+
		"\r\nContent-Length: "+decimal(length)+"\r\n"+a.header...)
	if len(a.json) > 0 {
		c.out = append(c.out, "Content-Type: application/json\r\n"...)
	}
	c.out = append(append(c.out, "\r\n"...), a.json...)
	if _, err := c.Write(c.out); err != nil || a.file == nil {
		return err
	}
	return s.sendFile(c, a.file, length)
}

// sendFile sends n bytes of a file, slowly if so asked. On Linux the kernel does it without
// copying them, if the connection is a plain one.
func (s *stub) sendFile(c *connection, file *os.File, n int64) error {
	if s.bandwidth == 0 {
		_, err := io.CopyN(c.Conn, file, n)
		return err
	}
	for began, sent := time.Now(), int64(0); sent < n; {
		now, err := io.CopyN(c.Conn, file, min(bufferSize, n-sent))
		if err != nil {
			return err
		}
		sent += now
		s.pace(began, sent)
	}
	return nil
}

// pace waits until n bytes may have passed since then.
func (s *stub) pace(since time.Time, n int64) {
	time.Sleep(time.Until(since.Add(time.Duration(float64(n) / float64(s.bandwidth) * float64(time.Second)))))
}

// handle finds out what a request is about:
//
//	POST    /v2/accounts/{account}/uploads
//	GET PUT /v2/accounts/{account}/uploads/{id}/parts/{index}
//	POST    /v2/accounts/{account}/uploads/binary
//	GET     /v2/accounts/{account}/folders/list
//	PUT     /part/{id}/{index}
//	GET     /{account}/raw/bench/{file}
//	GET     /calls
func (s *stub) handle(r *request, c *connection) answer {
	path := strings.Split(r.path, "/")[1:]
	switch {
	case len(path) == 3 && path[0] == "part":
		u, index, found := s.find(path[1], path[2])
		if !found {
			return refuse("part")
		}
		return s.put(r, c, u, index)
	case len(path) > 3 && path[1] == "raw" && path[2] == "bench":
		return s.stored.get(r, strings.Join(path[3:], "/"))
	case r.path == "/calls":
		return ok(decimal(s.calls.Load()))
	}
	s.calls.Add(1)
	time.Sleep(s.latency)
	return s.call(r, c, path)
}

// call answers a call of the API.
func (s *stub) call(r *request, c *connection, path []string) answer {
	switch {
	case len(path) == 4 && r.method == http.MethodPost:
		return s.begin(r, c, path[2])
	case len(path) == 5 && path[4] == "binary":
		return s.basic(r, c, path[2])
	case len(path) == 5 && path[4] == "list":
		return s.stored.list(r)
	case len(path) == 7:
		u, index, found := s.find(path[4], path[6])
		if !found {
			return refuse("part")
		}
		if r.method == http.MethodGet {
			return ok(s.describe(u, index))
		}
		return s.complete(u)
	}
	return refuse("path")
}

// find returns the upload and the index of the part that a request names.
func (s *stub) find(id, part string) (u *upload, index int64, found bool) {
	index, err := strconv.ParseInt(part, 10, 64)
	value, known := s.uploads.Load(id)
	if err != nil || !known {
		return nil, 0, false
	}
	u = value.(*upload)
	return u, index, 0 <= index && index < u.parts
}

func (s *stub) begin(r *request, c *connection, account string) answer {
	body := make([]byte, min(r.length, bufferSize))
	_, err := io.ReadFull(c.in, body)
	r.length -= int64(len(body))
	size, found := sizeIn(body)
	if err != nil || !found {
		return refuse("size")
	}
	u := &upload{
		id:    "Kd759" + decimal(1e10+s.last.Add(1)),
		size:  size,
		parts: max(1, (size+partSize-1)/partSize),
	}
	u.left.Store(u.parts)
	s.uploads.Store(u.id, u)
	return ok(`{"file":{"accountId":"` + account + `","etag":null,"filePath":"/bench/` + u.id + `","fileUrl":"` +
		s.origin + `/` + account + `/raw/bench/` + u.id + `","lastModified":1615680311115,"metadata":{},` +
		`"mime":"application/octet-stream","originalFileName":null,"size":` + decimal(size) + `,"tags":[]},"uploadId":"` +
		u.id + `","uploadParts":{"count":` + decimal(u.parts) + `,"first":` + s.describe(u, 0) + `}}`)
}

// basic stores a file in one request, at the path that it names.
func (s *stub) basic(r *request, c *connection, account string) answer {
	query, err := url.ParseQuery(r.query)
	path := query.Get("filePath")
	if path == "" && query.Has("fileName") {
		path = query.Get("folderPath") + "/" + query.Get("fileName")
	}
	if err != nil || path == "" {
		return refuse("a path is needed")
	}
	if err := s.drop(c, r.length); err != nil {
		return refuse("body")
	}
	r.length = 0
	return ok(`{"accountId":"` + account + `","etag":"9b2cf535f27731c974343645a3985328","filePath":` + strconv.Quote(path) +
		`,"fileUrl":` + strconv.Quote(s.origin+"/"+account+"/raw"+path) + `}`)
}

// sizeIn is the size in a request to begin an upload. No decoder has to run for it:
// the clients that are measured have one key of that name, and no space after it.
func sizeIn(body []byte) (size int64, found bool) {
	_, rest, _ := bytes.Cut(body, []byte(`"size":`))
	digits := rest[:len(rest)-len(bytes.TrimLeft(rest, "0123456789"))]
	announced, err := strconv.ParseUint(string(digits), 10, 63)
	return int64(announced), err == nil
}

func (s *stub) describe(u *upload, index int64) string {
	start := index * partSize
	return `{"range":{"inclusiveStart":` + decimal(start) + `,"inclusiveEnd":` + decimal(min(start+partSize, u.size)-1) +
		`},"uploadId":"` + u.id + `","uploadPartIndex":` + decimal(index) +
		`,"uploadUrl":"` + s.origin + `/part/` + u.id + `/` + decimal(index) + `"}`
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func (s *stub) complete(u *upload) answer {
	if u.left.Add(-1) > 0 {
		return ok(`{"status":"Pending"}`)
	}
	s.uploads.Delete(u.id)
	if got := u.received.Load(); got != u.size {
		return refuse(fmt.Sprintf("%d bytes came, %d were announced", got, u.size))
	}
	return ok(`{"status":"Completed","etag":"\"9b2cf535f27731c974343645a3985328\""}`)
}

func (s *stub) put(r *request, c *connection, u *upload, index int64) answer {
	want := min((index+1)*partSize, u.size) - index*partSize
	if r.length != want {
		return refuse("length")
	}
	if err := s.drop(c, want); err != nil {
		return refuse("body")
	}
	r.length = 0
	u.received.Add(want)
	return answer{status: http.StatusOK, header: "ETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\n"}
}

// drop takes n bytes off a connection: without copying them where that can be
// had, slowly if so asked.
func (s *stub) drop(c *connection, n int64) error {
	ahead, err := c.in.Discard(int(min(n, int64(c.in.Buffered()))))
	n -= int64(ahead)
	if err == nil && s.bandwidth == 0 {
		n -= dropUncopied(c.Conn, n)
	}
	if err != nil || n == 0 {
		return err
	}
	buffer := s.buffers.Get().(*[bufferSize]byte)
	defer s.buffers.Put(buffer)
	began, got := time.Now(), int64(0)
	for got < n {
		read, err := c.Read(buffer[:min(bufferSize, n-got)])
		if err != nil {
			return err
		}
		got += int64(read)
		if s.bandwidth > 0 {
			s.pace(began, got)
		}
	}
	return nil
}
