package fake

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// mainArtifact is the path of the main output file of a transformation.
const mainArtifact = "/"

// maxSummary is how much JSON of an output is shown in answers, in bytes.
const maxSummary = 1 << 20

// describedParams are the query parameters of ProcessFile that are not parameters of
// the transformation.
var describedParams = map[string]bool{
	"artifact": true, "a": true, "cache": true, "cache-only": true, "cache_only": true, "cache-perm": true, "cache_perm": true,
	"cache-ttl": true, "cache_ttl": true, "cache-ttl-404": true, "cache_ttl_404": true, "download": true, "exp": true,
	"version": true, "v": true, "sig": true, "enc": true, "path": true, "auth": true,
}

// transformation is a request for the result of a transformation.
type transformation struct {
	who    caller
	path   string
	slug   string
	params []Param
	query  url.Values
}

// readTransformation reads a request to the CDN.
func readTransformation(r *http.Request, described map[string]bool) transformation {
	x := exchangeOf(r.Context())
	t := transformation{
		who: callerOf(r.Context()), path: x.path, slug: x.transformation, query: r.URL.Query(), params: orderedParams(r.URL.RawQuery, described),
	}
	if path := t.query.Get("path"); path != "" && described["path"] {
		t.path = path
	}
	return t
}

// orderedParams returns the parameters of a transformation in their order.
func orderedParams(query string, described map[string]bool) (params []Param) {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if pair == "" || nameErr != nil || valueErr != nil || described[name] || strings.HasPrefix(name, "meta-") {
			continue
		}
		params = append(params, Param{name, value})
	}
	return params
}

// process answers with what a transformation makes of a file.
func (s *Server) process(w http.ResponseWriter, r *http.Request) {
	wanted := readTransformation(r, describedParams)
	file, content, err := s.openFor(wanted)
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	defer content.Close()
	artifact := mainArtifact
	for _, name := range []string{"artifact", "a"} {
		if given := wanted.query.Get(name); given != "" {
			artifact = given
		}
	}
	key := wanted.key(file)
	cacheOnly := wanted.query.Get("cache-only") == "true" || wanted.query.Get("cache_only") == "true"
	if _, cached := s.results.get(key); cacheOnly && !cached {
		s.writeError(w, r, &refusal.Error{Code: refusal.NotCached})
		return
	}
	if kind, ok := asynchronous[wanted.slug]; ok {
		job, done, err := s.resultJob(kind, key, wanted, file)
		switch {
		case err != nil:
			s.writeError(w, r, err)
			return
		case !done && artifact != mainArtifact:
			s.writeError(w, r, &refusal.Error{Code: refusal.NoArtifact})
			return
		case !done:
			writeJSON(w, http.StatusNotFound, summaryOf(exchangeOf(r.Context()).origin, job))
			return
		}
	}
	output, err := s.transform(r.Context(), Source{
		File: file, Content: content, Transformation: wanted.slug, Params: wanted.params, Artifact: artifact,
	})
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	s.results.put(key, "")
	shown := file
	shown.MIME, shown.Size, shown.ETag = output.MIME, output.Size, textETag("%s %s %s", file.ETag, key, artifact)
	s.serveContent(w, r, shown, output.Content)
}

// openFor opens the file to transform, if the caller may have the result.
func (s *Server) openFor(wanted transformation) (store.File, store.Content, error) {
	if err := s.checkDownload(&wanted.who, wanted.path, wanted.slug); err != nil {
		return store.File{}, nil, err
	}
	if _, ok := s.processor(wanted.slug); !ok {
		return store.File{}, nil, &refusal.Error{Code: refusal.NoTransformation}
	}
	return s.openFile(wanted.who.account, wanted.path)
}

// openFile opens a file whose bytes are there.
func (s *Server) openFile(account, path string) (store.File, store.Content, error) {
	file, content, err := s.store.Open(account, path)
	switch {
	case err != nil:
		return store.File{}, nil, fileError(err)
	case content == nil:
		return store.File{}, nil, &refusal.Error{Code: refusal.ContentDiscarded}
	}
	return file, content, nil
}

// key identifies the result of a transformation.
func (t *transformation) key(file store.File) string {
	data, _ := json.Marshal([]any{file.AccountID, file.Path, file.ETag, t.slug, t.params}) // strings
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}

