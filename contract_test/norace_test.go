//go:build !race

package contracttest

const (
	everyMessage  = 1  // of RunConstraints
	everyExchange = 1  // that TestSecondOpinion judges
	mutantsEvery  = 40 // the default of the flag
)
