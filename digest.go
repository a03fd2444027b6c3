package bytescale

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
)

// ErrDigest means that the content of a download does not have the digest of
// [WithExpectedSHA256].
var ErrDigest = errors.New("the content has another SHA-256 than expected")

// WithSHA256 computes the SHA-256 of the source while it is sent, and returns it in
// [FileDetails.SHA256]. A source that is read in place, such as a [File], is read twice: the
// second time shortly after the parts were, so that the system's cache usually has the bytes.
// A resumed upload reads all of its source. It costs one core some 0.5 to 2 seconds for each
// GB. The service neither gets nor checks the digest; keep it, and give it to
// [WithExpectedSHA256]. The default is no digest.
func WithSHA256() ResumeOption {
	return sourceOption(func(s *transferSettings) error {
		s.sha256 = true
		return nil
	})
}

// WithExpectedSHA256 checks the content of a download: in place of [io.EOF], Read returns an
// error that is [ErrDigest] if the SHA-256 of all that was read is another one. So read to the
// end before you believe the content. digest is 64 hexadecimal digits, as in [FileDetails.SHA256]
// and as sha256sum prints them. It cannot be combined with [WithRange]. The default is no check.
func WithExpectedSHA256(digest string) DownloadOption {
	return downloadOption(func(s *downloadSettings) error {
		want, err := hex.DecodeString(digest)
		if err != nil || len(want) != sha256.Size {
			return argumentError("expectedSHA256", "%s is not 64 hexadecimal digits", quote(digest))
		}
		s.digest = &digestCheck{want: [sha256.Size]byte(want), sum: sha256.New()}
		return nil
	})
}

// digestCheck checks the bytes of a download. A nil digestCheck accepts all.
type digestCheck struct {
	want [sha256.Size]byte
	sum  hash.Hash
}

// read takes in what a Read has returned, and returns the error of the Read.
func (c *digestCheck) read(p []byte, err error) error {
	if c == nil {
		return err
	}
	c.sum.Write(p)
	if err != io.EOF {
		return err
	}
	if got := c.sum.Sum(nil); [sha256.Size]byte(got) != c.want {
		return fmt.Errorf("%w: it is %x, not %x", ErrDigest, got, c.want)
	}
	return err
}
