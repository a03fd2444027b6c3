package bytescaleotel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	bytescaleotel "github.com/c88edac7/bytescale-go/otel"
)

// recording is what an observer recorded.
type recording struct {
	spans  *tracetest.InMemoryExporter
	reader *sdkmetric.ManualReader
	tracer trace.Tracer
}

func newObserver(t *testing.T) (*recording, bytescale.ClientOption) {
	t.Helper()
	r := &recording{spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(r.spans))
	r.tracer = tracers.Tracer("the application")
	observe, err := bytescaleotel.NewObserver(
		bytescaleotel.WithTracerProvider(tracers),
		bytescaleotel.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader))))
	if err != nil {
		t.Fatal(err)
	}
	return r, bytescale.WithObserver(observe)
}

// named returns the spans of a name, in the order of their ends.
func (r *recording) named(name string) (found []tracetest.SpanStub) {
	for _, span := range r.spans.GetSpans() {
		if span.Name == name {
			found = append(found, span)
		}
	}
	return found
}

func (r *recording) metrics(t *testing.T) map[string]metricdata.Aggregation {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	found := map[string]metricdata.Aggregation{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			found[m.Name] = m.Data
		}
	}
	return found
}

// attributeOf returns the text of an attribute, "" if the span lacks it.
func attributeOf(span tracetest.SpanStub, key attribute.Key) string {
	for _, a := range span.Attributes {
		if a.Key == key {
			return a.Value.Emit()
		}
	}
	return ""
}

// eventsOf returns the names of a span's events.
func eventsOf(span tracetest.SpanStub) (names []string) {
	for _, e := range span.Events {
		if !slices.Contains(names, e.Name) {
			names = append(names, e.Name)
		}
	}
	return names
}

// An upload and a download in the span of the application: each has a span, their requests
// have spans below it, and what went wrong is in their events.
func TestSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, observed := newObserver(t)
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(1<<20), bytescaletest.WithAPILatency(time.Second))
		srv.Fail(fault.Fault{Operation: fault.PutPart, Part: fault.Part(1), Kind: fault.ExpiredURL})
		srv.Fail(fault.Fault{Operation: fault.PutPart, Part: fault.Part(2), Kind: fault.Reset})
		client := srv.Client(observed, bytescale.WithAPICallsInFlight(2))

		ctx, span := r.tracer.Start(t.Context(), "the application's")
		file, err := client.Upload(ctx, bytescale.Bytes(make([]byte, 5<<20)), bytescale.WithPath("/a"))
		if err != nil {
			t.Fatal(err)
		}
		download, err := client.Download(ctx, file.FilePath)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, download); err != nil {
			t.Fatal(err)
		}
		download.Close()
		if _, err := client.GetFileDetails(ctx, "/a"); err != nil {
			t.Fatal(err)
		}
		span.End()

		upload := only(t, r.named("bytescale.upload"))
		for key, want := range map[attribute.Key]string{"bytescale.size": "5242880", "bytescale.file.path": "/a"} {
			if got := attributeOf(upload, key); got != want {
				t.Errorf("upload: %s is %q, want %q", key, got, want)
			}
		}
		if attributeOf(upload, "bytescale.upload.id") == "" || upload.EndTime.Sub(upload.StartTime) < 2*time.Second || upload.Status.Code != codes.Unset {
			t.Errorf("upload: %v to %v, %v, %v", upload.StartTime, upload.EndTime, upload.Status, upload.Attributes)
		}
		for _, event := range []string{"bytescale.retry", "bytescale.urlRefresh", "bytescale.waitEnd"} {
			if !slices.Contains(eventsOf(upload), event) {
				t.Errorf("upload: no event %s in %q", event, eventsOf(upload))
			}
		}
		of := span.SpanContext().SpanID()
		down := only(t, r.named("bytescale.download"))
		for _, child := range []struct {
			span   tracetest.SpanStub
			parent trace.SpanID
		}{
			{upload, of}, {down, of}, {only(t, r.named("GetFileDetails")), of},
			{only(t, r.named("DownloadFile")), down.SpanContext.SpanID()},
			{only(t, r.named("BeginMultipartUpload")), upload.SpanContext.SpanID()},
		} {
			if child.span.Parent.SpanID() != child.parent {
				t.Errorf("%s is below span %v, want %v", child.span.Name, child.span.Parent.SpanID(), child.parent)
			}
		}
		puts := r.named("PutPart")
		if len(puts) != 7 { // five parts, two of them twice
			t.Errorf("%d spans of PUTs, want 7", len(puts))
		}
		var resent, refused int
		for _, put := range puts {
			if put.Parent.SpanID() != upload.SpanContext.SpanID() || put.SpanKind != trace.SpanKindClient {
				t.Errorf("PUT below %v of kind %v", put.Parent.SpanID(), put.SpanKind)
			}
			if attributeOf(put, "http.request.resend_count") == "1" {
				resent++
			}
			if attributeOf(put, "http.response.status_code") == "403" {
				refused++
				if put.Status.Code != codes.Error || attributeOf(put, "error.type") != "403" {
					t.Errorf("refused PUT: %v, %v", put.Status, put.Attributes)
				}
			}
		}
		if resent == 0 || refused != 1 {
			t.Errorf("%d PUTs are sent again, %d refused", resent, refused)
		}
	})
}

func only(t *testing.T, spans []tracetest.SpanStub) tracetest.SpanStub {
	t.Helper()
	if len(spans) != 1 {
		t.Fatalf("%d spans, want 1: %v", len(spans), spans)
	}
	return spans[0]
}

