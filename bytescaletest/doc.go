// Package bytescaletest is a fake of the Bytescale service for tests, as
// httptest is for net/http: no account, no network.
package bytescaletest
