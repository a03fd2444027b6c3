package fake

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

func TestPartSizes(t *testing.T) {
	const five = 5 * mebibyte
	for _, c := range []struct {
		size, first, count int64
	}{
		{0, five, 1}, {1, five, 1}, {43182, five, 1}, {five, five, 1}, {five + 1, five, 2}, {10485770, five, 3},
		{five * maxParts, five, maxParts},
		{five*maxParts + 1, 6 * mebibyte, 8334}, // the sixth MiB keeps the count below 10000
		{5 << 40, 525 * mebibyte, 9987},
	} {
		sizes := (&Options{}).partSizes(c.size)
		if len(sizes) != 1 || sizes[0] != c.first || countParts(c.size, sizes) != c.count {
			t.Errorf("size %d: parts of %v, %d of them; want %d, %d", c.size, sizes, countParts(c.size, sizes), c.first, c.count)
		}
	}
	if got := (&Options{PartSizes: []int64{1, 2}}).partSizes(9); len(got) != 2 {
		t.Errorf("a list of sizes gives way to %v", got)
	}
}

// Whatever the sizes, the parts cover the file exactly, in order.
func TestPartsCoverTheFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(0, 300).Draw(t, "size")
		sizes := rapid.SliceOfN(rapid.Int64Range(1, 40), 1, 5).Draw(t, "part sizes")
		upload := store.Upload{File: store.File{Size: size}, PartSizes: sizes, Parts: countParts(size, sizes)}
		next := int64(0)
		for index := range upload.Parts {
			start, end := upload.PartRange(index)
			length := upload.PartLength(index)
			want := sizes[min(index, int64(len(sizes)-1))]
			if start != next || length != end-start+1 || length > want || (length < want && index != upload.Parts-1) || (length == 0 && size > 0) {
				t.Fatalf("part %d of %d is %d..%d", index, upload.Parts, start, end)
			}
			next = end + 1
		}
		if next != size {
			t.Fatalf("the parts end at %d, the file at %d", next, size)
		}
	})
}

func TestPartsOfTheLargestFile(t *testing.T) {
	sizes := (&Options{}).partSizes(math.MaxInt64)
	upload := store.Upload{File: store.File{Size: math.MaxInt64}, PartSizes: sizes, Parts: countParts(math.MaxInt64, sizes)}
	if start, end := upload.PartRange(upload.Parts - 1); end != math.MaxInt64-1 || start > end || start < 0 {
		t.Errorf("the last part is %d..%d", start, end)
	}
}
