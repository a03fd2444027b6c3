package contracttest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A finding is one place of a document that breaks a rule.
type finding struct {
	Rule, Where, Text string
}

func (f finding) String() string {
	return fmt.Sprintf("%s: %s: %s", f.Rule, f.Where, f.Text)
}

// A report collects what one rule finds.
type report func(where, text string, args ...any)

// rules are what a description of this service has to follow, besides being valid. Every finding is an error.
var rules = map[string]func(*openapi3.T, report){
	"operation-id":     checkOperationIDs,
	"declared-tag":     checkTags,
	"description":      checkDescriptions,
	"example":          checkExamples,
	"error-status":     checkErrorStatuses,
	"retry-after":      checkRetryAfter,
	"security":         checkSecurity,
	"unused-component": checkUnused,
	"limit":            checkLimits,
	"lossless-go":      checkLossless,
	"integer-width":    checkIntegers,
	"anchored-pattern": checkPatterns,
	"required-exists":  checkRequired,
	"closed-request":   checkClosedRequests,
	"open-response":    checkOpenResponses,
}

// lint applies all rules to a document whose references are resolved.
func lint(document *openapi3.T) []finding {
	var findings []finding
	for name, check := range sorted(rules) {
		check(document, func(where, text string, args ...any) {
			findings = append(findings, finding{name, where, fmt.Sprintf(text, args...)})
		})
	}
	return findings
}

var operationID = regexp.MustCompile(`^[A-Z][a-z]+(?:[A-Z][a-z]+)+$`)

// checkOperationIDs wants the names of the vendor, a verb and its object in PascalCase, because Go names derive from
// them.
func checkOperationIDs(document *openapi3.T, report report) {
	for op := range operations(document) {
		if !operationID.MatchString(op.OperationID) {
			report(op.Method+" "+op.Path, "operationId %q is not in PascalCase", op.OperationID)
		}
	}
}

func checkTags(document *openapi3.T, report report) {
	for op := range operations(document) {
		if len(op.Tags) != 1 || document.Tags.Get(op.Tags[0]) == nil {
			report(op.OperationID, "tags %q: want exactly one, declared at the top", op.Tags)
		}
	}
}

// checkDescriptions wants a whole sentence on everything that a reader sees.
func checkDescriptions(document *openapi3.T, report report) {
	sentence := func(where, text string) {
		if text = strings.TrimSpace(text); text == "" || !strings.HasSuffix(text, ".") {
			report(where, "description %q is not a sentence", text)
		}
	}
	sentence("info", document.Info.Description)
	for _, tag := range document.Tags {
		sentence("tag "+tag.Name, tag.Description)
	}
	for name, scheme := range sorted(document.Components.SecuritySchemes) {
		sentence("security scheme "+name, scheme.Value.Description)
	}
	for name, header := range sorted(document.Components.Headers) {
		sentence("header "+name, header.Value.Description)
	}
	for op := range operations(document) {
		sentence(op.OperationID, op.Description)
		if op.Summary == "" || strings.HasSuffix(op.Summary, ".") {
			report(op.OperationID, "summary %q is not a heading", op.Summary)
		}
		for _, parameter := range op.parameters() {
			sentence(op.OperationID+" parameter "+parameter.Name, parameter.Description)
		}
		if op.RequestBody != nil {
			sentence(op.OperationID+" request", op.RequestBody.Value.Description)
		}
		for status, response := range sorted(op.Responses.Map()) {
			sentence(op.OperationID+" "+status, *response.Value.Description)
		}
	}
	for place := range describedSchemas(document) {
		sentence(place.where, place.schema.Description)
	}
}

