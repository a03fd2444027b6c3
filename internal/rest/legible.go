package rest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

// legible turns the legal forms of JSON that encoding/json and the generated client do
// not read into those that they read: integers such as 5.0 and 5e6, a byte order mark,
// and a media type that is missing or in capitals.
func (c *Client) legible(next handler) handler {
	return func(req *http.Request, about call) (*http.Response, error) {
		resp, err := next(req, about)
		if err != nil {
			return nil, err
		}
		// The generated client reads an answer only if its type has "json" in it. Every
		// answer of the API that means success is JSON.
		media := resp.Header.Get("Content-Type")
		mustBeJSON := operation.IsAPI(about.operation) && resp.StatusCode/100 == 2
		if !strings.Contains(media, "json") && (mustBeJSON || strings.Contains(strings.ToLower(media), "json")) {
			resp.Header = resp.Header.Clone() // that of the transport may serve others
			resp.Header.Set("Content-Type", "application/json")
		}
		if resp.Body != http.NoBody {
			resp.Body = &jsonBody{ReadCloser: resp.Body, length: resp.ContentLength}
		}
		return resp, nil
	}
}

// jsonBody is the body of an answer without a byte order mark. If it is a JSON object or
// array, numbers that are whole are written as integers, except in metadata and details:
// those are the caller's own, in which a number stays as it was.
type jsonBody struct {
	io.ReadCloser
	length int64         // of the text, in bytes; -1 if it is not known
	began  bool          // the first byte of the text was seen
	raw    bool          // the text is neither an object nor an array
	mark   int           // bytes of a byte order mark that were seen at the very beginning
	quoted bool          // in a string
	escape bool          // after a backslash
	value  bool          // after a colon
	name   [maxName]byte // the beginning of the last string, in case it names a member
	named  int           // bytes of name
	depth  int
	keep   int // the depth at which numbers are to be kept as they are; 0 for none

	number []byte // a number whose end was not seen
	long   bool   // its beginning was passed on
	to     []byte // what is being read into
	room   int    // how much of that may be written
	wrote  int
	more   []byte // what had no room
	err    error  // what reading ended with
}

const byteOrderMark = "\xef\xbb\xbf"

func (b *jsonBody) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if len(b.more) > 0 {
			n := copy(p, b.more)
			b.more = b.more[n:]
			return n, nil
		}
		if b.err != nil {
			return 0, b.err
		}
		n, err := b.ReadCloser.Read(p)
		if n == 0 && err == nil {
			return 0, nil
		}
		if int64(n) == b.length && isLegible(p[:n]) {
			b.err = err
			return n, nil
		}
		b.to, b.wrote, b.room = p, 0, 0
		b.takeAll(p[:n])
		if err != nil {
			b.err = err
			b.endMark()
			b.endNumber()
		}
		if b.to = nil; b.wrote > 0 {
			return b.wrote, nil
		}
	}
}

// isLegible reports whether the whole text of an answer can stay as it is. Nearly every answer
// can. It may report false for one that can, too, because it does not tell strings from numbers.
// That makes it much faster than take.
func isLegible(text []byte) bool {
	for i, c := range text {
		switch c {
		case '.', 'e', 'E':
			if endsInNumber(text[:i]) {
				return false
			}
		case byteOrderMark[0]:
			if i == 0 {
				return false
			}
		}
	}
	return true
}

// endsInNumber reports whether text ends in digits that stand where a number may begin.
func endsInNumber(text []byte) bool {
	at := len(text)
	for at > 0 && '0' <= text[at-1] && text[at-1] <= '9' {
		at--
	}
	if at == len(text) {
		return false
	}
	if at > 0 && text[at-1] == '-' {
		at--
	}
	return at > 0 && strings.IndexByte(":,[ \t\r\n", text[at-1]) >= 0
}

// takeAll reads a piece of the text.
func (b *jsonBody) takeAll(text []byte) {
	for len(text) > 0 {
		taken := b.takeText(text)
		if taken == 0 {
			taken = 1
			b.room++
			b.take(text[0])
		}
		text = text[taken:]
	}
}

// put passes a byte on, which takes the place of one that was read, if there is any.
func (b *jsonBody) put(c byte) {
	if len(b.more) == 0 && b.wrote < b.room {
		b.to[b.wrote] = c
		b.wrote++
		return
	}
	b.more = append(b.more, c)
}

