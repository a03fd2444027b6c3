// Package bytescaleblob is a driver of gocloud.dev/blob for Bytescale. It has a module of its
// own, so that the SDK needs no Go CDK.
//
//	bucket, err := blob.OpenBucket(ctx, "bytescale:///uploads")
//
// opens the folder /uploads of the account whose API key is in the environment variable
// BYTESCALE_API_KEY; see [URLOpener]. [OpenBucket] does the same with a client of the
// program's own.
//
// # What the service does not have
//
//   - It has no conditional writes. With IfNotExist a writer looks whether the blob exists and
//     then writes; a blob that appears between the two is replaced.
//   - It signs URLs for GET only, and only with [Options.URLKey]. PUT and DELETE are
//     unimplemented.
//   - It does not promise an order of lists, which gocloud.dev/blob does. Each page of a list
//     therefore reads the whole folder that the prefix names, with everything below it unless
//     the delimiter is "/", and keeps the blobs of the page. A page has up to 100,000 blobs if
//     the caller sets no size, and takes about 20 MB then. A folder of a million files costs
//     10,000 calls of the API to list.
//   - It has no MD5 sums, and no Cache-Control, Content-Disposition, Content-Encoding and
//     Content-Language. The last four are kept in the metadata of the file, so that they can
//     be read back, but the CDN does not send them.
//   - A content type that is not a type and a subtype, such as "text", is kept in the metadata
//     too. The CDN sends "application/octet-stream" for it.
//   - Metadata takes at most 2 KB as JSON, together with these.
//
// The CDN may serve the old content of a blob for a while after it was replaced or deleted.
//
// # Keys and paths
//
// The blob "a/b.txt" of a bucket of the folder /uploads is the file /uploads/a/b.txt. What the
// service's paths cannot hold is escaped: control characters and the elements "." and ".."
// by percent signs, as in a URL, and an empty element by a single percent sign. Other
// characters, spaces for example, are not. The path of a key may have 512 characters.
//
// # As
//
//   - Bucket: **bytescale.Client
//   - Attributes: *bytescale.FileDetails
//   - Reader: **bytescale.Download, unless nothing is read
//   - ListObject: *bytescale.FolderEntry, except for directories
//   - Error: whatever errors.As finds, such as **bytescale.APIError
//   - WriterOptions.BeforeWrite: *[]bytescale.UploadOption, to which options can be added
//   - CopyOptions.BeforeCopy: *bytescale.FileCopy
package bytescaleblob
