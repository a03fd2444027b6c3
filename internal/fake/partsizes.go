package fake

const (
	mebibyte    = 1 << 20
	minPartSize = 5 * mebibyte
	maxParts    = 10_000
	// maxPartsSet bounds what a part size that was set can lead to: the indexes
	// of all parts are listed in one answer.
	maxPartsSet = 100_000
)

// partSizes gives the part sizes for a file: those configured, or else 5 MiB, but
// more where that made over 10000 parts. The service documents no size.
func (o *Options) partSizes(size int64) []int64 {
	if len(o.PartSizes) > 0 {
		return o.PartSizes
	}
	perPart := size / maxParts
	if size%maxParts > 0 {
		perPart++
	}
	rounded := (perPart + mebibyte - 1) / mebibyte * mebibyte
	return []int64{max(minPartSize, rounded)}
}

// countParts says how many parts a file has; an empty file has one.
func countParts(size int64, sizes []int64) int64 {
	count, covered := int64(0), int64(0)
	for _, partSize := range sizes[:len(sizes)-1] {
		if covered >= size {
			break
		}
		count, covered = count+1, covered+partSize
	}
	if rest := size - covered; rest > 0 {
		last := sizes[len(sizes)-1]
		count += (rest-1)/last + 1
	}
	return max(1, count)
}
