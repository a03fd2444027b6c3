package contract

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// withFormat is a document of one operation with a query parameter "x" of a type and format.
func withFormat(kind, format string) []byte {
	return []byte(`{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":[{"url":"https://api.example.com"}],
"paths":{"/a":{"get":{"operationId":"A","parameters":[{"name":"x","in":"query","schema":{"type":"` + kind + `","format":"` + format + `"}}],
"responses":{"204":{"description":"ok"}}}}}}`)
}

func TestFormats(t *testing.T) {
	for _, test := range []struct {
		kind, format string
		good, bad    []string
	}{
		{"string", "date", []string{"2024-02-29", "1999-12-31"}, []string{"2024-02-30", "2023-02-29", "2024-1-01", "20240101", "2024-01-01T00:00:00Z", ""}},
		{"string", "date-time", []string{"2024-11-14T15:19:29Z", "2024-11-14T15:19:29.471+01:00"}, []string{"2024-11-14", "2024-13-14T15:19:29Z", "2024-02-30T15:19:29Z", "2024-11-14 15:19:29Z"}},
		{"string", "uuid", []string{"123e4567-e89b-12d3-a456-426614174000", "0190A6C0-7E6C-7B6F-8A34-5F1B2C3D4E5F"}, []string{"123e4567", "123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-426614174000}", "xyze4567-e89b-12d3-a456-426614174000"}},
		{"string", "email", []string{"a@b.example", "first.last+tag@b.example"}, []string{"a", "a@", "@b", "a b@c@d"}},
		{"string", "ipv4", []string{"192.0.2.1"}, []string{"192.0.2", "192.0.2.256", "::1", "192.0.2.01"}},
		{"string", "ipv6", []string{"2001:db8::1", "::1"}, []string{"192.0.2.1", "2001:db8::1::2", "[::1]"}},
		{"string", "uri", []string{"https://a.b/c", "urn:isbn:1"}, []string{"/a", "a", "https://a.b/%zz"}},
		{"string", "byte", []string{"", "aGVsbG8=", "aGVsbG8"}, []string{"a b", "aGVs*bG8="}},
		{"integer", "int32", []string{"2147483647", "-2147483648"}, []string{"2147483648", "1.5"}},
		{"integer", "int64", []string{"9223372036854775807"}, []string{"9223372036854775808"}},
		{"number", "float", []string{"1.5", "3e38"}, []string{"x"}},
		{"number", "double", []string{"1.5", "1e308"}, []string{"x"}},
		{"string", "password", []string{"anything"}, nil}, // an annotation
		{"string", "binary", []string{"anything"}, nil},
	} {
		t.Run(test.format, func(t *testing.T) {
			d, err := Load(withFormat(test.kind, test.format))
			if err != nil {
				t.Fatal(err)
			}
			check := func(value string, good bool) {
				w := httptest.NewRecorder()
				NewHandler(reply{http.StatusNoContent, nil, ""}, WithDocument(d)).
					ServeHTTP(w, request(t, "GET", "/a?x="+url.QueryEscape(value), "", "Authorization", ""))
				if (w.Code == http.StatusNoContent) != good {
					t.Errorf("%q: %d %s", value, w.Code, w.Body)
				}
			}
			for _, value := range test.good {
				check(value, true)
			}
			for _, value := range test.bad {
				check(value, false)
			}
		})
	}
}

// TestUnknownFormats: a format that nothing checks is a promise that nobody keeps. So a document that
// has one is refused, unless the caller says that the format is an annotation.
func TestUnknownFormats(t *testing.T) {
	for _, test := range []struct{ kind, format string }{
		{"string", "hostname"}, {"string", "slug"}, {"string", "int64"}, {"integer", "int16"}, {"integer", "float"}, {"number", "decimal"}, {"boolean", "yesno"},
	} {
		spec := withFormat(test.kind, test.format)
		if _, err := Load(spec); err == nil || !strings.Contains(err.Error(), `format "`+test.format+`"`) || !strings.Contains(err.Error(), "GET /a") {
			t.Errorf("%s %s: %v", test.kind, test.format, err)
		}
		if _, err := Load(spec, WithUncheckedFormats("other", test.format)); err != nil {
			t.Errorf("%s %s, allowed: %v", test.kind, test.format, err)
		}
	}
	// Wherever a schema can be.
	for name, spec := range map[string]string{
		"request":  `"requestBody":{"content":{"application/json":{"schema":{"type":"object","properties":{"a":{"type":"array","items":SCHEMA}}}}}},"responses":{"204":{"description":"ok"}}`,
		"response": `"responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"oneOf":[{"type":"integer"},{"type":"object","additionalProperties":SCHEMA}]}}}}}`,
		"header":   `"responses":{"204":{"description":"ok","headers":{"X":{"schema":SCHEMA}}}}`,
		"default":  `"responses":{"default":{"description":"ok","content":{"application/json":{"schema":{"allOf":[{"not":SCHEMA}]}}}},"204":{"description":"ok"}}`,
	} {
		document := `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{"/a":{"post":{"operationId":"A",` + spec + `}}}}`
		known, unknown := strings.Replace(document, "SCHEMA", `{"type":"string","format":"date"}`, 1), strings.Replace(document, "SCHEMA", `{"type":"string","format":"slug"}`, 1)
		if _, err := Load([]byte(known)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Load([]byte(unknown)); (err == nil) != (name == "default") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
