package contract

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestHandlerMemory: a hundred connections that send the most hostile bodies, each as large as allowed,
// take a limited amount of memory together.
func TestHandlerMemory(t *testing.T) {
	const connections, most = 100, 128 << 20
	server := httptest.NewServer(handlerOver(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		jsonReply(200, begun).ServeHTTP(w, r)
	})))
	defer server.Close()
	bodies := []string{fill(`{"size":1,"metadata":{"a":"`, "a", `"}}`)}
	for _, body := range hostileBodies() {
		bodies = append(bodies, body)
	}
	peak, stop := watchHeap()
	var wait sync.WaitGroup
	for i := range connections {
		wait.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for j := range 3 {
				response, err := client.Do(request(t, "POST", server.URL+uploads, bodies[(i+j)%len(bodies)]))
				if err != nil {
					continue // refused and cut off
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
		})
	}
	wait.Wait()
	stop()
	if *peak > most {
		t.Errorf("the heap had %d MB", *peak>>20)
	}
	t.Logf("the heap had %d MB at most", *peak>>20)
}

// watchHeap samples the heap, live objects and garbage, until stop is called.
func watchHeap() (peak *uint64, stop func()) {
	peak = new(uint64)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		var stats runtime.MemStats
		for {
			runtime.ReadMemStats(&stats)
			*peak = max(*peak, stats.HeapAlloc)
			select {
			case <-done:
				return
			case <-ticker.C:
			}
		}
	}()
	return peak, func() { close(done); <-ended }
}
