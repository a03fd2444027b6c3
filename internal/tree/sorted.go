package tree

import (
	"context"
	"io"
)

// Sorted yields the entries of a listing in ascending order of the bytes of
// their whole paths. Of entries with the same path it yields the last.
//
// It assumes nothing about the order of the listing. It yields nothing before
// the listing has ended, because an entry out of order may come last. A long
// listing goes to a temporary file in dir, or in [os.TempDir] if dir is "". If
// its entries come in order, they are written once and read once.
func Sorted(ctx context.Context, listing Listing, dir string) Listing {
	return func(yield func(Entry, error) bool) {
		s := newSorter(dir, 0)
		defer s.close()
		err := s.addAll(ctx, listing)
		if err == nil {
			err = s.yieldAll(ctx, yield)
		}
		if err != nil {
			yield(Entry{}, err)
		}
	}
}

func (s *sorter) addAll(ctx context.Context, listing Listing) error {
	var value []byte
	for e, err := range listing {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			value, err = appendEntry(value[:0], e)
		}
		if err == nil {
			err = s.add(record{key: []byte(e.Path), value: value})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sorter) yieldAll(ctx context.Context, yield func(Entry, error) bool) error {
	m, err := s.merge(ctx)
	if err != nil {
		return err
	}
	for {
		r, err := m.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		e, err := parseEntry(string(r.key), r.value)
		if err != nil {
			return err
		}
		if !yield(e, nil) {
			return nil
		}
	}
}
