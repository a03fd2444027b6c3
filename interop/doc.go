// Package interop runs the official JavaScript SDK against the emulator: a client
// that we did not write, and that works with the real service. Run it with
// go test -tags interop; it needs Node.
package interop