// resultJob finds the job that makes a result, and starts it if there is none. Done
// is whether the result is there.
func (s *Server) resultJob(kind gen.JobType, key string, wanted transformation, file store.File) (job store.Job, done bool, err error) {
	if id, ok := s.results.get(key); ok {
		switch job, err = s.jobs.Get(file.AccountID, kind, id); {
		case err == nil:
			return job, gen.JobStatus(job.Status) == gen.JobStatusSucceeded, nil
		case !errors.Is(err, store.ErrNotStored): // else it was dropped after a long time
			return job, false, err
		}
	}
	job, err = s.startJob(file.AccountID, kind, key, &processing{
		server: s, Account: file.AccountID, Path: file.Path, Transformation: wanted.slug, Params: wanted.params,
	})
	if err != nil {
		return job, false, err
	}
	s.results.put(key, job.ID)
	if s.options.JobSteps > 0 { // it is looked at
		err = s.jobs.Advance(job.AccountID, job.ID)
	}
	return job, false, err
}

// transform carries out a transformation.
func (s *Server) transform(ctx context.Context, source Source) (Output, error) {
	run, ok := s.processor(source.Transformation)
	if !ok {
		return Output{}, &refusal.Error{Code: refusal.NoTransformation}
	}
	output, err := run(ctx, source)
	var refused *refusal.Error
	switch {
	case errors.As(err, &refused):
		return Output{}, refused
	case err != nil:
		return Output{}, refusal.Errorf(refusal.TransformationFailed, "The file could not be transformed: %v.", err)
	}
	if !validMIME(output.MIME) {
		output.MIME = defaultMIME
	}
	return output, nil
}

// summaryOfOutput returns the content of an output if it is a JSON object.
func summaryOfOutput(output Output) gen.JSONObject {
	if output.MIME != "application/json" || output.Size > maxSummary {
		return nil
	}
	var object gen.JSONObject
	data, err := io.ReadAll(io.NewSectionReader(output.Content, 0, output.Size))
	if err != nil || json.Unmarshal(data, &object) != nil {
		return nil
	}
	return object
}

// processing is the work of a job that transforms a file, and stores the result if
// it has a destination.
type processing struct {
	server *Server

	Account        string      `json:"account"`
	Path           string      `json:"path"`
	Transformation string      `json:"transformation"`
	Params         []Param     `json:"params,omitempty"`
	Save           *store.File `json:"save,omitempty"` // the file to make of the result
	Overwrite      bool        `json:"overwrite,omitempty"`

	summary map[string]any
}

// Next implements the work of a job.
func (p *processing) Next(int) (store.Changes, error) {
	file, content, err := p.server.openFile(p.Account, p.Path)
	if err != nil {
		return store.Changes{}, err
	}
	defer content.Close()
	output, err := p.server.transform(context.Background(), Source{
		File: file, Content: content, Transformation: p.Transformation, Params: p.Params, Artifact: mainArtifact,
	})
	if err != nil {
		return store.Changes{}, err
	}
	p.summary = map[string]any{}
	if result := summaryOfOutput(output); result != nil {
		p.summary["result"] = result
	}
	if p.Save == nil {
		return store.Changes{}, nil
	}
	p.summary["filePath"] = p.Save.Path
	_, err = p.server.save(context.Background(), *p.Save, output, p.Overwrite)
	return store.Changes{}, err
}

// Applied implements the work of a job.
func (p *processing) Applied(store.Changed) bool { return true }

// Summary implements the work of a job.
func (p *processing) Summary() any { return p.summary }

// save makes a file of the output of a transformation. Making the same file again
// is no error, so that a job can do it once more after a crash.
func (s *Server) save(ctx context.Context, file store.File, output Output, overwrite bool) (store.File, error) {
	got, err := s.receive(ctx, io.NewSectionReader(output.Content, 0, output.Size), output.Size)
	if err != nil {
		return store.File{}, err
	}
	file.Size, file.ETag, file.MIME, file.LastModified = got.size, got.etag, output.MIME, now()
	if s.options.Discard {
		file.ETag = textETag("%s %d", file.Path, file.Size)
	}
	err = s.store.AddFile(file, got.Receiver, overwrite)
	if errors.Is(err, store.ErrTaken) {
		if there, findErr := s.store.File(file.AccountID, file.Path); findErr == nil && there.ETag == file.ETag {
			return there, nil
		}
		return store.File{}, &refusal.Error{Code: refusal.FileExists}
	}
	return file, err
}

