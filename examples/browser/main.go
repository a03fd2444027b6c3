// Command browser is a web page with its backend. Users sign in, upload files with
// Bytescale's upload widget, and see private pictures, which nobody else can see.
//
//	go run ./examples/browser
//
// It prints the address of the page and runs until it is interrupted. Files go to an
// emulator inside of the program and are gone afterwards. With -real they go to the
// account that the environment names; see [realAccount].
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
)

func main() {
	address := flag.String("addr", "127.0.0.1:8080", "address of the page")
	scripts := flag.String("scripts", "", "directory with a copy of the widget as bytescale.js; the default is the vendor's")
	real := flag.Bool("real", false, "use the account that the environment names, instead of an emulator")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *address, *scripts, *real); err != nil {
		log.Fatal(err)
	}
}

// run serves the page until ctx ends.
func run(ctx context.Context, address, scripts string, real bool) error {
	open := emulatedAccount
	if real {
		open = realAccount
	}
	account, err := open()
	if err != nil {
		return err
	}
	defer account.close()
	if err := account.makePrivate(ctx, usersFolder); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newSite(account, scripts), ReadHeaderTimeout: 10 * time.Second}
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
