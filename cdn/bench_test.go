package cdn_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/cdn"
)

// A list page builds a URL for each of its pictures.
func BenchmarkImage(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := links.Image("/uploads/2026/11/28/4kcDPp6sF2-example.jpg",
			cdn.Width(400), cdn.Height(300), cdn.Fit(cdn.FitCrop), cdn.Format("webp"), cdn.Version("33a64df551425fcc")); err != nil {
			b.Fatal(err)
		}
	}
}

// An emulator's or a proxy's address is parsed each time.
func BenchmarkImageOfAnotherCDN(b *testing.B) {
	l := cdn.Links{AccountID: "1234abc", CDNURL: "http://127.0.0.1:8744"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Image("/uploads/example.jpg", cdn.Width(400)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	key := newKey(b, "BMCyGyFk", secret)
	expires := time.Now().Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := key.Sign("https://upcdn.io/1234abc/image/uploads/example.jpg?w=400", expires); err != nil {
			b.Fatal(err)
		}
	}
}

// A URL costs one allocation, the string itself.
func TestImageAllocations(t *testing.T) {
	path := fmt.Sprintf("/uploads/%d/a b.jpg", time.Now().Year())
	allocations := testing.AllocsPerRun(100, func() {
		if _, err := links.Image(path, cdn.Width(1024), cdn.Height(768), cdn.Fit(cdn.FitCrop), cdn.Param("blur", 4000), cdn.Version("x")); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 1 {
		t.Errorf("%v allocations, want 1", allocations)
	}
}
