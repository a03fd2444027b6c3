package bytescaletest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/gen"
)

// api is the generated client, with a key.
func api(t *testing.T, srv *bytescaletest.Server) *gen.ClientWithResponses {
	t.Helper()
	return srv.Client().API()
}

// upload sends content by hand, part by part, and gives the path of the file.
func upload(t *testing.T, srv *bytescaletest.Server, content []byte, protocol gen.MultipartUploadProtocol) string {
	t.Helper()
	client, web, ctx := api(t, srv), srv.HTTPClient(), t.Context()
	begun, err := client.BeginMultipartUploadWithResponse(ctx, srv.AccountID(), gen.BeginMultipartUploadRequest{
		Size: int64(len(content)), Protocol: protocol, MIME: "text/plain", OriginalFileName: "a b.txt",
		Tags: []string{"tag"}, Metadata: gen.Metadata{"user": 42},
	})
	if err != nil {
		t.Fatal(err)
	}
	if begun.JSON200 == nil {
		t.Fatalf("begin: %s %s", begun.Status(), begun.Body)
	}
	id := begun.JSON200.UploadID
	for index := range begun.JSON200.UploadParts.Count {
		part, err := client.GetUploadPartWithResponse(ctx, srv.AccountID(), id, index)
		if err != nil || part.JSON200 == nil {
			t.Fatalf("part %d: %v %s", index, err, part.Body)
		}
		span := part.JSON200.Range
		request, err := http.NewRequestWithContext(ctx, http.MethodPut, part.JSON200.UploadURL,
			bytes.NewReader(content[span.InclusiveStart:span.InclusiveEnd+1]))
		if err != nil {
			t.Fatal(err)
		}
		response, err := web.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != http.StatusOK || len(body) > 0 {
			t.Fatalf("PUT of part %d: %s %s", index, response.Status, body)
		}
		done, err := client.CompleteUploadPartWithResponse(ctx, srv.AccountID(), id, index,
			gen.CompleteUploadPartRequest{ETag: response.Header.Get("ETag")})
		if err != nil || done.JSON200 == nil {
			t.Fatalf("completing part %d: %v %s", index, err, done.Body)
		}
	}
	return begun.JSON200.File.FilePath
}

func TestUploadAndDownload(t *testing.T) {
	for _, size := range []int{0, 1, 9, 10, 11, 95} {
		for name, opts := range map[string][]bytescaletest.Option{
			"loopback":  {bytescaletest.WithPartSize(10)},
			"in memory": {bytescaletest.WithPartSizes(3, 10), bytescaletest.WithMemoryNetwork()},
		} {
			t.Run(fmt.Sprintf("%d bytes, %s", size, name), func(t *testing.T) {
				roundTrip(t, bytes.Repeat([]byte("x"), size), opts...)
			})
		}
	}
	t.Run("bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			roundTrip(t, []byte("hello, world"), bytescaletest.WithMemoryNetwork())
		})
	})
}

func roundTrip(t *testing.T, content []byte, opts ...bytescaletest.Option) {
	t.Helper()
	srv := bytescaletest.NewServer(t, opts...)
	path := upload(t, srv, content, gen.MultipartUploadProtocolV11)
	file, ok := srv.File(path)
	if !ok || !bytes.Equal(file.Bytes(), content) || file.Size != int64(len(content)) || file.ETag == "" {
		t.Errorf("stored %+v", file)
	}
	response, err := srv.HTTPClient().Get(file.FileURL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil || !bytes.Equal(got, content) || response.StatusCode != http.StatusOK {
		t.Errorf("downloaded %s %q, %v", response.Status, got, err)
	}
}
