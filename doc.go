// Package bytescale uploads files to Bytescale, however large and over however
// bad a network, in bounded memory, and picks up after a crash.
//
//	client, err := bytescale.NewClient(os.Getenv("BYTESCALE_API_KEY"))
//	if err != nil {
//		return err
//	}
//	file, err := client.Upload(ctx, bytescale.File("movie.mp4"))
//	if err != nil {
//		return err
//	}
//	fmt.Println(file.FileURL)
//
// # Uploading
//
// [Client.Upload] takes a [Source]: a [File], [Bytes], a [ReaderAt], a [Reader]
// of known size or a [Stream] of unknown size. [UploadOption] values say where
// the file goes ([WithFolder], [WithFileName], [WithPath]), what is kept with it
// ([WithTags], [WithMetadata], [WithMIME], [WithOriginalFileName]) and who is
// told ([WithProgress], [WithCheckpoint]). The parts of a file are sent side by
// side; all uploads of a client share its limits. Everything that can pass is
// retried.
//
// A file is stored whole or not at all. An upload that was interrupted is continued
// with [Client.Resume] and the [Checkpoint] that it left.
//
// # Errors
//
// Errors are values: [*ArgumentError] for what was refused before anything was
// sent, [*UploadError] for an upload that had begun, [*APIError] for an answer
// that says no, and the sentinels [ErrInvalidKey], [ErrNotFound],
// [ErrSourceChanged], [ErrSourceSize], [ErrUploadUnknown], [ErrStalled] and
// [ErrProtocol]. A cancelled call wraps the context's error.
//
// # Retries
//
// Every step of an upload and every other call is tried 16 times and for a minute at
// least, but never more than 32 times, while its failure can pass (a download until
// its answer has begun): connections that cannot be made or that break, stalls, the
// statuses 408, 429 and 5xx but for 501 and 505. The waits between the tries grow to
// 30 s, with jitter. A Retry-After (in seconds, as a date, or retry-after-ms) is the
// least wait; one of more than two minutes ends the call at once, and
// [APIError.RetryAfter] tells it. Answers that make no sense are tried three times,
// and for 15 s once the upload has begun. The parts of an upload share 20 retries
// for each PUT and API call that may be in flight, and each part that is stored
// gives 16 back. A refused JWT is replaced once. 429 and 503 also halve the pace of
// the client's API calls; it recovers within half a minute of successes.
// [WithObserver] sees each attempt and each wait; the end of the context ends them.
//
// # Secrets
//
// The API key and tokens go to the API's origin only, and to the CDN's when a
// download asks for it. API calls and the PUTs of parts follow no redirect.
// Keys, tokens and pre-signed URLs are in no error, no [Event] and nothing that
// fmt prints.
//
// # The rest of the API
//
// Everything here is built on package gen, the client generated from
// openapi.yaml ([OpenAPI] returns that file). [Client.API] hands it out,
// authenticated. Package bytescaletest is a fake of the service for tests.
package bytescale
