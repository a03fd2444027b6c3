// Package bytescaleotel records what a [bytescale.Client] does as OpenTelemetry spans and
// metrics. It has a module of its own, so that the SDK needs no OpenTelemetry.
//
//	observe, err := bytescaleotel.NewObserver()
//	if err != nil {
//		return err
//	}
//	client, err := bytescale.NewClient(key, bytescale.WithObserver(observe))
//
// # Spans
//
//	bytescale.upload, bytescale.download   one transfer, child of the span in the context of the call
//	the operation, such as GetFileDetails  one HTTP request, child of its transfer or of the call's span
//
// Retries, fresh URLs and waits for the client's limits are events of the span that they
// belong to. Spans have these attributes, as far as they are known:
//
//	bytescale.upload.id, bytescale.file.path, bytescale.size     of a transfer
//	bytescale.part, bytescale.upload.id                          of a request
//	http.response.status_code, http.request.resend_count, http.request.body.size
//	error.type                                                   of what failed
//
// # Metrics
//
//	bytescale.client.request.duration   histogram, s   by operation, status and error type
//	bytescale.client.retries            counter        by operation
//	bytescale.client.wait.duration      histogram, s   by limit
//	bytescale.client.transfer.duration  histogram, s   by direction and error type
//	bytescale.client.transfer.size      counter, By    by direction
//	bytescale.client.transfer.active    up-down        by direction
//
// Nothing that a server or a caller invents is an attribute of a metric, so that their
// number is bounded. Events hold no key, no token and no pre-signed URL, and so neither do
// spans and metrics. The paths of files are attributes of spans.
package bytescaleotel
