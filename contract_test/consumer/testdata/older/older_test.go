package older

import (
	"os"
	"slices"
	"testing"

	"github.com/c88edac7/bytescale-go"
)

func TestTitles(t *testing.T) {
	spec, err := os.ReadFile("orders/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	client, err := bytescale.NewClient("public_A623uY2xyz")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Titles(spec, client); err != nil || !slices.Equal(got, []string{"Orders", "open", "A623uY2"}) {
		t.Error(got, err)
	}
}
