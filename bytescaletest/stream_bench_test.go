package bytescaletest_test

import (
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
)

// zeros is a source that is as fast as one can be.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// BenchmarkStreams uploads plain streams, one or many at a time, to a server that
// discards: the parts go through the buffers of the client.
func BenchmarkStreams(b *testing.B) {
	for _, streams := range []int{1, 32} {
		b.Run(fmt.Sprint(streams), func(b *testing.B) {
			const size = 64 << 20
			srv := bytescaletest.NewServer(b, bytescaletest.WithDiscard())
			client := srv.Client()
			b.SetBytes(int64(streams) * size)
			for b.Loop() {
				var all sync.WaitGroup
				for range streams {
					all.Go(func() {
						if _, err := client.Upload(b.Context(), bytescale.Reader(io.LimitReader(zeros{}, size), size)); err != nil {
							b.Error(err)
						}
					})
				}
				all.Wait()
			}
		})
	}
}
