package tree

import (
	"fmt"
	"strconv"
	"testing"
)

// One operation of these benchmarks is one entry on each side.
func BenchmarkPlan(b *testing.B) {
	for _, c := range []struct {
		name      string
		target    Target
		ascending bool
	}{
		{"in order", Unix, true},
		{"in no order", Unix, false},
		{"in order, folding", MacOS, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := Plan{Source: many(b.N, c.ascending), Destination: many(b.N, c.ascending), Target: c.target, TempDir: b.TempDir()}
			b.ReportAllocs()
			b.ResetTimer()
			n := 0
			for a, err := range p.Actions(b.Context()) {
				if err != nil || a.Kind != Equal {
					b.Fatal(a, err)
				}
				n++
			}
			if n != b.N {
				b.Fatalf("%d of %d", n, b.N)
			}
		})
	}
}

func BenchmarkSorted(b *testing.B) {
	for _, ascending := range []bool{true, false} {
		b.Run("ascending="+strconv.FormatBool(ascending), func(b *testing.B) {
			b.ReportAllocs()
			for _, err := range Sorted(b.Context(), many(b.N, ascending), b.TempDir()) {
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// One operation is one file.
func BenchmarkWalk(b *testing.B) {
	const files = 2000
	var paths []string
	for i := range files {
		paths = append(paths, fmt.Sprintf("%d/%d/%d", i/100, i/10, i))
	}
	root, _ := makeTree(b, paths...)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		for _, err := range Walk(root.FS(), Filter{}) {
			if n++; err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	for name, target := range map[string]Target{"Unix": Unix, "MacOS": MacOS, "Windows": Windows, "Service": Service("/x")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if err := target.Check("photos/2024/05/20/München-0001.jpg"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFilter(b *testing.B) {
	f, err := NewFilter([]string{"*.jpg", "*.png"}, []string{"**/cache/", "*.tmp", "/build"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for range b.N {
		if !f.Match("photos/2024/05/20/0001.jpg") {
			b.Fatal("left out")
		}
	}
}

func BenchmarkShard(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		Shard("photos/2024/05/20/0001.jpg", 7, 50)
	}
}
