//go:build !race

package mutants

// everyDocument is 1: TestMutantsDiffer looks at the document of each mutant.
const everyDocument = 1
