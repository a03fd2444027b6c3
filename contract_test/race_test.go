//go:build race

package contracttest

// These are samples under the race detector, which makes the tests ten times as slow. It has nothing to find in the rest,
// because the suite sends one message after the other; only the mutants run side by side. make test runs all of it.
const (
	everyMessage  = 40   // of RunConstraints
	everyExchange = 40   // that TestSecondOpinion judges
	mutantsEvery  = 1000 // the default of the flag
)
