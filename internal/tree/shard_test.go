package tree

import (
	"fmt"
	"testing"
)

// The values were computed in a shell with the command of the documentation.
func TestShardIsWhatOtherProgramsCompute(t *testing.T) {
	for _, c := range []struct {
		path    string
		n, want int
	}{
		{"", 1000, 610},
		{"b", 50, 16},
		{"b", 1, 0},
		{"photos/2024/ü b.jpg", 50, 42},
		{"photos/2024/ü b.jpg", 1000, 692},
	} {
		for i := range c.n {
			if got := Shard(c.path, i, c.n); got != (i == c.want) {
				t.Errorf("%q is in shard %d of %d: %v", c.path, i, c.n, got)
			}
		}
	}
}

func TestShardsAreEven(t *testing.T) {
	for _, n := range []int{2, 3, 7, 50, 64} {
		counts := make([]int, n)
		const files = 20_000
		for f := range files {
			path := fmt.Sprintf("d%d/%06d.jpg", f/1000, 2*f)
			found := 0
			for i := range n {
				if Shard(path, i, n) {
					counts[i]++
					found++
				}
			}
			if found != 1 {
				t.Fatalf("%q is in %d shards of %d", path, found, n)
			}
		}
		for i, count := range counts {
			if count*n < files*8/10 || count*n > files*12/10 {
				t.Errorf("shard %d of %d has %d files of %d", i, n, count, files)
			}
		}
	}
}
