package bytescaleblob

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/blob/drivertest"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
)

// harness gives the conformance tests a bucket of the fake. The bucket has no key to sign URLs
// with: the tests want PUT and DELETE of who can sign at all, and the service signs GET only.
// See TestSignedURL.
type harness struct{ srv *bytescaletest.Server }

func newHarness(_ context.Context, t *testing.T) (drivertest.Harness, error) {
	return &harness{bytescaletest.NewServer(t, bytescaletest.WithDescendingLists())}, nil
}

func (h *harness) MakeDriver(context.Context) (driver.Bucket, error) {
	return newBucket(h.srv.Client(), &Options{Folder: "/bucket"})
}

// There are no buckets to be missing: a folder is there when a file is in it.
func (h *harness) MakeDriverForNonexistentBucket(context.Context) (driver.Bucket, error) {
	return nil, nil
}

func (h *harness) HTTPClient() *http.Client { return h.srv.HTTPClient() }

func (h *harness) Close() {}

// TestConformance is all of what gocloud.dev/blob asks of a driver.
func TestConformance(t *testing.T) {
	drivertest.RunConformanceTests(t, newHarness, []drivertest.AsTest{asTest{}})
}

// asTest checks what the documentation of the package says of As.
type asTest struct{}

func (asTest) Name() string { return "types of the SDK" }

func (asTest) BucketCheck(b *blob.Bucket) error {
	var client *bytescale.Client
	if !b.As(&client) || client == nil {
		return errors.New("Bucket.As")
	}
	return nil
}

func (asTest) ErrorCheck(b *blob.Bucket, err error) error {
	var answer *bytescale.APIError
	if !b.ErrorAs(err, &answer) || answer.Status != http.StatusNotFound {
		return errors.New("Bucket.ErrorAs")
	}
	return nil
}

func (asTest) BeforeRead(func(any) bool) error { return nil }

func (asTest) BeforeWrite(as func(any) bool) error {
	var options *[]bytescale.UploadOption
	if !as(&options) {
		return errors.New("BeforeWrite")
	}
	*options = append(*options, bytescale.WithTags("as"))
	return nil
}

func (asTest) BeforeCopy(as func(any) bool) error {
	var file *bytescale.FileCopy
	if !as(&file) {
		return errors.New("BeforeCopy")
	}
	return nil
}

func (asTest) BeforeList(as func(any) bool) error {
	var options *[]bytescale.ListOption
	if !as(&options) {
		return errors.New("BeforeList")
	}
	return nil
}

func (asTest) BeforeSign(func(any) bool) error { return nil }

func (asTest) AttributesCheck(attributes *blob.Attributes) error {
	var file bytescale.FileDetails
	if !attributes.As(&file) || len(file.Tags) != 1 {
		return errors.New("Attributes.As")
	}
	return nil
}

func (asTest) ReaderCheck(r *blob.Reader) error {
	var download *bytescale.Download
	if !r.As(&download) || download == nil {
		return errors.New("Reader.As")
	}
	return nil
}

func (asTest) ListObjectCheck(o *blob.ListObject) error {
	var entry bytescale.FolderEntry
	if o.As(&entry) == o.IsDir {
		return errors.New("ListObject.As")
	}
	return nil
}
