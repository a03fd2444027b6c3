package fake

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// Source is a file to transform, and how.
type Source struct {
	File           store.File
	Content        io.ReaderAt // of File.Size bytes
	Transformation string      // such as image, or the name of a preset
	Params         []Param     // in their order; names may repeat
	Artifact       string      // the output file that is wanted; "/" is the main one
}

// Param is one parameter of a transformation.
type Param struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Output is what a transformation makes of a file.
type Output struct {
	MIME    string
	Content io.ReaderAt
	Size    int64
}

// Processor carries out a transformation. It must be safe for concurrent use. An
// error of type *refusal.Error is answered as it is; any other means that the file
// could not be transformed.
type Processor func(ctx context.Context, source Source) (Output, error)

// BytesOutput is an output in memory.
func BytesOutput(mime string, content []byte) Output {
	return Output{MIME: mime, Content: bytes.NewReader(content), Size: int64(len(content))}
}

// asynchronous are the transformations that run as jobs, and their types.
var asynchronous = map[string]gen.JobType{
	"video":     gen.JobTypeProcessVideo,
	"audio":     gen.JobTypeProcessAudio,
	"antivirus": gen.JobTypeAntivirus,
}

// processor returns what carries out a transformation: that of the options, or the
// one of the service's own transformations that there is by default.
func (s *Server) processor(transformation string) (Processor, bool) {
	if custom, ok := s.options.Processors[transformation]; ok {
		return custom, true
	}
	switch transformation {
	case "image", "video", "audio", "archive":
		return original, true
	case "antivirus":
		return healthy, true
	}
	return nil, false
}

// original leaves a file as it is.
func original(_ context.Context, source Source) (Output, error) {
	if source.Artifact != mainArtifact {
		return Output{}, &refusal.Error{Code: refusal.NoArtifact}
	}
	return Output{MIME: source.File.MIME, Content: source.Content, Size: source.File.Size}, nil
}

// healthy is the report of a virus scan that finds nothing.
func healthy(_ context.Context, source Source) (Output, error) {
	if source.Artifact != mainArtifact {
		return Output{}, &refusal.Error{Code: refusal.NoArtifact}
	}
	at := source.File.LastModified.UTC().Format(time.RFC3339)
	report, err := json.Marshal(map[string]any{
		"files": []any{map[string]any{
			"filePath": source.File.Path, "status": "Healthy", "viruses": []any{},
		}},
		"scanStartTime": at, "scanEndTime": at,
	})
	return BytesOutput("application/json", report), err
}
