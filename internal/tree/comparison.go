package tree

import "strings"

// comparison reads two sorted listings side by side, as a walk reads a
// directory: first a name, then what is in the directory of that name. Its
// memory is the directories that it is in.
type comparison struct {
	target              Target
	source, destination *cursor
	extras              *sorter
	emit                func(Action) error

	directories []directory // from the top to where it is
}

// directory holds what is true of everything in a directory.
type directory struct {
	key     string     // ends with a separator, except at the top
	path    string     // in the spelling of the destination
	spelled bool       // whether path is known
	block   *SkipError // why nothing can be copied into it
	protect bool       // whether nothing in it is extra
}

func (c *comparison) run() error {
	c.directories = []directory{{spelled: true}}
	for c.source.ok || c.destination.ok {
		key := c.source.key
		if !c.source.ok || c.destination.ok && c.destination.key < key {
			key = c.destination.key
		}
		c.enter(key)
		if err := c.compareName(key); err != nil {
			return err
		}
	}
	return nil
}

// here returns the innermost directory.
func (c *comparison) here() *directory { return &c.directories[len(c.directories)-1] }

// enter leaves the directories that a key is not in, and enters those that it
// is in.
func (c *comparison) enter(key string) {
	for !strings.HasPrefix(key, c.here().key) {
		c.directories = c.directories[:len(c.directories)-1]
	}
	for {
		begin := len(c.here().key)
		length := strings.Index(key[begin:], separator)
		if length < 0 {
			return
		}
		c.push(key[:begin+length+1], nil, false)
	}
}

// push enters a directory.
func (c *comparison) push(key string, block *SkipError, protect bool) {
	d := directory{key: key, block: c.here().block, protect: protect || c.here().protect}
	if d.block == nil {
		d.block = block
	}
	if c.destination.in(key) {
		d.path, d.spelled = firstSegments(c.destination.entry.Path, len(c.directories)), true
	}
	c.directories = append(c.directories, d)
}

// otherSpelling returns the directory above a file of the source that has
// another spelling at the destination, if there is one.
func (c *comparison) otherSpelling(path string) (directory string, found bool) {
	n := len(c.directories) - 1
	for !c.directories[n].spelled {
		n--
	}
	known := c.directories[n].path
	return known, n > 0 && !strings.HasPrefix(path, known+"/")
}

// spell records how the directories above a file are spelled once the file is
// copied.
func (c *comparison) spell(path string) {
	for n := len(c.directories) - 1; !c.directories[n].spelled; n-- {
		c.directories[n].path, c.directories[n].spelled = firstSegments(path, n), true
	}
}

// name holds what the two sides have under one key.
type name struct {
	source, destination *Entry // nil if there is none
	seen                bool   // whether the source has an entry, copied or not
	marked              bool   // whether the source has an entry with Skip set
}

// compareName deals with all entries that have a key.
func (c *comparison) compareName(key string) error {
	var n name
	if err := c.takeDestination(key, &n); err != nil {
		return err
	}
	if err := c.takeSource(key, &n); err != nil {
		return err
	}
	below := key + separator
	if err := c.decide(below, n); err != nil {
		return err
	}
	if c.source.in(below) || c.destination.in(below) {
		c.push(below, c.blocks(n.destination), n.marked)
	}
	return nil
}

// takeDestination reads the destination's entry. There are others with the same
// key only if the disk tells names apart that most disks of its system do not.
// They are left alone.
func (c *comparison) takeDestination(key string, n *name) error {
	for c.destination.at(key) {
		if n.destination == nil {
			e := c.destination.entry
			n.destination = &e
		}
		if err := c.destination.next(); err != nil {
			return err
		}
	}
	return nil
}

// takeSource reads the source's entries, chooses the one that may be copied,
// and skips the others.
func (c *comparison) takeSource(key string, n *name) error {
	for c.source.at(key) {
		e := c.source.entry
		n.seen = true
		n.marked = n.marked || e.Skip != nil
		if skip := c.refuse(e, n); skip != nil {
			if err := c.skip(e, skip); err != nil {
				return err
			}
		} else {
			n.source = &e
		}
		if err := c.source.next(); err != nil {
			return err
		}
	}
	return nil
}

// refuse returns why an entry of the source cannot be copied, or nil if nothing
// that has been read so far prevents it.
func (c *comparison) refuse(e Entry, n *name) *SkipError {
	if e.Skip != nil {
		return e.Skip
	}
	if block := c.here().block; block != nil {
		return block
	}
	other, found := c.otherSpelling(e.Path)
	switch {
	case found:
	case n.destination != nil && n.destination.Path != e.Path:
		other = n.destination.Path
	case n.source != nil:
		other = n.source.Path
	default:
		return nil
	}
	return &SkipError{Reason: NameCollision, Other: other}
}

// decide emits the action for a name, if there is one. below is the key of the
// directory of that name.
func (c *comparison) decide(below string, n name) error {
	source, destination := n.source, n.destination
	switch {
	case source == nil && destination != nil:
		return c.decideExtra(n)
	case source == nil:
		return nil
	case destination != nil && destination.Skip != nil:
		return c.skip(*source, inTheWay(destination))
	case !c.target.nests() && c.destination.in(below):
		return c.skip(*source, &SkipError{Reason: IsDirectory, Detail: "at the destination"})
	case !c.target.nests() && c.source.in(below):
		return c.skip(*source, &SkipError{Reason: IsDirectory, Detail: "at the source"})
	}
	c.spell(source.Path)
	if destination == nil {
		return c.emit(Action{Kind: Missing, Path: source.Path, Source: *source})
	}
	kind := difference(*source, *destination, c.target.tolerance())
	return c.emit(Action{Kind: kind, Path: source.Path, Source: *source, Destination: *destination})
}

// decideExtra adds a file of the destination to the extras if it is one.
func (c *comparison) decideExtra(n name) error {
	if extra := !n.seen && !c.here().protect && n.destination.Skip == nil; !extra {
		return nil
	}
	return addEntry(c.extras, c.target, *n.destination)
}

// blocks returns why nothing can be copied into a directory, given what the
// destination has of the directory's name.
func (c *comparison) blocks(destination *Entry) *SkipError {
	switch {
	case destination == nil, destination.Skip == nil && c.target.nests():
		return nil
	case destination.Skip == nil:
		return &SkipError{Reason: BelowFile, Other: destination.Path}
	}
	return inTheWay(destination)
}

func inTheWay(e *Entry) *SkipError {
	return &SkipError{Reason: InTheWay, Detail: "it " + e.Skip.sentence(), Other: e.Path}
}

func (c *comparison) skip(e Entry, why *SkipError) error {
	return c.emit(Action{Kind: Skipped, Path: e.Path, Source: e, Skip: why.of(e.Path)})
}
