package bytescaleotel_test

import (
	"log"
	"os"

	"github.com/c88edac7/bytescale-go"
	bytescaleotel "github.com/c88edac7/bytescale-go/otel"
)

// The observer uses the global providers, which the program has set up.
func ExampleNewObserver() {
	observe, err := bytescaleotel.NewObserver()
	if err != nil {
		log.Fatal(err)
	}
	client, err := bytescale.NewClient(os.Getenv("BYTESCALE_API_KEY"), bytescale.WithObserver(observe))
	if err != nil {
		log.Fatal(err)
	}
	_ = client
}
