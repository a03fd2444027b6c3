package bytescale

import (
	"github.com/c88edac7/bytescale-go/internal/tree"
)

// UploadDirOption configures [Client.UploadDir]. If an option is given twice, the last one counts,
// except for [WithInclude] and [WithExclude].
type UploadDirOption interface {
	applyUploadDir(*uploadDirSettings) error
}

// DownloadDirOption configures [Client.DownloadDir]. If an option is given twice, the last one
// counts, except for [WithInclude] and [WithExclude].
type DownloadDirOption interface {
	applyDownloadDir(*downloadDirSettings) error
}

// DirOption configures [Client.UploadDir] and [Client.DownloadDir] alike.
type DirOption interface {
	UploadDirOption
	DownloadDirOption
}

// ProgressOption configures all that reports progress: [Client.Upload], [Client.Resume],
// [Client.DownloadTo], [Client.DownloadToWriterAt], [Client.UploadDir] and [Client.DownloadDir].
type ProgressOption interface {
	ResumeOption
	DownloadToOption
	DirOption
}

// OverwriteOption configures downloads to files of this machine: [Client.DownloadTo] and
// [Client.DownloadDir].
type OverwriteOption interface {
	DownloadToOption
	DownloadDirOption
}

// dirSettings is what the options of both directions write to.
type dirSettings struct {
	include, exclude []string
	filter           tree.Filter // of include and exclude
	shard, shards    int
	filesInFlight    int // 0 for the default
	changedOnly      bool
	deletes          bool
	dryRun           bool
	report           func(Progress) // nil without WithProgress
}

type uploadDirSettings struct {
	dirSettings
	fileOptions func(DirFile) ([]UploadOption, error) // nil without WithFileOptions
}

type downloadDirSettings struct {
	dirSettings
	authenticated bool
	overwrite     bool
}

// defaultFilesInFlight and maxFilesInFlight are the default and the limit of WithFilesInFlight.
const (
	defaultFilesInFlight = 64
	maxFilesInFlight     = 1024
)

func newUploadDirSettings(opts []UploadDirOption) (s uploadDirSettings, err error) {
	s.dirSettings = dirSettings{shards: 1}
	if err := applyAll(opts, func(o UploadDirOption) error { return o.applyUploadDir(&s) }); err != nil {
		return s, err
	}
	return s, s.check()
}

func newDownloadDirSettings(opts []DownloadDirOption) (s downloadDirSettings, err error) {
	s.dirSettings = dirSettings{shards: 1}
	if err := applyAll(opts, func(o DownloadDirOption) error { return o.applyDownloadDir(&s) }); err != nil {
		return s, err
	}
	return s, s.check()
}

// check returns an error for options that do not go together.
func (s *dirSettings) check() (err error) {
	if s.deletes && !s.changedOnly {
		return argumentError("delete", "needs WithChangedOnly, which lists the files that can be deleted")
	}
	s.filter, err = tree.NewFilter(s.include, s.exclude) // whose patterns are checked
	return err
}

// takes reports whether a file belongs to the shard.
func (s *dirSettings) takes(path string) bool {
	return s.shards == 1 || tree.Shard(path, s.shard, s.shards)
}

// dirOption is an option of both directions.
type dirOption func(*dirSettings) error

func (o dirOption) applyUploadDir(s *uploadDirSettings) error     { return o(&s.dirSettings) }
func (o dirOption) applyDownloadDir(s *downloadDirSettings) error { return o(&s.dirSettings) }

// uploadDirOption is an option of UploadDir alone.
type uploadDirOption func(*uploadDirSettings) error

func (o uploadDirOption) applyUploadDir(s *uploadDirSettings) error { return o(s) }

// progressOption is the option of WithProgress.
type progressOption func(Progress)

func (o progressOption) applyUpload(s *uploadSettings) error {
	s.progress = o
	return nil
}

func (o progressOption) applyResume(s *transferSettings) error {
	s.progress = o
	return nil
}

func (o progressOption) applyDownloadTo(s *downloadToSettings) error {
	s.progress = o
	return nil
}

func (o progressOption) applyUploadDir(s *uploadDirSettings) error {
	s.report = o
	return nil
}

func (o progressOption) applyDownloadDir(s *downloadDirSettings) error {
	s.report = o
	return nil
}

// WithInclude moves only the files that a pattern matches, or that are in a directory that one
// matches. Patterns of several uses are added up. The default is all files. [WithExclude] has the
// rules for patterns and counts more.
func WithInclude(patterns ...string) DirOption {
	return dirOption(func(s *dirSettings) error {
		s.include = append(s.include, patterns...)
		return checkPatterns("include", patterns)
	})
}

