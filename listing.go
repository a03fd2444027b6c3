package bytescale

import (
	"context"
	"iter"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/rest"
)

// ListOption configures [Client.ListFolder]. If an option is given twice, the last one counts.
type ListOption interface {
	applyList(*gen.ListFolderParams) error
}

// PageOption configures the pages of [Client.ListFolder], [Client.PreviewCopyFolder] and
// [Client.PreviewDeleteFolder] alike.
type PageOption interface {
	ListOption
	applyPage(*gen.ListFolderParams) error
}

type listOption func(*gen.ListFolderParams) error

func (o listOption) applyList(p *gen.ListFolderParams) error { return o(p) }

type pageOption func(*gen.ListFolderParams) error

func (o pageOption) applyList(p *gen.ListFolderParams) error { return o(p) }
func (o pageOption) applyPage(p *gen.ListFolderParams) error { return o(p) }

// maxPage is the largest page of a list (limit of ListFolder in openapi.yaml).
const maxPage = 1000

// WithPageSize sets how many files and folders the service looks at for one page, from 1 to
// 1000. The default is 1000, for the fewest calls. The filters apply afterwards, so that a page
// may have fewer entries, or none.
func WithPageSize(n int) PageOption {
	return pageOption(func(p *gen.ListFolderParams) error {
		if n < 1 || n > maxPage {
			return argumentError("pageSize", "%d is outside 1..%d", n, maxPage)
		}
		limit := int64(n)
		p.Limit = &limit
		return nil
	})
}

// WithCursor goes on with a list where another one ended: at [ListError.Cursor]. The folder and
// the filters must be the same. An empty cursor means the beginning, which is the default.
func WithCursor(cursor string) PageOption {
	return pageOption(func(p *gen.ListFolderParams) error {
		if p.Cursor = nil; cursor != "" {
			p.Cursor = &cursor
		}
		return nil
	})
}

// WithRecursive lists the files and virtual folders at all levels below the folder instead of
// what is directly in it. Folders that exist only because of their files are not listed then.
func WithRecursive() ListOption {
	return listOption(func(p *gen.ListFolderParams) error { p.Recursive = pointerTo(true); return nil })
}

// WithoutFiles lists folders only.
func WithoutFiles() ListOption {
	return listOption(func(p *gen.ListFolderParams) error { p.IncludeFiles = new(bool); return nil })
}

// WithoutVirtualFolders lists no folders that were made with [Client.PutFolder].
func WithoutVirtualFolders() ListOption {
	return listOption(func(p *gen.ListFolderParams) error { p.IncludeVirtualFolders = new(bool); return nil })
}

// WithoutPhysicalFolders lists no folders that exist only because of the files in them.
func WithoutPhysicalFolders() ListOption {
	return listOption(func(p *gen.ListFolderParams) error { p.IncludePhysicalFolders = new(bool); return nil })
}

// WithoutOverriddenStorage lists no files of folders whose storage is another than that of the
// listed folder.
func WithoutOverriddenStorage() ListOption {
	return listOption(func(p *gen.ListFolderParams) error { p.IncludeOverriddenStorage = new(bool); return nil })
}

func pointerTo[T any](value T) *T { return &value }

// ListError is the end of a list before its last page. It wraps the reason.
type ListError struct {
	// Cursor is where the list ended: [WithCursor] goes on from there, so that every
	// entry comes once. It is empty if the first page failed. It is opaque, and the
	// service does not promise for how long it can be used.
	Cursor string
	// Err is the reason.
	Err error
}

// Error returns the reason.
func (e *ListError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *ListError) Unwrap() error { return e.Err }

// ListFolder returns the files and folders in a folder (ListFolder in openapi.yaml), directly in
// it or, with [WithRecursive], at all levels. The sequence asks for a page when the one before
// is used up, so that memory does not grow with the list. Each page is one call of the account
// for up to 1000 entries; see [WithPageSize]. The credentials must be allowed to list: a
// secret key is, and a public key with a JWT that grants listFolderChildren ([WithJWT]); for a
// recursive list it must hold at all levels.
//
// The service does not promise an order, nor what a list shows of files that come and go while
// it is read. A folder that does not exist is an empty list, because folders need not exist.
// The listed folder itself is not in the list.
//
// An error ends the sequence. It is a [*ListError] with the cursor to go on from, and wraps the
// reason: an [*ArgumentError] for an invalid path or option, otherwise an error of
// [Client.GetFileDetails]. A page is retried by the same rules. When ctx ends, so does the
// sequence, with an error that wraps ctx.Err() and its cause. The sequence can be ranged over
// again, which lists the folder again.
func (c *Client) ListFolder(ctx context.Context, folderPath string, opts ...ListOption) iter.Seq2[FolderEntry, error] {
	params := gen.ListFolderParams{FolderPath: folderPath}
	err := checkFolderPath("folderPath", folderPath)
	for _, opt := range opts {
		if opt != nil && err == nil {
			err = opt.applyList(&params)
		}
	}
	return c.list(ctx, params, err)
}

// PreviewCopyFolder returns the files and folders of the source that [Client.CopyFolder] would
// copy, were it called now (dryRun of ListFolder in openapi.yaml). Nothing is copied. The
// sequence, its permissions and its errors are as for [Client.ListFolder].
func (c *Client) PreviewCopyFolder(ctx context.Context, folder FolderCopy, opts ...PageOption) iter.Seq2[FolderEntry, error] {
	_, err := folder.request("")
	return c.preview(ctx, gen.ListFolderParams{
		FolderPath: folder.Source, Recursive: pointerTo(!folder.DirectFilesOnly), IncludeFiles: pointerTo(!folder.SkipFiles),
		IncludeVirtualFolders: pointerTo(!folder.SkipVirtualFolders), IncludeOverriddenStorage: pointerTo(folder.OverriddenStorage),
	}, err, opts)
}