// takeText passes on the beginning of text if it lies in a string and does not end it. It
// returns how many bytes that were. Most of an answer is such text, and take is slow.
func (b *jsonBody) takeText(text []byte) int {
	if !b.quoted || b.escape || len(b.more) > 0 {
		return 0
	}
	if end := bytes.IndexByte(text, '"'); end >= 0 {
		text = text[:end]
	}
	if end := bytes.IndexByte(text, '\\'); end >= 0 {
		text = text[:end]
	}
	b.named += copy(b.name[b.named:], text)
	b.room += len(text)
	b.wrote += copy(b.to[b.wrote:], text) // which moves text
	return len(text)
}

// take reads a byte of the text.
func (b *jsonBody) take(c byte) {
	if b.mark >= 0 && b.mark < len(byteOrderMark) && c == byteOrderMark[b.mark] {
		b.mark++
		return
	}
	b.endMark()
	space := c == ' ' || c == '\t' || c == '\r' || c == '\n'
	if !b.began && !space {
		b.began, b.raw = true, c != '{' && c != '['
	}
	switch {
	case b.raw:
		b.put(c)
	case b.quoted:
		b.inString(c)
	case b.keep == 0 && (c == '-' || '0' <= c && c <= '9' || len(b.number) > 0 && strings.IndexByte(".eE+", c) >= 0):
		b.inNumber(c)
	default:
		b.endNumber()
		b.put(c)
		b.structure(c)
		b.value = c == ':' || b.value && space
	}
}

// endMark passes on what looked like the beginning of a byte order mark and was none.
func (b *jsonBody) endMark() {
	if b.mark > 0 && b.mark < len(byteOrderMark) {
		b.putAll([]byte(byteOrderMark[:b.mark]))
	}
	b.mark = -1
}

// maxName is how much of a string is kept, in bytes.
const maxName = 16

func (b *jsonBody) inString(c byte) {
	b.put(c)
	switch {
	case b.escape:
		b.escape = false
	case c == '\\':
		b.escape = true
	case c == '"':
		b.quoted = false
		return
	}
	b.named += copy(b.name[b.named:], []byte{c})
}

// structure takes in what is neither in a string nor in a number.
func (b *jsonBody) structure(c byte) {
	switch c {
	case '"':
		b.quoted, b.named = true, 0
	case '{', '[':
		b.depth++
		name := string(b.name[:b.named])
		if b.keep == 0 && b.value && (name == "metadata" || name == "details") {
			b.keep = b.depth
		}
	case '}', ']':
		if b.depth == b.keep {
			b.keep = 0
		}
		b.depth--
	}
}

// maxNumber is the longest number that is looked at, in bytes.
const maxNumber = 64

func (b *jsonBody) inNumber(c byte) {
	b.value = false
	if b.long {
		b.put(c)
		return
	}
	b.number = append(b.number, c)
	if len(b.number) == maxNumber {
		b.long = true
		b.putAll(b.number)
	}
}

func (b *jsonBody) endNumber() {
	if len(b.number) == 0 {
		return
	}
	if !b.long {
		b.putAll(wholeNumber(b.number))
	}
	b.number, b.long = b.number[:0], false
}

func (b *jsonBody) putAll(text []byte) {
	for _, c := range text {
		b.put(c)
	}
}

// wholeNumber returns a JSON number that has a point or an exponent and that an int64
// may hold as an integer, and any other text unchanged. It goes by the digits: as a
// float64, large integers would become others.
func wholeNumber(text []byte) []byte {
	if !bytes.ContainsAny(text, ".eE") {
		return text
	}
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(string(text)), "e")
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, pointed := strings.Cut(mantissa, ".")
	if !scientific && !pointed || !json.Valid(text) {
		return text
	}
	shift, err := strconv.Atoi(cmp.Or(exponent, "0"))
	digits := strings.TrimLeft(whole+fraction, "0")
	point := len(digits) - len(fraction) + shift // where it stands in digits
	digits = strings.TrimRight(digits, "0")
	const most = 19 // digits of the largest int64
	switch {
	case digits == "":
		return []byte("0")
	case err != nil, len(digits) > point, point > most:
		return text // a fraction, or too large
	}
	digits += strings.Repeat("0", point-len(digits))
	if negative {
		digits = "-" + digits
	}
	return []byte(digits)
}
