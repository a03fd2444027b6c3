// Package contract validates live HTTP traffic against the API's OpenAPI document.
//
// [NewTransport] wraps the transport of an HTTP client and [NewHandler] wraps the handler of a
// server. Both validate every request and every response that passes, and fail closed: a route,
// status, content type, query parameter or request property that the document does not name is a
// [Violation], and so are missing credentials. A "default" response documents an error for the reader
// and never makes an answer valid.
//
//	checked, err := contract.NewTransport(bytescale.NewTransport())
//	…
//	client, err := bytescale.NewClient(key, bytescale.WithTransport(checked))
//
// By default a violation fails the call: the transport returns an [*Error], the handler answers with
// the API's documented error body. [WithReporter] also reports each one to a function, and
// [WithReportOnly] lets the traffic pass all the same.
//
// # Strict and tolerant
//
// Responses of a live service gain fields over time, so unknown response properties are accepted by
// default. [WithStrict] refuses them; use it in tests. Requests are always strict.
//
// # Files are never buffered
//
// JSON bodies are read into memory, up to [WithMaxBody]. The bytes of files (BasicUpload,
// FormDataUpload, DownloadFile and the PUTs of upload parts) stream past unread: their headers are
// checked, their contents are not.
//
// # Part PUTs
//
// The pre-signed URLs to which parts are sent are on no known host. The transport learns them from
// the begin and part answers that pass through it (as hashes, the most recent 16384) and holds those
// PUTs to their own rules: method PUT, a Content-Length that is the length of the part, no chunked
// encoding, no credentials, an etag in a successful answer. Their operation is called "PutPart".
//
// # Coverage
//
// A [Recorder] notes what was exercised: operations, statuses, media types, forms of authentication
// and parameters. Several processes may write to one directory; [Document.Coverage] makes one table.
//
// # Cost
//
// Validating one side about doubles the cost of a small JSON exchange over loopback (some 80 microseconds
// more); the benchmark in this package prints the ratios. Nothing but JSON bodies is held in memory.
package contract
