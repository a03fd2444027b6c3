package bytescaletest

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/internal/fake"
)

// Transformation is a request to transform a file.
type Transformation struct {
	Name     string                // such as "image", or the name of a preset
	Params   []TransformationParam // in their order; names may repeat
	Artifact string                // the output file that is wanted; "/" is the main one

	File    bytescale.FileDetails // the file to transform, without its FileURL
	Content io.ReadSeeker         // its bytes
}

// TransformationParam is one parameter of a transformation.
type TransformationParam struct{ Name, Value string }

// Processor carries out transformations: it returns the bytes of the result and their
// MIME type. It must be safe for concurrent use. An error is answered with 400, or ends
// a job, with the code transformation_failed.
type Processor func(ctx context.Context, t Transformation) (content []byte, mime string, err error)

// WithProcessor carries out a transformation, by its name: one of the service's own, or
// a preset. By default "image", "video", "audio" and "archive" leave the file as it is,
// "antivirus" reports no virus, and others are answered with 404. The results of "video",
// "audio" and "antivirus" are made by jobs.
func WithProcessor(name string, run Processor) Option {
	return func(s *settings) error {
		switch {
		case name == "" || name == "raw" || name == "save":
			return errors.New("WithProcessor: " + name + " is no name of a transformation")
		case run == nil:
			return errors.New("WithProcessor: the processor is nil")
		}
		if s.core.Processors == nil {
			s.core.Processors = map[string]fake.Processor{}
		}
		s.core.Processors[name] = func(ctx context.Context, source fake.Source) (fake.Output, error) {
			wanted := Transformation{
				Name: source.Transformation, Artifact: source.Artifact, File: detailsOf(source.File),
				Content: io.NewSectionReader(source.Content, 0, source.File.Size),
			}
			for _, param := range source.Params {
				wanted.Params = append(wanted.Params, TransformationParam(param))
			}
			content, mime, err := run(ctx, wanted)
			return fake.Output{MIME: mime, Content: bytes.NewReader(content), Size: int64(len(content))}, err
		}
		return nil
	}
}
