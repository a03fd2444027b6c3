package contracttest

import (
	"os"
	"strings"
	"testing"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/contract_test/suite"
)

// TestCoverage runs the contract suite, prints what it exercised, and demands all of it: every operation with every
// documented status and media type in both directions, every form of authentication and every parameter. If
// contract.CoverageEnv names a directory, a second table shows what earlier processes have recorded there, such as the
// tests of the SDK and those with the JavaScript SDK. The suite adds to it.
func TestCoverage(t *testing.T) {
	if dir := os.Getenv(contract.CoverageEnv); dir != "" {
		others, err := contract.Default().ReadCoverage(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("what else ran, as recorded in %s:\n%s", contract.CoverageEnv, table(t, others))
	}
	also, err := contract.RecorderFromEnv()
	if err != nil {
		t.Fatal(err)
	}
	result := suite.Run(bytescale.OpenAPI(), suite.Options{Coverage: also})
	for _, failure := range result.Failures {
		t.Error(failure)
	}
	coverage := result.Coverage
	if coverage == nil {
		t.Fatal("the suite did not run")
	}
	t.Logf("the contract suite:\n%s", table(t, coverage))
	if seen, all := coverage.Count(contract.KindRequest, contract.KindResponse); seen != all || all == 0 {
		t.Errorf("%d of %d exchanges were exercised", seen, all)
	}
	if err := also.Close(); err != nil {
		t.Fatal(err)
	}
}

func table(t *testing.T, coverage *contract.Coverage) string {
	t.Helper()
	var b strings.Builder
	if _, err := coverage.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCoverageGateBites: what is documented and never happens is missing, and the suite fails.
func TestCoverageGateBites(t *testing.T) {
	document := strings.Replace(string(bytescale.OpenAPI()), "        '401':\n", "        '402':\n          $ref: '#/components/responses/Forbidden'\n        '401':\n", 1)
	result := suite.Run([]byte(document), suite.Options{})
	if result.Coverage == nil {
		t.Fatal(result.Failures)
	}
	if seen, all := result.Coverage.Count(contract.KindRequest, contract.KindResponse); seen != all-1 {
		t.Errorf("%d of %d exchanges", seen, all)
	}
	for _, failure := range result.Failures {
		if strings.Contains(failure.String(), "not exercised: BeginMultipartUpload response 402") {
			return
		}
	}
	t.Errorf("the suite passes: %v", result.Failures)
}