// checkExamples wants an example on everything that has a value.
func checkExamples(document *openapi3.T, report report) {
	for name, header := range sorted(document.Components.Headers) {
		if header.Value.Example == nil && len(header.Value.Examples) == 0 {
			report("header "+name, "no example")
		}
	}
	for op := range operations(document) {
		for _, parameter := range op.parameters() {
			if parameter.Example == nil && len(parameter.Examples) == 0 && !allShown(parameter.Content) {
				report(op.OperationID+" parameter "+parameter.Name, "no example")
			}
		}
		if op.RequestBody != nil && !allShown(op.RequestBody.Value.Content) {
			report(op.OperationID+" request", "no example")
		}
		for status, response := range sorted(op.Responses.Map()) {
			if len(response.Value.Content) > 0 && !allShown(response.Value.Content) {
				report(op.OperationID+" "+status, "no example")
			}
		}
	}
	for place := range describedSchemas(document) {
		if place.schema.Example == nil {
			report(place.where, "no example")
		}
	}
}

func allShown(content openapi3.Content) bool {
	for _, media := range content {
		if media.Example == nil && len(media.Examples) == 0 {
			return false
		}
	}
	return len(content) > 0
}

// checkErrorStatuses wants the failures that any HTTP service has, each with the same error body.
func checkErrorStatuses(document *openapi3.T, report report) {
	for op := range operations(document) {
		for _, status := range []string{"400", "401", "403", "404", "429", "5XX", "default"} {
			if op.Responses.Value(status) == nil {
				report(op.OperationID, "does not list %s", status)
			}
		}
		succeeds := false
		for status, response := range sorted(op.Responses.Map()) {
			if strings.HasPrefix(status, "2") {
				succeeds = true
				continue
			}
			if status == "304" && len(response.Value.Content) == 0 {
				continue // HTTP allows it no body
			}
			if !carriesError(response.Value.Content["application/json"]) {
				report(op.OperationID+" "+status, "does not carry an ErrorResponse")
			}
		}
		if !succeeds {
			report(op.OperationID, "lists no success")
		}
	}
}

// carriesError reports whether a body is, or may be, the one error body.
func carriesError(media *openapi3.MediaType) bool {
	if media == nil {
		return false
	}
	for _, ref := range append(openapi3.SchemaRefs{media.Schema}, media.Schema.Value.AnyOf...) {
		if componentName(ref.Ref) == "ErrorResponse" {
			return true
		}
	}
	return false
}

func checkRetryAfter(document *openapi3.T, report report) {
	for op := range operations(document) {
		for _, status := range []string{"429", "5XX"} {
			if response := op.Responses.Value(status); response != nil && response.Value.Headers["Retry-After"] == nil {
				report(op.OperationID+" "+status, "does not document Retry-After")
			}
		}
	}
}

// checkSecurity wants credentials for every operation, except that everybody may read public files, transformed or not,
// and a use for every scheme.
func checkSecurity(document *openapi3.T, report report) {
	used := map[string]bool{}
	for op := range operations(document) {
		requirements := document.Security
		if op.Security != nil {
			requirements = *op.Security
		}
		if len(requirements) == 0 {
			report(op.OperationID, "needs no credentials")
		}
		for _, requirement := range requirements {
			if len(requirement) == 0 && op.OperationID != "DownloadFile" && op.OperationID != "ProcessFile" {
				report(op.OperationID, "may be called without credentials")
			}
			for scheme := range requirement {
				used[scheme] = true
				if document.Components.SecuritySchemes[scheme] == nil {
					report(op.OperationID, "names the unknown scheme %s", scheme)
				}
			}
		}
	}
	for scheme := range sorted(document.Components.SecuritySchemes) {
		if !used[scheme] {
			report("security scheme "+scheme, "not used by any operation")
		}
	}
}

var reference = regexp.MustCompile(`"\$ref":"#/components/([^"]+)"`)

