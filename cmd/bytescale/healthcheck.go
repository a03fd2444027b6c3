package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// healthTime is how long the answer of a healthy emulator may take.
const healthTime = 5 * time.Second

// checkHealth asks the emulator that listens on an address whether it answers. The
// image of the emulator has no other program that could ask.
func checkHealth(ctx context.Context, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return usageError{fmt.Errorf("--addr %s: %v", address, err)} //nolint:errorlint // it is explained here
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost" // an address of all interfaces is none to connect to
	}
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return usageError{fmt.Errorf("--addr %s: %v", address, err)} //nolint:errorlint // it is explained here
	}
	transport := &http.Transport{DisableKeepAlives: true} // no proxy: the emulator is on this machine
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("no emulator answers at %s: %v", address, err) //nolint:errorlint // explained here: the flags of a client are of no use
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the emulator at %s answers %s", address, response.Status)
	}
	return nil
}