// Transfers that overlap in one context, or in two clients, keep their requests apart.
func TestSpansOfManyTransfers(t *testing.T) {
	r, observed := newObserver(t)
	srv := bytescaletest.NewServer(t)
	clients := []*bytescale.Client{srv.Client(observed), srv.Client(observed)}
	done := make(chan error)
	const n = 20
	for i := range n {
		go func() {
			_, err := clients[i%2].Upload(t.Context(), bytescale.Bytes([]byte{byte(i)}), bytescale.WithPath(fmt.Sprintf("/%d", i)))
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	requests := map[trace.SpanID]int{}
	for _, span := range r.spans.GetSpans() {
		requests[span.Parent.SpanID()]++
	}
	for _, upload := range r.named("bytescale.upload") {
		if got := requests[upload.SpanContext.SpanID()]; got != 3 {
			t.Errorf("%d requests below an upload, want 3", got)
		}
	}
}

func TestMetrics(t *testing.T) {
	r, observed := newObserver(t)
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(1<<20))
	srv.Fail(fault.Fault{Operation: fault.PutPart, Part: fault.Part(2), Kind: fault.Reset})
	client := srv.Client(observed)
	if _, err := client.Upload(t.Context(), bytescale.Bytes(make([]byte, 3<<20)), bytescale.WithPath("/a")); err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetFileDetails(t.Context(), "/none"); err == nil {
		t.Fatal("a file that is not there has details")
	}
	metrics := r.metrics(t)
	for name, want := range map[string]int64{
		"bytescale.client.retries": 1, "bytescale.client.transfer.size": 3 << 20, "bytescale.client.transfer.active": 0,
	} {
		sum, ok := metrics[name].(metricdata.Sum[int64])
		if !ok || len(sum.DataPoints) != 1 || sum.DataPoints[0].Value != want {
			t.Errorf("%s: %+v, want %d", name, metrics[name], want)
		}
	}
	transfers, ok := metrics["bytescale.client.transfer.duration"].(metricdata.Histogram[float64])
	if !ok || len(transfers.DataPoints) != 1 || transfers.DataPoints[0].Count != 1 {
		t.Errorf("durations of transfers: %+v", metrics["bytescale.client.transfer.duration"])
	}
	var errors []string
	for _, point := range metrics["bytescale.client.request.duration"].(metricdata.Histogram[float64]).DataPoints {
		if kind, ok := point.Attributes.Value("error.type"); ok {
			operation, _ := point.Attributes.Value("bytescale.operation")
			errors = append(errors, operation.AsString()+" "+kind.AsString())
		}
	}
	slices.Sort(errors)
	if want := []string{"GetFileDetails 404", "PutPart _OTHER"}; !slices.Equal(errors, want) {
		t.Errorf("failed requests: %q, want %q", errors, want)
	}
}

// The ends of failed transfers are errors of few types.
func TestFailures(t *testing.T) {
	r, observed := newObserver(t)
	srv := bytescaletest.NewServer(t)
	client := srv.Client(observed)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for _, upload := range []struct {
		ctx    context.Context
		source bytescale.Source
	}{
		{cancelled, bytescale.Bytes(nil)},
		{late, bytescale.Bytes(nil)},
		{t.Context(), bytescale.Reader(iotest.ErrReader(io.ErrClosedPipe), 6)},
	} {
		if _, err := client.Upload(upload.ctx, upload.source); err == nil {
			t.Error("stored")
		}
	}
	if _, err := client.Download(t.Context(), "/none"); err == nil {
		t.Error("downloaded")
	}
	var kinds []string
	for _, span := range append(r.named("bytescale.upload"), r.named("bytescale.download")...) {
		if span.Status.Code != codes.Error || !slices.Contains(eventsOf(span), "exception") {
			t.Errorf("%s: %v, events %q", span.Name, span.Status, eventsOf(span))
		}
		kinds = append(kinds, attributeOf(span, "error.type"))
	}
	if want := []string{"canceled", "deadline_exceeded", "source", "404"}; !slices.Equal(kinds, want) {
		t.Errorf("types %q, want %q", kinds, want)
	}
}

// No key, no token and no pre-signed URL gets into a span or a metric.
func TestNoSecrets(t *testing.T) {
	r, observed := newObserver(t)
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(1<<20))
	srv.Fail(fault.Fault{Operation: fault.PutPart, Part: fault.Part(1), Kind: fault.ExpiredURL})
	srv.Fail(fault.Fault{Operation: fault.PutPart, Part: fault.Part(0), Kind: fault.Reset})
	srv.Fail(fault.Fault{Operation: "CompleteUploadPart", Kind: fault.Status, Status: http.StatusInternalServerError})
	var mu sync.Mutex
	secrets := []string{srv.Key()}
	next := srv.HTTPClient().Transport
	client := srv.Client(observed, bytescale.WithTransport(roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.RawQuery != "" {
			mu.Lock()
			secrets = append(secrets, req.URL.RawQuery)
			mu.Unlock()
		}
		return next.RoundTrip(req)
	})))
	if _, err := client.Upload(t.Context(), bytescale.Bytes(make([]byte, 3<<20)), bytescale.WithPath("/a")); err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	if err := json.NewEncoder(&all).Encode(r.spans.GetSpans()); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&all, "%+v %+v", r.spans.GetSpans(), r.metrics(t))
	if len(secrets) < 4 {
		t.Fatalf("only %d secrets", len(secrets))
	}
	for _, secret := range secrets {
		if strings.Contains(all.String(), secret) {
			t.Errorf("the secret %q is in a span or metric", secret)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