// checkUnused wants every component to be referred to from somewhere.
func checkUnused(document *openapi3.T, report report) {
	data, err := document.MarshalJSON()
	if err != nil {
		report("document", "%v", err)
		return
	}
	used := map[string]bool{}
	for _, match := range reference.FindAllSubmatch(data, -1) {
		used[string(match[1])] = true
	}
	components := document.Components
	for kind, names := range map[string][]string{
		"schemas":       names(components.Schemas),
		"parameters":    names(components.Parameters),
		"headers":       names(components.Headers),
		"requestBodies": names(components.RequestBodies),
		"responses":     names(components.Responses),
		"examples":      names(components.Examples),
	} {
		for _, name := range names {
			if !used[kind+"/"+name] {
				report("components/"+kind+"/"+name, "not used")
			}
		}
	}
}

func names[V any](entries map[string]V) []string {
	var all []string
	for name := range sorted(entries) {
		all = append(all, name)
	}
	return all
}

// unlimited are the strings and arrays without a documented size, each with the reason.
var unlimited = map[string]string{
	"RawFileUrl":                               "the documented 255 contradicts paths of 512, see docs/decisions.md",
	"PreSignedUploadUrl":                       "chosen by storage, only a minimum is documented",
	"FormDataFieldName":                        "chosen by the client, only a minimum is documented",
	"FormDataUploadFailure.message":            "only a minimum is documented",
	"ErrorInfo.message":                        "only a minimum is documented",
	"UploadPartList.remainingUploadParts":      "the number of parts is up to the service",
	"FormDataUploadResponse.errors":            "a form may hold any number of files",
	"FormDataUploadResponse.files":             "a form may hold any number of files",
	"DownloadFile parameter exp":               "a number or a word, limited by its pattern",
	"DownloadFile parameter version":           "any value",
	"DownloadFile parameter v":                 "any value",
	"DownloadFile parameter sig":               "opaque",
	"DownloadFile parameter enc":               "opaque",
	"DownloadFile parameter Range":             "HTTP has no limit, and what is not understood is ignored",
	"DownloadFile parameter If-Range":          "as for Range",
	"DownloadFile parameter If-None-Match":     "as for Range",
	"DownloadFile parameter If-Modified-Since": "as for Range",
	"ProcessFile parameter exp":                "a number or a word, limited by its pattern",
	"ProcessFile parameter version":            "any value",
	"ProcessFile parameter v":                  "any value",
	"ProcessFile parameter sig":                "opaque",
	"ProcessFile parameter enc":                "opaque",
	"ProcessFile parameter Range":              "HTTP has no limit, and what is not understood is ignored",
	"ProcessFile parameter If-Range":           "as for Range",
	"ProcessFile parameter If-None-Match":      "as for Range",
	"ProcessFile parameter If-Modified-Since":  "as for Range",

	"TransformationArtifactPath": "the output files of transformations are not documented; a URL is limited to 1000 bytes",
	"TransformationParamGroups":  "limited together with everything else to 400 KB of JSON",
	"ListCursor":                 "opaque; the documented 512 contradicts paths of 512 in base64, see docs/decisions.md",
	"PublicPermissionsList":      "no number is documented",
	"AzureContainer.accountName": "Azure's", "AzureContainer.blobNamePrefix": "Azure's",
	"AzureContainer.containerName": "Azure's", "AzureStorageCredentials.sasToken": "Azure's",
	"GenericS3Bucket.bucketRegion": "as the storage calls it",
	"WebStorage.appendQueryString": "any query", "WebStorageQueryStringParam.name": "any name",
	"WebStorageQueryStringForwarding.parameters": "no number is documented",
	"JobSummaryError.message":                    "only a minimum is documented",
	"ListRecentJobsResponse.items":               "ten in all or ten of each type: the documentation can be read either way",
	"ListRecentJobs parameter jobType":           "any number of types",
}

