// Command browser is a web page that uploads files with Bytescale's upload widget,
// and its backend.
//
//	go run ./examples/browser
//
// It prints the address of the page and runs until it is interrupted. Files go to
// an emulator inside of the program and are gone afterwards. With
// BYTESCALE_PUBLIC_KEY, a public API key, they go to the real service.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
)

func main() {
	address := flag.String("addr", "127.0.0.1:8080", "address of the page")
	scripts := flag.String("scripts", "", "directory with a copy of the widget as bytescale.js; the default is the vendor's")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *address, *scripts); err != nil {
		log.Fatal(err)
	}
}

// run serves the page until ctx ends.
func run(ctx context.Context, address, scripts string) error {
	config := pageConfig{
		PublicKey: os.Getenv("BYTESCALE_PUBLIC_KEY"),
		APIURL:    bytescale.DefaultAPIURL,
		CDNURL:    bytescale.DefaultCDNURL,
	}
	if config.PublicKey == "" {
		emulator, err := bytescaletest.Start()
		if err != nil {
			return err
		}
		defer emulator.Close()
		config = pageConfig{PublicKey: "public_A623uY2example", APIURL: emulator.URL(), CDNURL: emulator.URL()}
		fmt.Println("The emulator is at", emulator.URL())
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newSite(config, scripts), ReadHeaderTimeout: 10 * time.Second}
	fmt.Printf("The page is at http://%s\n", listener.Addr())

	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case <-ctx.Done():
		_ = server.Close() // nothing of the page needs an orderly end
		err = <-done
	case err = <-done:
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
