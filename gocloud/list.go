package bytescaleblob

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"gocloud.dev/blob/driver"

	"github.com/c88edac7/bytescale-go"
)

// maxPage is the size of a page if the caller sets none.
const maxPage = 100_000

// ListPaged lists the folder of the prefix and keeps the first blobs after the page token,
// which is the last key of the page before.
func (b *bucket) ListPaged(ctx context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	var options []bytescale.ListOption
	if opts.Delimiter != "/" {
		options = append(options, bytescale.WithRecursive(), bytescale.WithoutPhysicalFolders(), bytescale.WithoutVirtualFolders())
	}
	if opts.BeforeList != nil {
		if err := opts.BeforeList(as(&options)); err != nil {
			return nil, err
		}
	}
	size := opts.PageSize
	if size == 0 {
		size = maxPage
	}
	p := page{size: size}
	for entry, err := range b.client.ListFolder(ctx, folderOf(b.root, opts.Prefix), options...) {
		if err != nil {
			return nil, err
		}
		object, ok := b.object(entry, opts)
		if ok && (opts.PageToken == nil || object.Key > string(opts.PageToken)) {
			p.add(object)
		}
	}
	return p.done(), nil
}

// object returns the blob or directory of an entry, and reports whether the list has it.
func (b *bucket) object(entry bytescale.FolderEntry, opts *driver.ListOptions) (*driver.ListObject, bool) {
	key := keyOf(b.root, entry.Path)
	if entry.IsFolder {
		key += "/"
	}
	rest, ok := strings.CutPrefix(key, opts.Prefix)
	if !ok || entry.IsFolder && rest == "" {
		return nil, false
	}
	if opts.Delimiter != "" {
		if before, _, found := strings.Cut(rest, opts.Delimiter); found {
			return &driver.ListObject{Key: opts.Prefix + before + opts.Delimiter, IsDir: true}, true
		}
	}
	if entry.IsFolder {
		return nil, false
	}
	return &driver.ListObject{Key: key, ModTime: entry.LastModified, Size: entry.Size, AsFunc: func(i any) bool {
		e, ok := i.(*bytescale.FolderEntry)
		if ok {
			*e = entry
		}
		return ok
	}}, true
}

// page collects the first objects of a list that comes in any order, in the memory of two
// pages.
type page struct {
	size    int
	objects []*driver.ListObject
}

func (p *page) add(object *driver.ListObject) {
	p.objects = append(p.objects, object)
	if len(p.objects) >= 2*p.size+1 {
		p.shrink()
	}
}

// shrink sorts the objects and keeps one more than fit, which tells that there are more.
func (p *page) shrink() {
	slices.SortFunc(p.objects, func(a, b *driver.ListObject) int { return cmp.Compare(a.Key, b.Key) })
	p.objects = slices.CompactFunc(p.objects, func(a, b *driver.ListObject) bool { return a.Key == b.Key })
	if len(p.objects) > p.size+1 {
		p.objects = slices.Delete(p.objects, p.size+1, len(p.objects))
	}
}

func (p *page) done() *driver.ListPage {
	p.shrink()
	if len(p.objects) <= p.size {
		return &driver.ListPage{Objects: p.objects}
	}
	objects := p.objects[:p.size]
	return &driver.ListPage{Objects: objects, NextPageToken: []byte(objects[p.size-1].Key)}
}
