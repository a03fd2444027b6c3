package rest

import (
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

// TestRefusals has the shapes in which the service, storage, gateways and proxies say no.
func TestRefusals(t *testing.T) {
	const api, put = operation.BeginMultipartUpload, operation.PutPart
	for _, test := range []struct {
		name, op, body string
		documented     bool
		code, message  string
	}{
		{"the service", api, `{"error":{"code":"denied","message":"No."}}`, true, "denied", "No."},
		{"the service, with more", api, `{"error":{"code":"denied","message":"No.","details":{},"more":1},"id":5}`, true, "denied", "No."},
		{"the service, after a mark", api, byteOrderMark + `{"error":{"code":"denied","message":"No."}}`, true, "denied", "No."},
		{"the service about a part", put, `{"error":{"code":"denied","message":"No."}}`, false, "denied", "No."},
		{"storage", put, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Expired</Message></Error>`, true, "AccessDenied", "Expired"},
		{"storage, with a name space", put, `<Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Code>AccessDenied</Code><Message>Expired</Message></Error>`, true, "AccessDenied", "Expired"},
		{"storage, with a prefix", put, `<s:Error xmlns:s="urn:x"><s:Code>AccessDenied</s:Code><s:Message>Expired</s:Message></s:Error>`, true, "AccessDenied", "Expired"},
		{"storage, in another encoding", put, `<?xml version="1.0" encoding="ISO-8859-1"?><Error><Code>AccessDenied</Code><Message>Expired</Message></Error>`, true, "AccessDenied", "Expired"},
		{"storage in place of the API", api, `<Error><Code>AccessDenied</Code><Message>Expired</Message></Error>`, false, "AccessDenied", "Expired"},
		{"nested XML", put, `<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Slow down</Message></Error></ErrorResponse>`, false, "Throttling", "Slow down"},
		{"SOAP", api, `<e:Envelope xmlns:e="x"><e:Body><e:Fault><faultcode>Client</faultcode><faultstring>Not today</faultstring></e:Fault></e:Body></e:Envelope>`, false, "Client", "Not today"},

		{"message", api, `{"message":"trial is over"}`, false, "", "trial is over"},
		{"Message", api, `{"Message":"trial is over"}`, false, "", "trial is over"},
		{"error as text", api, `{"error":"trial is over"}`, false, "", "trial is over"},
		{"error and its words", api, `{"timestamp":"x","status":403,"error":"Forbidden","message":"trial is over","path":"/"}`, false, "Forbidden", "trial is over"},
		{"OAuth", api, `{"error":"invalid_client","error_description":"trial is over"}`, false, "invalid_client", "trial is over"},
		{"a number as code", api, `{"error":{"code":403,"message":"trial is over","status":"PERMISSION_DENIED"}}`, false, "403", "trial is over"},
		{"no code", api, `{"error":{"message":"trial is over"}}`, false, "", "trial is over"},
		{"code beside it", api, `{"code":"E7","message":"trial is over"}`, false, "E7", "trial is over"},
		{"a list", api, `{"errors":[{"code":"a","message":"one"},{"message":"two"},"three",{"message":"four"}]}`, false, "a", "one; two; three"},
		{"a list with details", api, `{"errors":[{"title":"Over","detail":"trial is over"}]}`, false, "", "Over: trial is over"},
		{"a list at the top", api, `[{"message":"trial is over"}]`, false, "", "trial is over"},
		{"a list under error", api, `{"error":{"errors":[{"reason":"trial is over"}]}}`, false, "", "trial is over"},
		{"RFC 9457", api, `{"type":"about:blank","title":"Over","status":403,"detail":"trial is over"}`, false, "", "Over: trial is over"},
		{"RFC 9457 without detail", api, `{"type":"about:blank","title":"trial is over","status":403}`, false, "", "trial is over"},
		{"detail as a list", api, `{"detail":[{"loc":["body"],"msg":"field required"}]}`, false, "", "field required"},
		{"a fault", api, `{"fault":{"faultstring":"trial is over","detail":{"errorcode":"policies.over"}}}`, false, "policies.over", "trial is over"},
		{"JSON text", api, `"trial is over"`, false, "", "trial is over"},
		{"after a mark", api, byteOrderMark + "  \n" + `{"message":"trial is over"}`, false, "", "trial is over"},

		{"text", put, "trial\r\nis over\n", false, "", "trial is over"},
		{"long text", put, strings.Repeat("over ", 10_000), false, "", strings.Repeat("over ", 99) + "over…"},
		{"long text, cut within a character", put, "x" + strings.Repeat("ü", 20_000), false, "", "x" + strings.Repeat("ü", 498) + "…"},
		{"a page", api, "<!DOCTYPE html><html><head><TITLE>\n Access &amp; rights </TITLE></head><body><p>x", false, "", "Access & rights"},
		{"an XHTML page", api, `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>No access</title></head></html>`, false, "", "No access"},
		{"a long page", api, "<html><title>No access</title>" + strings.Repeat("<br>", 10_000), false, "", "No access"},
		{"a page of the status", api, "<html><head><title>403 Forbidden</title></head></html>", false, "", ""},
		{"a page of its name", api, "<html><head><title>Forbidden</title></head></html>", false, "", ""},
		{"a page without a title", api, "<html><body>x</body></html>", false, "", ""},

		{"nothing", api, "", false, "", ""},
		{"white space", api, " \n", false, "", ""},
		{"null", api, "null", false, "", ""},
		{"a number", api, "5", false, "", ""},
		{"numbers", api, "[1,2]", false, "", ""},
		{"an empty object", api, "{}", false, "", ""},
		{"an empty list", api, `{"errors":[]}`, false, "", ""},
		{"deep nesting", api, strings.Repeat(`{"error":`, 10) + `"x"` + strings.Repeat("}", 10), false, "", ""},
		{"broken JSON", api, `{"message":"trial is over"`, false, "", ""},
		{"broken XML", put, `<Error><Code>AccessDenied</Code>`, false, "", ""},
		{"binary", put, "\x1f\x8b\x08\x00\x00", false, "", ""},
		{"not UTF-8", put, "caf\xe9 closed", false, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			resp := response(403, test.body)
			resp.Request = signedRequest(t)
			got := testRest().ReadRefusal(test.op, resp)
			if got.Documented != test.documented || got.Code != test.code || got.Message != test.message {
				t.Errorf("%+v", got)
			}
		})
	}
}

// The words of others may hold secrets, too.
func TestRefusalsTellNoSecret(t *testing.T) {
	for _, body := range []string{
		`{"message":"` + presignedURL + ` and ` + redactedKey + `"}`,
		`{"errors":["` + presignedURL + `",{"code":"` + redactedKey + `","detail":"` + presignedSignature + `"}]}`,
		presignedURL + " " + redactedKey,
		"<title>" + presignedURL + redactedKey + "</title>",
		"<a><code>" + redactedKey + "</code><detail>" + presignedSignature + "</detail></a>",
	} {
		resp := response(403, body)
		resp.Request = signedRequest(t)
		got := testRest().ReadRefusal(operation.PutPart, resp)
		if text := got.Code + got.Message; text == "" || strings.Contains(text, redactedKey) || strings.Contains(text, presignedSignature) {
			t.Errorf("%s: %q", body, text)
		}
	}
}
