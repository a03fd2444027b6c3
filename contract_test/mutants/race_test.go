//go:build race

package mutants

// everyDocument is 100 under the race detector, which makes the test ten times as slow and has nothing to find in it: making
// documents is the work of one goroutine. make test looks at all of them.
const everyDocument = 100
