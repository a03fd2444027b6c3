package rest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

const (
	// maxRefusal is how much of an answer that means failure is read, in bytes.
	maxRefusal = 16 << 10
	// maxDetails is the longest JSON of details that is passed on. Decoded, they can
	// take more than twenty times as much.
	maxDetails = 4 << 10
)

// Refusal is the content of an answer that means failure, without secrets. What the answer
// does not say is empty.
type Refusal struct {
	// Documented reports whether the body has the shape that the service, or storage,
	// gives its errors.
	Documented    bool
	Code, Message string
	Details       map[string]any
}

// ReadRefusal reads an answer to op whose status means failure. The body may have any shape.
func (c *Client) ReadRefusal(op string, resp *http.Response) Refusal {
	// A body that cannot be read is no error, because the status decides.
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil {
		return Refusal{}
	}
	said := readRefusal(op, resp.StatusCode, bytes.TrimPrefix(content, []byte(byteOrderMark)))
	hide := c.redactor(resp.Request, call{operation: op}.signed())
	said.Code, said.Message = short(hide.text(said.Code)), short(hide.text(said.Message))
	if said.Details != nil {
		said.Details, _ = hide.value(said.Details).(map[string]any)
	}
	return said
}

// Quote returns what the service wrote in an answer for people to read: one line of at most
// maxMessage characters without the credentials.
func (c *Client) Quote(resp *http.Response, text string) string {
	return short(c.redactor(resp.Request, false).text(text))
}

// readRefusal reads an error of the API, which is JSON (ErrorResponse in openapi.yaml), or of
// object storage, which is XML. Errors of gateways and proxies have many shapes: their
// words are looked for where such shapes have them.
func readRefusal(op string, status int, content []byte) Refusal {
	content = bytes.TrimSpace(content)
	switch {
	case len(content) == 0:
		return Refusal{}
	case bytes.IndexByte([]byte(`{["`), content[0]) >= 0:
		return refusalInJSON(op, content)
	case content[0] == '<':
		return refusalInMarkup(op, status, content)
	}
	if plainText(content) && !json.Valid(content) { // not a number, true, false or null
		return Refusal{Message: string(content)}
	}
	return Refusal{}
}

// refusalInJSON reads {"error":{"code":…,"message":…,"details":…}}, and whatever else may
// hold words.
func refusalInJSON(op string, content []byte) Refusal {
	var documented struct {
		Error struct {
			Code    *string         `json:"code"`
			Message *string         `json:"message"`
			Details json.RawMessage `json:"details"`
		} `json:"error"`
	}
	if !json.Valid(content) {
		return Refusal{}
	}
	err := json.Unmarshal(content, &documented)
	said := Refusal{Details: objectOf(documented.Error.Details)}
	if err == nil && documented.Error.Code != nil && documented.Error.Message != nil {
		said.Documented = op != operation.PutPart
		said.Code, said.Message = *documented.Error.Code, *documented.Error.Message
		return said
	}
	said.Code, said.Message = words(content, 0)
	return said
}

