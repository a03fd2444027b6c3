package contracttest

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	gocmp "github.com/google/go-cmp/cmp"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/contract_test/mutants"
	"github.com/c88edac7/bytescale-go/contract_test/suite"
)

// everyMutant selects how much of TestMutants runs: with n, each nth mutant. make contract-mutants uses 1.
var everyMutant = flag.Int("mutants-every", mutantsEvery, "run each nth `mutant` of the spec")

const (
	fewestMutants = 150
	leastKilled   = 0.95
)

// expectedSurvivors are the names of the mutants that the suite cannot notice, each with the reason.
var expectedSurvivors = map[string]string{}

// A verdict is the result for one mutant.
type verdict struct {
	mutants.Mutant
	killer string // the check that noticed, empty for a survivor
	facts  bool   // the pinned facts notice the mutant
}

// TestMutants makes one mistake in the spec at a time and demands that the contract suite notices nearly all of them.
// The pinned facts and the examples do not count, because they notice any change and prove nothing about the suite.
func TestMutants(t *testing.T) {
	all, err := mutants.Of(bytescale.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < fewestMutants {
		t.Errorf("only %d mutants", len(all))
	}
	var chosen []mutants.Mutant
	for i := 0; i < len(all); i += *everyMutant {
		chosen = append(chosen, all[i])
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	start := time.Now()
	verdicts := judge(t, chosen)
	took := time.Since(start)
	t.Logf("%d of %d mutants\n%s", len(chosen), len(all), scores(verdicts))
	t.Logf("%.1f s for each hundred mutants", took.Seconds()*100/float64(len(chosen)))
	if err := gate(verdicts, expectedSurvivors); err != nil {
		t.Error(err)
	}
	for _, op := range contract.Default().Operations() {
		if !slices.ContainsFunc(all, func(m mutants.Mutant) bool { return slices.Equal(m.Operations, []string{op}) }) {
			t.Errorf("no mutant touches %s alone", op)
		}
	}
}

// judge runs the suite against each mutant, on all cores.
func judge(t *testing.T, all []mutants.Mutant) []verdict {
	t.Helper()
	verdicts := make([]verdict, len(all))
	var wait sync.WaitGroup
	var next sync.Mutex
	i := -1
	for range goruntime.GOMAXPROCS(0) {
		wait.Go(func() {
			for {
				next.Lock()
				i++
				mine := i
				next.Unlock()
				if mine >= len(all) {
					return
				}
				verdicts[mine] = judgeOne(t, all[mine])
			}
		})
	}
	wait.Wait()
	return verdicts
}

func judgeOne(t *testing.T, m mutants.Mutant) verdict {
	v := verdict{Mutant: m}
	document := m.Document()
	failures := suite.Run(document, suite.Options{StopAtFirst: true}).Failures
	if len(failures) == 0 {
		v.facts = factsNotice(t, document)
		return v
	}
	failure := failures[0]
	if v.killer = failure.Check; failure.Check == "load" {
		t.Errorf("%s: not a document at all: %s", m.Name, failure.Message)
	}
	return v
}

// factsNotice reports whether the facts pinned in this package notice that a document is wrong.
func factsNotice(t *testing.T, document []byte) bool {
	loaded, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Error(err)
		return false
	}
	found := everyDemand(t, loaded)
	for _, fact := range facts {
		if !gocmp.Equal(fact.demands.normal(t), found[fact.place].normal(t)) {
			return true
		}
		delete(found, fact.place)
	}
	return len(found) > 0
}

// gate returns an error if the suite noticed too few mutants, or missed one without a known reason.
func gate(verdicts []verdict, expected map[string]string) error {
	var failures []error
	killed := 0
	for _, v := range verdicts {
		switch _, known := expected[v.Name]; {
		case v.killer != "" && known:
			failures = append(failures, fmt.Errorf("%s is noticed: it is no expected survivor any more", v.Name))
			killed++
		case v.killer != "":
			killed++
		case !known:
			failures = append(failures, fmt.Errorf("%s survived: write a test, or list it with a reason", v.Name))
		}
	}
	if share := float64(killed) / float64(max(len(verdicts), 1)); share < leastKilled {
		failures = append(failures, fmt.Errorf("%.1f %% of the mutants were noticed, %.0f %% are demanded", 100*share, 100*leastKilled))
	}
	return errors.Join(failures...)
}

// scores returns the score as a whole, by kind and by operation, and the survivors.
func scores(verdicts []verdict) string {
	var b strings.Builder
	score := func(name string, of func(verdict) bool) {
		killed, withFacts, total := 0, 0, 0
		for _, v := range verdicts {
			if !of(v) {
				continue
			}
			if total++; v.killer != "" {
				killed++
			}
			if v.killer != "" || v.facts {
				withFacts++
			}
		}
		if total > 0 {
			fmt.Fprintf(&b, "%-24s killed %4d of %4d (%5.1f %%), with the pinned facts %5.1f %%\n", name, killed, total,
				100*float64(killed)/float64(total), 100*float64(withFacts)/float64(total))
		}
	}
	score("all", func(verdict) bool { return true })
	kinds, operations, killers := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, v := range verdicts {
		kinds[v.Kind] = true
		killers[v.killer]++
		for _, op := range v.Operations {
			operations[op] = true
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		score("  "+kind, func(v verdict) bool { return v.Kind == kind })
	}
	for _, op := range slices.Sorted(maps.Keys(operations)) {
		score("  "+op, func(v verdict) bool { return slices.Contains(v.Operations, op) })
	}
	fmt.Fprint(&b, "noticed by:")
	for _, killer := range slices.SortedFunc(maps.Keys(killers), func(a, b string) int { return cmp.Compare(killers[b], killers[a]) }) {
		if killer != "" {
			fmt.Fprintf(&b, " %s %d,", killer, killers[killer])
		}
	}
	fmt.Fprintln(&b)
	for _, v := range verdicts {
		if v.killer == "" {
			fmt.Fprintf(&b, "survivor: %s (%s); %s\n", v.Name, v.Kind, cmp.Or(expectedSurvivors[v.Name], "no reason is known"))
		}
	}
	return b.String()
}

// TestMutantGateBites runs the gate on made-up verdicts.
func TestMutantGateBites(t *testing.T) {
	verdicts := make([]verdict, 100)
	for i := range verdicts {
		verdicts[i] = verdict{Mutant: mutants.Mutant{Name: fmt.Sprint(i)}, killer: "a check"}
	}
	survive := func(n int) []verdict {
		some := slices.Clone(verdicts)
		for i := range n {
			some[i].killer = ""
		}
		return some
	}
	reasons := map[string]string{"0": "r", "1": "r", "2": "r", "3": "r", "4": "r", "5": "r"}
	for _, test := range []struct {
		name     string
		verdicts []verdict
		expected map[string]string
		want     string
	}{
		{"all noticed", verdicts, nil, ""},
		{"too many survivors, each with a reason", survive(6), reasons, "94.0 % of the mutants were noticed"},
		{"a survivor without a reason", survive(1), nil, "0 survived"},
		{"a reason without a survivor", verdicts, map[string]string{"7": "r"}, "7 is noticed"},
		{"nothing was run", nil, nil, "0.0 %"},
	} {
		err := gate(test.verdicts, test.expected)
		if (err == nil) != (test.want == "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// The suite must accept the document that the mutants are made of. Otherwise it would notice all of them.
	unchanged, err := mutants.Unchanged(bytescale.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	for _, failure := range suite.Run(unchanged, suite.Options{}).Failures {
		t.Error(failure)
	}
}