// PreviewDeleteFolder returns the files and folders that [Client.DeleteFolder] would delete, were
// it called now (dryRun of ListFolder in openapi.yaml). Nothing is deleted. The sequence, its
// permissions and its errors are as for [Client.ListFolder].
func (c *Client) PreviewDeleteFolder(ctx context.Context, folder FolderDeletion, opts ...PageOption) iter.Seq2[FolderEntry, error] {
	_, err := folder.request("")
	return c.preview(ctx, gen.ListFolderParams{
		FolderPath: folder.FolderPath, Recursive: pointerTo(!folder.DirectFilesOnly), IncludeFiles: pointerTo(!folder.KeepFiles),
		IncludeVirtualFolders: pointerTo(!folder.KeepVirtualFolders),
	}, err, opts)
}

func (c *Client) preview(ctx context.Context, params gen.ListFolderParams, err error, opts []PageOption) iter.Seq2[FolderEntry, error] {
	params.DryRun = pointerTo(true)
	for _, opt := range opts {
		if opt != nil && err == nil {
			err = opt.applyPage(&params)
		}
	}
	return c.list(ctx, params, err)
}

// list returns the entries of all pages, or refused if that is not nil.
func (c *Client) list(ctx context.Context, params gen.ListFolderParams, refused error) iter.Seq2[FolderEntry, error] {
	if params.Limit == nil {
		params.Limit = pointerTo(int64(maxPage))
	}
	return func(yield func(FolderEntry, error) bool) {
		page := listPage{cursor: valueOf(params.Cursor)}
		for !page.last {
			next, err := listPage{}, refused
			if err == nil {
				next, err = c.listPage(ctx, params, page.cursor)
			}
			if err != nil {
				yield(FolderEntry{}, &ListError{Cursor: page.cursor, Err: err})
				return
			}
			page = next
			for _, entry := range page.entries {
				if !yield(entry, nil) {
					return
				}
			}
		}
	}
}

func valueOf[T any](pointer *T) (value T) {
	if pointer != nil {
		value = *pointer
	}
	return value
}

// listPage is one page of a list.
type listPage struct {
	virtual bool // the listed folder was made
	entries []FolderEntry
	cursor  string
	last    bool
}

// listPage returns the page at a cursor.
func (c *Client) listPage(ctx context.Context, params gen.ListFolderParams, cursor string) (page listPage, err error) {
	if cursor != "" {
		params.Cursor = &cursor
	}
	err = c.retry(ctx, operation.ListFolder, func(ctx context.Context) error {
		var answer struct {
			Cursor               string
			IsPaginationComplete *bool
			Folder               struct{ Virtual bool }
			Items                []listItem
		}
		resp, err := c.api.calls.ListFolder(ctx, c.accountID, &params)
		if err = c.decode(operation.ListFolder, resp, err, &answer); err != nil {
			return err
		}
		malformed := func(reason string) error {
			return rest.ProtocolError(operation.ListFolder, resp.StatusCode, reason)
		}
		switch {
		case answer.Items == nil, answer.IsPaginationComplete == nil:
			return malformed("it has no list, or does not say whether this is the last page")
		case !*answer.IsPaginationComplete && (answer.Cursor == "" || answer.Cursor == cursor):
			return malformed("the list does not go on: the cursor is missing or that of the page before")
		}
		page = listPage{
			virtual: answer.Folder.Virtual, entries: make([]FolderEntry, 0, len(answer.Items)),
			cursor: answer.Cursor, last: *answer.IsPaginationComplete,
		}
		for _, item := range answer.Items {
			entry, wrong := item.entry()
			if wrong != "" {
				return malformed(wrong)
			}
			page.entries = append(page.entries, entry)
		}
		return nil
	})
	return page, err
}

// listItem is an item of a page: a FileSummary or a FolderSummary. The generated union would
// keep the text of each, and decode it a second time.
type listItem struct {
	Type         string
	FilePath     string
	FileURL      string
	LastModified *gen.EpochMillis
	Size         *int64
	FolderPath   string
	Settings     gen.FolderSettings
	Virtual      bool
}

// entry returns the item in the public type, or what is wrong with it. An item that cannot be
// understood must not be left out: whoever compares lists would take it for deleted.
func (i listItem) entry() (entry FolderEntry, wrong string) {
	switch i.Type {
	case string(gen.FolderSummaryTypeFolder):
		if !strings.HasPrefix(i.FolderPath, "/") {
			return entry, "the path of a folder is missing or does not begin with a slash"
		}
		return FolderEntry{Path: i.FolderPath, IsFolder: true, Virtual: i.Virtual, Settings: newFolderSettings(i.Settings)}, ""
	case string(gen.FileSummaryTypeFile):
		switch {
		case !strings.HasPrefix(i.FilePath, "/"):
			return entry, "the path of a file is missing or does not begin with a slash"
		case i.Size == nil, *i.Size < 0:
			return entry, "the size of a file is missing or negative"
		case i.LastModified == nil, invalidTime(*i.LastModified):
			return entry, "the time of a file is missing or out of range"
		}
		return FolderEntry{Path: i.FilePath, Size: *i.Size, LastModified: i.LastModified.Time(), FileURL: i.FileURL}, ""
	}
	return entry, "an item is neither a file nor a folder"
}
