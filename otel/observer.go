package bytescaleotel

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/c88edac7/bytescale-go"
)

const scope = "github.com/c88edac7/bytescale-go/otel"

// Option configures [NewObserver].
type Option func(*settings)

type settings struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTracerProvider sets where spans go. The default is the global provider.
func WithTracerProvider(provider trace.TracerProvider) Option {
	return func(s *settings) { s.tracers = provider }
}

// WithMeterProvider sets where metrics go. The default is the global provider.
func WithMeterProvider(provider metric.MeterProvider) Option {
	return func(s *settings) { s.meters = provider }
}

// NewObserver returns an observer for [bytescale.WithObserver]. It may serve several
// clients. The error is that of a meter provider which refuses an instrument.
//
// A span that is under way is kept until its transfer ends. A [bytescale.Download] ends
// when it is read to its end, fails, or is closed.
func NewObserver(opts ...Option) (func(bytescale.Event), error) {
	s := settings{tracers: otel.GetTracerProvider(), meters: otel.GetMeterProvider()}
	for _, opt := range opts {
		opt(&s)
	}
	meters, err := newInstruments(s.meters.Meter(scope))
	if err != nil {
		return nil, err
	}
	o := &observer{tracer: s.tracers.Tracer(scope), meters: meters, transfers: map[int64]trace.Span{}}
	return o.observe, nil
}

type observer struct {
	tracer trace.Tracer
	meters *instruments

	mu        sync.Mutex
	transfers map[int64]trace.Span // by Event.Transfer
}

func (o *observer) observe(e bytescale.Event) {
	switch e.Kind {
	case bytescale.EventUploadStart:
		o.begin(e, upload)
	case bytescale.EventUploadEnd:
		o.end(e, upload)
	case bytescale.EventDownloadStart:
		o.begin(e, download)
	case bytescale.EventDownloadEnd:
		o.end(e, download)
	case bytescale.EventAttempt:
		o.request(e)
	case bytescale.EventRetry:
		o.meters.retries.Add(e.Context, 1, metric.WithAttributes(operationKey.String(e.Operation)))
		o.note(e, waited(e.Wait))
	case bytescale.EventURLRefresh:
		o.note(e)
	case bytescale.EventWaitEnd:
		o.meters.wait.Record(e.Context, e.Duration.Seconds(), metric.WithAttributes(limitKey.String(e.Limit)))
		o.note(e, limitKey.String(e.Limit), waited(e.Duration))
	}
}

// begin starts the span of a transfer.
func (o *observer) begin(e bytescale.Event, direction attribute.KeyValue) {
	_, span := o.tracer.Start(e.Context, "bytescale."+direction.Value.AsString(), trace.WithTimestamp(e.Start))
	o.meters.active.Add(e.Context, 1, metric.WithAttributes(direction))
	o.mu.Lock()
	defer o.mu.Unlock()
	o.transfers[e.Transfer] = span
}

// end ends it.
func (o *observer) end(e bytescale.Event, direction attribute.KeyValue) {
	o.mu.Lock()
	span, ok := o.transfers[e.Transfer]
	delete(o.transfers, e.Transfer)
	o.mu.Unlock()
	if !ok {
		return
	}
	span.SetAttributes(transferAttributes(e)...)
	finish(span, e)

	ctx, of := trace.ContextWithSpan(e.Context, span), metric.WithAttributes(direction)
	o.meters.active.Add(ctx, -1, of)
	o.meters.size.Add(ctx, e.Bytes, of)
	o.meters.transfer.Record(ctx, e.Duration.Seconds(), of, metric.WithAttributes(failure(e.Err)...))
}

// request records a request that was answered or failed.
func (o *observer) request(e bytescale.Event) {
	ctx := o.parent(e)
	attributes := []attribute.KeyValue{operationKey.String(e.Operation)}
	if e.Status > 0 {
		attributes = append(attributes, attribute.Int("http.response.status_code", e.Status))
	}
	failed := failure(e.Err)
	if e.Err == nil && e.Status >= 400 {
		failed = []attribute.KeyValue{errorTypeKey.String(strconv.Itoa(e.Status))}
	}
	attributes = append(attributes, failed...)
	o.meters.request.Record(ctx, e.Duration.Seconds(), metric.WithAttributes(attributes...))

	_, span := o.tracer.Start(ctx, e.Operation, trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(e.Start))
	span.SetAttributes(append(attributes, requestAttributes(e)...)...)
	if len(failed) > 0 {
		span.SetStatus(codes.Error, "")
	}
	finish(span, e)
}

// note adds an event to the span that it belongs to.
func (o *observer) note(e bytescale.Event, attributes ...attribute.KeyValue) {
	if e.Operation != "" {
		attributes = append(attributes, operationKey.String(e.Operation))
	}
	attributes = append(attributes, requestAttributes(e)...)
	if e.Err != nil {
		attributes = append(attributes, attribute.String("exception.message", e.Err.Error()))
	}
	trace.SpanFromContext(o.parent(e)).AddEvent("bytescale."+string(e.Kind), trace.WithAttributes(attributes...))
}

// parent returns a context with the span of the transfer, or that of the call.
func (o *observer) parent(e bytescale.Event) context.Context {
	o.mu.Lock()
	defer o.mu.Unlock()
	if span, ok := o.transfers[e.Transfer]; ok {
		return trace.ContextWithSpan(e.Context, span)
	}
	return e.Context
}

// finish ends a span when its event did.
func finish(span trace.Span, e bytescale.Event) {
	if e.Err != nil {
		span.RecordError(e.Err, trace.WithTimestamp(e.Start.Add(e.Duration)))
		span.SetStatus(codes.Error, e.Err.Error())
		span.SetAttributes(failure(e.Err)...)
	}
	span.End(trace.WithTimestamp(e.Start.Add(e.Duration)))
}

// failure returns the type of an error as an attribute, and nothing for none. The types are
// few: the status of the answer, or a word.
func failure(err error) []attribute.KeyValue {
	var answer *bytescale.APIError
	var source *bytescale.SourceError
	var argument *bytescale.ArgumentError
	kind := "_OTHER" // the name in OpenTelemetry's conventions
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		kind = "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		kind = "deadline_exceeded"
	case errors.As(err, &answer) && answer.Status > 0:
		kind = strconv.Itoa(answer.Status)
	case errors.As(err, &source):
		kind = "source"
	case errors.As(err, &argument):
		kind = "argument"
	case errors.Is(err, bytescale.ErrStalled):
		kind = "stalled"
	}
	return []attribute.KeyValue{errorTypeKey.String(kind)}
}
