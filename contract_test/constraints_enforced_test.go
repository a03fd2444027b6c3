package contracttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/contract_test/suite"
)

// unbreakable are the constraints that no value breaks alone. A pattern that demands a character implies a least length of
// 1 (3 for a MIME type), one of four characters or of a time all lengths, and a maximum of 30000 fits into 64 bits.
var unbreakable = []string{
	"0 minLength", "a minLength", "artifact minLength", "baseUrl minLength", "bucketEndpoint minLength", "bucketRegion maxLength",
	"bucketRegion minLength", "code minLength", "description minLength", "destination minLength", "filePath minLength",
	"fileUrl minLength", "folderPath minLength", "jobType minLength", "jobUrl minLength", "limit format", "mime minLength",
	"mount minLength", "originalFileName minLength", "path minLength", "pattern minLength", "source minLength",
	"timeout format", "timestamp maxLength", "timestamp minLength", "transformation minLength", "url minLength", "value minLength",
}

// TestConstraints breaks every constraint of the spec alone, in requests and in responses.
func TestConstraints(t *testing.T) {
	tried := suite.RunConstraints(bytescale.OpenAPI(), suite.Options{Every: everyMessage})
	for _, failure := range tried.Failures {
		t.Error(failure)
	}
	if tried.Requests < 900/everyMessage*2/3 || tried.Responses < 5000/everyMessage*2/3 || tried.Good < 13000/everyMessage*2/3 {
		t.Errorf("too little was tried: %d requests, %d responses, %d good", tried.Requests, tried.Responses, tried.Good)
	}
	t.Logf("%d requests and %d responses each broke one constraint, %d messages broke none", tried.Requests, tried.Responses, tried.Good)
	slices.Sort(tried.Unbreakable)
	if diff := cmp.Diff(unbreakable, tried.Unbreakable); diff != "" {
		t.Errorf("constraints that could not be broken alone (-known +found):\n%s", diff)
	}
}

// TestConstraintsBite: a constraint that nothing enforces is reported as one that cannot be broken.
func TestConstraintsBite(t *testing.T) {
	const name = "    FileName:\n      type: string\n"
	document := strings.Replace(string(bytescale.OpenAPI()), name, name+"      format: password\n", 1)
	tried := suite.RunConstraints([]byte(document), suite.Options{Every: 1000}) // what cannot be broken is known before anything is sent
	if !slices.Contains(tried.Unbreakable, "fileName format") {
		t.Errorf("a format that is never checked goes unnoticed: %v", tried.Unbreakable)
	}
}
