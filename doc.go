// Package bytescale uploads files of any size to Bytescale, over unreliable networks
// and in bounded memory, and continues after a crash.
//
//	client, err := bytescale.NewClientFromEnv() // BYTESCALE_API_KEY
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
// [Client.Upload] takes a [Source]: a [File], an [OpenedFile], [Bytes], a [ReaderAt], a [Reader]
// of known size or a [Stream] of unknown size. Options set where the file is stored
// ([WithFolder], [WithFileName], [WithPath]), what is stored with it ([WithTags], [WithMetadata],
// [WithMIME], [WithOriginalFileName]), and functions to call on the way ([WithProgress],
// [WithCheckpoint]). The parts of a file are sent side by side. All uploads of a client share its
// limits. Transient failures are retried.
//
// A file is stored whole or not at all. With [WithResume] an interrupted upload continues
// when it is tried again, in another process too. [Client.Resume] continues one from the
// [Checkpoint] that it left.
//
// # Files, folders and jobs
//
// [Client.ListFolder] is a sequence of all that is in a folder. Single files are copied and
// deleted at once ([Client.CopyFile], [Client.DeleteFile]). Folders, and files in any number,
// are copied and deleted by jobs of the service ([Client.CopyFolder], [Client.DeleteFiles] and
// so on); [Job.Wait] waits for one. The service also fetches URLs ([Client.UploadFromURL]) and
// transforms files ([Client.ProcessFile], [Client.ProcessFileAndSave]). [Client.FS] is a folder as
// a file system of io/fs. Calls that change something are repeated after a lost
// answer where that is harmless. If what became of one cannot be told,
// errors.Is(err, [ErrOutcomeUnknown]) holds.
//
// # Directories
//
// [Client.UploadDir] uploads the files of a file system to a folder, and [Client.DownloadDir]
// downloads those of a folder. They yield each file as it ends. [WithChangedOnly] moves only what
// differs, so that a second call completes what a first one left, and [WithDelete] makes both
// sides equal.
//
// # Errors
//
// An [*ArgumentError] is an argument that was refused before anything was sent. A [*SourceError]
// is a source that cannot be opened or read. An [*UploadError] is the end of an upload that had
// begun. A [*JobError] is the end of a job that did not succeed, and a [*NotReadyError] names a
// job that is at work on what was asked for. An [*APIError] is an answer whose status means
// failure. The sentinels are [ErrInvalidKey], [ErrNotFound], [ErrSourceChanged], [ErrSourceSize],
// [ErrUploadUnknown], [ErrCheckpoint], [ErrCheckpointLocked], [ErrDigest], [ErrFileChanged],
// [ErrStalled], [ErrProtocol] and [ErrOutcomeUnknown].
//
// # Contexts
//
// One rule holds for every method with a context. When the context ends, the method stops
// sending and waiting, lets everything end that it has begun, and returns an error. The error
// wraps ctx.Err(), [context.Cause] of ctx and, if a step was being retried, the last failure
// of that step: errors.Is(err, context.DeadlineExceeded) holds, and errors.As finds the
// [*APIError] that was retried. So look for the end of the context before anything else. The
// context of a [Download] applies to its reading too.
//
// A Read or ReadAt of the caller's own source cannot be interrupted. An upload waits for the
// one in progress, because the source is the caller's again when Upload has returned. A
// source that can block for long needs a limit of its own, otherwise the upload outlives its
// context. [WithReadTimeout] sets one for the body of an HTTP request, a network connection
// and whatever else has a read deadline. Close other pipes with the context:
//
//	stop := context.AfterFunc(ctx, func() { pipe.CloseWithError(ctx.Err()) })
//	defer stop()
//
// # Retries
//
// Every step of an upload and every other call is retried while its failure is transient:
// connections that cannot be made or that break, stalls, and the statuses 408, 429 and 5xx
// except 501 and 505. A download continues where it
// broke off.
//
//   - A step waits for two minutes in all between its attempts. The waits grow to 30 s, with
//     jitter.
//   - A Retry-After, in seconds, as a date or as retry-after-ms, is the least wait. One of
//     more than two minutes ends the call at once; see [APIError.RetryAfter].
//   - A malformed answer is tried three times, and for 15 s of waits once the upload has begun.
//   - The parts of an upload share 20 retries for each PUT and API call that may be in
//     flight. Each stored part gives 20 back.
//
// [RetryPolicy] sets these numbers, and [Timeouts] how long one attempt may wait, for a client
// or for a single call. The defaults are for transfers that must arrive. In a web request that
// lives for seconds, set both. Besides:
//
//   - A JWT that is refused with 401 is replaced once.
//   - 429 and 503 halve the pace of the client's API calls. It recovers within half a minute
//     of success.
//
// [WithObserver] sees each attempt and each wait. The end of the context ends both.
//
// # Secrets
//
// The API key and tokens are sent to the origin of the API only, and to that of the CDN if a
// download asks for it. API calls and the PUTs of parts follow no redirect. No error, no
// [Event] and nothing that fmt prints contains a key, a token or a pre-signed URL.
//
// # The rest of the API
//
// The package is built on package gen, the client generated from openapi.yaml, which
// [OpenAPI] returns. [Client.API] returns the generated client with the credentials of the
// Client. Package bytescaletest is a fake of the service for tests.
package bytescale