// checkLimits wants a largest size on every string and array and a least value on every number, or a reason for none.
func checkLimits(document *openapi3.T, report report) {
	for place := range allSchemas(document) {
		schema := place.schema
		limited := true
		switch {
		case schema.Type.Is("string"):
			limited = schema.MaxLength != nil || len(schema.Enum) > 0 || schema.Extensions["x-extensible-enum"] != nil ||
				slices.Contains([]string{"binary", "date-time"}, schema.Format)
		case schema.Type.Is("array"):
			limited = schema.MaxItems != nil
		case schema.Type.Is("integer"), schema.Type.Is("number"):
			limited = schema.Min != nil
		}
		if reason := unlimited[place.where]; !limited && reason == "" {
			report(place.where, "has no limit")
		} else if limited && reason != "" {
			report(place.where, "has a limit, but is listed as having none")
		}
	}
}

// checkIntegers wants 64 bits, for terabytes and for milliseconds since 1970.
func checkIntegers(document *openapi3.T, report report) {
	for place := range allSchemas(document) {
		if place.schema.Type.Is("integer") && place.schema.Format != "int64" {
			report(place.where, "an integer of format %q, not int64", place.schema.Format)
		}
	}
}

// checkLossless wants Go types that can express what JSON can: false where true is the default, and null. The plain types
// of the generator cannot, so such a schema needs an extension. The operations of the CDN are written by hand.
func checkLossless(document *openapi3.T, report report) {
	for place := range allSchemas(document) {
		schema := place.schema
		ambiguous := schema.Nullable || schema.Type.Is("boolean") && schema.Default == true
		extended := schema.Extensions["x-go-type-skip-optional-pointer"] == false || schema.Extensions["x-go-type"] != nil
		byHand := strings.HasPrefix(place.where, "DownloadFile ") || strings.HasPrefix(place.where, "ProcessFile ")
		if ambiguous && !extended && !byHand {
			report(place.where, "the generated Go type cannot hold every value; see x-go-type-skip-optional-pointer")
		}
	}
}

// checkPatterns wants patterns that match the whole value and that Go can compile.
func checkPatterns(document *openapi3.T, report report) {
	for place := range allSchemas(document) {
		pattern := place.schema.Pattern
		if pattern == "" {
			continue
		}
		if !strings.HasPrefix(pattern, "^") || !strings.HasSuffix(pattern, "$") {
			report(place.where, "pattern %s is not anchored", pattern)
		}
		if _, err := regexp.Compile(pattern); err != nil {
			report(place.where, "%v", err)
		}
	}
}

func checkRequired(document *openapi3.T, report report) {
	for place := range allSchemas(document) {
		for _, name := range place.schema.Required {
			if place.schema.Properties[name] == nil {
				report(place.where, "requires the unknown property %s", name)
			}
		}
	}
}

// checkClosedRequests wants a misspelt field of a request to be an error. An object without fields of its own may hold
// anything.
func checkClosedRequests(document *openapi3.T, report report) {
	for op := range operations(document) {
		if op.RequestBody == nil {
			continue
		}
		for _, media := range sorted(op.RequestBody.Value.Content) {
			for _, place := range reachable(op.OperationID+" request", media.Schema) {
				additional := place.schema.AdditionalProperties
				if len(place.schema.Properties) > 0 && (additional.Has == nil || *additional.Has) {
					report(place.where, "an object that is not closed")
				}
			}
		}
	}
}

// checkOpenResponses wants responses that may gain fields. What requests use as well has to be closed for them.
func checkOpenResponses(document *openapi3.T, report report) {
	sent := map[*openapi3.Schema]bool{}
	for op := range operations(document) {
		if op.RequestBody == nil {
			continue
		}
		for _, media := range op.RequestBody.Value.Content {
			for _, place := range reachable("", media.Schema) {
				sent[place.schema] = true
			}
		}
	}
	for op := range operations(document) {
		for status, response := range sorted(op.Responses.Map()) {
			for _, media := range sorted(response.Value.Content) {
				for _, place := range reachable(op.OperationID+" "+status, media.Schema) {
					if has := place.schema.AdditionalProperties.Has; has != nil && !*has && !sent[place.schema] {
						report(place.where, "a closed object")
					}
				}
			}
		}
	}
}
