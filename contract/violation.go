package contract

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Direction is the half of an exchange that breaks the contract.
type Direction string

// The two directions.
const (
	Request  Direction = "request"
	Response Direction = "response"
)

// Location is the part of a message that breaks the contract.
type Location string

// The locations.
const (
	InRoute       Location = "route"       // host, path or method
	InSecurity    Location = "security"    // credentials
	InPath        Location = "path"        // a path parameter
	InQuery       Location = "query"       // a query parameter
	InHeader      Location = "header"      // a header
	InContentType Location = "contentType" // the media type of the body
	InStatus      Location = "status"      // the status of a response
	InBody        Location = "body"        // the body
)

// Rules that are not keywords of a schema. The rule of a broken keyword is its name: "required", "type",
// "minimum", "maxLength", "pattern", "enum", "oneOf", "discriminator", "format", "additionalProperties"
// and so on.
const (
	RuleUnknownHost  = "unknownHost"   // no server of the document, and no learned part URL
	RuleUnknownRoute = "unknownRoute"  // no operation has this path
	RuleMethod       = "method"        // the path is known, the method is not
	RuleUndocumented = "undocumented"  // a status, media type or query parameter that is not listed
	RuleRepeated     = "repeated"      // more than one value where one is documented
	RuleCharset      = "charset"       // JSON in another charset than UTF-8
	RuleCredentials  = "credentials"   // missing, malformed or unexpected credentials
	RuleCoding       = "contentCoding" // JSON with a Content-Encoding that is not documented or not known
	RuleSyntax       = "syntax"        // not JSON, or JSON that readers decode differently
	RuleUnexpected   = "unexpected"    // a body where none is documented
	RuleTooLarge     = "tooLarge"      // a JSON body beyond MaxBody
	RuleLength       = "length"        // a part PUT without the exact Content-Length
)

// A Violation is one way in which a message breaks the contract. It contains no values of the message, so
// it can be logged.
type Violation struct {
	// Operation is the operationId, "PutPart" for the PUT of an upload part, or empty when no
	// operation matched.
	Operation string    `json:"operation,omitempty"`
	Direction Direction `json:"direction"`
	// Status is the status of the response; 0 in a request.
	Status   int      `json:"status,omitempty"`
	Location Location `json:"location"`
	// Pointer is a JSON pointer (RFC 6901) into the location: into the body, or "/name" of a
	// parameter or header, followed by the place inside its value. It is empty for the whole. Names of
	// more than 64 characters are cut, and characters that are not printable are escaped as in Go
	// strings, so that the pointer can be logged.
	Pointer string `json:"pointer,omitempty"`
	// Rule is one of the Rule constants or the schema keyword that was broken.
	Rule string `json:"rule"`
	// Message describes in a few words what the contract demands. It contains no secrets and no
	// received values.
	Message string `json:"message"`
}

// violation is a violation of which only the place in the message is known, not the message.
func violation(at, rule, message string) Violation {
	return Violation{Pointer: at, Rule: rule, Message: message}
}

// unknownRoute is the violation of a request that matches no operation. allowed are the methods that the
// path supports.
func unknownRoute(allowed []string) Violation {
	v := Violation{Direction: Request, Location: InRoute, Rule: RuleUnknownRoute, Message: "must be the path of an operation"}
	if len(allowed) > 0 {
		v.Rule, v.Message = RuleMethod, "must be "+strings.Join(allowed, " or ")
	}
	return v
}

// String returns the violation in one line.
func (v Violation) String() string {
	operation := v.Operation
	if operation == "" {
		operation = "unknown operation"
	}
	direction := string(v.Direction)
	if v.Status != 0 {
		direction = fmt.Sprintf("%s %d", direction, v.Status)
	}
	return fmt.Sprintf("%s %s: %s%s: %s (%s)", operation, direction, v.Location, v.Pointer, v.Message, v.Rule)
}

// Error is the error of a call that breaks the contract. Transports return it from RoundTrip, so
// errors.As finds it in the error of an http.Client.
type Error struct {
	// Violations is never empty.
	Violations []Violation
}

// Error lists the violations, at most five of them.
func (e *Error) Error() string {
	const most = 5
	lines := make([]string, 0, most)
	for i, v := range e.Violations {
		if i == most {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.Violations)-most))
			break
		}
		lines = append(lines, v.String())
	}
	return "contract: " + strings.Join(lines, "; ")
}

// Permanent returns true: a retry would break the contract again. The client of this module does not
// retry an error with such a method.
func (e *Error) Permanent() bool { return true }

// The names in a pointer come from the sender. So each one is cut after maxToken characters, and the
// pointer is not continued beyond maxPointer bytes.
const (
	maxToken   = 64
	maxPointer = 512
	ellipsis   = "…"
)

// pointer appends reference tokens to a JSON pointer. What is not printable is escaped as in Go strings.
func pointer(base string, tokens ...string) string {
	for _, token := range tokens {
		if len(base) > maxPointer {
			return strings.TrimSuffix(base, "/"+ellipsis) + "/" + ellipsis
		}
		base += "/" + pointerEscaper.Replace(printable(token))
	}
	return base
}

var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

// printable cuts a name and escapes what is not printable in it.
func printable(name string) string {
	end := ""
	if utf8.RuneCountInString(name) > maxToken {
		length := 0
		for range maxToken {
			_, size := utf8.DecodeRuneInString(name[length:])
			length += size
		}
		name, end = name[:length], ellipsis
	}
	quoted := strconv.Quote(name)
	return quoted[1:len(quoted)-1] + end
}
