package bytescale_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/cdn"
)

// TestProcessFile has results that are there, that a job makes, and that there are none of.
func TestProcessFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithJobSteps(1),
			bytescaletest.WithProcessor("image", func(_ context.Context, wanted bytescaletest.Transformation) ([]byte, string, error) {
				var params []string
				for _, param := range wanted.Params {
					params = append(params, param.Name+"="+param.Value)
				}
				return []byte(strings.Join(params, " ")), "image/webp", nil
			}))
		putFiles(srv, "/a b.jpg", "/film.mp4")
		client := srv.Client()

		image, err := client.ProcessFile(t.Context(), "image", "/a b.jpg", []cdn.Option{cdn.Text("1 & 2"), cdn.Width(5), cdn.Width(7), cdn.Version("3")})
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(image)
		if err != nil || string(content) != "text=1 & 2 w=5 w=7" || image.ContentType != "image/webp" || image.Size != int64(len(content)) {
			t.Errorf("%q of type %s, %v", content, image.ContentType, err)
		}
		image.Close()

		part, err := client.ProcessFile(t.Context(), "image", "/a b.jpg", []cdn.Option{cdn.Width(5)}, bytescale.WithRange(2, 1))
		if err != nil {
			t.Fatal(err)
		}
		if content, err := io.ReadAll(part); err != nil || string(content) != "5" {
			t.Errorf("a range: %q, %v", content, err)
		}
		part.Close()

		_, err = client.ProcessFile(t.Context(), "video", "/film.mp4", nil)
		var unready *bytescale.NotReadyError
		if !errors.As(err, &unready) || unready.Status.Final() || unready.Job.Type != bytescale.JobTypeProcessVideo {
			t.Fatalf("error %v", err)
		}
		if _, err := unready.Job.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		video, err := client.ProcessFile(t.Context(), "video", "/film.mp4", nil)
		if err != nil {
			t.Fatal(err)
		}
		video.Close()

		for name, err := range map[string]error{
			"a missing file":   second(client.ProcessFile(t.Context(), "image", "/none.jpg", nil)),
			"a missing preset": second(client.ProcessFile(t.Context(), "thumbnail", "/a b.jpg", nil)),
			"not cached":       second(client.ProcessFile(t.Context(), "image", "/a b.jpg", []cdn.Option{cdn.Width(9), cdn.CacheOnly(true)})),
		} {
			var refused *bytescale.APIError
			if !errors.Is(err, bytescale.ErrNotFound) || !errors.As(err, &refused) || refused.Operation != "ProcessFile" || refused.Code == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// A job that failed is a JobError, at once, and keeps the key to itself.
func TestProcessFileOfAFailedJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithProcessor("video",
			func(context.Context, bytescaletest.Transformation) ([]byte, string, error) {
				return nil, "", errors.New("no video")
			}))
		putFiles(srv, "/film.mp4")
		client := srv.Client()
		var unready *bytescale.NotReadyError
		if _, err := client.ProcessFile(t.Context(), "video", "/film.mp4", nil); !errors.As(err, &unready) {
			t.Fatalf("error %v", err)
		}
		began := time.Now()
		_, err := client.ProcessFile(t.Context(), "video", "/film.mp4", nil)
		var failed *bytescale.JobError
		if !errors.As(err, &failed) || failed.Code != "transformation_failed" || !strings.Contains(err.Error(), "no video") {
			t.Errorf("error %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("retried for %v", took)
		}
	})
}

// A 404 that is neither a job nor an error of the service, and one that is cut off.
func TestProcessFileAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fault fault.Fault
		want  func(error) bool
	}{
		{"a page", fault.Fault{Kind: fault.Garbage, Status: 404, Body: "<html><title>Not here</title></html>"}, func(err error) bool {
			var refused *bytescale.APIError
			return errors.As(err, &refused) && refused.Message == "Not here" && !refused.FromService
		}},
		{"a job without a status", fault.Fault{Kind: fault.WrongShape, Status: 404, Times: -1, Body: `{"jobId":"01ARZ3NDEKTSV4RRFFQ69G5FAV","jobType":"J"}`},
			func(err error) bool { return errors.Is(err, bytescale.ErrProtocol) }},
		{"half an answer", fault.Fault{Kind: fault.Truncate, AfterBytes: 2}, func(err error) bool { return err == nil }},
		{"503", fault.Fault{Kind: fault.Status, Status: 503}, func(err error) bool { return err == nil }},
		{"403", fault.Fault{Kind: fault.Status, Status: 403}, func(err error) bool {
			var refused *bytescale.APIError
			return errors.As(err, &refused) && refused.Status == 403
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
				putFiles(srv, "/a.jpg")
				test.fault.Operation = "ProcessFile"
				srv.Fail(test.fault)
				content, err := srv.Client().ProcessFile(t.Context(), "image", "/a.jpg", nil)
				if err == nil {
					_, err = io.ReadAll(content)
					content.Close()
				}
				if !test.want(err) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}