// objectOf returns the object that raw is, or nil if it is none or too long.
func objectOf(raw json.RawMessage) (value map[string]any) {
	if len(raw) > maxDetails {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	_ = decoder.Decode(&value)
	return value
}

var (
	// messageNames are the members, in small letters, that hold the words of an error,
	// the most telling first. The value may be an object or a list of such.
	messageNames = []string{
		"message", "detail", "error_description", "errormessage", "error_message", "msg",
		"faultstring", "description", "reason", "title", "error", "errors", "fault",
	}
	// codeNames are those that hold its code.
	codeNames = []string{"code", "errorcode", "error_code", "status_code"}
)

const (
	maxNesting = 4 // of the value that holds the words
	maxErrors  = 3 // of a list that are told
)

// words returns the code and the words of an error in JSON of any shape.
func words(value json.RawMessage, depth int) (code, message string) {
	if value = bytes.TrimSpace(value); len(value) == 0 || depth > maxNesting {
		return "", ""
	}
	switch value[0] {
	case '"':
		_ = json.Unmarshal(value, &message)
	case '[':
		var list []json.RawMessage
		_ = json.Unmarshal(value, &list)
		return wordsOfList(list, depth)
	case '{':
		var members map[string]json.RawMessage
		_ = json.Unmarshal(value, &members)
		return wordsOfObject(members, depth)
	}
	return "", message
}

func wordsOfList(list []json.RawMessage, depth int) (code, message string) {
	var messages []string
	for _, element := range list[:min(len(list), maxErrors)] {
		itsCode, itsMessage := words(element, depth+1)
		code = cmp.Or(code, itsCode)
		if itsMessage != "" {
			messages = append(messages, itsMessage)
		}
	}
	return code, strings.Join(messages, "; ")
}

func wordsOfObject(members map[string]json.RawMessage, depth int) (code, message string) {
	small := make(map[string]json.RawMessage, len(members))
	for name, value := range members {
		small[strings.ToLower(name)] = value
	}
	for _, name := range codeNames {
		if text := scalar(small[name]); text != "" {
			code = text
			break
		}
	}
	for _, name := range messageNames {
		innerCode, text := words(small[name], depth+1)
		code = cmp.Or(code, innerCode)
		if text == "" {
			continue
		}
		// Beside other words, "error" is a code, and the title of RFC 9457 comes first.
		if label := scalar(small["error"]); code == "" && name != "error" {
			code = label
		}
		if title := scalar(small["title"]); name == "detail" && title != "" {
			text = title + ": " + text
		}
		return code, text
	}
	return code, ""
}

// scalar returns a string or number as text.
func scalar(raw json.RawMessage) string {
	var text string
	var number json.Number
	if json.Unmarshal(raw, &text) != nil && json.Unmarshal(raw, &number) == nil {
		return number.String()
	}
	return text
}

// pageTitle finds the title of an HTML page.
var pageTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// refusalInMarkup reads the XML of object storage, the words in XML of another shape, or
// the title of an HTML page.
func refusalInMarkup(op string, status int, content []byte) Refusal {
	root, code, message := wordsInXML(content)
	if root != "" && !strings.EqualFold(root, "html") {
		documented := op == operation.PutPart && root == "Error" && code != ""
		return Refusal{Documented: documented, Code: code, Message: message}
	}
	found := pageTitle.FindSubmatch(content)
	if found == nil {
		return Refusal{}
	}
	title := strings.TrimSpace(html.UnescapeString(string(found[1])))
	if name := http.StatusText(status); strings.EqualFold(title, name) || strings.EqualFold(title, fmt.Sprint(status, " ", name)) {
		return Refusal{} // no more than the status
	}
	return Refusal{Message: title}
}

// wordsInXML returns the name of the outermost element and the text of the first elements
// that hold a code and words. The name is empty if the text is not well-formed.
func wordsInXML(content []byte) (root, code, message string) {
	decoder := xml.NewDecoder(bytes.NewReader(content))
	decoder.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // ASCII for the most part
	var inside string
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return root, code, message
		}
		if err != nil {
			return "", "", ""
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside = strings.ToLower(token.Name.Local)
			if root == "" {
				root = token.Name.Local
			}
		case xml.EndElement:
			inside = ""
		case xml.CharData:
			text := strings.TrimSpace(string(token))
			switch inside {
			case "code", "faultcode":
				code = cmp.Or(code, text)
			case "message", "faultstring", "detail", "reason":
				message = cmp.Or(message, text)
			}
		}
	}
}

// plainText reports whether content is text that people can read.
func plainText(content []byte) bool {
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		cutOff := r == utf8.RuneError && len(content) < utf8.UTFMax && !utf8.FullRune(content)
		if r == utf8.RuneError && size == 1 && !cutOff || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return false
		}
		content = content[size:]
	}
	return true
}
