package bytescaleotel

import (
	"errors"

	"go.opentelemetry.io/otel/metric"
)

// instruments are the metrics; see the documentation of the package.
type instruments struct {
	request, wait, transfer metric.Float64Histogram
	retries, size           metric.Int64Counter
	active                  metric.Int64UpDownCounter
}

// seconds are bounds for histograms of requests and transfers: from a millisecond to an hour.
var seconds = metric.WithExplicitBucketBoundaries(
	0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)

func newInstruments(meter metric.Meter) (*instruments, error) {
	var m instruments
	var errs [6]error
	m.request, errs[0] = meter.Float64Histogram("bytescale.client.request.duration", metric.WithUnit("s"), seconds,
		metric.WithDescription("Time from a request to the header of its answer."))
	m.wait, errs[1] = meter.Float64Histogram("bytescale.client.wait.duration", metric.WithUnit("s"), seconds,
		metric.WithDescription("Time that a request or a part waited for a limit of the client."))
	m.transfer, errs[2] = meter.Float64Histogram("bytescale.client.transfer.duration", metric.WithUnit("s"), seconds,
		metric.WithDescription("Time of an upload or download."))
	m.retries, errs[3] = meter.Int64Counter("bytescale.client.retries", metric.WithUnit("{retry}"),
		metric.WithDescription("Attempts that failed and were followed by another one."))
	m.size, errs[4] = meter.Int64Counter("bytescale.client.transfer.size", metric.WithUnit("By"),
		metric.WithDescription("Bytes of the uploads and downloads that ended."))
	m.active, errs[5] = meter.Int64UpDownCounter("bytescale.client.transfer.active", metric.WithUnit("{transfer}"),
		metric.WithDescription("Uploads and downloads under way."))
	return &m, errors.Join(errs[:]...)
}
