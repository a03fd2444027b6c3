package fake

const (
	mebibyte    = 1 << 20
	minPartSize = 5 * mebibyte
	maxParts    = 10_000
	// maxPartsSet is the largest number of parts that configured part sizes may lead
	// to. The indexes of all parts must fit into one answer.
	maxPartsSet = 100_000
)

// partSizes returns the part sizes for a file: the configured ones, or else 5 MiB,
// or more if that were over 10000 parts. The service documents no size.
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

// countParts returns the number of parts of a file. An empty file has one.
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