// processAndSave stores what a transformation makes of a file.
func (s *Server) processAndSave(w http.ResponseWriter, r *http.Request) {
	answer, err := s.processFileAndSave(r)
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) processFileAndSave(r *http.Request) (gen.ProcessFileAndSaveResponse, error) {
	wanted := readTransformation(r, nil)
	body, err := readSaveRequest(r)
	if err != nil {
		return gen.ProcessFileAndSaveResponse{}, err
	}
	wanted.params = append(wanted.params, extendedParams(body.ExtendedParams)...)
	file, content, err := s.openFor(wanted)
	if err != nil {
		return gen.ProcessFileAndSaveResponse{}, err
	}
	defer content.Close()
	ctx := r.Context()
	target, err := s.newFile(ctx, newFile{path: bodyPath(body.Destination), original: nameOf(file)})
	if err != nil {
		return gen.ProcessFileAndSaveResponse{}, err
	}
	if target, err = withArtifactData(&wanted.who, target, file, body); err != nil {
		return gen.ProcessFileAndSaveResponse{}, err
	}
	overwrite := wanted.who.mayOverwrite(target.Path)
	if kind, ok := asynchronous[wanted.slug]; ok {
		job, err := s.startJob(file.AccountID, kind, "", &processing{
			server: s, Account: file.AccountID, Path: file.Path, Transformation: wanted.slug, Params: wanted.params,
			Save: &target, Overwrite: overwrite,
		})
		return asyncAnswer(exchangeOf(ctx).origin, job), err
	}
	output, err := s.transform(ctx, Source{
		File: file, Content: content, Transformation: wanted.slug, Params: wanted.params, Artifact: mainArtifact,
	})
	if err != nil {
		return gen.ProcessFileAndSaveResponse{}, err
	}
	saved, err := s.save(ctx, target, output, overwrite)
	return gen.ProcessFileAndSaveResponse{Saved: &gen.ProcessFileAndSaveResponseSync{
		AccountID: saved.AccountID, FilePath: saved.Path, FileURL: FileURL(exchangeOf(ctx).origin, saved), Summary: summaryOfOutput(output),
	}}, err
}

func readSaveRequest(r *http.Request) (body gen.ProcessFileAndSaveRequest, err error) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return body, fmt.Errorf("%w: %w", errBodyCut, err)
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&body); err != nil {
		return body, invalid(r, err)
	}
	return body, nil
}

// extendedParams returns the parameters in a body as those of a query.
func extendedParams(groups gen.TransformationParams) (params []Param) {
	for _, group := range groups {
		for _, param := range group {
			params = append(params, Param{param.Name, fmt.Sprint(param.Value)})
		}
	}
	return params
}

// nameOf returns the name of a file where it came from.
func nameOf(file store.File) string {
	if file.OriginalFileName != "" {
		return file.OriginalFileName
	}
	return file.Path[strings.LastIndexByte(file.Path, '/')+1:]
}

// withArtifactData gives a result the metadata and tags that its copy would have.
func withArtifactData(who *caller, target, source store.File, body gen.ProcessFileAndSaveRequest) (store.File, error) {
	var metadata *gen.CopyableFileMetadata
	var tags *gen.CopyableFileTags
	if body.Metadata != nil {
		metadata = &gen.CopyableFileMetadata{Merge: body.Metadata.Merge, Value: body.Metadata.Value}
	}
	if body.Tags != nil {
		tags = &gen.CopyableFileTags{Merge: body.Tags.Merge, Value: body.Tags.Value}
	}
	data, err := copyData(who, metadata, tags)
	if err != nil {
		return store.File{}, err
	}
	copied, err := data.Of(source)
	target.Metadata, target.Tags, target.OriginalFileName = copied.Metadata, copied.Tags, source.OriginalFileName
	return target, err
}

func asyncAnswer(origin string, job store.Job) gen.ProcessFileAndSaveResponse {
	summary := summaryOf(origin, job)
	return gen.ProcessFileAndSaveResponse{Job: &gen.ProcessFileAndSaveResponseAsync{
		AccountID: summary.AccountID, Created: summary.Created, Error: summary.Error, JobDocs: summary.JobDocs, JobID: summary.JobID,
		JobType: summary.JobType, JobURL: summary.JobURL, LastUpdated: summary.LastUpdated, Status: summary.Status, Summary: summary.Summary,
	}}
}
