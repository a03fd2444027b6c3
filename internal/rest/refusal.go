package rest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
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
	Code, Message string
	Details       map[string]any
}

// ReadRefusal reads an answer to op whose status means failure. The body may have any shape.
func (c *Client) ReadRefusal(op string, resp *http.Response) (said Refusal) {
	// A body that cannot be read is no error, because the status decides.
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal+1))
	if err != nil || len(content) > maxRefusal {
		return Refusal{}
	}
	hide := c.redactor(resp.Request, call{operation: op}.signed())
	code, message, details := readError(content)
	said.Code = short(hide.text(code))
	said.Message = short(hide.text(message))
	if details != nil {
		said.Details, _ = hide.value(details).(map[string]any)
	}
	return said
}

// readError reads the two shapes of errors that there are: the JSON of the API
// (ErrorResponse in openapi.yaml) and the XML of object storage.
func readError(content []byte) (code, message string, details map[string]any) {
	var answer struct {
		Error struct {
			Code    json.RawMessage `json:"code"`
			Message json.RawMessage `json:"message"`
			Details json.RawMessage `json:"details"`
		} `json:"error"`
	}
	if json.NewDecoder(bytes.NewReader(content)).Decode(&answer) == nil {
		// A field of another type than documented must not cost the others.
		return text(answer.Error.Code), text(answer.Error.Message), object(answer.Error.Details)
	}
	var storage struct {
		XMLName xml.Name `xml:"Error"`
		Code    string   `xml:"Code"`
		Message string   `xml:"Message"`
	}
	if xml.Unmarshal(content, &storage) == nil {
		return storage.Code, storage.Message, nil
	}
	return "", "", nil
}

// text returns the string that raw is, or "" if it is none.
func text(raw json.RawMessage) (value string) {
	_ = json.Unmarshal(raw, &value)
	return value
}

// object returns the object that raw is, or nil if it is none or too long.
func object(raw json.RawMessage) (value map[string]any) {
	if len(raw) > maxDetails {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	_ = decoder.Decode(&value)
	return value
}
