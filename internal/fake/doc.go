// Package fake is the core of the fake Bytescale service: its state, its
// handlers, its faults. Package bytescaletest offers it to tests, the command
// bytescale emulator runs it as a process.
//
// One origin serves three things: the API under /v2/, the raw files under
// /{accountId}/raw/, and the pre-signed part uploads under /storage/.
package fake
