package contract

import (
	"mime"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// body is one documented media type of a request or a response.
type body struct {
	media  string // as in the document: "application/json", "*/*"
	schema *openapi3.Schema
	json   bool // validated in memory; all others are passed on unread
	limit  bodyLimit
}

// bodies is the content of a request or response, exact media types before ranges.
type bodies []body

// newBodies compiles the content of a message. limit returns the limit of a JSON body.
func newBodies(content openapi3.Content, limit func(*openapi3.Schema) bodyLimit) bodies {
	var exact, ranges bodies
	for media, mediaType := range content {
		b := body{media: media, json: isJSON(media)}
		if mediaType.Schema != nil {
			b.schema = mediaType.Schema.Value
		}
		if b.json {
			b.limit = limit(b.schema)
		}
		if strings.Contains(media, "*") {
			ranges = append(ranges, b)
		} else {
			exact = append(exact, b)
		}
	}
	return append(exact, ranges...)
}

// find returns the documented body for the Content-Type of a message, or else what is wrong with it.
func (bs bodies) find(header http.Header) (*body, []Violation) {
	values := header.Values("Content-Type")
	if len(values) > 1 {
		return nil, []Violation{violation("", RuleRepeated, "must be given once")}
	}
	media, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	kind, subtype, _ := strings.Cut(media, "/")
	if err != nil || kind == "" || subtype == "" {
		return nil, []Violation{violation("", RuleUndocumented, "must be a documented media type")}
	}
	for i := range bs {
		if !matchesMedia(bs[i].media, media) {
			continue
		}
		// Without a boundary a form cannot be read. A file whose type is that of a form can.
		if strings.HasPrefix(strings.ToLower(bs[i].media), "multipart/") && parameters["boundary"] == "" {
			break
		}
		if charset := parameters["charset"]; bs[i].json && charset != "" && !strings.EqualFold(charset, "utf-8") {
			return nil, []Violation{violation("", RuleCharset, "must have no charset but utf-8")}
		}
		return &bs[i], nil
	}
	return nil, []Violation{violation("", RuleUndocumented, "must be a documented media type")}
}

func matchesMedia(documented, media string) bool {
	documented, _, _ = strings.Cut(strings.ToLower(documented), ";")
	if group, ok := strings.CutSuffix(documented, "/*"); ok {
		kind, _, _ := strings.Cut(media, "/")
		return group == "*" || group == kind
	}
	return documented == media
}

func isJSON(media string) bool {
	return media == "application/json" || strings.HasSuffix(media, "+json")
}
