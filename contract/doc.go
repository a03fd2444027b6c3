// Package contract validates live HTTP traffic against the API's OpenAPI document.
//
// [NewTransport] wraps the transport of an HTTP client and [NewHandler] wraps the handler of a
// server. Both validate every request and every response. They fail closed: a route, status, content
// type, query parameter or request property that the document does not name is a [Violation], and so
// are missing credentials. A "default" response is documentation for the reader and makes no response
// valid.
//
//	client, err := bytescale.NewClient(key,
//		bytescale.WithTransport(contract.NewTransport(bytescale.NewTransport())))
//
// By default a violation fails the call: the transport returns an [*Error], the handler answers with
// the documented error body of the API. [WithReporter] also reports each violation to a function, and
// [WithReportOnly] lets the traffic pass in spite of it.
//
// # Strict and tolerant
//
// Responses of a live service gain fields over time, so unknown response properties are accepted by
// default. [WithStrict] refuses them; use it in tests. Requests are always strict.
//
// # Files are never buffered
//
// JSON bodies are read into memory, up to [WithMaxBody]. The contents of files (BasicUpload,
// FormDataUpload, DownloadFile and the PUTs of upload parts) are passed on unread; only their headers
// are validated.
//
// # Part PUTs
//
// The service chooses the host of the pre-signed URLs to which parts are sent. The transport learns
// these URLs from the responses that contain them, and remembers the most recent 16384 as hashes. A
// PUT to such a URL is validated by rules of its own: the Content-Length is the length of the part, the
// encoding is not chunked, there are no credentials, and a successful response has an etag. The
// operation is called "PutPart".
//
// # Coverage
//
// A [Recorder] records what was exercised: operations, statuses, media types, forms of authentication
// and parameters. Several processes may write to one directory; [Document.ReadCoverage] merges their
// files.
//
// # Other APIs
//
// [Load] accepts documents of other APIs, within the limits that it describes. A few rules come from the
// Bytescale API, cannot be expressed in a document, and hold for every one:
//
//   - The user name of basic authentication is "apikey".
//   - A request with an Authorization or Authorization-Token header that its form of authentication does
//     not use is refused.
//   - Operations with servers of their own take query parameters whose names begin with "meta-".
//   - A response with an object that has an "uploadUrl" and a "range" names a URL to which parts are sent.
//   - Refusals have the error body of the Bytescale API, unless [WithRefusalWriter] sets another one.
//
// # Cost
//
// Validation of one side adds some 80 microseconds to a small JSON exchange, which takes 40 to 50 over
// loopback without it. The benchmark in this package prints the ratios.
package contract