// WithExclude leaves out the files that a pattern matches, and all that is in a directory that
// one matches. Patterns of several uses are added up, and their order has no meaning. The
// default is to leave nothing out. With [WithDelete], what is left out is not deleted either.
//
// A pattern is matched element by element of [DirFile.Path], and case counts:
//
//   - * stands for any characters of an element, ? for one, [a-z] for one of a range, and \
//     takes the next character literally, as in [path.Match].
//   - ** as a whole element stands for any number of directories, also none. At the end it
//     stands for everything in the directory.
//   - A pattern without a slash matches a name at any depth: *.tmp.
//   - A pattern with a slash, at the beginning or inside, matches from the top: /build,
//     docs/*.md, **/testdata/*.bin.
//   - A slash at the end matches directories only: cache/.
//
// A malformed pattern is an [*ArgumentError].
func WithExclude(patterns ...string) DirOption {
	return dirOption(func(s *dirSettings) error {
		s.exclude = append(s.exclude, patterns...)
		return checkPatterns("exclude", patterns)
	})
}

func checkPatterns(field string, patterns []string) error {
	if _, err := tree.NewFilter(patterns, nil); err != nil {
		return argumentError(field, "%v", err)
	}
	return nil
}

// WithShard works on every n-th file only, so that n processes or machines that are given 0 to
// n-1 for i share the work. A file belongs to the shard whose number is the first four bytes of
// the SHA-256 of its [DirFile.Path], as a big-endian number, modulo n. Each process lists all
// files. i is from 0 to n-1, and n at least 1. The default is 0 of 1, for all files.
func WithShard(i, n int) DirOption {
	return dirOption(func(s *dirSettings) error {
		switch {
		case n < 1:
			return argumentError("shard", "%d shards are not at least 1", n)
		case i < 0 || i >= n:
			return argumentError("shard", "%d is outside 0..%d", i, n-1)
		}
		s.shard, s.shards = i, n
		return nil
	})
}

// WithFilesInFlight sets how many files are moved at a time, from 1 to 1024. The default is 64 for
// downloads. For uploads it is as many as API calls may be in flight ([WithAPICallsInFlight]), and
// 64 at least, so that a high latency does not keep small files from the rate of the account.
//
// Each file takes up to four open files: the file itself, its directory, a connection for calls
// and one for bytes. Above 64, each takes some 100 KiB of memory. The client's own limits hold for
// all files together; see [NewClient].
func WithFilesInFlight(n int) DirOption {
	return dirOption(func(s *dirSettings) error {
		if n < 1 || n > maxFilesInFlight {
			return argumentError("filesInFlight", "%d is outside 1..%d", n, maxFilesInFlight)
		}
		s.filesInFlight = n
		return nil
	})
}

// WithChangedOnly lists the destination too, and moves only the files that it does not have, or
// has with another size or from an earlier time. Both sides are listed to their ends before the
// first file is moved. The default is to move all files without a look at the destination.
//
// A file that exists with the same size is moved if the source is newer. Uploads compare the
// modification time of the file with [FileDetails.LastModified], so that the clocks of this
// machine and of the service should agree. Downloads allow two seconds, because some disks keep
// times in steps of two seconds. The service dates a file by its upload, so a file that was
// uploaded is newer there than its origin, and a download over the origin moves it once more. A
// change that keeps the size and sets the time back is not noticed.
func WithChangedOnly() DirOption {
	return dirOption(func(s *dirSettings) error {
		s.changedOnly = true
		return nil
	})
}

// WithDelete deletes the files at the destination that the source does not have, so that both
// sides end equal. It needs [WithChangedOnly]. The default is to delete nothing.
//
// Deletion comes last: after both lists have ended without an error, and after all files have
// been moved. If a file failed, nothing is deleted. Nor is it if the source has no files at all,
// because it may be a misspelt folder or a disk that is not mounted. In both cases, if there was
// something to delete, the sequence ends with an error that is no [*DirError] and says so.
//
// What [WithInclude] and [WithExclude] leave out stays, and so do directories, unless a file
// needs the name of one without files in it. So do files of unfinished downloads, and whatever
// the source has something of the same name for, even if that is skipped. A local file that has
// changed since it was listed is not deleted, which is a [*DirError]. Stored files are deleted in
// jobs of up to 1000; see [Client.DeleteFiles] for the permissions.
func WithDelete() DirOption {
	return dirOption(func(s *dirSettings) error {
		s.deletes = true
		return nil
	})
}

// WithDryRun yields what would be done, in a fixed order with [WithChangedOnly], and does nothing
// but list. [DirFile.Details] is nil, and [WithFileOptions] is not called. Without
// [WithChangedOnly], the destination is not looked at, so that files that exist there are not
// noticed. The default is to carry it out.
func WithDryRun() DirOption {
	return dirOption(func(s *dirSettings) error {
		s.dryRun = true
		return nil
	})
}

// WithFileOptions sets a function that returns options for the upload of a file, such as
// [WithMIME], [WithTags] or [WithResume] with a key made of the path. It is called once for each
// file that is uploaded, before the file is opened, in the order in which they are found, and not
// by two goroutines at a time. Its error is the [*DirError] of the file, which is not uploaded
// then.
//
// [WithPath], or [WithFolder] and [WithFileName], store the file at another place than the one in
// the folder. With [WithChangedOnly] they are an error. [WithProgress] reports the progress of
// the file. The default is no options; the MIME type is not guessed.
func WithFileOptions(options func(DirFile) ([]UploadOption, error)) UploadDirOption {
	return uploadDirOption(func(s *uploadDirSettings) error {
		s.fileOptions = options
		return nil
	})
}
